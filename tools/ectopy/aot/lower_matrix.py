"""Operators with weights: CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED, by the portable kernels."""

from __future__ import annotations

from ectopy.aot.params import (
    Conv2d1x1Params,
    Conv2dParams,
    DepthwiseParams,
    FullyConnectedParams,
)
from ectopy.aot.support import rows_of_batch
from ectopy.aot.types import ConstOperand, Kernel, KernelCall, Operand, TensorOperand
from ectopy.aot.weighted import Weighted, read_weighted
from ectopy.graph.geometry import windows_of
from ectopy.graph.types import ConvAttrs, DepthwiseAttrs, FullyConnectedAttrs, Graph, Op


def lower_conv(graph: Graph, op: Op, attrs: ConvAttrs) -> KernelCall:
    """A 1x1 convolution of stride 1 is a matrix product with a kernel of its own."""
    w = read_weighted(graph, op, attrs.activation)
    x, y = w.x, w.y
    out_c, kernel_h, kernel_w, in_c = w.weights.shape
    low, high = w.clamp
    if (kernel_h, kernel_w) == (1, 1) and attrs.stride == (1, 1):
        matrix = Conv2d1x1Params(
            pixels=x.elements // in_c,
            in_c=in_c,
            out_c=out_c,
            in_zero_point=w.qx.zero_point,
            out_zero_point=w.qy.zero_point,
            clamp_min=low,
            clamp_max=high,
            multiplier=w.multiplier,
            shift=w.portable_shift,
        )
        return KernelCall(kernel=Kernel.CONV2D_1X1, params=matrix, operands=_operands(w))
    rows, columns = windows_of(attrs, (kernel_h, kernel_w))
    params = Conv2dParams(
        in_h=rows_of_batch(op, x, rows),
        in_w=x.shape[2],
        in_c=in_c,
        out_h=rows_of_batch(op, y, rows),
        out_w=y.shape[2],
        out_c=out_c,
        kernel_h=kernel_h,
        kernel_w=kernel_w,
        stride_h=rows.stride,
        stride_w=columns.stride,
        dilation_h=rows.dilation,
        dilation_w=columns.dilation,
        pad_top=rows.pad_before(x.shape[1], y.shape[1]),
        pad_left=columns.pad_before(x.shape[2], y.shape[2]),
        in_zero_point=w.qx.zero_point,
        out_zero_point=w.qy.zero_point,
        clamp_min=low,
        clamp_max=high,
        multiplier=w.multiplier,
        shift=w.portable_shift,
    )
    return KernelCall(kernel=Kernel.CONV2D, params=params, operands=_operands(w))


def lower_depthwise(graph: Graph, op: Op, attrs: DepthwiseAttrs) -> KernelCall:
    """With depth multiplier 1 neighbouring channels are computed together."""
    w = read_weighted(graph, op, attrs.activation)
    x, y = w.x, w.y
    _, kernel_h, kernel_w, _ = w.weights.shape
    low, high = w.clamp
    rows, columns = windows_of(attrs, (kernel_h, kernel_w))
    params = DepthwiseParams(
        in_h=rows_of_batch(op, x, rows),
        in_w=x.shape[2],
        in_c=x.shape[3],
        out_h=rows_of_batch(op, y, rows),
        out_w=y.shape[2],
        depth_multiplier=attrs.depth_multiplier,
        kernel_h=kernel_h,
        kernel_w=kernel_w,
        stride_h=rows.stride,
        stride_w=columns.stride,
        dilation_h=rows.dilation,
        dilation_w=columns.dilation,
        pad_top=rows.pad_before(x.shape[1], y.shape[1]),
        pad_left=columns.pad_before(x.shape[2], y.shape[2]),
        in_zero_point=w.qx.zero_point,
        out_zero_point=w.qy.zero_point,
        clamp_min=low,
        clamp_max=high,
        multiplier=w.multiplier,
        shift=w.portable_shift,
    )
    kernel = Kernel.DWCONV2D_M1 if attrs.depth_multiplier == 1 else Kernel.DWCONV2D
    return KernelCall(kernel=kernel, params=params, operands=_operands(w))


def lower_fully_connected(graph: Graph, op: Op, attrs: FullyConnectedAttrs) -> KernelCall:
    """Leading dimensions of the input are independent rows."""
    w = read_weighted(graph, op, attrs.activation)
    out_c, in_c = w.weights.shape
    low, high = w.clamp
    params = FullyConnectedParams(
        rows=w.x.elements // in_c,
        in_c=in_c,
        out_c=out_c,
        in_zero_point=w.qx.zero_point,
        out_zero_point=w.qy.zero_point,
        clamp_min=low,
        clamp_max=high,
        multiplier=w.multiplier,
        shift=w.portable_shift,
    )
    return KernelCall(kernel=Kernel.FULLY_CONNECTED, params=params, operands=_operands(w))


def _operands(w: Weighted) -> tuple[Operand, ...]:
    return (
        TensorOperand(tensor=w.x.index),
        ConstOperand(role="weights", values=w.weights),
        ConstOperand(role="bias", values=w.bias),
    )
