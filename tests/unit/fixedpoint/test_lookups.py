"""Tables equal tflite-micro for all 256 inputs, over scales and zero points."""

import math
from collections.abc import Iterator

import numpy as np
import pytest

from ectopy.fixedpoint import (
    lookup_table,
    multiply_by_quantized_multiplier,
    quantize_multiplier,
)
from ectopy.graph.reader import read_tflite
from ectopy.reference import TflmInterpreter
from ectopy.vocab import OpKind
from support.tflite_builder import ModelBuilder, Quant

pytest.importorskip("tflite_micro", reason="tflite-micro exists for x86-64 Linux only")

EVERY_INPUT = np.arange(-128, 128).astype(np.int8)
VALUES = EVERY_INPUT.astype(np.int64)
ZERO_POINTS = (-128, -127, -5, 0, 77, 127)
RESCALING = (OpKind.QUANTIZE, OpKind.RELU, OpKind.LEAKY_RELU, OpKind.HARD_SWISH)


def float32(value: float) -> float:
    return float(np.float32(value))


def of_tflm(kind: OpKind, x: Quant, y: Quant | None = None, alpha: float = 0.0) -> np.ndarray:
    """The outputs of a model of one operator for all inputs."""
    builder = ModelBuilder()
    tensor = builder.input((1, 256), Quant(x.scale, x.zero_point))
    output = None if y is None else Quant(y.scale, y.zero_point)
    data = builder.finish(builder.lookup(kind, tensor, output, alpha))
    outputs: np.ndarray = TflmInterpreter(data, read_tflite(data, kind)).invoke(EVERY_INPUT)
    return outputs.ravel()


def affines(seed: int, count: int) -> Iterator[Quant]:
    """Scales from far below to far above those that occur, some of them powers of two."""
    random = np.random.default_rng(seed)
    for number in range(count):
        exponent = random.uniform(-14, 6)
        scale = float32(2.0 ** (round(exponent) if number % 4 == 0 else exponent))
        yield Quant(scale, ZERO_POINTS[number % len(ZERO_POINTS)])


@pytest.mark.parametrize("kind", [OpKind.LOGISTIC, OpKind.TANH, OpKind.RELU6])
def test_table_equals_tflite_micro_where_the_output_scale_is_given(kind: OpKind) -> None:
    for x in affines(1, 120):
        wanted = of_tflm(kind, x)
        np.testing.assert_array_equal(lookup_table(kind, x, x), wanted, err_msg=repr(x))


@pytest.mark.parametrize("kind", RESCALING)
def test_table_equals_tflite_micro_where_scale_and_zero_point_change(kind: OpKind) -> None:
    random = np.random.default_rng(2)
    for x in affines(3, 120):
        lowest = -6.9 if kind is OpKind.HARD_SWISH else -8
        scale = float32(x.scale * 2.0 ** random.uniform(lowest, 8))
        y = Quant(scale, int(random.choice(ZERO_POINTS)))
        alpha = float32(random.uniform(0, 2)) if kind is OpKind.LEAKY_RELU else 0.0
        wanted = of_tflm(kind, x, y, alpha)
        message = f"{x} {y} {alpha}"
        np.testing.assert_array_equal(lookup_table(kind, x, y, alpha), wanted, err_msg=message)


def scales_at_ties(seed: int, alpha: float) -> Iterator[tuple[float, float]]:
    """Input and output scales at which an output is so near a tie that float32 would move it."""
    random = np.random.default_rng(seed)
    while True:
        steps, halves = int(random.integers(1, 128)), int(random.integers(0, 32)) * 2 + 1
        y = float32(random.uniform(0.01, 0.1))
        x = float32(y * halves / 2 / steps / alpha)
        single = float(np.float32(x) * np.float32(alpha) / np.float32(y))
        both = [
            multiply_by_quantized_multiplier(VALUES, *quantize_multiplier(factor))
            for factor in (single, x * alpha / y)
        ]
        if x < y and not np.array_equal(*both):
            yield x, y


@pytest.mark.parametrize(
    ("kind", "alpha"), [(OpKind.QUANTIZE, 1.0), (OpKind.RELU, 1.0), (OpKind.LEAKY_RELU, 0.3)]
)
def test_rescaling_factors_are_in_double_precision(kind: OpKind, alpha: float) -> None:
    slope = float32(alpha)
    pairs = scales_at_ties(4, slope if kind is OpKind.LEAKY_RELU else 1.0)
    for _ in range(8):
        x, y = (Quant(scale, 0) for scale in next(pairs))
        given = slope if kind is OpKind.LEAKY_RELU else 0.0
        np.testing.assert_array_equal(
            lookup_table(kind, x, y, given), of_tflm(kind, x, y, given), err_msg=f"{x} {y}"
        )


def test_the_limit_of_relu6_is_divided_in_float32() -> None:
    found = 0
    for steps in range(1, 120):
        near = np.float32(6 / (steps + 0.5))
        for scale in map(float, (near, np.nextafter(near, np.float32(0)))):
            single = math.floor(float(np.float32(6) / np.float32(scale)) + 0.5)
            if single == math.floor(6 / scale + 0.5):
                continue
            found += 1
            x = Quant(scale, -128)
            table = lookup_table(OpKind.RELU6, x, x)
            assert int(table.max()) + 128 == single
            np.testing.assert_array_equal(table, of_tflm(OpKind.RELU6, x))
    assert found


def test_a_scale_at_which_everything_is_beyond_the_range_gives_the_ends() -> None:
    x = Quant(2.0**20, 0)
    assert set(lookup_table(OpKind.LOGISTIC, x, x).tolist()) == {-128, 127}
    np.testing.assert_array_equal(lookup_table(OpKind.TANH, x, x), of_tflm(OpKind.TANH, x))


def test_hard_swish_with_an_output_scale_that_is_too_small_is_refused() -> None:
    x, y = Quant(1.0, 0), Quant(1 / 256, 0)
    with pytest.raises(ValueError, match="too small for input scale"):
        lookup_table(OpKind.HARD_SWISH, x, y)
