"""Constants of ADD and MUL with one rounding: what is found is right for all 65,536 pairs."""

import numpy as np
import pytest

from ectopy.aot.search import VALUES, add_factors, gate_constants, mul_constants
from ectopy.fixedpoint import (
    add_constants,
    mul_multiplier,
    multiply_by_quantized_multiplier,
)
from ectopy.graph.types import QuantParams

ADD_SCALES = [(0.03141, 0.02718, 0.0409), (0.05, 0.05, 0.05), (0.02, 0.06, 0.03)]


def quant(scale: float, zero_point: int) -> QuantParams:
    return QuantParams(scales=(float(np.float32(scale)),), zero_points=(zero_point,))


def pairs() -> tuple[np.ndarray, np.ndarray]:
    a, b = np.meshgrid(VALUES, VALUES)
    return a.ravel(), b.ravel()


@pytest.mark.parametrize("scales", ADD_SCALES)
@pytest.mark.parametrize("zero_points", [(-128, 127, 0), (3, -7, 127), (0, 0, -128)])
def test_add_gives_every_sum(
    scales: tuple[float, float, float], zero_points: tuple[int, int, int]
) -> None:
    qa, qb, qy = (quant(*pair) for pair in zip(scales, zero_points, strict=True))
    found = add_factors(qa, qb, qy)
    assert found is not None
    a, b = pairs()
    constants = add_constants(qa.scale, qb.scale, qy.scale)
    total = multiply_by_quantized_multiplier((a - qa.zero_point) << 20, *constants.a)
    total = total + multiply_by_quantized_multiplier((b - qb.zero_point) << 20, *constants.b)
    wanted = multiply_by_quantized_multiplier(total, *constants.output) + qy.zero_point
    ours = (a * found.a_factor + b * found.b_factor + found.offset) >> 22
    np.testing.assert_array_equal(np.clip(ours, -128, 127), np.clip(wanted, -128, 127))


@pytest.mark.parametrize("output_scale", [0.0051, 0.0043, 0.0062])
def test_mul_gives_every_product_of_values_that_are_not_negative(output_scale: float) -> None:
    qa, qb, qy = quant(0.023, -128), quant(1 / 256, -128), quant(output_scale * 4, -128)
    found = mul_constants(qa, qb, qy)
    assert found is not None
    a, b = pairs()
    product = (a - qa.zero_point) * (b - qb.zero_point)
    multiplier = mul_multiplier(qa.scale, qb.scale, qy.scale)
    wanted = multiply_by_quantized_multiplier(product, *multiplier) + qy.zero_point
    gain = ((b - qb.zero_point) * found.factor + 128) >> 8
    ours = (a * gain + found.offset - qa.zero_point * gain) >> 23
    np.testing.assert_array_equal(np.clip(ours, -128, 127), np.clip(wanted, -128, 127))


@pytest.mark.parametrize("output_scale", [0.0051, 0.0043, 0.0062])
@pytest.mark.parametrize("zero_point", [-128, 3])
def test_a_gate_gives_every_product(output_scale: float, zero_point: int) -> None:
    qa, qb = quant(0.023, -128), quant(1 / 256, -128)
    qy = quant(output_scale * 4, zero_point)
    found = gate_constants(qa, qb, qy)
    assert found is not None
    a, b = pairs()
    product = (a - qa.zero_point) * (b - qb.zero_point)
    multiplier = mul_multiplier(qa.scale, qb.scale, qy.scale)
    wanted = multiply_by_quantized_multiplier(product, *multiplier) + qy.zero_point
    # As in the kernel: SMMULR of the raised gate, SMLAW of bytes times 256, the high half.
    gain = (((b - qb.zero_point) << 20) * found.factor + (1 << 31)) >> 32
    assert np.abs(gain).max() < 2**31
    base = found.offset - ((gain * (qa.zero_point << 8)) >> 16)
    ours = (((gain * (a << 8)) >> 16) + base) >> 16
    np.testing.assert_array_equal(np.clip(ours, -128, 127), np.clip(wanted, -128, 127))


def test_scales_whose_sums_leave_32_bits_have_no_constants() -> None:
    assert add_factors(quant(1.0, 0), quant(1.0, 0), quant(0.01, 0)) is None
    large = quant(1.0, -128), quant(1.0, -128), quant(0.05, -128)
    assert mul_constants(*large) is None
    assert gate_constants(*large) is None


def test_products_of_both_signs_round_away_from_zero_and_have_no_common_constant() -> None:
    """Products of 64 / 128 are ties on both sides; one offset can serve only one of them."""
    half = quant(1 / 128, 0)
    assert mul_constants(half, quant(1.0, 0), quant(1.0, 0)) is None
