"""Cortex-M4 cycle model: runs an image's inference under Unicorn, counts blocks, costs them."""

from ectopy.cycles.arena import ArenaNeed, measure_arena
from ectopy.cycles.cost import Tally
from ectopy.cycles.memory import ZERO, MemoryModel, memory_names
from ectopy.cycles.model import CLOCK_HZ, Estimate, FunctionCost, Line, estimate

__all__ = [
    "CLOCK_HZ",
    "ZERO",
    "ArenaNeed",
    "Estimate",
    "FunctionCost",
    "Line",
    "MemoryModel",
    "Tally",
    "estimate",
    "measure_arena",
    "memory_names",
]
