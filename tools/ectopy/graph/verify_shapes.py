"""What operators that only move bytes demand of their operands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from types import MappingProxyType

from ectopy.graph.geometry import image_shape
from ectopy.graph.operands import (
    check_same_quant,
    data_flow,
    expect_shape,
    fail,
    operands_of,
)
from ectopy.graph.rejections import FIXED_SHAPE
from ectopy.graph.types import (
    BlockAttrs,
    ConcatenationAttrs,
    ExpandDimsAttrs,
    Graph,
    Op,
    PadAttrs,
    SliceAttrs,
    SqueezeAttrs,
    Tensor,
    TransposeAttrs,
)
from ectopy.vocab import DType, OpKind

MAX_CONCATENATED = 10
"""Operands of a CONCATENATION in tflite-micro."""

MAX_SLICED_RANK = 4
"""Of a STRIDED_SLICE in tflite-micro."""

PAD_FIRST = (
    "pad in a layer of its own, or fix the input shape so that the converter makes it a dilated "
    "convolution"
)


def _moved(graph: Graph, op: Op, *counts: int) -> Tensor:
    """Checks an operator whose first operand's bytes reach the output as they are."""
    x, _ = data_flow(op, operands_of(graph, op, *counts)[0])
    check_same_quant(op, x, graph.op_output(op))
    return x


def _check_reshape(graph: Graph, op: Op) -> None:
    operands = operands_of(graph, op, 1, 2)
    x, _ = data_flow(op, operands[0])
    output = graph.op_output(op)
    check_same_quant(op, x, output)
    if x.elements != output.elements:
        raise fail(op, f"{x.shape} cannot become {output.shape}")
    if len(operands) == 1:
        return
    wanted = operands[1]
    if wanted is None or wanted.data is None or wanted.dtype is not DType.INT32:
        raise fail(op, "its shape is not a constant, so it is dynamic", FIXED_SHAPE)
    if not _shape_fits(wanted.data.ravel().tolist(), output.shape):
        raise fail(op, f"its output has shape {output.shape}, not {wanted.data.tolist()}")


def _shape_fits(wanted: list[int], shape: tuple[int, ...]) -> bool:
    return len(wanted) == len(shape) and all(
        want in {-1, size} for want, size in zip(wanted, shape, strict=True)
    )


def _check_squeeze(graph: Graph, op: Op) -> None:
    assert isinstance(op.attrs, SqueezeAttrs)
    x = _moved(graph, op, 1)
    if any(x.shape[axis] != 1 for axis in op.attrs.axes):
        raise fail(op, f"axes {op.attrs.axes} of {x.shape} are not 1 long")
    kept = tuple(size for axis, size in enumerate(x.shape) if axis not in op.attrs.axes)
    expect_shape(graph, op, kept)


def _check_expand_dims(graph: Graph, op: Op) -> None:
    assert isinstance(op.attrs, ExpandDimsAttrs)
    x = _moved(graph, op, 2)
    axis = op.attrs.axis
    expect_shape(graph, op, (*x.shape[:axis], 1, *x.shape[axis:]))


def _check_pad(graph: Graph, op: Op) -> None:
    attrs = op.attrs
    assert isinstance(attrs, PadAttrs)
    x = _moved(graph, op, 2 if op.kind is OpKind.PAD else 3)
    sizes = zip(attrs.before, x.shape, attrs.after, strict=True)
    expect_shape(graph, op, tuple(sum(parts) for parts in sizes))
    if op.kind is OpKind.PADV2:
        value = graph.tensors[op.inputs[2]]
        if value.data is None or value.dtype is not DType.INT8 or value.elements != 1:
            raise fail(op, "its value is not one constant int8 number", FIXED_SHAPE)
        check_same_quant(op, value, graph.op_output(op))


def _check_concatenation(graph: Graph, op: Op) -> None:
    assert isinstance(op.attrs, ConcatenationAttrs)
    axis = op.attrs.axis
    operands = [t for t in graph.op_inputs(op) if t is not None]
    if not 1 <= len(operands) <= MAX_CONCATENATED:
        raise fail(
            op,
            f"it has {len(operands)} inputs, at most {MAX_CONCATENATED} are supported",
            "concatenate in several steps",
        )
    if all(tensor.data is not None for tensor in operands):
        raise fail(op, "all its operands are constants")
    for tensor in operands:
        check_same_quant(op, tensor, graph.op_output(op))
    shape = operands[0].shape
    others = {(len(t.shape), t.shape[:axis], t.shape[axis + 1 :]) for t in operands}
    if len(others) > 1:
        raise fail(op, f"shapes {[t.shape for t in operands]} differ beside axis {axis}")
    length = sum(t.shape[axis] for t in operands)
    expect_shape(graph, op, (*shape[:axis], length, *shape[axis + 1 :]))


