"""Pages and panels made from run records."""

from ectopy.report.comparison import comparison, cost_comparison, value_text
from ectopy.report.gating import gate_problem, gates_json, gates_junit, gates_markdown, gates_screen
from ectopy.report.html import html
from ectopy.report.junit import junit
from ectopy.report.markdown import markdown
from ectopy.report.material import (
    CompiledModel,
    Example,
    ImageMemory,
    MemoryPiece,
    Outputs,
    Part,
    RunMaterial,
)
from ectopy.report.screen import screen

__all__ = [
    "CompiledModel",
    "Example",
    "ImageMemory",
    "MemoryPiece",
    "Outputs",
    "Part",
    "RunMaterial",
    "comparison",
    "cost_comparison",
    "gate_problem",
    "gates_json",
    "gates_junit",
    "gates_markdown",
    "gates_screen",
    "html",
    "junit",
    "markdown",
    "screen",
    "value_text",
]
