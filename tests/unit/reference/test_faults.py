"""Each mistake in the table is the one its name says. The e2e tests hold them to real C."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ectopy.fixedpoint import (
    conv_multipliers,
    multiply_by_quantized_multiplier,
    quantize_multiplier,
)
from ectopy.graph.reader import read_tflite
from ectopy.graph.types import Graph
from ectopy.reference import ReferenceExecutor
from ectopy.reference.faults import ARITHMETIC_FAULTS, OPERAND_FAULTS, explain
from ectopy.vocab import CAUSES, Activation, Cause, OpKind
from support.tflite_builder import ModelBuilder, Quant
from support.tflite_strategies import SEEDS, single_op_models


def run(graph: Graph, x: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """Operands and right output of the last operator."""
    executor = ReferenceExecutor(graph)
    executor.invoke(x)
    tensors = executor.tensors()
    op = graph.ops[-1]
    operands = [
        tensors[i] if graph.tensors[i].data is None else graph.tensors[i].data
        for i in op.inputs
        if i >= 0
    ]
    return operands, tensors[op.outputs[0]]


@pytest.mark.parametrize("kind", list(OpKind))
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_a_right_tensor_needs_no_explanation(kind: OpKind, data: st.DataObject) -> None:
    graph = read_tflite(data.draw(single_op_models(kind)), "one")
    random = np.random.default_rng(data.draw(SEEDS))
    operands, right = run(graph, random.integers(-128, 128, graph.input.elements, np.int8))
    assert explain(graph, graph.ops[-1], operands, right) == ()
    wrong = right.copy()
    wrong.flat[0] ^= 1
    # Whatever is named must give the tensor; that it never fails on any operator is tested too.
    assert set(explain(graph, graph.ops[-1], operands, wrong)) <= set(Cause)


def conv(zero_point: int) -> Graph:
    builder = ModelBuilder(seed=3)
    x = builder.input((1, 1, 9, 2), Quant(0.05, zero_point))
    y = builder.conv_2d(x, channels=3, kernel=(1, 3), stride=(1, 2), output=Quant(0.1, -7))
    return read_tflite(builder.finish(y), "conv")


def test_zero_padding_differs_only_at_the_border_and_only_with_a_zero_point() -> None:
    x = np.random.default_rng(1).integers(-128, 128, 18, np.int8)
    for zero_point, expected in ((-40, (Cause.PADDING_ZERO,)), (0, ())):
        graph = conv(zero_point)
        operands, right = run(graph, x)
        # The input with its border written out: what a kernel does that reads 0 there.
        bordered = np.pad(operands[0], ((0, 0), (0, 0), (1, 1), (0, 0)))
        device = _by_hand(graph, bordered)
        assert np.array_equal(device[:, :, 1:4], right[:, :, 1:4])
        assert explain(graph, graph.ops[-1], operands, device) == expected


def _by_hand(graph: Graph, bordered: np.ndarray) -> np.ndarray:
    """The convolution of :func:`conv` over an input that already has its border."""
    x, weights, bias = graph.op_inputs(graph.ops[0])
    out = graph.op_output(graph.ops[0])
    assert x and weights and bias and x.quant and weights.quant and out.quant
    assert weights.data is not None and bias.data is not None
    multipliers = conv_multipliers(x.quant.scale, weights.quant.scales, out.quant.scale)
    result = np.zeros(out.shape, np.int8)
    centred = bordered.astype(np.int64) - x.quant.zero_point
    each = multipliers if len(multipliers) > 1 else multipliers * out.shape[3]
    for column in range(out.shape[2]):
        for channel, (multiplier, shift) in enumerate(each):
            window = centred[0, 0, 2 * column : 2 * column + 3]
            acc = int((window * weights.data[channel, 0]).sum()) + int(bias.data[channel])
            y = int(multiply_by_quantized_multiplier(acc, multiplier, shift)) + out.quant.zero_point
            result[0, 0, column, channel] = min(max(y, -128), 127)
    return result


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        # Of 3/2, 5/2, -3/2, -5/2 in units of the output:
        (Cause.SINGLE_ROUNDING, [2, 3, -1, -2]),
        (Cause.TRUNCATION, [1, 2, -2, -3]),
        (Cause.ROUNDING_TIES_UP, [2, 3, -1, -2]),
    ],
)
def test_rounding_of_halves(cause: Cause, expected: list[int]) -> None:
    multiplier, shift = quantize_multiplier(0.25)
    assert shift < 0
    rescale = ARITHMETIC_FAULTS[cause].rescale
    assert rescale(np.array([6, 10, -6, -10]), multiplier, shift).tolist() == expected


def test_single_rounding_differs_where_two_roundings_add_up() -> None:
    multiplier, shift = quantize_multiplier(0.2499999)
    right = ARITHMETIC_FAULTS[Cause.CLAMP_MISSING].rescale(np.array([6]), multiplier, shift)
    once = ARITHMETIC_FAULTS[Cause.SINGLE_ROUNDING].rescale(np.array([6]), multiplier, shift)
    assert (right.tolist(), once.tolist()) == ([2], [1])


def test_every_cause_has_words_and_every_mistake_a_cause() -> None:
    assert set(CAUSES) == set(Cause)
    elsewhere = {Cause.STALE_MODEL, Cause.STALE_FIRMWARE, Cause.PREPROCESS, Cause.NOT_REPRODUCED}
    assert set(ARITHMETIC_FAULTS) | set(OPERAND_FAULTS) == set(Cause) - elsewhere


def test_a_missing_activation_is_named() -> None:
    def relu(activation: Activation) -> Graph:
        builder = ModelBuilder(seed=3)
        x = builder.input((1, 1, 9, 2), Quant(0.05, 4))
        y = builder.conv_2d(
            x,
            channels=3,
            kernel=(1, 3),
            stride=(1, 2),
            output=Quant(0.03, -7),
            activation=activation,
        )
        return read_tflite(builder.finish(y), "relu")

    x = np.random.default_rng(1).integers(-128, 128, 18, np.int8)
    device = run(relu(Activation.NONE), x)[1]
    graph = relu(Activation.RELU6)
    operands, right = run(graph, x)
    assert not np.array_equal(device, right)
    assert explain(graph, graph.ops[0], operands, device) == (Cause.ACTIVATION_CLAMP_MISSING,)
