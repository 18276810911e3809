"""Random sets of buffers: nothing that is alive together overlaps, and the peak is honest."""

from contextlib import nullcontext
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ectopy.aot import KernelSet, compile_graph
from ectopy.aot.memory import (
    ALIGNMENT,
    MAX_ARENA_BYTES,
    aligned,
    arena_size,
    live_peak,
    plan_memory,
)
from ectopy.aot.types import Buffer, Span
from ectopy.errors import ModelError
from ectopy.graph.reader import read_tflite
from support.tflite_builder import ModelBuilder, Quant

STEPS = 12


@st.composite
def buffer_sets(draw: st.DrawFn) -> list[Buffer]:
    buffers = []
    for number in range(draw(st.integers(1, 24))):
        sizes = []
        first = draw(st.integers(-1, STEPS - 1))
        for nbytes in draw(st.lists(st.integers(1, 5000), min_size=1, max_size=3)):
            last = draw(st.integers(first, STEPS))
            sizes.append(Span(nbytes=nbytes, first=first, last=last))
            first = last  # one size takes the other's place during a step
        buffers.append(
            Buffer(
                tensors=(number,),
                nbytes=max(span.nbytes for span in sizes),
                first=sizes[0].first,
                last=sizes[-1].last,
                sizes=tuple(sizes) if len(sizes) > 1 else (),
            )
        )
    return buffers


def bytes_at(buffer: Buffer, step: int) -> int:
    """Its size at a step; 0 if it is not there."""
    return max((s.nbytes for s in buffer.spans if s.first <= step <= s.last), default=0)


@settings(deadline=None)
@given(buffer_sets())
def test_buffers_alive_together_never_overlap(buffers: list[Buffer]) -> None:
    placements = plan_memory(buffers)
    for step in range(-1, STEPS + 1):
        alive = [(p.offset, bytes_at(p.buffer, step)) for p in placements]
        pieces = sorted((offset, offset + nbytes) for offset, nbytes in alive if nbytes)
        assert all(below[1] <= above[0] for below, above in pairwise(pieces)), step


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
        sum(-(-bytes_at(b, step) // 4) * 4 for b in buffers) for step in range(-1, STEPS + 1)
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


@pytest.mark.parametrize(("width", "fits"), [(1 << 20, True), ((1 << 20) + 4, False)])
def test_an_arena_beyond_what_the_image_can_address_is_refused(width: int, fits: bool) -> None:
    builder = ModelBuilder()
    x = builder.input((1, 1, width, 2), Quant(1.0, 0))
    data = builder.finish(builder.max_pool_2d(x, kernel=(1, 2), stride=(1, 1)))
    graph = read_tflite(data, "wide")
    refused = pytest.raises(ModelError, match=f"needs an arena .* limit is {MAX_ARENA_BYTES}")
    with nullcontext() if fits else refused:
        assert compile_graph(graph, KernelSet.REF).arena_bytes == MAX_ARENA_BYTES
