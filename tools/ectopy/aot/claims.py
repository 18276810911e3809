"""What a kernel call computes and how much memory it walks, whatever its step says.

Written down apart from whoever chooses kernels, for the validator. What a kernel makes of its
operators' numbers is for the tests that run it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ectopy.aot.params import (
    AddDenseM4Params,
    Conv2d1x1M4Params,
    Conv2d1xkS2M4Params,
    Conv2dDepthwise1xkM4Params,
    Conv2dM4Params,
    Depthwise1xkM4Params,
    DepthwiseConv2d1x1M4Params,
    DepthwiseParams,
    FullyConnectedM4Params,
    MaxPool1x2M4Params,
    MeanRowsM4Params,
    MulRowsM4Params,
)
from ectopy.aot.types import AbsentOperand, Kernel, KernelCall
from ectopy.vocab import OpKind

AVERAGES = frozenset({Kernel.DWCONV2D_1XK_MEAN_M4, Kernel.CONV2D_DWCONV2D_1XK_MEAN_M4})
"""Kernels of rows that write means beside them."""

ALONE: Mapping[Kernel, frozenset[OpKind]] = MappingProxyType(
    {
        Kernel.CONV2D: frozenset({OpKind.CONV_2D}),
        Kernel.CONV2D_1X1: frozenset({OpKind.CONV_2D}),
        Kernel.DWCONV2D: frozenset({OpKind.DEPTHWISE_CONV_2D}),
        Kernel.DWCONV2D_M1: frozenset({OpKind.DEPTHWISE_CONV_2D}),
        Kernel.MAX_POOL: frozenset({OpKind.MAX_POOL_2D}),
        Kernel.MEAN: frozenset({OpKind.MEAN}),
        Kernel.MUL: frozenset({OpKind.MUL}),
        Kernel.ADD: frozenset({OpKind.ADD}),
        Kernel.FULLY_CONNECTED: frozenset({OpKind.FULLY_CONNECTED}),
        Kernel.AVERAGE_POOL: frozenset({OpKind.AVERAGE_POOL_2D}),
        Kernel.SUB: frozenset({OpKind.SUB}),
        Kernel.LOOKUP: frozenset(
            {
                OpKind.LOGISTIC,
                OpKind.TANH,
                OpKind.HARD_SWISH,
                OpKind.RELU,
                OpKind.RELU6,
                OpKind.LEAKY_RELU,
                OpKind.QUANTIZE,
            }
        ),
        Kernel.SOFTMAX: frozenset({OpKind.SOFTMAX}),
        Kernel.PAD: frozenset({OpKind.PAD, OpKind.PADV2}),
        Kernel.CONCAT: frozenset({OpKind.CONCATENATION}),
        Kernel.SLICE: frozenset(
            {
                OpKind.STRIDED_SLICE,
                OpKind.TRANSPOSE,
                OpKind.SPACE_TO_BATCH_ND,
                OpKind.RESIZE_NEAREST_NEIGHBOR,
            }
        ),
        Kernel.BATCH_TO_SPACE: frozenset({OpKind.BATCH_TO_SPACE_ND}),
        Kernel.CONV2D_1XK_S2_M4: frozenset({OpKind.CONV_2D}),
        Kernel.MAX_POOL_1X2_M4: frozenset({OpKind.MAX_POOL_2D}),
        Kernel.MEAN_ROWS_M4: frozenset({OpKind.MEAN}),
        Kernel.MUL_ROWS_M4: frozenset({OpKind.MUL}),
        Kernel.ADD_DENSE_M4: frozenset({OpKind.ADD}),
        Kernel.FULLY_CONNECTED_M4: frozenset({OpKind.FULLY_CONNECTED, OpKind.CONV_2D}),
        Kernel.FULLY_CONNECTED_PACKED_M4: frozenset({OpKind.FULLY_CONNECTED, OpKind.CONV_2D}),
        Kernel.CONV2D_M4: frozenset({OpKind.CONV_2D}),
        Kernel.DWCONV2D_M4: frozenset({OpKind.DEPTHWISE_CONV_2D}),
        Kernel.MUL_COLUMNS_M4: frozenset({OpKind.MUL}),
    }
)
"""Operators, one of which a kernel computes by itself."""

SEVERAL = frozenset(
    {
        Kernel.CONV2D_1X1_M4,
        Kernel.CONV2D_1X1_W8_M4,
        Kernel.DWCONV2D_1XK_M4,
        Kernel.CONV2D_DWCONV2D_1XK_M4,
        Kernel.DWCONV2D_1XK_CONV2D_1X1_M4,
        *AVERAGES,
    }
)
"""Kernels whose operators depend on the call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """Elements in memory that a call goes through.

    Attributes:
        operands: Of the first operands; not of those whose form is the kernel's own.
        outputs: Of each output, rows that stay inside the kernel among them.
    """

    operands: tuple[int, ...]
    outputs: tuple[int, ...]


