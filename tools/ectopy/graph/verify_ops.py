"""What each operator kind demands of its operands."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from ectopy.graph.geometry import Window, windows_of
from ectopy.graph.operands import (
    OUTPUT_LIMIT,
    check_same_quant,
    check_widened,
    data_flow,
    expect_shape,
    fail,
    int8_operand,
    operands_of,
    reach,
)
from ectopy.graph.rejections import REQUANTIZE
from ectopy.graph.types import (
    ConvAttrs,
    DepthwiseAttrs,
    FullyConnectedAttrs,
    Graph,
    MeanAttrs,
    Op,
    PoolAttrs,
    QuantParams,
    Tensor,
)
from ectopy.graph.verify_lookups import LOOKUP_CHECKS
from ectopy.graph.verify_shapes import SHAPE_CHECKS
from ectopy.vocab import Activation, DType, OpKind, Padding

MAX_TAPS = 1 << 16
"""Positions of a convolution or pooling window."""

MAX_STEP = (1 << 15) - 1
"""Of strides, dilations, window extents and depth multipliers: tflite-micro holds them, or paddings
as long, in 16 bits."""

BIAS_SCALE_TOLERANCE = 1e-3
"""Relative; converters compute the product of two float32 scales in different orders."""


def check_op(graph: Graph, op: Op) -> None:
    """Checks one operator's operands against its kind.

    Raises:
        ModelError: They do not fit; names operator index, kind and reason.
    """
    CHECKS[op.kind](graph, op)
    _check_clamp(graph, op)


def _weights(op: Op, tensor: Tensor | None, rank: int, axis: int) -> Tensor:
    """Checks constant, symmetric int8 weights with scales along ``axis``."""
    if tensor is None or tensor.data is None or tensor.dtype is not DType.INT8:
        raise fail(op, "its weights are not constant int8", REQUANTIZE)
    if len(tensor.shape) != rank:
        raise fail(op, f"its weights of shape {tensor.shape} should have {rank} dimensions")
    if tensor.quant is None or any(tensor.quant.zero_points):
        raise fail(op, "its weights are not symmetric", REQUANTIZE)
    if tensor.quant.axis not in {None, axis}:
        raise fail(op, f"its weights are quantized along dimension {tensor.quant.axis}, not {axis}")
    return tensor


def _check_bias(op: Op, bias: Tensor | None, weights: Tensor, x_scale: float, units: int) -> None:
    if bias is None or bias.data is None or bias.dtype is not DType.INT32:
        raise fail(op, "its bias is not constant int32", REQUANTIZE)
    if bias.shape != (units,):
        raise fail(op, f"its bias has shape {bias.shape}, {(units,)} is expected")
    assert weights.quant is not None
    if bias.quant is None or len(bias.quant.scales) != len(weights.quant.scales):
        raise fail(op, "its bias has not as many scales as its weights")
    for channel, (found, scale) in enumerate(
        zip(bias.quant.scales, weights.quant.scales, strict=True)
    ):
        if not math.isclose(found, x_scale * scale, rel_tol=BIAS_SCALE_TOLERANCE):
            raise fail(
                op,
                f"bias scale {found:g} of channel {channel} is not input scale times weight scale, "
                f"{x_scale * scale:g}",
            )


def _check_accumulators(
    graph: Graph, op: Op, weights: Tensor, bias: Tensor | None, axis: int
) -> None:
    """Disproves that an accumulator, widened by a left shift, leaves int32.

    The greatest magnitude is that of the zero point's distance to the far end of int8 times the
    sum of the weights' magnitudes, plus the bias.
    """
    x = graph.tensors[op.inputs[0]]
    assert weights.data is not None and weights.quant is not None and x.quant is not None
    others = tuple(i for i in range(weights.data.ndim) if i != axis)
    magnitudes = np.abs(weights.data.astype(np.int64)).sum(axis=others) * reach(x.quant)
    if bias is not None and bias.data is not None:
        magnitudes = magnitudes + np.abs(bias.data.astype(np.int64))
    output_scale = int8_operand(op, graph.op_output(op)).scale
    factors = np.array(weights.quant.scales) * (x.quant.scale / output_scale)
    for channel, magnitude in enumerate(magnitudes):
        factor = float(factors[channel if len(factors) > 1 else 0])
        check_widened(op, int(magnitude), factor, f"the accumulator of channel {channel}")


def _check_clamp(graph: Graph, op: Op) -> None:
    """The bounds of a fused activation, in steps of the output scale, are int32 as in TFLite."""
    activation = getattr(op.attrs, "activation", Activation.NONE)
    greatest = {Activation.RELU6: 6.0, Activation.RELU_N1_TO_1: 1.0}.get(activation, 0.0)
    scale = int8_operand(op, graph.op_output(op)).scale
    if greatest / scale >= OUTPUT_LIMIT:
        raise fail(op, f"its output scale {scale:g} is too small for {activation}", REQUANTIZE)


def _check_windows(op: Op, kernel: tuple[int, int]) -> tuple[Window, Window]:
    attrs = op.attrs
    assert isinstance(attrs, ConvAttrs | DepthwiseAttrs | PoolAttrs)
    vertical, horizontal = windows_of(attrs, kernel)
    steps = (vertical.stride, horizontal.stride, vertical.dilation, horizontal.dilation)
    if not all(1 <= step <= MAX_STEP for step in steps):
        raise fail(op, f"strides and dilations {steps} are not between 1 and {MAX_STEP}")
    if min(kernel) < 1 or kernel[0] * kernel[1] > MAX_TAPS:
        raise fail(op, f"its window {kernel} has not between 1 and {MAX_TAPS} positions")
    if max(vertical.extent, horizontal.extent) > MAX_STEP:
        raise fail(op, f"its window {kernel}, dilated, is longer than {MAX_STEP}")
    return vertical, horizontal


def _window_shape(
    op: Op, x: Tensor, kernel: tuple[int, int], padding: Padding, channels: int
) -> tuple[int, ...]:
    vertical, horizontal = _check_windows(op, kernel)
    rows = vertical.outputs(x.shape[1], padding)
    columns = horizontal.outputs(x.shape[2], padding)
    if min(rows, columns) < 1:
        raise fail(op, f"its window {kernel} is larger than its input {x.shape}")
    return (x.shape[0], rows, columns, channels)


def _check_conv(graph: Graph, op: Op) -> None:
    attrs = op.attrs
    assert isinstance(attrs, ConvAttrs)
    first, second, bias = operands_of(graph, op, 3)
    x, x_scale = data_flow(op, first, rank=4)
    weights = _weights(op, second, rank=4, axis=0)
    channels, rows, columns, depth = weights.shape
    if depth != x.shape[3] and x.shape[3] % depth == 0:
        raise fail(
            op,
            f"it is grouped: its filter reads {depth} of {x.shape[3]} channels",
            "grouped convolutions are not supported; use a plain or a depthwise one",
        )
    if depth != x.shape[3]:
        raise fail(op, f"its filter {weights.shape} does not fit its input {x.shape}")
    _check_bias(op, bias, weights, x_scale, channels)
    shape = _window_shape(op, x, (rows, columns), attrs.padding, channels)
    expect_shape(graph, op, shape)
    _check_accumulators(graph, op, weights, bias, axis=0)


def _check_depthwise(graph: Graph, op: Op) -> None:
    attrs = op.attrs
    assert isinstance(attrs, DepthwiseAttrs)
    first, second, bias = operands_of(graph, op, 3)
    x, x_scale = data_flow(op, first, rank=4)
    weights = _weights(op, second, rank=4, axis=3)
    one, rows, columns, channels = weights.shape
    if attrs.depth_multiplier > MAX_STEP:
        raise fail(op, f"its depth multiplier {attrs.depth_multiplier} exceeds {MAX_STEP}")
    if one != 1 or channels != x.shape[3] * attrs.depth_multiplier:
        raise fail(
            op,
            f"its filter {weights.shape} does not fit its input {x.shape} with depth multiplier "
            f"{attrs.depth_multiplier}",
        )
    _check_bias(op, bias, weights, x_scale, channels)
    shape = _window_shape(op, x, (rows, columns), attrs.padding, channels)
    expect_shape(graph, op, shape)
    _check_accumulators(graph, op, weights, bias, axis=3)


def _check_fully_connected(graph: Graph, op: Op) -> None:
    assert isinstance(op.attrs, FullyConnectedAttrs)
    first, second, bias = operands_of(graph, op, 3)
    x, x_scale = data_flow(op, first)
    weights = _weights(op, second, rank=2, axis=0)
    units, depth = weights.shape
    output = graph.op_output(op)
    if (
        x.elements % depth
        or output.shape[-1:] != (units,)
        or output.elements != x.elements // depth * units
    ):
        raise fail(
            op,
            f"its weights {weights.shape} do not fit input {x.shape} and output {output.shape}",
        )
    if bias is not None:
        _check_bias(op, bias, weights, x_scale, units)
    _check_accumulators(graph, op, weights, bias, axis=0)


def _check_pool(graph: Graph, op: Op) -> None:
    attrs = op.attrs
    assert isinstance(attrs, PoolAttrs)
    (first,) = operands_of(graph, op, 1)
    x, _ = data_flow(op, first, rank=4)
    expect_shape(graph, op, _window_shape(op, x, attrs.kernel, attrs.padding, x.shape[3]))
    check_same_quant(op, x, graph.op_output(op))


def _check_mean(graph: Graph, op: Op) -> None:
    attrs = op.attrs
    assert isinstance(attrs, MeanAttrs)
    first, _ = operands_of(graph, op, 2)
    x, scale = data_flow(op, first)
    if not attrs.axes:
        raise fail(op, "it averages over no axis")
    kept = tuple(
        1 if axis in attrs.axes else size
        for axis, size in enumerate(x.shape)
        if attrs.keep_dims or axis not in attrs.axes
    )
    expect_shape(graph, op, kept)
    output_scale = int8_operand(op, graph.op_output(op)).scale
    assert x.quant is not None
    count = math.prod(x.shape[axis] for axis in attrs.axes)
    folded = scale / output_scale / (1 << (count.bit_length() - 1))
    check_widened(op, count * reach(x.quant), folded, "the sum")


def _check_elementwise(graph: Graph, op: Op) -> tuple[QuantParams, QuantParams, QuantParams]:
    a, b = operands_of(graph, op, 2)
    quants = (int8_operand(op, a), int8_operand(op, b), int8_operand(op, graph.op_output(op)))
    assert a is not None and b is not None
    if a.data is not None and b.data is not None:
        raise fail(op, "both operands are constants")
    try:
        shape = np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        raise fail(op, f"shapes {a.shape} and {b.shape} cannot be broadcast") from None
    expect_shape(graph, op, shape)
    return quants


def _check_mul(graph: Graph, op: Op) -> None:
    a, b, output = _check_elementwise(graph, op)
    factor = a.scale * b.scale / output.scale
    check_widened(op, reach(a) * reach(b), factor, "the product")


def _check_add(graph: Graph, op: Op) -> None:
    a, b, output = _check_elementwise(graph, op)
    # The kernels have no left shift for the sum, which is already widened by 20 bits.
    if 2 * max(a.scale, b.scale) / output.scale * (1 + 2.0**-31) >= 1 << 20:
        raise fail(op, "its output scale is too small for its inputs", REQUANTIZE)


CHECKS: Mapping[OpKind, Callable[[Graph, Op], None]] = MappingProxyType(
    {
        OpKind.CONV_2D: _check_conv,
        OpKind.DEPTHWISE_CONV_2D: _check_depthwise,
        OpKind.MAX_POOL_2D: _check_pool,
        OpKind.AVERAGE_POOL_2D: _check_pool,
        OpKind.MEAN: _check_mean,
        OpKind.MUL: _check_mul,
        OpKind.ADD: _check_add,
        OpKind.SUB: _check_add,
        OpKind.FULLY_CONNECTED: _check_fully_connected,
        **SHAPE_CHECKS,
        **LOOKUP_CHECKS,
    }
)
