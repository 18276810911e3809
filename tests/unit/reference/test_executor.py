"""Our executor equals tflite-micro, byte by byte, on every tensor."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ectopy.errors import InputError
from ectopy.fixedpoint import (
    conv_multipliers,
    multiply_by_quantized_multiplier,
    quantize_multiplier,
)
from ectopy.graph.reader import read_tflite
from ectopy.reference import ReferenceExecutor, TflmInterpreter
from ectopy.vocab import OpKind
from support.tflite_builder import ModelBuilder, Quant
from support.tflite_strategies import SEEDS, single_op_models, small_models

pytest.importorskip("tflite_micro", reason="tflite-micro exists for x86-64 Linux only")


def inputs_of(elements: int, seed: int) -> list[np.ndarray]:
    """Both extremes and two random windows."""
    random = np.random.default_rng(seed)
    return [
        np.full(elements, -128, np.int8),
        np.full(elements, 127, np.int8),
        *random.integers(-128, 128, (2, elements), np.int8),
    ]


def assert_equal_everywhere(tflite: bytes, seed: int) -> None:
    graph = read_tflite(tflite, "random")
    oracle, ours = TflmInterpreter(tflite, graph), ReferenceExecutor(graph)
    for x in inputs_of(graph.input.elements, seed):
        np.testing.assert_array_equal(ours.invoke(x), oracle.invoke(x), strict=True)
        theirs, mine = oracle.tensors(), ours.tensors()
        assert theirs.keys() == mine.keys()
        for index, values in theirs.items():
            name = graph.tensors[index].name
            np.testing.assert_array_equal(
                mine[index], values, err_msg=f"tensor {index} {name}", strict=True
            )


@pytest.mark.parametrize("kind", list(OpKind))
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_one_operator_equals_tflite_micro(kind: OpKind, data: st.DataObject) -> None:
    assert_equal_everywhere(data.draw(single_op_models(kind)), data.draw(SEEDS))


@settings(max_examples=60, deadline=None)
@given(tflite=small_models(), seed=SEEDS)
def test_several_operators_equal_tflite_micro_on_every_tensor(tflite: bytes, seed: int) -> None:
    assert_equal_everywhere(tflite, seed)


def test_tensors_without_dimensions_equal_tflite_micro() -> None:
    builder = ModelBuilder(seed=3)
    x = builder.input((2, 3), Quant(0.1, 2))
    mean = builder.mean(x, axes=(0, 1), output=Quant(0.07, -5), keep_dims=False)
    y = builder.add(mean, mean, output=Quant(0.2, 9))
    y = builder.mul(y, builder.lookup("QUANTIZE", y, Quant(0.3, 1)), output=Quant(0.5, 0))
    assert_equal_everywhere(builder.finish(y), seed=0)


@pytest.mark.parametrize("per_channel", [False, True])
def test_fully_connected_takes_the_product_of_scales_in_double_precision(
    per_channel: bool,
) -> None:
    """Double, not float32: a difference of 2**-25 of the rescaling factor.

    So the accumulators, which are the biases here, lie where it moves the output.
    """
    x_scale, scale, output_scale = (float(np.float32(value)) for value in (0.1, 0.3, 8e4))
    product = float(np.float32(x_scale) * np.float32(scale))
    single = quantize_multiplier(product / output_scale)
    double = conv_multipliers(x_scale, (scale,), output_scale)[0]
    ties = ((np.arange(60, 100) + 0.5) * output_scale / (x_scale * scale)).astype(np.int64)
    near = (ties[:, None] + np.arange(-20, 20)).ravel()
    as_single = multiply_by_quantized_multiplier(near, *single)
    telling = near[as_single != multiply_by_quantized_multiplier(near, *double)][:8]
    assert telling.size == 8
    builder = ModelBuilder()
    x = builder.input((1, 1), Quant(x_scale, 0))
    y = builder.fully_connected(
        x, units=8, output=Quant(output_scale, 0), scales=(scale,) * (8 if per_channel else 1)
    )
    _, weights, bias = builder.spec.ops[0].inputs
    builder.spec.tensors[weights].data = bytes(8)
    builder.spec.tensors[bias].data = telling.astype("<i4").tobytes()
    assert_equal_everywhere(builder.finish(y), seed=0)


def dense_model() -> bytes:
    builder = ModelBuilder(seed=4)
    x = builder.input((1, 6), Quant(0.1, 2))
    return builder.finish(builder.fully_connected(x, units=3, output=Quant(0.2, -3)))


def test_input_of_wrong_size_or_type_is_rejected() -> None:
    executor = ReferenceExecutor(read_tflite(dense_model(), "dense"))
    for wrong in (np.zeros(5, np.int8), np.zeros(6, np.int16)):
        with pytest.raises(InputError, match="takes 6 int8 values"):
            executor.invoke(wrong)


def test_tensors_before_the_first_inference_are_an_error() -> None:
    executor = ReferenceExecutor(read_tflite(dense_model(), "dense"))
    with pytest.raises(InputError, match="before the first inference"):
        executor.tensors()


def test_results_are_not_overwritten_by_the_next_inference() -> None:
    executor = ReferenceExecutor(read_tflite(dense_model(), "dense"))
    low, high = np.full(6, -128, np.int8), np.full(6, 127, np.int8)
    first, tensors = executor.invoke(low), executor.tensors()
    expected = first.copy()
    second = executor.invoke(high)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(first, expected)
    np.testing.assert_array_equal(tensors[executor._graph.output.index], expected)
