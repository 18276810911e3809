"""Operators whose output byte depends on the input byte at its place, as tables of 256 bytes.

A table holds the output for -128 first and for 127 last. Rescaling factors are in double
precision like everywhere in :mod:`ectopy.fixedpoint.requantize`; sources of tflite-micro up to
August 2026 divide float32 scales for RELU, LEAKY_RELU and HARD_SWISH, the interpreter we compare
with does not.

Source: TFLite ``micro/kernels/*_common.cc`` of the operators, ``reference/integer_ops/logistic.h``
and ``tanh.h``, ``reference/hard_swish.h``, ``leaky_relu.h``, ``requantize.h``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ectopy.fixedpoint.functions import input_radius, logistic_q27, tanh_q27
from ectopy.fixedpoint.requantize import (
    INT8_MAX,
    INT8_MIN,
    activation_range,
    multiply_by_quantized_multiplier,
    quantize_multiplier,
    rounding_divide_by_pot,
)
from ectopy.vocab import Activation, OpKind

Table = npt.NDArray[np.int8]
Int64Array = npt.NDArray[np.int64]

VALUES = np.arange(INT8_MIN, INT8_MAX + 1, dtype=np.int64)

INTEGER_BITS = 4
"""Of the scaled input of LOGISTIC and TANH."""

INT16_MIN, INT16_MAX = -(2**15), 2**15 - 1

RELUISH_SCALE = 3.0 / 32768.0
"""HARD_SWISH's ramp: the scale on which 3.0 is just outside int16."""


class Affine(Protocol):
    """Per-tensor quantization, whoever holds it: real = scale * (q - zero_point)."""

    @property
    def scale(self) -> float:
        """Of one step."""

    @property
    def zero_point(self) -> int:
        """The byte that stands for zero."""


def lookup_table(kind: OpKind, x: Affine, y: Affine, alpha: float = 0.0) -> Table:
    """The outputs of an operator for the 256 inputs, -128 first.

    Args:
        kind: One whose attributes are :class:`~ectopy.graph.types.LookupAttrs`.
        x: Quantization of the input.
        y: Of the output.
        alpha: Slope of LEAKY_RELU below zero.
    """
    return TABLES[kind](x, y, alpha)


def requantize_table(x: Affine, y: Affine) -> Table:
    """QUANTIZE from int8 to int8."""
    return _rescaled(x, y, x.scale / y.scale, (INT8_MIN, INT8_MAX))


def relu_table(x: Affine, y: Affine) -> Table:
    """RELU, which may change scale and zero point."""
    limits = activation_range(Activation.RELU, y.scale, y.zero_point)
    return _rescaled(x, y, x.scale / y.scale, limits)


def relu6_table(x: Affine) -> Table:
    """RELU6: clamps at the bytes that stand for 0 and 6 in the input; the output has its scale."""
    low, high = activation_range(Activation.RELU6, x.scale, x.zero_point)
    return np.clip(VALUES, low, high).astype(np.int8)


def leaky_relu_table(x: Affine, y: Affine, alpha: float) -> Table:
    """LEAKY_RELU: one factor above zero, one below.

    Args:
        x: Of the input.
        y: Of the output.
        alpha: Slope below zero, a float32 value, not negative.
    """
    distances = VALUES - x.zero_point
    above = quantize_multiplier(x.scale / y.scale)
    below = quantize_multiplier(x.scale * alpha / y.scale)
    rescaled = np.where(
        distances >= 0,
        multiply_by_quantized_multiplier(distances, *above),
        multiply_by_quantized_multiplier(distances, *below),
    )
    return _saturated(rescaled + y.zero_point)


def logistic_table(x: Affine) -> Table:
    """LOGISTIC, whose output has scale 1/256 and zero point -128."""
    return _between_ends(x, lambda raw: rounding_divide_by_pot(logistic_q27(raw), 23) + INT8_MIN)


def tanh_table(x: Affine) -> Table:
    """TANH, whose output has scale 1/128 and zero point 0."""
    return _between_ends(x, lambda raw: rounding_divide_by_pot(tanh_q27(raw), 24))


