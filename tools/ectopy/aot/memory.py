"""Offsets of buffers in the arena.

Finding the smallest arena is NP-hard; for the tens of buffers of our models first-fit in a few
orders, then a short search that moves the buffer sticking out highest to the front, reaches the
lower bound or comes close. Everything is deterministic.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence

from ectopy.aot.types import Buffer, Placement

ALIGNMENT = 4
"""Bytes; kernels may read whole words."""

MAX_ARENA_BYTES = 1 << 22
"""Bits of the offset in ``ect_aot_tensor_t``; more than the memory of any board we know."""

SEARCH_ROUNDS = 100
SEARCH_COMPARISONS = 1_000_000
"""Bound the search: a round compares all pairs of buffers once."""


def plan_memory(buffers: Sequence[Buffer]) -> tuple[Placement, ...]:
    """Places buffers so that no two that are alive together overlap.

    Returns:
        One placement per buffer, in the order of ``buffers``; offsets are aligned.
    """
    best: dict[Buffer, int] = {}
    floor = live_peak(buffers)
    rounds = min(SEARCH_ROUNDS, max(1, SEARCH_COMPARISONS // max(1, len(buffers) ** 2)))
    for start in _starting_orders(buffers):
        order = list(start)
        for _ in range(rounds):
            offsets = _first_fit(order)
            if not best or _height(offsets) < _height(best):
                best = offsets
            if _height(best) == floor:
                break
            top = max(order, key=lambda b: offsets[b] + b.nbytes)
            if top is order[0]:
                break
            order.remove(top)
            order.insert(0, top)
    return tuple(Placement(buffer=buffer, offset=best[buffer]) for buffer in buffers)


def live_peak(buffers: Sequence[Buffer]) -> int:
    """Most bytes alive at one step, each buffer rounded up to the alignment."""
    steps = {span.first for buffer in buffers for span in buffer.spans}
    return max((sum(_alive(buffer, step) for buffer in buffers) for step in steps), default=0)


def _alive(buffer: Buffer, step: int) -> int:
    """Bytes it has at a step, aligned."""
    sizes = (span.nbytes for span in buffer.spans if span.first <= step <= span.last)
    return aligned(max(sizes, default=0))


def arena_size(placements: Sequence[Placement]) -> int:
    """End of the highest buffer, aligned."""
    return max((p.offset + aligned(p.buffer.nbytes) for p in placements), default=0)


def aligned(nbytes: int) -> int:
    """``nbytes`` rounded up to the alignment."""
    return -(-nbytes // ALIGNMENT) * ALIGNMENT


def _starting_orders(buffers: Sequence[Buffer]) -> tuple[list[Buffer], ...]:
    def lifetime(buffer: Buffer) -> int:
        return buffer.last - buffer.first + 1

    return (
        sorted(buffers, key=lambda b: (-b.nbytes, b.first)),
        sorted(buffers, key=lambda b: (-b.nbytes * lifetime(b), b.first)),
        sorted(buffers, key=lambda b: (-lifetime(b), -b.nbytes)),
        sorted(buffers, key=lambda b: (b.first, -b.nbytes)),
    )


def _first_fit(order: Sequence[Buffer]) -> dict[Buffer, int]:
    """Each buffer at the lowest offset that is free during its whole life."""
    offsets: dict[Buffer, int] = {}
    from_below: list[Buffer] = []
    for buffer in order:
        offset, fits = 0, False
        while not fits:
            before = offset
            for other in from_below:
                offset = _above(buffer, offset, other, offsets[other])
            fits = offset == before
        offsets[buffer] = offset
        insort(from_below, buffer, key=lambda b: offsets[b])
    return offsets


def _above(buffer: Buffer, offset: int, other: Buffer, taken: int) -> int:
    """The offset, or the one above another buffer that is in the way."""
    if other.first > buffer.last or other.last < buffer.first:
        return offset
    for own in buffer.spans:
        for span in other.spans:
            together = span.first <= own.last and own.first <= span.last
            if together and offset < taken + span.nbytes and taken < offset + own.nbytes:
                offset = taken + aligned(span.nbytes)
    return offset


def _height(offsets: dict[Buffer, int]) -> int:
    return max((offset + aligned(b.nbytes) for b, offset in offsets.items()), default=0)
