"""exp, reciprocal, logistic and tanh as TFLite's int8 kernels compute them: without a float.

Numbers are raw int32 with a fixed number of bits behind the point; a name like ``q27`` says how
many. Every product is a rounded high multiplication, so results equal TFLite's to the last bit.

Source: gemmlowp ``fixedpoint.h`` (the polynomials and their constants), TFLite
``reference/softmax.h``, ``quantization_util`` (scaling of the input), ``common.h`` (reciprocal).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from ectopy.fixedpoint.requantize import (
    INT8_MAX,
    INT8_MIN,
    INT32_MAX,
    INT32_MIN,
    Int32Array,
    quantize_multiplier,
    rounding_divide_by_pot,
)
from ectopy.fixedpoint.requantize import saturating_rounding_doubling_high_mul as product

Int64Array = npt.NDArray[np.int64]

SOFTMAX_INTEGER_BITS = 5
"""Of a difference to the greatest logit, after scaling; the rest of 31 is behind the point."""

SUM_INTEGER_BITS = 12
"""Of a softmax's sum of exponentials."""

EXP_OF_MINUS_EIGHTH = 1_895_147_668
"""e^(-1/8), Q31."""

ONE_THIRD = 715_827_883
"""Q31."""

EXP_OF_POWERS = (
    (-2, 1_672_461_947),
    (-1, 1_302_514_674),
    (0, 790_015_084),
    (1, 290_630_308),
    (2, 39_332_535),
    (3, 720_401),
    (4, 242),
)
"""(n, e^(-2^n) as Q31)."""

NEWTON_START, NEWTON_SLOPE = 1_515_870_810, -1_010_580_540
"""48/17 and -32/17, Q29: the best line through 1/x on [1/2, 1]."""

NEWTON_STEPS = 3

ONE_Q29 = 1 << 29


def exp_of_negative(a: npt.ArrayLike, integer_bits: int) -> Int32Array:
    """e^a for a <= 0, as Q31; e^0 is the greatest int32.

    Args:
        a: Raw values with ``31 - integer_bits`` bits behind the point.
        integer_bits: At most 5.
    """
    raw = np.asarray(a, np.int64)
    fraction_bits = 31 - integer_bits
    quarter = 1 << (fraction_bits - 2)
    in_quarter = (raw & (quarter - 1)) - quarter
    result = _exp_of_last_quarter(_saturated_left(in_quarter, integer_bits))
    remainder = in_quarter - raw
    for power, factor in EXP_OF_POWERS:
        if power < integer_bits:
            taken = (remainder & (1 << (fraction_bits + power))) != 0
            result = np.where(taken, product(result, factor), result)
    return np.where(raw == 0, INT32_MAX, result).astype(np.int32)


def _exp_of_last_quarter(a: Int64Array) -> Int64Array:
    """e^a for a in [-1/4, 0), Q31: Taylor's series around -1/8, four terms."""
    x = _wide(a + (1 << 28))
    x2 = _wide(product(x, x))
    x3 = _wide(product(x2, x))
    x4 = _wide(product(x2, x2))
    quarter_of_x4 = _wide(rounding_divide_by_pot(x4, 2))
    tail = _wide(product(quarter_of_x4 + x3, ONE_THIRD)) + x2
    sum_of_terms = x + _wide(rounding_divide_by_pot(tail, 1))
    return EXP_OF_MINUS_EIGHTH + _wide(product(EXP_OF_MINUS_EIGHTH, sum_of_terms))


def _newton(a: npt.ArrayLike) -> Int64Array:
    """2 / (1 + a) for a in [0, 1] as Q31, as Q29."""
    total = np.asarray(a, np.int64) + INT32_MAX
    half = (total + 1) // 2  # both are positive, so this is rounding half away from zero
    x = NEWTON_START + _wide(product(half, NEWTON_SLOPE))
    for _ in range(NEWTON_STEPS):
        error = ONE_Q29 - _wide(product(half, x))
        x = x + _saturated_left(product(x, error), 2)
    return x


