"""Operators that move bytes and do not change them."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ectopy.graph.geometry import image_shape, nearest_indices, pad_value
from ectopy.graph.types import (
    BlockAttrs,
    ConcatenationAttrs,
    Graph,
    Op,
    PadAttrs,
    ResizeAttrs,
    SliceAttrs,
    TransposeAttrs,
)
from ectopy.reference.kernels.rescale import TFLITE, Arithmetic

Int8Array: TypeAlias = npt.NDArray[np.int8]
Inputs: TypeAlias = list[npt.NDArray[Any]]


def reshape(graph: Graph, op: Op, inputs: Inputs, arithmetic: Arithmetic = TFLITE) -> Int8Array:
    """RESHAPE, SQUEEZE, EXPAND_DIMS: the same bytes under the output tensor's shape."""
    return inputs[0].reshape(graph.op_output(op).shape).astype(np.int8, copy=False)


def pad(graph: Graph, op: Op, inputs: Inputs, arithmetic: Arithmetic = TFLITE) -> Int8Array:
    """PAD, PADV2. Source: TFLite ``reference/pad.h``."""
    assert isinstance(op.attrs, PadAttrs)
    margins = list(zip(op.attrs.before, op.attrs.after, strict=True))
    return np.pad(inputs[0].astype(np.int8), margins, constant_values=pad_value(graph, op))


def concatenation(
    graph: Graph, op: Op, inputs: Inputs, arithmetic: Arithmetic = TFLITE
) -> Int8Array:
    """CONCATENATION of operands of one quantization."""
    assert isinstance(op.attrs, ConcatenationAttrs)
    return np.concatenate(inputs, axis=op.attrs.axis).astype(np.int8)


def strided_slice(
    graph: Graph, op: Op, inputs: Inputs, arithmetic: Arithmetic = TFLITE
) -> Int8Array:
    """STRIDED_SLICE. Source: TFLite ``reference/strided_slice.h``."""
    assert isinstance(op.attrs, SliceAttrs)
    x = inputs[0]
    for axis, start in enumerate(op.attrs.start):
        steps = np.arange(op.attrs.count[axis]) * op.attrs.step[axis]
        x = np.take(x, start + steps, axis=axis)
    return x.reshape(graph.op_output(op).shape).astype(np.int8)


def transpose(graph: Graph, op: Op, inputs: Inputs, arithmetic: Arithmetic = TFLITE) -> Int8Array:
    """TRANSPOSE."""
    assert isinstance(op.attrs, TransposeAttrs)
    return np.ascontiguousarray(inputs[0].transpose(op.attrs.axes)).astype(np.int8, copy=False)


def space_to_batch(
    graph: Graph, op: Op, inputs: Inputs, arithmetic: Arithmetic = TFLITE
) -> Int8Array:
    """SPACE_TO_BATCH_ND without padding: row ``i`` of a block goes to batch ``i``, columns too.

    Source: TFLite ``reference/space_to_batch_nd.h``.
    """
    assert isinstance(op.attrs, BlockAttrs)
    x = inputs[0].reshape(image_shape(inputs[0].shape))
    (down, across), (batch, rows, columns, depth) = op.attrs.block, x.shape
    split = x.reshape(batch, rows // down, down, columns // across, across, depth)
    moved = split.transpose(2, 4, 0, 1, 3, 5)
    return moved.reshape(graph.op_output(op).shape).astype(np.int8)


def batch_to_space(
    graph: Graph, op: Op, inputs: Inputs, arithmetic: Arithmetic = TFLITE
) -> Int8Array:
    """BATCH_TO_SPACE_ND: the way back, cropped.

    Source: TFLite ``reference/batch_to_space_nd.h``.
    """
    assert isinstance(op.attrs, BlockAttrs)
    x = inputs[0].reshape(image_shape(inputs[0].shape))
    down, across = op.attrs.block
    _, rows, columns, depth = x.shape
    split = x.reshape(down, across, -1, rows, columns, depth).transpose(2, 3, 0, 4, 1, 5)
    whole = split.reshape(-1, rows * down, columns * across, depth)
    (top, left), (bottom, right) = op.attrs.before, op.attrs.after
    kept = whole[:, top : rows * down - bottom, left : columns * across - right, :]
    return kept.reshape(graph.op_output(op).shape).astype(np.int8)


def resize_nearest(
    graph: Graph, op: Op, inputs: Inputs, arithmetic: Arithmetic = TFLITE
) -> Int8Array:
    """RESIZE_NEAREST_NEIGHBOR of rows and columns."""
    assert isinstance(op.attrs, ResizeAttrs)
    x = inputs[0]
    _, height, width, _ = x.shape
    _, rows, columns, _ = graph.op_output(op).shape
    x = x[:, nearest_indices(op.attrs, height, rows)]
    return x[:, :, nearest_indices(op.attrs, width, columns)].astype(np.int8)
