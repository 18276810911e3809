"""Ahead-of-time compiler: int8 graph to kernel calls and a memory plan.

``params``, ``types``: the plan. ``layout``: order of dimensions in memory. ``lower`` and its parts:
kernel choice and constants (``rounding``, ``search``: proofs, ``pack``: order of constants).
``liveness``, ``memory``: who lives where. ``validate``: an independent proof. ``compiler``: all of
it in order.
"""

from ectopy.aot.compiler import compile_graph, unsupported_reason
from ectopy.aot.types import KernelSet, Plan
from ectopy.aot.validate import PlanError, validate_plan

__all__ = ["KernelSet", "Plan", "PlanError", "compile_graph", "unsupported_reason", "validate_plan"]
