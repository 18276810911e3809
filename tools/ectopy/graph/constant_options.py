"""Attributes of the kinds that need constants or shapes of their operands beside their options."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import tflite

from ectopy.graph.options import OTHER_OPTIONS, OptionError, fused_activation, options_of
from ectopy.graph.rejections import FIXED_SHAPE
from ectopy.graph.types import (
    BlockAttrs,
    ConcatenationAttrs,
    ExpandDimsAttrs,
    MeanAttrs,
    OpAttrs,
    PadAttrs,
    SliceAttrs,
    SqueezeAttrs,
    Tensor,
    TransposeAttrs,
)
from ectopy.vocab import Activation, DType, OpKind

MAX_ENTRIES = 16
"""Of a constant that says something per axis."""

PLAIN_SLICE = (
    "slice with begin, end and stride only, as x[:, 2:9:2] does; make new axes with a reshape"
)

FROM_THE_FRONT = "name all axes from 0 up, as tflite-micro wants them"


def _operand(inputs: tuple[int, ...], position: int, tensors: tuple[Tensor, ...]) -> Tensor:
    if position >= len(inputs) or inputs[position] < 0:
        raise OptionError(f"input {position} is missing")
    return tensors[inputs[position]]


def _entries(tensor: Tensor, what: str) -> list[int]:
    """The numbers of a constant int32 operand."""
    if tensor.data is None or tensor.dtype is not DType.INT32 or tensor.elements > MAX_ENTRIES:
        raise OptionError(
            f"its {what} are not a constant of at most {MAX_ENTRIES} int32 numbers", FIXED_SHAPE
        )
    return [int(value) for value in tensor.data.flat]


def _row_of_axes(tensor: Tensor, *ranks: int) -> list[int]:
    """Axes in a constant of so many dimensions; tflite-micro looks at that."""
    axes = _entries(tensor, "axes")
    if len(tensor.shape) not in ranks:
        raise OptionError(f"its axes have shape {tensor.shape}, a row is expected")
    return axes


def _axis(axis: int, rank: int, what: str) -> int:
    if not -rank <= axis < rank:
        raise OptionError(f"{what} {axis} does not fit {rank} dimensions")
    return axis % rank


def _mean(operator: Any, inputs: tuple[int, ...], tensors: tuple[Tensor, ...]) -> MeanAttrs:
    if len(inputs) != 2 or min(inputs) < 0:
        raise OptionError("it needs an input and its axes")
    rank = len(tensors[inputs[0]].shape)
    axes = _entries(tensors[inputs[1]], "axes")
    if any(not -rank <= axis < rank for axis in axes):
        raise OptionError(f"its axes {axes} do not fit an input of {rank} dimensions")
    options = options_of(operator, tflite.BuiltinOptions.ReducerOptions, tflite.ReducerOptions)
    return MeanAttrs(
        axes=tuple(sorted({axis % rank for axis in axes})), keep_dims=bool(options.KeepDims())
    )


def _squeeze(operator: Any, inputs: tuple[int, ...], tensors: tuple[Tensor, ...]) -> SqueezeAttrs:
    """Without axes it drops all that are 1 long."""
    shape = _operand(inputs, 0, tensors).shape
    options = options_of(operator, tflite.BuiltinOptions.SqueezeOptions, tflite.SqueezeOptions)
    count = options.SqueezeDimsLength()
    if count > MAX_ENTRIES:
        raise OptionError(f"it squeezes {count} axes")
    axes = {_axis(options.SqueezeDims(i), len(shape), "axis") for i in range(count)}
    return SqueezeAttrs(axes=tuple(sorted(axes or {i for i, n in enumerate(shape) if n == 1})))


def _expand(operator: Any, inputs: tuple[int, ...], tensors: tuple[Tensor, ...]) -> ExpandDimsAttrs:
    rank = len(_operand(inputs, 0, tensors).shape)
    axes = _row_of_axes(_operand(inputs, 1, tensors), 0, 1)
    if len(axes) != 1:
        raise OptionError(f"it has {len(axes)} axes, one is expected")
    return ExpandDimsAttrs(axis=_axis(axes[0], rank + 1, "axis"))


def _pad(operator: Any, inputs: tuple[int, ...], tensors: tuple[Tensor, ...]) -> PadAttrs:
    rank = len(_operand(inputs, 0, tensors).shape)
    paddings = _entries(_operand(inputs, 1, tensors), "paddings")
    if len(paddings) != 2 * rank or any(count < 0 for count in paddings):
        raise OptionError(f"its paddings {paddings} do not fit an input of {rank} dimensions")
    return PadAttrs(before=tuple(paddings[::2]), after=tuple(paddings[1::2]))


def _concatenation(
    operator: Any, inputs: tuple[int, ...], tensors: tuple[Tensor, ...]
) -> ConcatenationAttrs:
    options = options_of(
        operator, tflite.BuiltinOptions.ConcatenationOptions, tflite.ConcatenationOptions
    )
    if fused_activation(options) is not Activation.NONE:
        raise OptionError("an activation fused into it is not supported", OTHER_OPTIONS)
    rank = len(_operand(inputs, 0, tensors).shape)
    return ConcatenationAttrs(axis=_axis(options.Axis(), rank, "axis"))


def _slice(operator: Any, inputs: tuple[int, ...], tensors: tuple[Tensor, ...]) -> SliceAttrs:
    options = options_of(
        operator, tflite.BuiltinOptions.StridedSliceOptions, tflite.StridedSliceOptions
    )
    for name in ("EllipsisMask", "NewAxisMask", "Offset"):
        if getattr(options, name)():
            raise OptionError(f"option {name} is not supported", PLAIN_SLICE)
    shape = _operand(inputs, 0, tensors).shape
    begin, end, strides = (
        _entries(_operand(inputs, position, tensors), what)
        for position, what in ((1, "begin"), (2, "end"), (3, "strides"))
    )
    if not len(begin) == len(end) == len(strides) == len(shape):
        raise OptionError(
            f"begin, end and strides of {len(begin)}, {len(end)} and {len(strides)} entries are "
            f"not those of an input of {len(shape)} dimensions",
            PLAIN_SLICE,
        )
    dropped = tuple(i for i in range(len(shape)) if options.ShrinkAxisMask() >> i & 1)
    if 0 in strides or any(strides[axis] < 1 for axis in dropped):
        raise OptionError(f"its strides {strides} do not fit", PLAIN_SLICE)
    starts, counts = [], []
    for axis, size in enumerate(shape):
        first = None if options.BeginMask() >> axis & 1 else begin[axis]
        behind = None if options.EndMask() >> axis & 1 else end[axis]
        taken = range(size)[slice(first, behind, strides[axis])]
        if axis in dropped:
            taken = range(size)[slice(first, None, size)]
        if not taken:
            raise OptionError(f"it takes nothing along axis {axis}", PLAIN_SLICE)
        starts.append(taken[0])
        counts.append(len(taken))
    return SliceAttrs(
        start=tuple(starts), step=tuple(strides), count=tuple(counts), dropped=dropped
    )


def _transpose(
    operator: Any, inputs: tuple[int, ...], tensors: tuple[Tensor, ...]
) -> TransposeAttrs:
    rank = len(_operand(inputs, 0, tensors).shape)
    written = _row_of_axes(_operand(inputs, 1, tensors), 1)
    axes = [_axis(axis, rank, "axis") for axis in written]
    if sorted(axes) != list(range(rank)):
        raise OptionError(f"its axes {written} are no permutation of {rank} dimensions")
    if axes != written:
        raise OptionError(f"its axes {written} are counted from behind", FROM_THE_FRONT)
    return TransposeAttrs(axes=tuple(axes))


def _block(operator: Any, inputs: tuple[int, ...], tensors: tuple[Tensor, ...]) -> BlockAttrs:
    """Of three dimensions the second is rows, and there is one column."""
    rank = len(_operand(inputs, 0, tensors).shape)
    if rank not in {3, 4}:
        raise OptionError(f"its input of {rank} dimensions is not supported", OTHER_OPTIONS)
    block = _entries(_operand(inputs, 1, tensors), "block shape")
    margins = _entries(_operand(inputs, 2, tensors), "paddings or crops")
    if len(block) != rank - 2 or len(margins) != 2 * len(block):
        raise OptionError(f"block {block} and margins {margins} do not fit {rank} dimensions")
    if min(block) < 1 or min(margins) < 0:
        raise OptionError(f"block {block} or margins {margins} are negative")
    rows, columns = (*block, 1)[:2]
    top, bottom, left, right = (*margins, 0, 0)[:4]
    return BlockAttrs(block=(rows, columns), before=(top, left), after=(bottom, right))


ConstantParser: TypeAlias = Callable[[Any, tuple[int, ...], tuple[Tensor, ...]], OpAttrs]

CONSTANT_PARSERS: Mapping[OpKind, ConstantParser] = MappingProxyType(
    {
        OpKind.MEAN: _mean,
        OpKind.SQUEEZE: _squeeze,
        OpKind.EXPAND_DIMS: _expand,
        OpKind.PAD: _pad,
        OpKind.PADV2: _pad,
        OpKind.CONCATENATION: _concatenation,
        OpKind.STRIDED_SLICE: _slice,
        OpKind.TRANSPOSE: _transpose,
        OpKind.SPACE_TO_BATCH_ND: _block,
        OpKind.BATCH_TO_SPACE_ND: _block,
    }
)
"""Kind -> parser of (operator, input tensor indices, all tensors)."""