def hard_swish_table(x: Affine, y: Affine) -> Table:
    """HARD_SWISH: x times a ramp from 0 at -3 to 1 at 3, in int16.

    Raises:
        ValueError: The output scale is too small for the input's: the last shift would be to the
            left.
    """
    output, output_shift = quantize_multiplier(x.scale / 128.0 / y.scale)
    ramp, ramp_shift = quantize_multiplier(x.scale / 128.0 / RELUISH_SCALE)
    if output_shift > 0:
        raise ValueError(f"output scale {y.scale:g} is too small for input scale {x.scale:g}")
    hires = (VALUES - x.zero_point) << 7
    preshift = _high_mul_16(hires, _multiplier_16(output))
    reluish = hires
    if ramp_shift > 0:
        reluish = _saturated_16(reluish << (ramp_shift - 1))
    reluish = _high_mul_16(reluish, _multiplier_16(ramp))
    if ramp_shift > 0:
        reluish = _saturated_16(reluish << 1)
    if ramp_shift < 0:
        reluish = rounding_divide_by_pot(reluish, -ramp_shift).astype(np.int64)
    zero_to_one = (reluish + (1 << 15)) >> 1
    doubled = zero_to_one * preshift
    # C division truncates; a right shift of a negative number would round down.
    truncated = np.where(doubled >= 0, doubled >> 15, -(-doubled >> 15))
    return _saturated(rounding_divide_by_pot(truncated, -output_shift) + y.zero_point)


def _rescaled(x: Affine, y: Affine, factor: float, limits: tuple[int, int]) -> Table:
    rescaled = multiply_by_quantized_multiplier(VALUES - x.zero_point, *quantize_multiplier(factor))
    return np.clip(rescaled.astype(np.int64) + y.zero_point, *limits).astype(np.int8)


def _between_ends(x: Affine, function: Callable[[Int64Array], npt.NDArray[Any]]) -> Table:
    """A function of inputs with 27 bits behind the point; beyond their range it is at its ends."""
    multiplier, shift = quantize_multiplier(x.scale * 2.0 ** (31 - INTEGER_BITS))
    radius = input_radius(INTEGER_BITS, shift)
    distances = VALUES - x.zero_point
    low, high = distances <= -radius, distances >= radius
    inside = np.where(low | high, 0, distances)
    raw = multiply_by_quantized_multiplier(inside, multiplier, shift).astype(np.int64)
    return _saturated(np.where(low, INT8_MIN, np.where(high, INT8_MAX, function(raw))))


def _multiplier_16(multiplier: int) -> int:
    """A Q31 multiplier as Q15, rounded, saturated."""
    return min((multiplier + (1 << 15)) >> 16, INT16_MAX)


def _high_mul_16(a: Int64Array, b: int) -> Int64Array:
    """The high half of ``2 * a * b``, rounded; ``b`` is positive, so nothing saturates."""
    doubled = a * b
    nudged = doubled + np.where(doubled >= 0, 1 << 14, 1 - (1 << 14))
    return np.where(nudged >= 0, nudged >> 15, -(-nudged >> 15))


def _saturated_16(values: Int64Array) -> Int64Array:
    return np.clip(values, INT16_MIN, INT16_MAX)


def _saturated(values: npt.NDArray[Any]) -> Table:
    return np.clip(values.astype(np.int64), INT8_MIN, INT8_MAX).astype(np.int8)


TABLES: Mapping[OpKind, Callable[[Affine, Affine, float], Table]] = MappingProxyType(
    {
        OpKind.LOGISTIC: lambda x, _y, _alpha: logistic_table(x),
        OpKind.TANH: lambda x, _y, _alpha: tanh_table(x),
        OpKind.HARD_SWISH: lambda x, y, _alpha: hard_swish_table(x, y),
        OpKind.RELU: lambda x, y, _alpha: relu_table(x, y),
        OpKind.RELU6: lambda x, _y, _alpha: relu6_table(x),
        OpKind.LEAKY_RELU: leaky_relu_table,
        OpKind.QUANTIZE: lambda x, y, _alpha: requantize_table(x, y),
    }
)
