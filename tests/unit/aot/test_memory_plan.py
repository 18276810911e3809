"""Random sets of buffers: nothing that is alive together overlaps, and the peak is honest."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ectopy.aot.memory import ALIGNMENT, aligned, arena_size, live_peak, plan_memory
from ectopy.aot.types import Buffer

STEPS = 12


@st.composite
def buffer_sets(draw: st.DrawFn) -> list[Buffer]:
    buffers = []
    for number in range(draw(st.integers(1, 24))):
        first = draw(st.integers(-1, STEPS - 1))
        last = draw(st.integers(first, STEPS))
        nbytes = draw(st.integers(1, 5000))
        buffers.append(Buffer(tensors=(number,), nbytes=nbytes, first=first, last=last))
    return buffers


def alive_together(a: Buffer, b: Buffer) -> bool:
    return bool(set(range(a.first, a.last + 1)) & set(range(b.first, b.last + 1)))


@settings(deadline=None)
@given(buffer_sets())
def test_buffers_alive_together_never_overlap(buffers: list[Buffer]) -> None:
    placements = plan_memory(buffers)
    bytes_of = [set(range(p.offset, p.offset + p.buffer.nbytes)) for p in placements]
    for i, a in enumerate(placements):
        for j, b in enumerate(placements[:i]):
            if alive_together(a.buffer, b.buffer):
                assert not bytes_of[i] & bytes_of[j], (a, b)


@settings(deadline=None)
@given(buffer_sets())
def test_every_buffer_is_placed_once_and_aligned(buffers: list[Buffer]) -> None:
    placements = plan_memory(buffers)
    assert [p.buffer for p in placements] == buffers
    assert all(p.offset >= 0 and p.offset % ALIGNMENT == 0 for p in placements)


@settings(deadline=None)
@given(buffer_sets())
def test_arena_holds_the_peak_and_is_never_larger_than_all_buffers(buffers: list[Buffer]) -> None:
    size = arena_size(plan_memory(buffers))
    assert live_peak(buffers) <= size <= sum(aligned(b.nbytes) for b in buffers)


@settings(deadline=None)
@given(buffer_sets())
def test_live_peak_is_a_count_over_steps(buffers: list[Buffer]) -> None:
    counted = max(
        sum(-(-b.nbytes // 4) * 4 for b in buffers if step in range(b.first, b.last + 1))
        for step in range(-1, STEPS + 1)
    )
    assert live_peak(buffers) == counted


@settings(deadline=None)
@given(buffer_sets())
def test_planning_twice_gives_the_same(buffers: list[Buffer]) -> None:
    assert plan_memory(buffers) == plan_memory(buffers)


@pytest.mark.parametrize("length", [2, 3, 30])
def test_a_chain_needs_no_more_than_its_two_largest_neighbours(length: int) -> None:
    sizes = [100 * (1 + (7 * i) % 5) for i in range(length)]
    chain = [Buffer(tensors=(i,), nbytes=size, first=i - 1, last=i) for i, size in enumerate(sizes)]
    assert arena_size(plan_memory(chain)) == max(a + b for a, b in pairwise(sizes))
