"""Graph to plan."""

from __future__ import annotations

from collections.abc import Callable

from ectopy.aot.fuse import fuse_products
from ectopy.aot.fuse_rows import fuse_rows
from ectopy.aot.layout import Planar
from ectopy.aot.liveness import find_buffers
from ectopy.aot.lower import find_planar, lower_op
from ectopy.aot.memory import MAX_ARENA_BYTES, arena_size, live_peak, plan_memory
from ectopy.aot.recompute import compute_again
from ectopy.aot.shrink import shrink_constants
from ectopy.aot.types import KernelSet, Plan, Step
from ectopy.aot.validate import validate_plan
from ectopy.errors import ModelError
from ectopy.graph.rejections import TOO_LARGE
from ectopy.graph.types import Graph, Op
from ectopy.vocab import Optimize

DEFAULT_KERNELS = KernelSet.M4


Fuse = Callable[[Graph, tuple[Step, ...], Planar], tuple[Step, ...]]

FUSIONS: tuple[Fuse, ...] = (fuse_rows, fuse_products)
"""Each puts neighbouring steps together where a kernel computes them as one."""


def compile_graph(
    graph: Graph, kernels: KernelSet | None = None, optimize: Optimize = Optimize.SPEED
) -> Plan:
    """Chooses kernels, computes their constants and places every tensor in the arena.

    Args:
        graph: The model.
        kernels: What to choose from; by default :data:`DEFAULT_KERNELS`.
        optimize: For what.

    Returns:
        A plan that :func:`~ectopy.aot.validate.validate_plan` has proven.

    Raises:
        ModelError: An operator has no exact kernel; names index, kind and reason. Or the arena
            would be too large.
    """
    allowed = kernels or DEFAULT_KERNELS
    planar = find_planar(graph) if allowed is KernelSet.M4 else None
    steps = tuple(lower_op(graph, op, planar) for op in graph.ops)
    if planar is not None and optimize is not Optimize.DEBUG:
        for fuse in FUSIONS:
            steps = fuse(graph, steps, planar)
    if optimize is Optimize.SIZE:
        steps = compute_again(graph, shrink_constants(steps))
    buffers = find_buffers(graph, steps, resize=optimize is Optimize.SIZE)
    placements = plan_memory(buffers)
    plan = Plan(
        steps=steps,
        placements=placements,
        planar=planar or frozenset(),
        arena_bytes=arena_size(placements),
        live_peak_bytes=live_peak(buffers),
    )
    _require_addressable(graph, plan)
    validate_plan(graph, plan)
    return plan


def _require_addressable(graph: Graph, plan: Plan) -> None:
    if plan.arena_bytes > MAX_ARENA_BYTES:
        raise ModelError(
            f"model {graph.name!r}: its plan needs an arena of {plan.arena_bytes} bytes, "
            f"the limit is {MAX_ARENA_BYTES}",
            hint=TOO_LARGE,
        )


def unsupported_reason(graph: Graph, op: Op) -> str | None:
    """Why the AOT engine cannot compute one operator; None if it can."""
    try:
        lower_op(graph, op)
    except ModelError as error:
        return error.message
    return None
