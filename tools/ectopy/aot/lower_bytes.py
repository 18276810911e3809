"""Operators that look bytes up or move them. All expect channels innermost, but lookups."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from ectopy.aot.params_bytes import (
    BatchToSpaceParams,
    BytesParams,
    ConcatParams,
    LookupParams,
    PadParams,
    SliceParams,
    SoftmaxParams,
)
from ectopy.aot.support import quant_of, refuse
from ectopy.aot.types import ConstOperand, Kernel, KernelCall, Operand, TensorOperand
from ectopy.fixedpoint import exp_of_differences, lookup_table
from ectopy.graph.geometry import image_shape, nearest_indices, pad_value
from ectopy.graph.types import (
    BlockAttrs,
    ConcatenationAttrs,
    Graph,
    LookupAttrs,
    Op,
    PadAttrs,
    ResizeAttrs,
    SliceAttrs,
    SoftmaxAttrs,
    Tensor,
    TransposeAttrs,
)
from ectopy.vocab import OpKind

PAD_DIMS, SLICE_DIMS = 4, 6
"""Loops of the C kernels, ``ECT_PAD_DIMS`` and ``ECT_SLICE_DIMS``."""

Lowering: TypeAlias = Callable[[Graph, Op], KernelCall]
Loop: TypeAlias = tuple[int, int]
"""Extent and step, in elements of the input."""


def lower_bytes(graph: Graph, op: Op) -> KernelCall:
    """The kernel call of an operator of this file.

    Raises:
        ModelError: No kernel computes it.
    """
    return LOWERINGS[op.kind](graph, op)


def _lookup(graph: Graph, op: Op) -> KernelCall:
    """Any layout: bytes stay where they are."""
    assert isinstance(op.attrs, LookupAttrs)
    x, y = graph.tensors[op.inputs[0]], graph.op_output(op)
    table = lookup_table(op.kind, quant_of(x), quant_of(y), op.attrs.alpha)
    return KernelCall(
        kernel=Kernel.LOOKUP,
        params=LookupParams(count=x.elements),
        operands=(
            TensorOperand(tensor=x.index, may_hold_output=True),
            ConstOperand(role="table", values=table),
        ),
    )


def _softmax(graph: Graph, op: Op) -> KernelCall:
    assert isinstance(op.attrs, SoftmaxAttrs)
    x = graph.tensors[op.inputs[0]]
    exponentials = exp_of_differences(quant_of(x).scale, op.attrs.beta)
    depth = x.shape[-1]
    return KernelCall(
        kernel=Kernel.SOFTMAX,
        params=SoftmaxParams(rows=x.elements // depth, depth=depth, entries=exponentials.size),
        operands=(
            TensorOperand(tensor=x.index, may_hold_output=True),
            ConstOperand(role="exponentials", values=exponentials),
        ),
    )


def _pad(graph: Graph, op: Op) -> KernelCall:
    """Dimensions without padding are part of the one before them."""
    assert isinstance(op.attrs, PadAttrs)
    x = graph.tensors[op.inputs[0]]
    merged: list[tuple[int, int, int]] = []  # extent, before, after
    for size, before, after in zip(x.shape, op.attrs.before, op.attrs.after, strict=True):
        if merged and not before and not after:
            merged[-1] = (merged[-1][0] * size, merged[-1][1] * size, merged[-1][2] * size)
        else:
            merged.append((size, before, after))
    if len(merged) > PAD_DIMS:
        raise refuse(op, f"pads {len(merged)} dimensions", hint="pad in two steps")
    loops = [(1, 0, 0)] * (PAD_DIMS - len(merged)) + merged
    extent, before_each, _ = zip(*loops, strict=True)
    params = PadParams(
        extent=extent,
        before=before_each,
        out_extent=tuple(sum(loop) for loop in loops),
        value=pad_value(graph, op),
    )
    return _moved(Kernel.PAD, params, x)


def _concatenation(graph: Graph, op: Op) -> KernelCall:
    assert isinstance(op.attrs, ConcatenationAttrs)
    axis = op.attrs.axis
    operands = [graph.tensors[index] for index in op.inputs]
    runs = [prod(tensor.shape[axis:]) for tensor in operands]
    params = ConcatParams(
        inputs=len(operands),
        rows=prod(operands[0].shape[:axis]),
        run=np.array(runs, np.int32),
    )
    return KernelCall(
        kernel=Kernel.CONCAT,
        params=params,
        operands=tuple(_concatenated(tensor, i) for i, tensor in enumerate(operands)),
    )


def _concatenated(tensor: Tensor, position: int) -> Operand:
    if tensor.data is None:
        return TensorOperand(tensor=tensor.index)
    return ConstOperand(role=f"input{position}", values=tensor.data)


def _slice(graph: Graph, op: Op) -> KernelCall:
    attrs = op.attrs
    assert isinstance(attrs, SliceAttrs)
    x = graph.tensors[op.inputs[0]]
    steps = _dense_steps(x.shape)
    start = sum(first * step for first, step in zip(attrs.start, steps, strict=True))
    walked = [stride * step for stride, step in zip(attrs.step, steps, strict=True)]
    return _strided(x, start, list(zip(attrs.count, walked, strict=True)))


def _transpose(graph: Graph, op: Op) -> KernelCall:
    assert isinstance(op.attrs, TransposeAttrs)
    x = graph.tensors[op.inputs[0]]
    steps = _dense_steps(x.shape)
    return _strided(x, 0, [(x.shape[axis], steps[axis]) for axis in op.attrs.axes])


def _space_to_batch(graph: Graph, op: Op) -> KernelCall:
    assert isinstance(op.attrs, BlockAttrs)
    x = graph.tensors[op.inputs[0]]
    down, across = op.attrs.block
    batch, rows, columns, depth = image_shape(x.shape)
    image, row, pixel, _ = _dense_steps((batch, rows, columns, depth))
    loops = [
        (down, row),
        (across, pixel),
        (batch, image),
        (rows // down, row * down),
        (columns // across, pixel * across),
        (depth, 1),
    ]
    return _strided(x, 0, loops)


def _batch_to_space(graph: Graph, op: Op) -> KernelCall:
    attrs = op.attrs
    assert isinstance(attrs, BlockAttrs)
    x = graph.tensors[op.inputs[0]]
    _, in_h, in_w, channels = image_shape(x.shape)
    out_n, out_h, out_w, _ = image_shape(graph.op_output(op).shape)
    params = BatchToSpaceParams(
        in_h=in_h,
        in_w=in_w,
        out_n=out_n,
        out_h=out_h,
        out_w=out_w,
        channels=channels,
        block_h=attrs.block[0],
        block_w=attrs.block[1],
        crop_top=attrs.before[0],
        crop_left=attrs.before[1],
    )
    return _moved(Kernel.BATCH_TO_SPACE, params, x)


def _resize_nearest(graph: Graph, op: Op) -> KernelCall:
    """Rows and columns repeated, which are loops that stay where they are."""
    assert isinstance(op.attrs, ResizeAttrs)
    x = graph.tensors[op.inputs[0]]
    batch, rows, columns, depth = x.shape
    down, across = (
        _repeats(op, op.attrs, inputs, outputs)
        for inputs, outputs in zip(x.shape[1:3], graph.op_output(op).shape[1:3], strict=True)
    )
    loops = [(batch * rows, columns * depth), (down, 0), (columns, depth), (across, 0), (depth, 1)]
    return _strided(x, 0, loops)


def _repeats(op: Op, attrs: ResizeAttrs, inputs: int, outputs: int) -> int:
    times = max(1, outputs // inputs)
    if nearest_indices(attrs, inputs, outputs) != [i for i in range(inputs) for _ in range(times)]:
        raise refuse(
            op,
            f"makes {outputs} of {inputs} rows or columns",
            hint="make the size a whole multiple, with half_pixel_centers and no align_corners",
        )
    return times


def _dense_steps(shape: tuple[int, ...]) -> list[int]:
    return [prod(shape[axis + 1 :]) for axis in range(len(shape))]


def _strided(x: Tensor, start: int, loops: list[Loop]) -> KernelCall:
    """Loops of extent 1 vanish, and those that walk evenly become one."""
    merged: list[Loop] = []
    for extent, step in loops:
        if extent == 1:
            continue
        if merged and merged[-1][1] == extent * step:
            merged[-1] = (merged[-1][0] * extent, step)
        else:
            merged.append((extent, step))
    full = [(1, 1)] * (SLICE_DIMS - len(merged)) + merged
    extents, steps = zip(*full, strict=True)
    return _moved(Kernel.SLICE, SliceParams(start=start, extent=extents, step=steps), x)


def _moved(kernel: Kernel, params: BytesParams, x: Tensor) -> KernelCall:
    return KernelCall(kernel=kernel, params=params, operands=(TensorOperand(tensor=x.index),))


LOWERINGS: Mapping[OpKind, Lowering] = MappingProxyType(
    {
        OpKind.PAD: _pad,
        OpKind.PADV2: _pad,
        OpKind.CONCATENATION: _concatenation,
        OpKind.STRIDED_SLICE: _slice,
        OpKind.TRANSPOSE: _transpose,
        OpKind.SPACE_TO_BATCH_ND: _space_to_batch,
        OpKind.BATCH_TO_SPACE_ND: _batch_to_space,
        OpKind.RESIZE_NEAREST_NEIGHBOR: _resize_nearest,
        OpKind.SOFTMAX: _softmax,
        OpKind.LOGISTIC: _lookup,
        OpKind.TANH: _lookup,
        OpKind.HARD_SWISH: _lookup,
        OpKind.RELU: _lookup,
        OpKind.RELU6: _lookup,
        OpKind.LEAKY_RELU: _lookup,
        OpKind.QUANTIZE: _lookup,
    }
)