def computes(call: KernelCall, kinds: tuple[OpKind, ...]) -> bool:
    """Whether a call computes operators of these kinds, one after the other."""
    if call.kernel in SEVERAL:
        return kinds == _several(call)
    return len(kinds) == 1 and kinds[0] in ALONE.get(call.kernel, ())


def keeps_means_alone(call: KernelCall) -> bool:
    """Whether a kernel of averages writes nothing else, and that while it still reads."""
    absent = any(isinstance(operand, AbsentOperand) for operand in call.operands)
    return call.kernel in AVERAGES and absent


def _several(call: KernelCall) -> tuple[OpKind, ...]:
    match call.params:
        case Conv2d1x1M4Params():
            gate, residual = (
                not isinstance(operand, AbsentOperand) for operand in call.operands[1:3]
            )
            before, after = [OpKind.MUL] * gate, [OpKind.ADD] * residual
            return (*before, OpKind.CONV_2D, *after)
        case DepthwiseConv2d1x1M4Params():
            return (OpKind.DEPTHWISE_CONV_2D, OpKind.MUL, OpKind.CONV_2D, OpKind.ADD)
        case Depthwise1xkM4Params() as row:
            return _rows(call, row)
        case Conv2dDepthwise1xkM4Params(conv=conv, depthwise=row):
            handed_on = (conv.out_c, conv.out_w) == (row.channels, row.in_w)
            return (OpKind.CONV_2D, *_rows(call, row)) if handed_on else ()
    return ()


def _rows(call: KernelCall, row: Depthwise1xkM4Params) -> tuple[OpKind, ...]:
    pool, mean = [OpKind.MAX_POOL_2D] * row.pooled, [OpKind.MEAN] * (call.kernel in AVERAGES)
    return (OpKind.DEPTHWISE_CONV_2D, *pool, *mean)


def walked(call: KernelCall) -> Walked | None:
    """What a kernel of ``m4`` goes through; None for those that walk as their loops say."""
    return _walked_filters(call) or _walked_pixels(call) or _walked_values(call)


def _walked_filters(call: KernelCall) -> Walked | None:
    match call.params:
        case Conv2d1xkS2M4Params() as row:
            return Walked(operands=(row.in_w,), outputs=(row.out_c * row.out_w,))
        case Depthwise1xkM4Params() as row:
            return Walked(operands=(row.channels * row.in_w,), outputs=_row_outputs(call, row))
        case Conv2dDepthwise1xkM4Params(conv=conv, depthwise=row):
            return Walked(operands=(conv.in_w,), outputs=_row_outputs(call, row))
    return None


def _walked_pixels(call: KernelCall) -> Walked | None:
    match call.params:
        case Conv2d1x1M4Params(pixels=pixels, in_c=in_c, out_c=out_c):
            out = pixels * out_c
            return Walked(operands=(pixels * in_c, in_c, out), outputs=(out,))
        case DepthwiseConv2d1x1M4Params(product=product):
            return Walked(
                operands=(product.pixels * product.in_c, product.in_c),
                outputs=(product.pixels * product.out_c,),
            )
        case Conv2dM4Params(conv=image):
            return Walked(
                operands=(image.in_h * image.in_w * image.in_c,),
                outputs=(image.out_h * image.out_w * image.out_c,),
            )
        case DepthwiseParams() as image if call.kernel is Kernel.DWCONV2D_M4:
            out = image.out_h * image.out_w * image.in_c * image.depth_multiplier
            return Walked(operands=(image.in_h * image.in_w * image.in_c,), outputs=(out,))
    return None


def _walked_values(call: KernelCall) -> Walked | None:
    match call.params:
        case MaxPool1x2M4Params(count=count):
            return Walked(operands=(2 * count,), outputs=(count,))
        case MeanRowsM4Params(rows=rows, count=count):
            return Walked(operands=(rows * count,), outputs=(rows,))
        case MulRowsM4Params(rows=rows, count=count):
            gates = count if call.kernel is Kernel.MUL_COLUMNS_M4 else rows
            return Walked(operands=(rows * count, gates), outputs=(rows * count,))
        case AddDenseM4Params(count=count):
            return Walked(operands=(count, count), outputs=(count,))
        case FullyConnectedM4Params(in_c=in_c, out_c=out_c):
            return Walked(operands=(in_c,), outputs=(out_c,))
    return None


def _row_outputs(call: KernelCall, row: Depthwise1xkM4Params) -> tuple[int, ...]:
    elements = row.channels * row.out_w // (2 if row.pooled else 1)
    return (elements, row.channels) if call.kernel in AVERAGES else (elements,)
