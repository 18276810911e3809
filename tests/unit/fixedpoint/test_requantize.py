"""Requantization against exact rational arithmetic and against tflite-micro."""

from fractions import Fraction
from math import floor

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ectopy import fixedpoint
from ectopy.vocab import Activation

INT32 = st.integers(-(2**31), 2**31 - 1)
REALS = st.floats(2.0**-31, 2.0**20, allow_nan=False)


def half_away_from_zero(value: Fraction) -> int:
    return floor(value + Fraction(1, 2)) if value >= 0 else -floor(-value + Fraction(1, 2))


@given(a=INT32, b=INT32)
@example(a=-(2**31), b=-(2**31))
@example(a=-1, b=2**30)
@example(a=1, b=2**30)
def test_doubling_high_multiply_rounds_to_nearest_with_ties_up_and_saturates(
    a: int, b: int
) -> None:
    expected = min(floor(Fraction(a * b, 2**31) + Fraction(1, 2)), 2**31 - 1)
    assert fixedpoint.saturating_rounding_doubling_high_mul(a, b) == expected


@given(x=INT32, exponent=st.integers(0, 31))
@example(x=-1, exponent=1)
@example(x=-3, exponent=1)
@example(x=2**31 - 1, exponent=31)
def test_division_by_power_of_two_rounds_ties_away_from_zero(x: int, exponent: int) -> None:
    expected = half_away_from_zero(Fraction(x, 2**exponent))
    assert fixedpoint.rounding_divide_by_pot(x, exponent) == expected


@given(real=REALS)
@example(real=1.0)
@example(real=1.0 - 2.0**-53)
@example(real=2.0**-32 * 1.9999)
def test_quantized_multiplier_is_the_nearest_of_31_bits(real: float) -> None:
    multiplier, shift = fixedpoint.quantize_multiplier(real)
    assert 2**30 <= multiplier < 2**31
    error = abs(Fraction(multiplier, 2**31) * Fraction(2) ** shift - Fraction(real))
    assert error <= Fraction(2) ** (shift - 32)


@pytest.mark.parametrize(
    ("real", "expected"),
    [
        (0.0, (0, 0)),
        (0.5, (2**30, 0)),
        (1.0, (2**30, 1)),
        (0.75, (3 * 2**29, 0)),
        (2.0**-32, (2**30, -31)),
        (2.0**-33, (0, 0)),
        (1.0 - 2.0**-40, (2**30, 1)),
        # Half a unit of the 31st bit: away from zero, where Python's round() goes to even.
        (0.5 + 2.0**-32, (2**30 + 1, 0)),
    ],
)
def test_quantized_multiplier_of_known_values(real: float, expected: tuple[int, int]) -> None:
    assert fixedpoint.quantize_multiplier(real) == expected


@pytest.mark.parametrize("real", [-0.1, float("nan"), float("inf")])
def test_quantized_multiplier_refuses_what_is_no_factor(real: float) -> None:
    with pytest.raises(ValueError, match="not a rescaling factor"):
        fixedpoint.quantize_multiplier(real)


@given(x=st.integers(-(2**24), 2**24), real=st.floats(2.0**-30, 2.0**5))
def test_rescaling_is_within_one_unit_of_the_exact_product(x: int, real: float) -> None:
    rescaled = fixedpoint.multiply_by_quantized_multiplier(x, *fixedpoint.quantize_multiplier(real))
    # Two roundings of half a unit each, and the multiplier's own error.
    assert abs(int(rescaled) - Fraction(x) * Fraction(real)) <= 1 + Fraction(abs(x), 2**25)


def test_rescaling_of_an_array_equals_that_of_its_elements() -> None:
    random = np.random.default_rng(5)
    x = random.integers(-(2**20), 2**20, (4, 3), np.int32)
    pairs = [fixedpoint.quantize_multiplier(real) for real in (0.001, 0.7, 3.3)]
    multiplier, shift = np.array(pairs).T
    rescaled = fixedpoint.multiply_by_quantized_multiplier(x, multiplier, shift)
    assert rescaled.dtype == np.int32
    for row, column in np.ndindex(x.shape):
        one = fixedpoint.multiply_by_quantized_multiplier(x[row, column], *pairs[column])
        assert rescaled[row, column] == one


@pytest.mark.parametrize(
    ("activation", "scale", "zero_point", "expected"),
    [
        (Activation.NONE, 0.1, 5, (-128, 127)),
        (Activation.RELU, 0.1, 5, (5, 127)),
        (Activation.RELU6, 0.1, 5, (5, 65)),
        (Activation.RELU6, 6 / 255, -128, (-128, 127)),
        (Activation.RELU6, 0.01, 5, (5, 127)),
        (Activation.RELU_N1_TO_1, 0.1, 5, (-5, 15)),
        # 6 / 4 = 1.5 and 1 / 2 = 0.5 round away from zero.
        (Activation.RELU6, 4.0, 0, (0, 2)),
        (Activation.RELU_N1_TO_1, 2.0, 0, (-1, 1)),
    ],
)
def test_activation_range_of_known_values(
    activation: Activation, scale: float, zero_point: int, expected: tuple[int, int]
) -> None:
    assert fixedpoint.activation_range(activation, scale, zero_point) == expected


@pytest.mark.parametrize(
    ("ratio", "count", "expected"),
    [
        (1.0, 1, (2**30, 1)),
        (1.0, 2, (2**30, 0)),
        # 2**31 / 3 is cut off, not rounded up to 715827883.
        (1.0, 3, (715827882, 0)),
        # The shift would pass -31, so the multiplier takes what is left of the division.
        (2.0**-30, 8, (2**30 * 4 // 8, -31)),
    ],
)
def test_mean_multiplier_of_known_values(
    ratio: float, count: int, expected: tuple[int, int]
) -> None:
    assert fixedpoint.mean_multiplier(ratio, 1.0, count) == expected


def test_fully_connected_takes_the_product_of_its_scales_in_double_precision() -> None:
    a, b = float(np.float32(0.1)), float(np.float32(0.3))
    assert a * b != float(np.float32(a) * np.float32(b))
    ours = fixedpoint.fully_connected_multiplier(a, b, 1.0)
    assert ours == fixedpoint.conv_multipliers(a, (b,), 1.0)[0]
    assert ours != fixedpoint.quantize_multiplier(float(np.float32(a) * np.float32(b)))


def test_add_brings_both_inputs_to_twice_the_larger_scale() -> None:
    constants = fixedpoint.add_constants(0.25, 0.5, 1.0)
    assert constants.a == fixedpoint.quantize_multiplier(0.25)
    assert constants.b == fixedpoint.quantize_multiplier(0.5)
    assert constants.output == fixedpoint.quantize_multiplier(2.0**-20)
