"""Kernels and loops of the operators that move bytes or look them up, and batches as rows."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ectopy.aot import KernelSet, Plan, PlanError, compile_graph, unsupported_reason, validate_plan
from ectopy.aot.params import Conv2dM4Params
from ectopy.aot.params_bytes import ConcatParams, LookupParams, PadParams, SliceParams
from ectopy.aot.types import ConstOperand, Kernel, KernelCall, TensorOperand
from ectopy.codegen import render_image
from ectopy.errors import ModelError
from ectopy.graph.reader import read_tflite
from ectopy.graph.types import Graph
from ectopy.vocab import VIEW_KINDS, OpKind, Padding
from firmware.aot_host import image_info
from support.tflite_builder import ModelBuilder, Quant
from support.tflite_strategies import single_op_models

QUANT = Quant(0.05, 3)
Make = Callable[[ModelBuilder, int], int]


def graph_of(make: Make, shape: tuple[int, ...] = (1, 4, 6, 3)) -> Graph:
    builder = ModelBuilder(1)
    return read_tflite(builder.finish(make(builder, builder.input(shape, QUANT))), "bytes")


def call_of(graph: Graph, op: int = -1, plan: Plan | None = None) -> KernelCall:
    call = (plan or compile_graph(graph)).steps[op].call
    assert call is not None
    return call


def test_dimensions_that_are_not_padded_join_the_one_before_them() -> None:
    graph = graph_of(lambda builder, x: builder.pad(x, [(0, 0), (0, 0), (1, 2), (0, 0)]))
    params = call_of(graph).params
    assert isinstance(params, PadParams)
    assert (params.extent, params.before) == ((1, 1, 4, 18), (0, 0, 0, 3))
    assert (params.out_extent, params.value) == ((1, 1, 4, 27), 3)


def test_padding_five_dimensions_is_refused_with_the_way_out() -> None:
    graph = graph_of(lambda builder, x: builder.pad(x, [(1, 0)] * 5), (1, 2, 2, 2, 2))
    with pytest.raises(ModelError, match=r"operator 0 \(PAD\): pads 5 dimensions") as caught:
        compile_graph(graph)
    assert caught.value.hint == "pad in two steps"


def test_a_slice_of_whole_rows_is_one_loop_over_one_run() -> None:
    graph = graph_of(
        lambda builder, x: builder.strided_slice(x, (0, 1, 0, 0), (1, 3, 6, 3), (1, 1, 1, 1))
    )
    params = call_of(graph).params
    assert isinstance(params, SliceParams)
    assert (params.start, params.extent, params.step[-1]) == (18, (1, 1, 1, 1, 1, 36), 1)


def walked(params: SliceParams) -> list[int]:
    """Elements of the input in the order of the C loops."""
    indices = np.indices(params.extent).reshape(len(params.extent), -1)
    return (params.start + np.array(params.step) @ indices).tolist()  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("make", "wanted"),
    [
        (
            lambda builder, x: builder.transpose(x, (0, 3, 1, 2)),
            lambda x: x.transpose(0, 3, 1, 2),
        ),
        (
            lambda builder, x: builder.strided_slice(
                x, (0, 3, 0, 2), (1, -5, 6, -4), (1, -2, 3, -1)
            ),
            lambda x: x[:, ::-2, ::3, ::-1],
        ),
        (
            lambda builder, x: builder.space_to_batch(x, (2, 3), [(0, 0), (0, 0)]),
            lambda x: np.concatenate([x[:, i::2, j::3] for i in range(2) for j in range(3)]),
        ),
    ],
)
def test_the_loops_meet_the_elements_numpy_would(
    make: Make, wanted: Callable[[np.ndarray], np.ndarray]
) -> None:
    params = call_of(graph_of(make)).params
    assert isinstance(params, SliceParams)
    assert walked(params) == wanted(np.arange(72).reshape(1, 4, 6, 3)).ravel().tolist()


def test_enlarging_by_whole_multiples_repeats_rows_and_columns() -> None:
    graph = graph_of(lambda builder, x: builder.resize_nearest(x, (8, 18), HalfPixelCenters=True))
    params = call_of(graph).params
    assert isinstance(params, SliceParams)
    wanted = np.arange(72).reshape(1, 4, 6, 3).repeat(2, axis=1).repeat(3, axis=2)
    assert walked(params) == wanted.ravel().tolist()


@pytest.mark.parametrize("size", [(8, 9), (2, 6)])
def test_other_sizes_are_refused_with_the_way_out(size: tuple[int, int]) -> None:
    graph = graph_of(lambda builder, x: builder.resize_nearest(x, size))
    with pytest.raises(ModelError, match=r"operator 0 \(RESIZE_NEAREST_NEIGHBOR\)") as caught:
        compile_graph(graph)
    assert caught.value.hint is not None and "whole multiple" in caught.value.hint


def test_concatenation_takes_constants_and_any_number_of_operands() -> None:
    def joined(builder: ModelBuilder, x: int) -> int:
        constant = builder.constant(np.arange(8).reshape(1, 4, 2, 1).repeat(3, axis=3), QUANT)
        return builder.concatenation([constant, x, x], 2)

    graph = graph_of(joined)
    plan = compile_graph(graph)
    call = call_of(graph, plan=plan)
    assert isinstance(call.params, ConcatParams)
    assert (call.params.inputs, call.params.rows) == (3, 4)
    assert call.params.run.tolist() == [6, 18, 18]
    assert [type(operand) for operand in call.operands] == [ConstOperand, *[TensorOperand] * 2]
    text = render_image(graph, plan, image_info(graph))["model_aot.c"]
    x = f"arena + {plan.offset_of(graph.input.index)}"
    assert f"(&op0, (const int8_t *const[]){{op0_input0, {x}, {x}}}, arena + " in text


def test_a_lookup_takes_the_place_of_its_input_and_any_layout() -> None:
    def rows(builder: ModelBuilder, x: int) -> int:
        x = builder.conv_2d(x, channels=4, kernel=(1, 3), stride=(1, 2), output=Quant(0.5, 3))
        x = builder.lookup("HARD_SWISH", x, Quant(0.3, -4))
        x = builder.conv_2d(x, channels=6, output=Quant(5.0, 5))
        return builder.mean(x, axes=(1, 2), output=Quant(5.0, 0))

    graph = graph_of(rows, (1, 1, 32, 1))
    plan = compile_graph(graph)
    swish = graph.ops[1]
    assert {swish.inputs[0], swish.outputs[0]} <= plan.planar
    call = call_of(graph, 1, plan)
    assert call.kernel is Kernel.LOOKUP and call.params == LookupParams(count=64)
    assert plan.offset_of(swish.inputs[0]) == plan.offset_of(swish.outputs[0])
    assert call_of(graph, 2, plan).kernel is Kernel.CONV2D_1X1_W8_M4


@pytest.mark.parametrize("kind", sorted(VIEW_KINDS))
def test_operators_that_keep_their_bytes_cost_nothing(kind: OpKind) -> None:
    def viewed(builder: ModelBuilder, x: int) -> int:
        views: dict[OpKind, Callable[[], int]] = {
            OpKind.RESHAPE: lambda: builder.reshape(x, (1, 72)),
            OpKind.SQUEEZE: lambda: builder.squeeze(x),
            OpKind.EXPAND_DIMS: lambda: builder.expand_dims(x, 0),
        }
        return builder.add(views[kind](), builder.constant([1], QUANT), output=QUANT)

    graph = graph_of(viewed)
    plan = compile_graph(graph)
    assert plan.steps[0].call is None
    assert plan.offset_of(graph.ops[0].outputs[0]) == plan.offset_of(graph.input.index)


def test_a_flattened_image_keeps_the_order_of_tflite() -> None:
    """A vector is the same in both layouts, the image that it was is not."""

    def flattened(builder: ModelBuilder, x: int) -> int:
        x = builder.conv_2d(x, channels=4, kernel=(1, 3), stride=(1, 2), output=Quant(0.5, 3))
        x = builder.conv_2d(x, channels=6, output=Quant(20.0, 5))
        x = builder.reshape(x, (1, 96))
        return builder.fully_connected(x, units=3, output=Quant(300.0, 0))

    graph = graph_of(flattened, (1, 1, 32, 1))
    assert graph.ops[1].outputs[0] not in compile_graph(graph).planar


def test_a_difference_is_no_sum() -> None:
    for kernels in KernelSet:
        graph = graph_of(lambda builder, x: builder.sub(x, x, output=QUANT))
        call = call_of(graph, plan=compile_graph(graph, kernels))
        assert call.kernel is Kernel.SUB


def test_an_average_of_pairs_is_no_maximum() -> None:
    graph = graph_of(
        lambda builder, x: builder.average_pool_2d(x, kernel=(1, 2), stride=(1, 2)), (1, 1, 16, 1)
    )
    assert call_of(graph).kernel is Kernel.AVERAGE_POOL


def batch_of_rows(builder: ModelBuilder, x: int) -> int:
    x = builder.conv_2d(x, channels=2, kernel=(1, 2), padding=Padding.VALID, output=Quant(2.0, 0))
    x = builder.depthwise_conv_2d(x, kernel=(1, 3), output=Quant(60.0, 0))
    x = builder.max_pool_2d(x, kernel=(1, 2), stride=(1, 1))
    return builder.conv_2d(x, channels=3, output=Quant(900.0, 0))


def test_a_batch_is_rows_where_windows_are_one_row_high() -> None:
    graph = graph_of(batch_of_rows, (3, 2, 6, 3))
    plan = compile_graph(graph)
    conv, depthwise, pool, matrix = (call_of(graph, op, plan).params for op in range(4))
    assert isinstance(conv, Conv2dM4Params) and isinstance(matrix, Conv2dM4Params)
    spatial = (conv.conv, depthwise, pool)
    assert [(p.in_h, p.out_h) for p in spatial] == [(6, 6)] * 3  # type: ignore[union-attr]
    assert (matrix.conv.in_h, matrix.conv.in_w) == (1, 3 * 2 * 5)


def test_higher_windows_on_a_batch_are_refused_with_the_way_out() -> None:
    graph = graph_of(
        lambda builder, x: builder.average_pool_2d(x, kernel=(2, 1), stride=(1, 1)), (2, 4, 6, 3)
    )
    with pytest.raises(ModelError, match="batch of 2") as caught:
        compile_graph(graph)
    assert caught.value.hint is not None and "batch of 1" in caught.value.hint


def test_a_concatenation_in_place_is_caught() -> None:
    graph = graph_of(lambda builder, x: builder.concatenation([x], 2))
    plan = compile_graph(graph)
    first, second = plan.placements
    spoiled = (first, replace(second, offset=first.offset))
    with pytest.raises(PlanError, match="writes over its own input"):
        validate_plan(graph, replace(plan, placements=spoiled))


@pytest.mark.parametrize("kind", list(OpKind))
@settings(max_examples=4, deadline=None)
@given(data=st.data())
def test_every_kind_of_operator_has_a_kernel_or_costs_nothing(
    kind: OpKind, data: st.DataObject
) -> None:
    graph = read_tflite(data.draw(single_op_models(kind)), kind)
    assume(unsupported_reason(graph, graph.ops[-1]) is None)
    step = compile_graph(graph).steps[-1]
    assert graph.ops[-1].kind is kind
    assert (step.call is None) == (kind in VIEW_KINDS)
