"""ADD and MUL with one rounding instead of TFLite's two to four: constants found by trying.

An int8 operator of two operands has 65,536 results. Here integer constants are looked for with
which a multiplication or two, an addition and a shift give every one of them; what is returned has
been compared on all of them. For most scales such constants exist, because a result changes only
if a sum comes closer to a tie than the constants are coarse.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from ectopy.fixedpoint import (
    ADD_LEFT_SHIFT,
    INT8_MAX,
    INT8_MIN,
    add_constants,
    mul_multiplier,
    multiply_by_quantized_multiplier,
)
from ectopy.graph.types import QuantParams

MUL_BITS, ADD_BITS = 23, 22
"""Bits behind the point of the sum that is shifted, ``ect_ssat8_asr23`` and ``_asr22``."""

HALFWORD_BITS = 16
"""Bits behind the point of a sum whose high half is the result."""

GAIN_BITS = 8
"""Bits that the factor of MUL has more, until it is multiplied by the other operand."""

GATE_BITS = 12
"""The same of a gate."""

VALUES = np.arange(INT8_MIN, INT8_MAX + 1, dtype=np.int64)
STEPS = tuple(sorted(range(-8, 9), key=abs))
"""Units by which a constant is moved away from its nearest integer."""

Int64Array = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class MulConstants:
    """For each operand ``b``: ``gain = ((b - b_zero_point) * factor + 128) >> 8``.

    The result is ``(a * gain + offset - a_zero_point * gain) >> 23``, saturated.
    """

    factor: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AddFactors:
    """The result is ``(a * a_factor + b * b_factor + offset) >> 22``, saturated."""

    a_factor: int
    b_factor: int
    offset: int


@cache
def mul_constants(a: QuantParams, b: QuantParams, y: QuantParams) -> MulConstants | None:
    """Constants that give every result of MUL without a fused activation; None if none were found.

    Args:
        a: Quantization of the operand that is multiplied row by row.
        b: Of the one that is constant along a row.
        y: Of the output.
    """
    wanted = _wanted_products(a, b, y)
    nearest = round(a.scale * b.scale / y.scale * 2.0 ** (MUL_BITS + GAIN_BITS))
    for step in STEPS:
        factor = nearest + step
        half = 1 << (GAIN_BITS - 1)
        gain = ((VALUES - b.zero_point) * factor + half) >> GAIN_BITS
        sums = np.multiply.outer(gain, VALUES - a.zero_point)
        offset = _offset(sums, wanted, MUL_BITS)
        if offset is None:
            continue
        base = offset - a.zero_point * gain
        parts = (gain, a.zero_point * gain, base, np.multiply.outer(gain, VALUES), sums + offset)
        if _fit_int32(np.array([factor, offset]), *parts):
            return MulConstants(factor=factor, offset=offset)
    return None


@cache
def gate_constants(a: QuantParams, b: QuantParams, y: QuantParams) -> MulConstants | None:
    """As :func:`mul_constants`, for MUL on the way into a matrix product.

    There the operand that varies enters times 256, its product with the gain loses 16 bits rounded
    down, and 16 bits behind the point remain: ``((a * 256 * gain >> 16) + offset - (a_zero_point *
    256 * gain >> 16)) >> 16``, saturated.
    """
    wanted = _wanted_products(a, b, y)
    nearest = round(a.scale * b.scale / y.scale * 2.0 ** (HALFWORD_BITS + GAIN_BITS + GATE_BITS))
    for step in STEPS:
        factor = nearest + (step << (GATE_BITS - GAIN_BITS))
        gain = ((VALUES - b.zero_point) * factor + (1 << (GATE_BITS - 1))) >> GATE_BITS
        at_zero = (gain * (a.zero_point << 8)) >> HALFWORD_BITS
        products = np.multiply.outer(gain, VALUES << 8) >> HALFWORD_BITS
        offset = _offset(products - at_zero[:, np.newaxis], wanted, HALFWORD_BITS)
        if offset is None:
            continue
        base = offset - at_zero
        parts = (gain, at_zero, base, products, products + base[:, np.newaxis])
        if _fit_int32(np.array([factor, offset]), *parts):
            return MulConstants(factor=factor, offset=offset)
    return None


def _wanted_products(a: QuantParams, b: QuantParams, y: QuantParams) -> Int64Array:
    """TFLite's results, a row for each value of ``b``."""
    multiplier, shift = mul_multiplier(a.scale, b.scale, y.scale)
    product = np.multiply.outer(VALUES - b.zero_point, VALUES - a.zero_point)
    return _saturated(multiply_by_quantized_multiplier(product, multiplier, shift), y)


@cache
def add_factors(a: QuantParams, b: QuantParams, y: QuantParams) -> AddFactors | None:
    """Constants that give every result of ADD without a fused activation; None if none were found.

    Args:
        a: Quantization of the first operand.
        b: Of the second.
        y: Of the output.
    """
    constants = add_constants(a.scale, b.scale, y.scale)
    scaled = [
        multiply_by_quantized_multiplier((VALUES - q.zero_point) << ADD_LEFT_SHIFT, *pair)
        for q, pair in ((a, constants.a), (b, constants.b))
    ]
    total = np.add.outer(scaled[0].astype(np.int64), scaled[1].astype(np.int64))
    wanted = _saturated(multiply_by_quantized_multiplier(total, *constants.output), y)
    nearest = [round(q.scale / y.scale * 2.0**ADD_BITS) for q in (a, b)]
    for a_step, b_step in ((i, j) for i in STEPS for j in STEPS if abs(i) + abs(j) < len(STEPS)):
        a_factor, b_factor = nearest[0] + a_step, nearest[1] + b_step
        sums = np.add.outer(VALUES * a_factor, VALUES * b_factor)
        offset = _offset(sums, wanted, ADD_BITS)
        if offset is None:
            continue
        parts = (VALUES * a_factor + offset, VALUES * a_factor, VALUES * b_factor, sums + offset)
        if _fit_int32(np.array([a_factor, b_factor, offset]), *parts):
            return AddFactors(a_factor=a_factor, b_factor=b_factor, offset=offset)
    return None


def _saturated(values: npt.NDArray[np.int32], y: QuantParams) -> Int64Array:
    return np.clip(values.astype(np.int64) + y.zero_point, INT8_MIN, INT8_MAX)


def _offset(sums: Int64Array, wanted: Int64Array, bits: int) -> int | None:
    """The middle of the offsets for which every ``(sum + offset) >> bits`` saturates as wanted."""
    lowest = ((wanted << bits) - sums)[wanted > INT8_MIN]
    highest = (((wanted + 1) << bits) - 1 - sums)[wanted < INT8_MAX]
    if not lowest.size or not highest.size or lowest.max() > highest.min():
        return None
    return int(lowest.max() + highest.min()) // 2


def _fit_int32(*arrays: Int64Array) -> bool:
    return all(bool((np.abs(array) < 2**31).all()) for array in arrays)
