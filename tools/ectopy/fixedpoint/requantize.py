"""The one Python statement of TFLite's int8 requantization.

An int32 accumulator becomes an int8 output by a multiplication with a real number close to
``input_scale * weight_scale / output_scale``. That number is held as a Q31 multiplier and a power
of two, and both steps round (TFLite's "double rounding", the default of tflite-micro):

1. doubling high multiply: ``x * multiplier / 2**31`` to nearest, ties towards +infinity (the
   product is nudged by half a unit, less one for negative products, and the division truncates);
2. division by ``2**-shift`` rounded to nearest, ties away from zero.

Also here are the constants that each operator derives from its scales, because the exact order of
float32 and float64 operations is part of the contract.

Source: gemmlowp ``SaturatingRoundingDoublingHighMul`` and ``RoundingDivideByPOT``; TFLite
``quantization_util`` (``QuantizeMultiplier``), ``kernel_util`` (activation range, convolution
multipliers), the micro kernels' ``*_common.cc`` (ADD, MUL) and ``reference/reduce.h`` (MEAN).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ectopy.vocab import Activation

Int32Array: TypeAlias = npt.NDArray[np.int32]

INT8_MIN, INT8_MAX = -128, 127
INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1

ADD_LEFT_SHIFT = 20
"""Bits by which ADD widens both inputs before it rescales them."""


def quantize_multiplier(real: float) -> tuple[int, int]:
    """Q31 multiplier and shift of a non-negative real factor: ``real ~ m * 2**(shift - 31)``.

    Args:
        real: The factor, in double precision.

    Returns:
        The multiplier, 0 or in [2**30, 2**31), and the shift, at least -31; positive shifts left.
        Factors below about 2**-32 become zero.

    Raises:
        ValueError: ``real`` is negative, infinite or not a number.
    """
    if not math.isfinite(real) or real < 0:
        raise ValueError(f"not a rescaling factor: {real}")
    if real == 0:
        return 0, 0
    fraction, shift = math.frexp(real)
    # fraction * 2**31 is exact and non-negative, so floor(x + 0.5) is C's round().
    multiplier = math.floor(fraction * 2.0**31 + 0.5)
    if multiplier == 2**31:
        multiplier, shift = multiplier // 2, shift + 1
    if shift < -31:
        return 0, 0
    return multiplier, shift


def saturating_rounding_doubling_high_mul(a: npt.ArrayLike, b: npt.ArrayLike) -> Int32Array:
    """The high word of ``2 * a * b``, rounded; only INT32_MIN * INT32_MIN saturates."""
    product = np.asarray(a, np.int64) * np.asarray(b, np.int64)
    nudged = product + np.where(product >= 0, 1 << 30, 1 - (1 << 30))
    # C division truncates; a right shift of a negative number would round down.
    quotient = np.where(nudged >= 0, nudged >> 31, -((-nudged) >> 31))
    return np.minimum(quotient, INT32_MAX).astype(np.int32)


def rounding_divide_by_pot(x: npt.ArrayLike, exponent: npt.ArrayLike) -> Int32Array:
    """``x / 2**exponent`` to nearest, ties away from zero; ``exponent`` in 0..31."""
    wide = np.asarray(x, np.int64)
    power = np.asarray(exponent, np.int64)
    mask = (np.int64(1) << power) - 1
    threshold = (mask >> 1) + (wide < 0)
    return ((wide >> power) + ((wide & mask) > threshold)).astype(np.int32)


def multiply_by_quantized_multiplier(x: Any, multiplier: Any, shift: Any) -> Int32Array:
    """Rescales int32 values with both of TFLite's roundings.

    Args:
        x: int32 values, any shape.
        multiplier: Q31 multipliers, broadcast against ``x``.
        shift: Shifts as :func:`quantize_multiplier` gives them, broadcast against ``x``.

    Returns:
        int32 of the broadcast shape. A left shift wraps at 32 bits; the graph verifier rejects
        models in which that could happen, because it is undefined in C.
    """
    shifts = np.asarray(shift, np.int64)
    left = np.maximum(shifts, 0)
    widened = (np.asarray(x, np.int64) << left).astype(np.int32)
    high = saturating_rounding_doubling_high_mul(widened, multiplier)
    return rounding_divide_by_pot(high, left - shifts)


def activation_range(activation: Activation, scale: float, zero_point: int) -> tuple[int, int]:
    """Least and greatest int8 output that a fused activation lets through.

    Args:
        activation: What is fused into the operator.
        scale: Output scale, a float32 value.
        zero_point: Output zero point.
    """

    def quantized(real: float) -> int:
        steps = float(np.float32(real) / np.float32(scale))
        return zero_point + int(math.copysign(math.floor(abs(steps) + 0.5), steps))

    low, high = INT8_MIN, INT8_MAX
    if activation in {Activation.RELU, Activation.RELU6}:
        low = max(low, quantized(0.0))
    if activation is Activation.RELU6:
        high = min(high, quantized(6.0))
    if activation is Activation.RELU_N1_TO_1:
        low, high = max(low, quantized(-1.0)), min(high, quantized(1.0))
    return low, high


def conv_multipliers(
    input_scale: float, filter_scales: tuple[float, ...], output_scale: float
) -> tuple[tuple[int, int], ...]:
    """Multiplier and shift for each filter scale; the products are in double precision.

    For CONV_2D, DEPTHWISE_CONV_2D, and FULLY_CONNECTED with more than one weight scale.
    """
    return tuple(quantize_multiplier(input_scale * scale / output_scale) for scale in filter_scales)


def fully_connected_multiplier(
    input_scale: float, weight_scale: float, output_scale: float
) -> tuple[int, int]:
    """Multiplier and shift of FULLY_CONNECTED with one weight scale.

    In double precision like the convolutions. Sources of tflite-micro up to August 2026 round the
    product of the two scales to float32 first; the interpreter we compare with does not.
    """
    return quantize_multiplier(input_scale * weight_scale / output_scale)


def mul_multiplier(a_scale: float, b_scale: float, output_scale: float) -> tuple[int, int]:
    """Multiplier and shift of MUL."""
    return quantize_multiplier(a_scale * b_scale / output_scale)


def mean_multiplier(input_scale: float, output_scale: float, count: int) -> tuple[int, int]:
    """Multiplier and shift of MEAN, with the division by ``count`` folded in.

    Args:
        input_scale: Input scale.
        output_scale: Output scale.
        count: Elements averaged per output, at least 1.

    Returns:
        A multiplier that is truncated, not rounded, by the division, as in the TFLite kernel.
    """
    multiplier, shift = quantize_multiplier(input_scale / output_scale)
    extra = min(count.bit_length() - 1, 32, 31 + shift)
    return (multiplier << extra) // count, shift - extra


@dataclass(frozen=True, slots=True, kw_only=True)
class AddConstants:
    """Rescaling of ADD and SUB, each a multiplier and a shift of at most 0.

    Both inputs, widened by ``ADD_LEFT_SHIFT`` bits, go to twice the larger input scale; their sum
    goes from there to the output scale.
    """

    a: tuple[int, int]
    b: tuple[int, int]
    output: tuple[int, int]


def add_constants(a_scale: float, b_scale: float, output_scale: float) -> AddConstants:
    """The constants of ADD or SUB for its three scales.

    In double precision for both. Sources of tflite-micro up to August 2026 compute those of SUB in
    float32; the interpreter we compare with does not.
    """
    common = 2 * max(a_scale, b_scale)
    return AddConstants(
        a=quantize_multiplier(a_scale / common),
        b=quantize_multiplier(b_scale / common),
        output=quantize_multiplier(common / ((1 << ADD_LEFT_SHIFT) * output_scale)),
    )
