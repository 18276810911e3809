"""Operators with weights: CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ectopy.aot.params import (
    Conv2d1x1Params,
    Conv2dParams,
    DepthwiseParams,
    FullyConnectedParams,
    Multipliers,
    Shifts,
)
from ectopy.aot.support import check_accumulator, quant_of, single_batch
from ectopy.aot.types import ConstOperand, Kernel, KernelCall, Operand, TensorOperand
from ectopy.fixedpoint import activation_range, conv_multipliers, fully_connected_multiplier
from ectopy.graph.geometry import windows_of
from ectopy.graph.types import (
    ConstArray,
    ConvAttrs,
    DepthwiseAttrs,
    FullyConnectedAttrs,
    Graph,
    Op,
    QuantParams,
    Tensor,
)


def lower_conv(graph: Graph, op: Op, attrs: ConvAttrs) -> KernelCall:
    """A 1x1 convolution of stride 1 is a matrix product with a kernel of its own."""
    x, y = graph.tensors[op.inputs[0]], graph.op_output(op)
    single_batch(op, x)
    weights = _weights(graph, op)
    out_c, kernel_h, kernel_w, in_c = weights.shape
    qx, qw, qy = (quant_of(tensor) for tensor in (x, graph.tensors[op.inputs[1]], y))
    bias = _bias(graph, op, out_c)
    pairs = conv_multipliers(qx.scale, qw.scales, qy.scale)
    multiplier, shift = _per_channel(pairs, out_c)
    _check_sums(op, np.abs(weights.astype(np.int64)).sum(axis=(1, 2, 3)), bias, qx, shift)
    low, high = activation_range(attrs.activation, qy.scale, qy.zero_point)
    operands = _operands(x, weights, bias)
    if (kernel_h, kernel_w) == (1, 1) and attrs.stride == (1, 1):
        matrix = Conv2d1x1Params(
            pixels=x.shape[1] * x.shape[2],
            in_c=in_c,
            out_c=out_c,
            in_zero_point=qx.zero_point,
            out_zero_point=qy.zero_point,
            clamp_min=low,
            clamp_max=high,
            multiplier=multiplier,
            shift=shift,
        )
        return KernelCall(kernel=Kernel.CONV2D_1X1, params=matrix, operands=operands)
    rows, columns = windows_of(attrs, (kernel_h, kernel_w))
    params = Conv2dParams(
        in_h=x.shape[1],
        in_w=x.shape[2],
        in_c=in_c,
        out_h=y.shape[1],
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
        in_zero_point=qx.zero_point,
        out_zero_point=qy.zero_point,
        clamp_min=low,
        clamp_max=high,
        multiplier=multiplier,
        shift=shift,
    )
    return KernelCall(kernel=Kernel.CONV2D, params=params, operands=operands)


def lower_depthwise(graph: Graph, op: Op, attrs: DepthwiseAttrs) -> KernelCall:
    """With depth multiplier 1 neighbouring channels are computed together."""
    x, y = graph.tensors[op.inputs[0]], graph.op_output(op)
    single_batch(op, x)
    weights = _weights(graph, op)
    _, kernel_h, kernel_w, out_c = weights.shape
    qx, qw, qy = (quant_of(tensor) for tensor in (x, graph.tensors[op.inputs[1]], y))
    bias = _bias(graph, op, out_c)
    pairs = conv_multipliers(qx.scale, qw.scales, qy.scale)
    multiplier, shift = _per_channel(pairs, out_c)
    _check_sums(op, np.abs(weights.astype(np.int64)).sum(axis=(0, 1, 2)), bias, qx, shift)
    low, high = activation_range(attrs.activation, qy.scale, qy.zero_point)
    rows, columns = windows_of(attrs, (kernel_h, kernel_w))
    params = DepthwiseParams(
        in_h=x.shape[1],
        in_w=x.shape[2],
        in_c=x.shape[3],
        out_h=y.shape[1],
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
        in_zero_point=qx.zero_point,
        out_zero_point=qy.zero_point,
        clamp_min=low,
        clamp_max=high,
        multiplier=multiplier,
        shift=shift,
    )
    kernel = Kernel.DWCONV2D_M1 if attrs.depth_multiplier == 1 else Kernel.DWCONV2D
    return KernelCall(kernel=kernel, params=params, operands=_operands(x, weights, bias))


def lower_fully_connected(graph: Graph, op: Op, attrs: FullyConnectedAttrs) -> KernelCall:
    """Leading dimensions of the input are independent rows."""
    x, y = graph.tensors[op.inputs[0]], graph.op_output(op)
    weights = _weights(graph, op)
    out_c, in_c = weights.shape
    qx, qw, qy = (quant_of(tensor) for tensor in (x, graph.tensors[op.inputs[1]], y))
    bias = _bias(graph, op, out_c)
    if len(qw.scales) == 1:
        pairs = [fully_connected_multiplier(qx.scale, qw.scale, qy.scale)]
    else:
        pairs = list(conv_multipliers(qx.scale, qw.scales, qy.scale))
    multiplier, shift = _per_channel(pairs, out_c)
    _check_sums(op, np.abs(weights.astype(np.int64)).sum(axis=1), bias, qx, shift)
    low, high = activation_range(attrs.activation, qy.scale, qy.zero_point)
    params = FullyConnectedParams(
        rows=x.elements // in_c,
        in_c=in_c,
        out_c=out_c,
        in_zero_point=qx.zero_point,
        out_zero_point=qy.zero_point,
        clamp_min=low,
        clamp_max=high,
        multiplier=multiplier,
        shift=shift,
    )
    operands = _operands(x, weights, bias)
    return KernelCall(kernel=Kernel.FULLY_CONNECTED, params=params, operands=operands)


def _weights(graph: Graph, op: Op) -> ConstArray:
    values = graph.tensors[op.inputs[1]].data
    assert values is not None  # verified by the reader
    return values


def _bias(graph: Graph, op: Op, out_c: int) -> npt.NDArray[np.int32]:
    """The bias; zeros where it is omitted."""
    values = graph.tensors[op.inputs[2]].data if op.inputs[2] >= 0 else None
    return np.zeros(out_c, np.int32) if values is None else values.astype(np.int32)


def _operands(x: Tensor, weights: ConstArray, bias: npt.NDArray[np.int32]) -> tuple[Operand, ...]:
    return (
        TensorOperand(tensor=x.index),
        ConstOperand(role="weights", values=weights),
        ConstOperand(role="bias", values=bias),
    )


def _per_channel(pairs: Sequence[tuple[int, int]], out_c: int) -> tuple[Multipliers, Shifts]:
    """One multiplier and shift per output channel; a single pair is repeated."""
    full = list(pairs) * (out_c if len(pairs) == 1 else 1)
    multipliers, shifts = zip(*full, strict=True)
    return np.array(multipliers, np.int32), np.array(shifts, np.int8)


def _check_sums(
    op: Op,
    weight_sums: npt.NDArray[np.int64],
    bias: npt.NDArray[np.int32],
    x: QuantParams,
    shift: Shifts,
) -> None:
    """Bounds every accumulator, and every partial sum on the way to it.

    Args:
        op: For the message.
        weight_sums: Sum of absolute weights per output channel.
        bias: Per output channel.
        x: Quantization of the input; its values and its zero point may be summed separately.
        shift: Per output channel.
    """
    bounds = np.abs(bias.astype(np.int64)) + weight_sums * (128 + abs(x.zero_point))
    for bound, channel_shift in zip(bounds.tolist(), shift.tolist(), strict=True):
        check_accumulator(op, bound, channel_shift)
