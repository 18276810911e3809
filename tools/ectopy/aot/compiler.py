"""Graph to plan."""

from __future__ import annotations

from ectopy.aot.liveness import find_buffers
from ectopy.aot.lower import find_planar, lower_op
from ectopy.aot.memory import arena_size, live_peak, plan_memory
from ectopy.aot.types import KernelSet, Plan
from ectopy.aot.validate import validate_plan
from ectopy.errors import ModelError
from ectopy.graph.types import Graph, Op

DEFAULT_KERNELS = KernelSet.M4


def compile_graph(graph: Graph, kernels: KernelSet | None = None) -> Plan:
    """Chooses kernels, computes their constants and places every tensor in the arena.

    Args:
        graph: The model.
        kernels: What to choose from; by default :data:`DEFAULT_KERNELS`.

    Returns:
        A plan that :func:`~ectopy.aot.validate.validate_plan` has proven.

    Raises:
        ModelError: An operator has no exact kernel; names index, kind and reason.
    """
    allowed = kernels or DEFAULT_KERNELS
    planar = find_planar(graph) if allowed is KernelSet.M4 else None
    steps = tuple(lower_op(graph, op, planar) for op in graph.ops)
    buffers = find_buffers(graph, steps)
    placements = plan_memory(buffers)
    plan = Plan(
        steps=steps,
        placements=placements,
        planar=planar or frozenset(),
        arena_bytes=arena_size(placements),
        live_peak_bytes=live_peak(buffers),
    )
    validate_plan(graph, plan)
    return plan


def unsupported_reason(graph: Graph, op: Op) -> str | None:
    """Why the AOT engine cannot compute one operator; None if it can."""
    try:
        lower_op(graph, op)
    except ModelError as error:
        return error.message
    return None
