"""MUL, 1x1 convolution and ADD by one kernel; plans of such steps with planted errors."""

from dataclasses import dataclass, replace

import pytest

from ectopy.aot import Plan, PlanError, compile_graph, validate_plan
from ectopy.aot.params import Conv2d1x1M4Params, GateParams, ResidualParams
from ectopy.aot.search import mul_constants
from ectopy.aot.types import AbsentOperand, ConstOperand, Kernel, KernelCall, Step, TensorOperand
from ectopy.codegen.build_context import aot_context
from ectopy.graph.reader import read_tflite
from ectopy.graph.types import Graph
from ectopy.vocab import Activation, OpKind, Optimize, Padding
from support.tflite_builder import ModelBuilder, Quant

X_SCALE, Y_SCALE, SUM_SCALE = 0.02718, 0.03141, 0.0409
GATED_SUM = (OpKind.MUL, OpKind.CONV_2D, OpKind.ADD)


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What of a block is drawn, and how."""

    pixels: int = 64
    gate_first: bool = False
    residual_first: bool = False
    gate_scale: float = 1 / 256
    gate_axes: tuple[int, ...] = (1, 2)
    product_scale: float = 0.02
    activation: Activation = Activation.NONE
    product_read_twice: bool = False
    sum_read_twice: bool = False
    second_addition: bool = False


def block(shape: Shape) -> Graph:
    """stem -> x; x times its mean -> 1x1 -> plus x -> mean."""
    builder = ModelBuilder(1)
    x = builder.input((1, 1, 2 * shape.pixels, 1), Quant(0.05, 3))
    x = builder.conv_2d(
        x,
        channels=8,
        kernel=(1, 3),
        stride=(1, 2),
        padding=Padding.SAME,
        output=Quant(X_SCALE, -128),
    )
    gate = builder.mean(x, axes=shape.gate_axes, output=Quant(shape.gate_scale, -128))
    operands = (gate, x) if shape.gate_first else (x, gate)
    product = builder.mul(*operands, output=Quant(shape.product_scale, -128))
    y = builder.conv_2d(product, channels=8, output=Quant(Y_SCALE, -7), activation=shape.activation)
    addends = (x, y) if shape.residual_first else (y, x)
    total = builder.add(*addends, output=Quant(SUM_SCALE, 5))
    if shape.second_addition:
        total = builder.add(total, x, output=Quant(0.0611, 5))
    if shape.product_read_twice:
        total = builder.add(total, product, output=Quant(0.2, 0))
    if shape.sum_read_twice:
        total = builder.add(total, y, output=Quant(0.2, 0))
    return read_tflite(
        builder.finish(builder.mean(total, axes=(1, 2), output=Quant(0.1, 0))), "block"
    )


def product_step(plan: Plan) -> Step:
    (step,) = (
        step
        for step in plan.steps
        if step.call is not None and isinstance(step.call.params, Conv2d1x1M4Params)
    )
    return step


def call_of(plan: Plan) -> KernelCall:
    call = product_step(plan).call
    assert call is not None
    return call


def kinds(graph: Graph, step: Step) -> tuple[OpKind, ...]:
    return tuple(graph.ops[op].kind for op in step.ops)


@pytest.mark.parametrize("gate_first", [False, True])
@pytest.mark.parametrize("residual_first", [False, True])
def test_a_gated_product_with_a_residual_is_one_step_whatever_the_order_of_operands(
    gate_first: bool, residual_first: bool
) -> None:
    graph = block(Shape(gate_first=gate_first, residual_first=residual_first))
    plan = compile_graph(graph)
    step, call = product_step(plan), call_of(plan)
    assert kinds(graph, step) == GATED_SUM
    x, gate, residual, stream = call.operands
    tensor = graph.ops[0].outputs[0]
    assert isinstance(x, TensorOperand) and x.tensor == tensor
    assert isinstance(residual, TensorOperand) and residual.tensor == tensor
    assert isinstance(gate, TensorOperand) and gate.tensor == graph.ops[1].outputs[0]
    assert isinstance(stream, ConstOperand)
    for inside in (2, 3):
        assert not plan.has_place(graph.ops[inside].outputs[0])
    params = call.params
    assert isinstance(params, Conv2d1x1M4Params)
    assert params.residual.own_factor / 2**22 == pytest.approx(Y_SCALE / SUM_SCALE, rel=1e-4)
    assert params.residual.factor / 2**30 == pytest.approx(X_SCALE / SUM_SCALE, rel=1e-4)
    assert (params.gate.in_zero_point, params.gate.gate_zero_point) == (-128, -128)


def test_in_a_plan_for_debugging_every_operator_is_a_step_and_absent_operands_are_null() -> None:
    graph = block(Shape())
    plan = compile_graph(graph, optimize=Optimize.DEBUG)
    assert all(len(step.ops) == 1 for step in plan.steps)
    call = call_of(plan)
    assert call.operands[1:3] == (AbsentOperand(), AbsentOperand())
    params = call.params
    assert isinstance(params, Conv2d1x1M4Params)
    assert (params.gate, params.residual) == (GateParams(), ResidualParams())
    assert ", NULL, NULL, op3_stream, " in aot_context(graph, plan).steps[3].call


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (Shape(product_read_twice=True), GATED_SUM[1:]),
        (Shape(sum_read_twice=True), GATED_SUM[:2]),
        (Shape(gate_scale=8.0), GATED_SUM[1:]),
        (Shape(gate_axes=(1, 2, 3)), GATED_SUM[1:]),
        (Shape(gate_axes=(3,)), GATED_SUM[1:]),
        (Shape(second_addition=True), GATED_SUM),
    ],
    ids=[
        "another reader of the product",
        "another reader of the sums",
        "no constants found",
        "one value for all channels",
        "one value for each pixel",
        "two additions",
    ],
)
def test_what_cannot_stay_inside_stays_a_step_of_its_own(
    shape: Shape, expected: tuple[OpKind, ...]
) -> None:
    graph = block(shape)
    assert kinds(graph, product_step(compile_graph(graph))) == expected


def test_a_product_beyond_its_range_is_taken_in_though_rows_alone_cannot_do_it() -> None:
    graph = block(Shape(product_scale=0.009))
    mul = next(op for op in graph.ops if op.kind is OpKind.MUL)
    x, gate, product = (graph.tensors[i].quant for i in (*mul.inputs, *mul.outputs))
    assert x is not None and gate is not None and product is not None
    assert x.scale * 255 * gate.scale > product.scale
    assert mul_constants(x, gate, product) is None, "or this tests nothing"
    plan = compile_graph(graph)
    assert kinds(graph, product_step(plan)) == GATED_SUM


def test_layers_of_few_pixels_have_weights_of_bytes() -> None:
    wide, narrow = (call_of(compile_graph(block(Shape(pixels=n)))) for n in (64, 32))
    assert (wide.kernel, narrow.kernel) == (Kernel.CONV2D_1X1_M4, Kernel.CONV2D_1X1_W8_M4)
    sizes = [
        o.values.nbytes for c in (wide, narrow) for o in c.operands if isinstance(o, ConstOperand)
    ]
    assert sizes[0] - sizes[1] == 4 * 8 * 4  # four pairs of outputs, a word less per channel pair


def spoiled(plan: Plan, call: KernelCall) -> Plan:
    step = product_step(plan)
    steps = tuple(replace(s, call=call) if s is step else s for s in plan.steps)
    return replace(plan, steps=steps)


def moved(plan: Plan, tensor: int, offset: int) -> Plan:
    """A tensor at a place of its own, in an arena that is large enough."""
    placements = []
    for placement in plan.placements:
        rest = tuple(t for t in placement.buffer.tensors if t != tensor)
        if rest != placement.buffer.tensors:
            alone = replace(placement.buffer, tensors=(tensor,))
            placements.append(replace(placement, buffer=alone, offset=offset))
        placements.append(replace(placement, buffer=replace(placement.buffer, tensors=rest)))
    return replace(plan, placements=tuple(placements), arena_bytes=2 * plan.arena_bytes)


def test_an_output_shifted_against_input_and_residual_is_caught() -> None:
    graph = block(Shape())
    plan = compile_graph(graph)
    x, output = graph.ops[0].outputs[0], product_step(plan).outputs[0]
    assert plan.offset_of(x) == plan.offset_of(output)
    with pytest.raises(PlanError, match="writes over its own input"):
        validate_plan(graph, moved(plan, output, plan.offset_of(x) + 4))


def test_an_output_over_the_gate_is_caught() -> None:
    """Though it has the gate's place exactly: gates are read to the end."""
    builder = ModelBuilder(2)
    x = builder.input((1, 1, 8, 1), Quant(0.05, 3))
    x = builder.conv_2d(
        x, channels=8, kernel=(1, 3), stride=(1, 2), padding=Padding.SAME, output=Quant(0.03, -128)
    )
    gate = builder.mean(x, axes=(1, 2), output=Quant(1 / 256, -128))
    product = builder.mul(x, gate, output=Quant(0.02, -128))
    y = builder.conv_2d(product, channels=2, output=Quant(0.1, -7))
    graph = read_tflite(builder.finish(builder.mean(y, axes=(1, 2), output=Quant(0.1, 0))), "small")
    plan = compile_graph(graph)
    assert graph.tensors[gate].nbytes == graph.tensors[y].nbytes == 8
    assert plan.offset_of(gate) != plan.offset_of(y)
    with pytest.raises(PlanError, match=f"writes over its own input {gate}"):
        validate_plan(graph, moved(plan, y, plan.offset_of(gate)))