def _check_slice(graph: Graph, op: Op) -> None:
    attrs = op.attrs
    assert isinstance(attrs, SliceAttrs)
    x = _moved(graph, op, 4)
    if len(x.shape) > MAX_SLICED_RANK:
        raise fail(
            op,
            f"its input {x.shape} has more than {MAX_SLICED_RANK} dimensions",
            "reshape it before it is sliced",
        )
    kept = tuple(n for axis, n in enumerate(attrs.count) if axis not in attrs.dropped)
    expect_shape(graph, op, kept)


def _check_transpose(graph: Graph, op: Op) -> None:
    assert isinstance(op.attrs, TransposeAttrs)
    x = _moved(graph, op, 2)
    expect_shape(graph, op, tuple(x.shape[axis] for axis in op.attrs.axes))


def _check_space_to_batch(graph: Graph, op: Op) -> None:
    attrs = op.attrs
    assert isinstance(attrs, BlockAttrs)
    x = _moved(graph, op, 3)
    batch, rows, columns, channels = image_shape(x.shape)
    padded = (
        rows + attrs.before[0] + attrs.after[0],
        columns + attrs.before[1] + attrs.after[1],
    )
    _check_multiple(op, padded, attrs.block)
    _expect_image(
        graph,
        op,
        (batch * prod(attrs.block), padded[0] // attrs.block[0], padded[1] // attrs.block[1]),
        channels,
    )
    if any((*attrs.before, *attrs.after)):
        raise fail(
            op, "it pads, and tflite-micro fills the padding with memory it never set", PAD_FIRST
        )


def _check_batch_to_space(graph: Graph, op: Op) -> None:
    attrs = op.attrs
    assert isinstance(attrs, BlockAttrs)
    x = _moved(graph, op, 3)
    batch, rows, columns, channels = image_shape(x.shape)
    if batch % prod(attrs.block):
        raise fail(op, f"a batch of {batch} is not made of blocks of {attrs.block}")
    _expect_image(
        graph,
        op,
        (
            batch // prod(attrs.block),
            rows * attrs.block[0] - attrs.before[0] - attrs.after[0],
            columns * attrs.block[1] - attrs.before[1] - attrs.after[1],
        ),
        channels,
    )


def _check_resize(graph: Graph, op: Op) -> None:
    x = _moved(graph, op, 2)
    size = graph.tensors[op.inputs[1]]
    if size.data is None or size.dtype is not DType.INT32 or size.elements != 2:
        raise fail(op, "its size is not two constant numbers", FIXED_SHAPE)
    if len(x.shape) != 4:
        raise fail(op, f"its input of shape {x.shape} should have 4 dimensions")
    rows, columns = (int(value) for value in size.data.flat)
    expect_shape(graph, op, (x.shape[0], rows, columns, x.shape[3]))


def _check_multiple(op: Op, padded: tuple[int, int], block: tuple[int, int]) -> None:
    if padded[0] % block[0] or padded[1] % block[1]:
        raise fail(op, f"{padded} rows and columns are not a multiple of {block}")


def _expect_image(graph: Graph, op: Op, image: tuple[int, int, int], channels: int) -> None:
    three = len(graph.tensors[op.inputs[0]].shape) == 3
    expect_shape(graph, op, (*image[: 2 if three else 3], channels))


SHAPE_CHECKS: Mapping[OpKind, Callable[[Graph, Op], None]] = MappingProxyType(
    {
        OpKind.RESHAPE: _check_reshape,
        OpKind.SQUEEZE: _check_squeeze,
        OpKind.EXPAND_DIMS: _check_expand_dims,
        OpKind.PAD: _check_pad,
        OpKind.PADV2: _check_pad,
        OpKind.CONCATENATION: _check_concatenation,
        OpKind.STRIDED_SLICE: _check_slice,
        OpKind.TRANSPOSE: _check_transpose,
        OpKind.SPACE_TO_BATCH_ND: _check_space_to_batch,
        OpKind.BATCH_TO_SPACE_ND: _check_batch_to_space,
        OpKind.RESIZE_NEAREST_NEIGHBOR: _check_resize,
    }
)
