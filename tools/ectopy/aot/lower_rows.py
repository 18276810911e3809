"""Operators without weights by the kernels of ``firmware/kernels/m4``.

Each takes the call of a portable kernel and returns the same operator by a faster one, or None.
Rows are whatever is contiguous in memory: the channels of a planar tensor, or a whole one.
"""

from __future__ import annotations

from dataclasses import dataclass

from ectopy.aot.params import (
    AddDenseM4Params,
    AddParams,
    BroadcastWalk,
    MaxPool1x2M4Params,
    MaxPoolParams,
    MeanParams,
    MeanRowsM4Params,
    MulParams,
    MulRowsM4Params,
    RowMean,
)
from ectopy.aot.rounding import rounding_constant, rounds_exactly
from ectopy.aot.search import add_factors, mul_constants
from ectopy.aot.support import DOUBLED_LIMIT
from ectopy.aot.types import Kernel, KernelCall, Operand
from ectopy.fixedpoint import INT8_MAX, INT8_MIN
from ectopy.graph.types import QuantParams

WORD = 4
"""Elements of a word."""

INT8_SPAN = 255
"""Largest distance of an int8 value from its zero point."""

UNCLAMPED = (INT8_MIN, INT8_MAX)


def fast_max_pool(call: KernelCall, params: MaxPoolParams) -> KernelCall | None:
    """Pairs of neighbours."""
    pairs = (params.kernel_h, params.kernel_w, params.stride_h, params.stride_w) == (1, 2, 1, 2)
    whole = params.in_w == 2 * params.out_w and params.in_h == params.out_h
    count = params.out_h * params.out_w
    plain = params.channels == 1 and (params.clamp_min, params.clamp_max) == UNCLAMPED
    if not (pairs and whole and plain and count % WORD == 0):
        return None
    return KernelCall(
        kernel=Kernel.MAX_POOL_1X2_M4,
        params=MaxPool1x2M4Params(count=count),
        operands=call.operands,
    )


def fast_mean(call: KernelCall, params: MeanParams) -> KernelCall | None:
    """Means of rows."""
    bound = INT8_SPAN * params.reduced
    narrow = bound << max(params.shift, 0) < DOUBLED_LIMIT
    if params.inner != 1 or params.reduced % WORD or not narrow:
        return None
    exact = rounds_exactly(bound, params.multiplier, params.shift)
    fast = MeanRowsM4Params(
        rows=params.outer,
        count=params.reduced,
        mean=RowMean(
            offset=(params.in_zero_point - INT8_MIN) * params.reduced,
            multiplier=params.multiplier,
            shift=params.shift,
            rounding=rounding_constant(params.shift) if exact else 0,
            out_zero_point=params.out_zero_point,
        ),
    )
    return KernelCall(kernel=Kernel.MEAN_ROWS_M4, params=fast, operands=call.operands)


def fast_mul(
    call: KernelCall, params: MulParams, quants: tuple[QuantParams, QuantParams, QuantParams]
) -> KernelCall | None:
    """One operand has one value per row, or is a row that is the same for all of the other."""
    a, b, y = quants
    if (params.clamp_min, params.clamp_max) != UNCLAMPED:
        return None
    orders = tuple(zip(((a, b), (b, a)), _orders(call, params.walk), strict=True))
    for kernel, find in ((Kernel.MUL_ROWS_M4, _rows), (Kernel.MUL_COLUMNS_M4, _columns)):
        for (dense, repeated), (operands, steps) in orders:
            found = find(*steps, params.walk)
            constants = None if found is None else mul_constants(dense, repeated, y)
            if found is not None and constants is not None:
                fast = MulRowsM4Params(
                    rows=found[0],
                    count=found[1],
                    a_zero_point=dense.zero_point,
                    b_zero_point=repeated.zero_point,
                    factor=constants.factor,
                    offset=constants.offset,
                )
                return KernelCall(kernel=kernel, params=fast, operands=operands)
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class GatedRows:
    """A MUL that multiplies each row by a value of its own, whatever kernel computes it.

    Attributes:
        rows: How many.
        count: Elements of each.
        operands: The rows, and the values.
    """

    rows: int
    count: int
    operands: tuple[Operand, ...]


def gated_rows(call: KernelCall) -> GatedRows | None:
    """The rows of a MUL; None if it is none, or no multiplication of rows."""
    params = call.params
    if isinstance(params, MulRowsM4Params):
        if call.kernel is not Kernel.MUL_ROWS_M4:
            return None
        return GatedRows(rows=params.rows, count=params.count, operands=call.operands)
    if not isinstance(params, MulParams) or (params.clamp_min, params.clamp_max) != UNCLAMPED:
        return None
    for operands, steps in _orders(call, params.walk):
        if (found := _rows(*steps, params.walk)) is not None:
            return GatedRows(rows=found[0], count=found[1], operands=operands)
    return None


def _orders(
    call: KernelCall, walk: BroadcastWalk
) -> tuple[tuple[tuple[Operand, ...], tuple[tuple[int, ...], tuple[int, ...]]], ...]:
    """Operands and their steps as they are, and the other way round."""
    return (
        (call.operands, (walk.a_step, walk.b_step)),
        (call.operands[::-1], (walk.b_step, walk.a_step)),
    )


def fast_add(
    call: KernelCall, params: AddParams, quants: tuple[QuantParams, QuantParams, QuantParams]
) -> KernelCall | None:
    """Both operands have the shape of the output."""
    walk = params.walk
    count = walk.extent[-1]
    dense = walk.extent[:-1] == (1, 1, 1) and (walk.a_step[-1], walk.b_step[-1]) == (1, 1)
    if not dense or count % WORD or (params.clamp_min, params.clamp_max) != UNCLAMPED:
        return None
    factors = add_factors(*quants)
    if factors is None:
        return None
    fast = AddDenseM4Params(
        count=count,
        a_factor=factors.a_factor,
        b_factor=factors.b_factor,
        offset=factors.offset,
    )
    return KernelCall(kernel=Kernel.ADD_DENSE_M4, params=fast, operands=call.operands)


def _rows(
    dense: tuple[int, ...], repeated: tuple[int, ...], walk: BroadcastWalk
) -> tuple[int, int] | None:
    """Rows and their length where one operand is dense and the other has a value per row."""
    *_, rows, count = walk.extent
    if walk.extent[:-2] != (1, 1) or count % WORD:
        return None
    of_row = rows == 1 or (dense[-2], repeated[-2]) == (count, 1)
    return (rows, count) if of_row and (dense[-1], repeated[-1]) == (1, 0) else None


def _columns(
    dense: tuple[int, ...], repeated: tuple[int, ...], walk: BroadcastWalk
) -> tuple[int, int] | None:
    """Rows and their length where one operand is dense and the other is a single row."""
    *outer, rows, count = walk.extent
    of_column = (dense[-2:], repeated[-2:]) == ((count, 1), (0, 1))
    return (rows, count) if outer == [1, 1] and of_column and count % WORD == 0 else None
