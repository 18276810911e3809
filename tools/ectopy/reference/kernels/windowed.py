"""CONV_2D, DEPTHWISE_CONV_2D, MAX_POOL_2D, AVERAGE_POOL_2D.

All visit the taps of a window. Taps that fall into the padding are left out: a padded value
is the input zero point and adds nothing to a convolution, and a pool ignores it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ectopy.fixedpoint import conv_multipliers
from ectopy.graph.geometry import Window, windows_of
from ectopy.graph.types import ConvAttrs, DepthwiseAttrs, Graph, Op, PoolAttrs
from ectopy.reference.kernels.rescale import TFLITE, Arithmetic, centred, quant_of

Array: TypeAlias = npt.NDArray[Any]

Tap: TypeAlias = tuple[tuple[int, int], tuple[slice, slice], tuple[slice, slice]]
"""Row and column of the tap; the outputs it serves; the inputs they read through it."""


def conv_2d(
    graph: Graph, op: Op, inputs: list[Array], arithmetic: Arithmetic = TFLITE
) -> npt.NDArray[np.int8]:
    """CONV_2D: NHWC input, OHWI filter, int32 bias.

    Source: TFLite ``reference/integer_ops/conv.h``.
    """
    x, weights, bias = inputs
    assert isinstance(op.attrs, ConvAttrs)
    distances = centred(x, quant_of(graph.tensors[op.inputs[0]]).zero_point)
    sums = np.zeros(graph.op_output(op).shape, np.int32) + bias
    for (row, column), there, here in _taps(graph, op, weights.shape[1:3]):
        tap = weights[:, row, column, :].astype(np.int32)
        sums[:, *there, :] += distances[:, *here, :] @ tap.T
    output = graph.op_output(op)
    return arithmetic.to_int8(sums, _multipliers(graph, op), output, op.attrs.activation)


def depthwise_conv_2d(
    graph: Graph, op: Op, inputs: list[Array], arithmetic: Arithmetic = TFLITE
) -> npt.NDArray[np.int8]:
    """DEPTHWISE_CONV_2D: NHWC input, 1HWO filter, int32 bias.

    Output channel ``c * depth_multiplier + m`` reads input channel ``c``.

    Source: TFLite ``reference/integer_ops/depthwise_conv.h``.
    """
    x, weights, bias = inputs
    assert isinstance(op.attrs, DepthwiseAttrs)
    distances = centred(x, quant_of(graph.tensors[op.inputs[0]]).zero_point)
    distances = np.repeat(distances, op.attrs.depth_multiplier, axis=3)
    sums = np.zeros(graph.op_output(op).shape, np.int32) + bias
    for (row, column), there, here in _taps(graph, op, weights.shape[1:3]):
        sums[:, *there, :] += distances[:, *here, :] * weights[0, row, column].astype(np.int32)
    output = graph.op_output(op)
    return arithmetic.to_int8(sums, _multipliers(graph, op), output, op.attrs.activation)


def max_pool_2d(
    graph: Graph, op: Op, inputs: list[Array], arithmetic: Arithmetic = TFLITE
) -> npt.NDArray[np.int8]:
    """MAX_POOL_2D over NHWC; quantization does not change.

    Source: TFLite ``reference/integer_ops/pooling.h``.
    """
    (x,) = inputs
    assert isinstance(op.attrs, PoolAttrs)
    output = graph.op_output(op)
    greatest = np.full(output.shape, -128, np.int8)
    for _, there, here in _taps(graph, op, op.attrs.kernel):
        view = greatest[:, *there, :]
        np.maximum(view, x[:, *here, :], out=view)
    return arithmetic.clamp(greatest, output, op.attrs.activation)


def average_pool_2d(
    graph: Graph, op: Op, inputs: list[Array], arithmetic: Arithmetic = TFLITE
) -> npt.NDArray[np.int8]:
    """AVERAGE_POOL_2D over NHWC; quantization does not change.

    The sum of what lies inside the input, divided by how many that are: to nearest, ties away from
    zero. Zero here is the byte 0, not the zero point.

    Source: TFLite ``reference/integer_ops/pooling.h``.
    """
    (x,) = inputs
    assert isinstance(op.attrs, PoolAttrs)
    output = graph.op_output(op)
    sums, counts = np.zeros(output.shape, np.int64), np.zeros(output.shape, np.int64)
    for _, there, here in _taps(graph, op, op.attrs.kernel):
        sums[:, *there, :] += x[:, *here, :]
        counts[:, *there, :] += 1
    quotients = (np.abs(sums) + counts // 2) // counts
    averages = np.where(sums > 0, quotients, -quotients)
    return arithmetic.clamp(averages, output, op.attrs.activation)


def _multipliers(graph: Graph, op: Op) -> tuple[tuple[int, int], ...]:
    x, weights, *_ = graph.op_inputs(op)
    return conv_multipliers(
        quant_of(x).scale, quant_of(weights).scales, quant_of(graph.op_output(op)).scale
    )


def _taps(graph: Graph, op: Op, kernel: tuple[int, ...]) -> Iterator[Tap]:
    assert isinstance(op.attrs, ConvAttrs | DepthwiseAttrs | PoolAttrs)
    _, height, width, _ = graph.tensors[op.inputs[0]].shape
    _, rows, columns, _ = graph.op_output(op).shape
    vertical, horizontal = windows_of(op.attrs, (kernel[0], kernel[1]))
    for row in range(kernel[0]):
        row_there, row_here = _overlap(vertical, row, height, rows)
        for column in range(kernel[1]):
            column_there, column_here = _overlap(horizontal, column, width, columns)
            yield (row, column), (row_there, column_there), (row_here, column_here)


def _overlap(window: Window, tap: int, inputs: int, outputs: int) -> tuple[slice, slice]:
    """Outputs whose tap lies inside the input, and the input positions it lies on."""
    offset = tap * window.dilation - window.pad_before(inputs, outputs)
    first = max(0, -(offset // window.stride))
    end = max(first, min(outputs, (inputs - 1 - offset) // window.stride + 1))
    start = first * window.stride + offset
    here = slice(start, start + (end - first) * window.stride, window.stride)
    return slice(first, end), here if end > first else slice(0, 0)
