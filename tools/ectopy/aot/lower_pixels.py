"""Operators on channels-last tensors by the kernels of ``firmware/kernels/m4``.

For whatever cannot be planar: images of several rows, dilated filters, rows of any length. Each
takes the call of a portable kernel and returns the same operator by a faster one, or None.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ectopy.aot.lower_matrix import lower_conv
from ectopy.aot.params import (
    Conv2d1x1Params,
    Conv2dM4Params,
    Conv2dParams,
    DepthwiseParams,
)
from ectopy.aot.types import ConstOperand, Kernel, KernelCall, Operand
from ectopy.aot.weighted import read_weighted
from ectopy.graph.types import ConvAttrs, DepthwiseAttrs, Graph, Op

MAX_DEPTH = 512
"""``ECT_M4_MAX_DEPTH``."""

WORD = 4


def lower_pixels(graph: Graph, op: Op, call: KernelCall) -> KernelCall | None:
    """Convolutions, depthwise or not, of any window."""
    assert isinstance(op.attrs, ConvAttrs | DepthwiseAttrs)
    if not read_weighted(graph, op, op.attrs.activation).requantizes_fast:
        return None
    match call.params:
        case DepthwiseParams() as params:
            return _depthwise(call, params)
        case Conv2d1x1Params() as params:
            return _conv(call, _as_one_row(params))
        case Conv2dParams() as params:
            return _conv(call, params)
        case _:
            return None


def lower_bridge(graph: Graph, op: Op, in_planar: bool, out_planar: bool) -> KernelCall | None:
    """A convolution along rows that changes the layout on its way.

    Args:
        graph: The model.
        op: Any.
        in_planar: Layout of its input.
        out_planar: Of its output.
    """
    x, y = graph.tensors[op.inputs[0]], graph.op_output(op)
    if not isinstance(op.attrs, ConvAttrs) or (x.shape[:2], y.shape[:2]) != ((1, 1), (1, 1)):
        return None
    call = lower_pixels(graph, op, lower_conv(graph, op, op.attrs))
    if call is None or not isinstance(call.params, Conv2dM4Params):
        return None
    params = replace(call.params, in_planar=int(in_planar), out_planar=int(out_planar))
    return replace(call, params=params)


def _conv(call: KernelCall, params: Conv2dParams) -> KernelCall | None:
    """A single filter would be computed twice."""
    if params.kernel_h * params.kernel_w * params.in_c > MAX_DEPTH or params.out_c == 1:
        return None
    operands = tuple(_whole_words(operand) for operand in call.operands)
    return KernelCall(
        kernel=Kernel.CONV2D_M4, params=Conv2dM4Params(conv=params), operands=operands
    )


def _as_one_row(params: Conv2d1x1Params) -> Conv2dParams:
    return Conv2dParams(
        in_h=1,
        in_w=params.pixels,
        in_c=params.in_c,
        out_h=1,
        out_w=params.pixels,
        out_c=params.out_c,
        kernel_h=1,
        kernel_w=1,
        stride_h=1,
        stride_w=1,
        dilation_h=1,
        dilation_w=1,
        pad_top=0,
        pad_left=0,
        in_zero_point=params.in_zero_point,
        out_zero_point=params.out_zero_point,
        clamp_min=params.clamp_min,
        clamp_max=params.clamp_max,
        multiplier=params.multiplier,
        shift=params.shift,
    )


def _depthwise(call: KernelCall, params: DepthwiseParams) -> KernelCall | None:
    """Four channels at a time."""
    if params.depth_multiplier != 1 or params.in_c % WORD:
        return None
    return replace(call, kernel=Kernel.DWCONV2D_M4)


def _whole_words(operand: Operand) -> Operand:
    """Each filter in one row that ends with a word."""
    if not isinstance(operand, ConstOperand) or operand.role != "weights":
        return operand
    filters = operand.values.reshape(len(operand.values), -1)
    padding = ((0, 0), (0, -filters.shape[1] % WORD))
    return replace(operand, values=np.pad(filters, padding).astype(np.int8))
