"""Plans made for size: what is computed twice, what lies where, and that wrong ones are caught."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ectopy.aot import Plan, PlanError, compile_graph, validate_plan
from ectopy.aot.lower_m4 import TILE_WORDS
from ectopy.aot.params import Conv2d1x1M4Params, DepthwiseConv2d1x1M4Params
from ectopy.aot.recompute import MAX_CHANNELS
from ectopy.aot.types import Kernel, Step, TensorOperand
from ectopy.graph.reader import load_tflite, read_tflite
from ectopy.graph.types import Graph
from ectopy.vocab import OpKind, Optimize, Padding
from ectopy.zoo import open_bundle
from support.tflite_builder import ModelBuilder, Quant

WIDTH = 64
RELU = -128
ARENA_BYTES = 5_632
"""The most that a plan of a shipped model made for size may need."""

STEM, DEPTHWISE, MEAN, GATE, MUL, CONV, ADD = range(7)


def block(channels: int = 8, *, taps: int = 9, kept: bool = False) -> Graph:
    """A stem and a residual block; ``kept``: a second reader of the rows."""
    builder = ModelBuilder(3)
    x = builder.input((1, 1, 2 * WIDTH, 1), Quant(0.05, 3))
    x = builder.conv_2d(
        x, channels=channels, kernel=(1, 3), stride=(1, 2), padding=Padding.SAME,
        output=Quant(5.0, 0),
    )  # fmt: skip
    rows = builder.depthwise_conv_2d(
        x, kernel=(1, taps), padding=Padding.SAME, output=Quant(300.0, RELU)
    )
    mean = builder.mean(rows, axes=(1, 2), output=Quant(300.0, RELU))
    gate = builder.conv_2d(mean, channels=channels, output=Quant(2**-8, RELU), scales=(2**-29,))
    y = builder.mul(rows, gate, output=Quant(240.0, RELU))
    y = builder.conv_2d(y, channels=channels, output=Quant(1_000.0, 0))
    y = builder.add(x, y, output=Quant(1_300.0, 0))
    if kept:
        y = builder.add(y, rows, output=Quant(1_000.0, 0))
    return read_tflite(
        builder.finish(builder.mean(y, axes=(1, 2), output=Quant(1_000.0, 0))), "block"
    )


def planned(graph: Graph, optimize: Optimize = Optimize.SIZE) -> Plan:
    return compile_graph(graph, optimize=optimize)


def step_of(plan: Plan, op: int) -> Step:
    return next(step for step in plan.steps if op in step.ops)


def with_step(plan: Plan, old: Step, new: Step) -> Plan:
    return replace(plan, steps=tuple(new if step is old else step for step in plan.steps))


def moved_onto(plan: Plan, tensor: int, other: int) -> Plan:
    placements = tuple(
        replace(p, offset=plan.offset_of(other)) if tensor in p.buffer.tensors else p
        for p in plan.placements
    )
    return replace(plan, placements=placements)


def test_rows_of_a_residual_block_are_computed_twice_and_lie_nowhere() -> None:
    graph = block()
    plan = planned(graph)
    rows, product = step_of(plan, DEPTHWISE), step_of(plan, ADD)
    assert product.ops == (MUL, CONV, ADD) and product.again == (DEPTHWISE,)
    assert plan.kernel_of(ADD) is Kernel.DWCONV2D_1XK_CONV2D_1X1_M4
    assert rows.outputs == (graph.ops[MEAN].outputs[0],)
    assert not plan.has_place(graph.ops[DEPTHWISE].outputs[0])
    x, total = graph.ops[DEPTHWISE].inputs[0], graph.ops[ADD].outputs[0]
    assert plan.offset_of(x) == plan.offset_of(total)
    assert plan.arena_bytes < 0.7 * planned(graph, Optimize.SPEED).arena_bytes


@pytest.mark.parametrize(
    "graph", [block(MAX_CHANNELS + 1), block(kept=True)], ids=["channels", "another reader"]
)
def test_other_blocks_keep_their_rows(graph: Graph) -> None:
    plan = planned(graph)
    assert not any(step.again for step in plan.steps)
    assert plan.has_place(graph.ops[DEPTHWISE].outputs[0])


def test_blocks_fit_the_tile_beside_a_word_for_each_channel() -> None:
    for channels in (8, 17, 32, 48, 63, MAX_CHANNELS):
        plan = planned(block(channels))
        call = step_of(plan, ADD).call
        assert call is not None and isinstance(call.params, DepthwiseConv2d1x1M4Params)
        product = call.params.product
        assert product.groups in (2, 4)
        assert 4 * product.groups * product.pairs + MAX_CHANNELS <= TILE_WORDS


@pytest.mark.parametrize("name", ["beat-2-eff-sm", "beat-3-eff-sm"])
def test_shipped_models_fit_the_smallest_arena_promised(name: str) -> None:
    plan = planned(load_tflite(open_bundle(name).tflite_path))
    assert plan.arena_bytes <= ARENA_BYTES
    assert plan.arena_bytes == plan.live_peak_bytes


@pytest.mark.parametrize(
    ("op", "complaint"),
    [
        (GATE, "reads tensor {}, which is overwritten"),
        (MEAN, "writes over its own input {}"),
    ],
    ids=["rows recomputed from what is overwritten", "means over rows that are still read"],
)
def test_vectors_over_the_input_of_recomputed_rows_are_caught(op: int, complaint: str) -> None:
    graph = block()
    vector, x = graph.ops[op].outputs[0], graph.ops[DEPTHWISE].inputs[0]
    with pytest.raises(PlanError, match=complaint.format(x)):
        validate_plan(graph, moved_onto(planned(graph), vector, x))


def test_a_residual_block_beside_its_input_by_a_word_is_caught() -> None:
    graph = block()
    plan = planned(graph)
    total, x = graph.ops[ADD].outputs[0], graph.ops[DEPTHWISE].inputs[0]
    before = next(p for p in plan.placements if x in p.buffer.tensors)
    assert total in before.buffer.tensors
    apart = (
        *(p for p in plan.placements if p is not before),
        replace(before, buffer=replace(before.buffer, tensors=(x,))),
        replace(
            before,
            buffer=replace(before.buffer, tensors=tuple(set(before.buffer.tensors) - {x})),
            offset=before.offset + 4,
        ),
    )
    moved = replace(plan, placements=apart, arena_bytes=plan.arena_bytes + 4)
    with pytest.raises(PlanError, match="writes over its own input"):
        validate_plan(graph, moved)


def test_a_step_that_forgets_what_it_computes_again_is_caught() -> None:
    graph = block()
    plan = planned(graph)
    step = step_of(plan, ADD)
    with pytest.raises(PlanError, match="reads tensors"):
        validate_plan(graph, with_step(plan, step, replace(step, again=())))


def test_a_step_that_reads_another_gate_is_caught() -> None:
    graph = block()
    plan = planned(graph)
    step = step_of(plan, ADD)
    assert step.call is not None
    x, _, *constants = step.call.operands
    wrong = TensorOperand(tensor=graph.ops[MEAN].outputs[0])
    call = replace(step.call, operands=(x, wrong, *constants))
    with pytest.raises(PlanError, match="reads tensors"):
        validate_plan(graph, with_step(plan, step, replace(step, call=call)))


def test_a_kernel_that_is_said_to_keep_rows_but_does_not_is_caught() -> None:
    graph = block()
    plan = planned(graph)
    step = step_of(plan, DEPTHWISE)
    rows = graph.ops[DEPTHWISE].outputs[0]
    lying = replace(step, outputs=(rows, *step.outputs))
    with pytest.raises(PlanError, match=r"writes tensors|no place"):
        validate_plan(graph, with_step(plan, step, lying))


def test_a_larger_product_takes_the_place_of_its_input_but_not_beside_it() -> None:
    builder = ModelBuilder(3)
    x = builder.input((1, 1, 2 * WIDTH, 1), Quant(0.05, 3))
    x = builder.conv_2d(
        x, channels=8, kernel=(1, 3), stride=(1, 2), padding=Padding.SAME, output=Quant(5.0, 0)
    )
    y = builder.conv_2d(x, channels=16, output=Quant(500.0, 0))
    graph = read_tflite(builder.finish(builder.mean(y, axes=(1, 2), output=Quant(500.0, 0))), "p")
    plan = planned(graph)
    assert isinstance(step_of(plan, 1).call.params, Conv2d1x1M4Params)  # type: ignore[union-attr]
    assert graph.ops[1].kind is OpKind.CONV_2D
    small, large = graph.ops[0].outputs[0], graph.ops[1].outputs[0]
    assert plan.offset_of(small) == plan.offset_of(large)
    home = next(p for p in plan.placements if small in p.buffer.tensors)
    assert {span.nbytes for span in home.buffer.spans} == {8 * WIDTH, 16 * WIDTH}
    apart = (
        *(p for p in plan.placements if p is not home),
        replace(home, buffer=replace(home.buffer, tensors=(small,)), offset=home.offset + 4),
        replace(home, buffer=replace(home.buffer, tensors=(large,))),
    )
    moved = replace(plan, placements=apart, arena_bytes=plan.arena_bytes + 4)
    with pytest.raises(PlanError, match="writes over its own input"):
        validate_plan(graph, moved)
