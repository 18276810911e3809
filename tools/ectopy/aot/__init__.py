"""Ahead-of-time compiler: int8 graph to kernel calls and a memory plan.

``params``, ``types``: the plan. ``lower``, ``lower_matrix``: kernel choice and constants.
``liveness``, ``memory``: who lives where. ``validate``: an independent proof. ``compiler``: all of
it in order.
"""

from ectopy.aot.compiler import compile_graph, unsupported_reason
from ectopy.aot.types import Plan
from ectopy.aot.validate import PlanError, validate_plan

__all__ = ["Plan", "PlanError", "compile_graph", "unsupported_reason", "validate_plan"]