def test_exchanged_and_forgotten_operands_are_caught() -> None:
    graph = block(Shape())
    plan = compile_graph(graph)
    call = call_of(plan)
    x, gate, residual, stream = call.operands
    for operands in (
        (gate, x, residual, stream),
        (x, AbsentOperand(), residual, stream),
        (x, residual, gate, stream),
        (x, gate, AbsentOperand(), stream),
    ):
        with pytest.raises(PlanError, match=r"reads tensors|has not the gate"):
            validate_plan(graph, spoiled(plan, replace(call, operands=operands)))


def test_fused_params_are_of_the_graphs_quantization() -> None:
    graph = block(Shape())
    params = call_of(compile_graph(graph)).params
    assert isinstance(params, Conv2d1x1M4Params)
    unit = X_SCALE / 256 / 0.02
    assert params.gate.factor / 2**36 == pytest.approx(unit, rel=1e-5)
    assert params.gate.offset >> 16 == -128


def test_a_second_addition_is_by_itself() -> None:
    graph = block(Shape(second_addition=True))
    plan = compile_graph(graph)
    step = product_step(plan)
    assert kinds(graph, step) == (OpKind.MUL, OpKind.CONV_2D, OpKind.ADD)
    assert plan.kernel_of(step.ops[-1] + 1) is Kernel.ADD_DENSE_M4


def test_an_addition_of_other_tensors_right_behind_a_product_is_not_its_residual() -> None:
    builder = ModelBuilder(1)
    x = builder.input((1, 1, 128, 1), Quant(0.05, 3))
    x = builder.conv_2d(x, channels=8, kernel=(1, 3), stride=(1, 2), output=Quant(X_SCALE, -128))
    product = builder.conv_2d(x, channels=8, output=Quant(Y_SCALE, -7))
    doubled = builder.add(x, x, output=Quant(SUM_SCALE, 5))
    total = builder.add(product, doubled, output=Quant(0.0611, 5))
    mean = builder.mean(total, axes=(1, 2), output=Quant(0.1, 0))
    graph = read_tflite(builder.finish(mean), "unrelated")
    assert kinds(graph, product_step(compile_graph(graph))) == (OpKind.CONV_2D,)
