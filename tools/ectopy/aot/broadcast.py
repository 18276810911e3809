"""Numpy broadcasting of two operands as nested loops with constant steps."""

from __future__ import annotations

from ectopy.aot.params import BroadcastWalk

MAX_DIMS = 4
"""Loops of the C kernels, ``ECT_BROADCAST_DIMS``."""

Shape = tuple[int, ...]


def broadcast_walk(a: Shape, b: Shape, out: Shape) -> BroadcastWalk | None:
    """Merges dimensions that both operands walk evenly, so that the inner loop is long.

    Args:
        a: Shape of the first operand, broadcastable to ``out``.
        b: Shape of the second.
        out: Shape of the dense output.

    Returns:
        The walk, leading loops of extent 1 where fewer than four are needed; None if more than
        four remain.
    """
    merged: list[tuple[int, int, int]] = []  # extent, step of a, step of b; outermost first
    for extent, a_step, b_step in zip(out, _steps(a, out), _steps(b, out), strict=True):
        if extent == 1:
            continue
        if merged:
            outer, outer_a, outer_b = merged[-1]
            if outer_a == a_step * extent and outer_b == b_step * extent:
                merged[-1] = (outer * extent, a_step, b_step)
                continue
        merged.append((extent, a_step, b_step))
    if len(merged) > MAX_DIMS:
        return None
    rows = [(1, 0, 0)] * (MAX_DIMS - len(merged)) + merged
    extents, a_steps, b_steps = zip(*rows, strict=True)
    return BroadcastWalk(extent=extents, a_step=a_steps, b_step=b_steps)


def _steps(shape: Shape, out: Shape) -> list[int]:
    """Element step of a dense tensor along each dimension of ``out``; 0 where it is repeated."""
    steps: list[int] = []
    dense = 1
    for extent in reversed((1,) * (len(out) - len(shape)) + shape):
        steps.append(0 if extent == 1 else dense)
        dense *= extent
    return steps[::-1]