def reciprocal_of_one_plus(a: npt.ArrayLike) -> Int32Array:
    """1 / (1 + a) for a in [0, 1], Q31."""
    return _saturated_left(_newton(a), 1).astype(np.int32)


def logistic_q27(a: npt.ArrayLike) -> Int32Array:
    """1 / (1 + e^-a) as Q31.

    Args:
        a: Raw values with 27 bits behind the point.
    """
    raw = np.asarray(a, np.int64)
    of_magnitude = reciprocal_of_one_plus(exp_of_negative(-np.abs(raw), 4)).astype(np.int64)
    result = np.where(raw > 0, of_magnitude, INT32_MAX - of_magnitude)
    return np.where(raw == 0, 1 << 30, result).astype(np.int32)


def tanh_q27(a: npt.ArrayLike) -> Int32Array:
    """The hyperbolic tangent as Q31; like :func:`logistic_q27`."""
    raw = np.asarray(a, np.int64)
    # The same bits with one integer bit more are twice the value: e^(-2|a|).
    x = _newton(exp_of_negative(-np.abs(raw), 5))
    of_magnitude = _saturated_left(x - ONE_Q29, 2)
    result = np.where(raw < 0, -of_magnitude, of_magnitude)
    return np.where(raw == 0, 0, result).astype(np.int32)


def input_radius(integer_bits: int, left_shift: int) -> int:
    """Greatest distance from zero that stays inside the fixed-point range after scaling."""
    largest = ((1 << integer_bits) - 1) * (1 << (31 - integer_bits))
    return math.floor(largest / 2.0**left_shift)


def exp_of_differences(scale: float, beta: float) -> Int32Array:
    """e^(-difference * scale * beta) as Q31, for differences 0, 1, ... of int8 values.

    Args:
        scale: Of softmax's input.
        beta: Its sharpness.

    Returns:
        As many as are not zero, at most 256; SOFTMAX takes all further ones as zero.

    Raises:
        ValueError: ``scale * beta`` is too small for TFLite's fixed-point scaling.
    """
    real = min(beta * scale * (1 << (31 - SOFTMAX_INTEGER_BITS)), 2.0**31 - 1)
    if not real > 1:
        raise ValueError(f"the input scale times beta, {beta * scale:g}, is too small")
    multiplier, shift = quantize_multiplier(real)
    count = min(256, input_radius(SOFTMAX_INTEGER_BITS, shift) + 1)
    raised = -np.arange(count, dtype=np.int64) << shift
    table = exp_of_negative(product(raised, multiplier), SOFTMAX_INTEGER_BITS)
    used = np.flatnonzero(table)
    return table[: used[-1] + 1]


def softmax_rows(x: npt.NDArray[np.int8], exponentials: Int32Array) -> npt.NDArray[np.int8]:
    """Softmax along the last axis, output scale 1/256 and zero point -128.

    Args:
        x: int8; at most 511 along the last axis.
        exponentials: As :func:`exp_of_differences` gives them.
    """
    wide = x.astype(np.int64)
    differences = wide.max(axis=-1, keepdims=True) - wide
    table = np.zeros(256, np.int64)
    table[: exponentials.size] = exponentials
    terms = table[differences]
    sums = rounding_divide_by_pot(terms, SUM_INTEGER_BITS).sum(axis=-1, keepdims=True)
    headroom = 32 - np.frompyfunc(int.bit_length, 1, 1)(sums.astype(object)).astype(np.int64)
    scale = reciprocal_of_one_plus((sums << headroom) - (1 << 31))
    shifts = SUM_INTEGER_BITS - headroom + 31 - 8
    quotients = rounding_divide_by_pot(product(scale, terms), shifts)
    return np.clip(quotients + INT8_MIN, INT8_MIN, INT8_MAX).astype(np.int8)


def _wide(values: npt.NDArray[Any]) -> Int64Array:
    return values.astype(np.int64)


def _saturated_left(values: npt.NDArray[Any], bits: int) -> Int64Array:
    saturated: Int64Array = np.clip(values.astype(np.int64) << bits, INT32_MIN, INT32_MAX)
    return saturated
