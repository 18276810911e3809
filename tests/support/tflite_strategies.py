"""Hypothesis strategies: random valid int8 models of one operator, or of several.

Each draws a .tflite file. Scales are chosen through the rescaling factor that the operator ends up
with, from "everything becomes the zero point" to "everything saturates", within what the verifier
proves free of int32 overflow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil, floor, log2
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from ectopy.vocab import Activation, OpKind, Padding
from support.tflite_builder import ModelBuilder, Quant

Draw: TypeAlias = st.DrawFn
Step: TypeAlias = Callable[[Draw, ModelBuilder, int], int]

ZERO_POINTS = st.one_of(st.sampled_from([-128, -127, -1, 0, 1, 126, 127]), st.integers(-128, 127))
ACTIVATIONS = st.sampled_from(list(Activation))
PADDINGS = st.sampled_from(list(Padding))
SEEDS = st.integers(0, 2**32 - 1)


def scales(low: float, high: float) -> st.SearchStrategy[float]:
    """float32 scales between two powers of two, the powers themselves among them."""
    exponents = st.one_of(st.integers(int(low), int(high)), st.floats(low, high))
    return exponents.map(lambda exponent: float(np.float32(2.0**exponent)))


SCALES = scales(-12, 4)


def quant_for(draw: Draw, accumulator_scale: float, low: float, high: float) -> Quant:
    """An output quantization whose rescaling factor lies between two powers of two.

    Within that, the output scale stays between 2**-14 and 2**8, so that scales do not run away in
    chains of operators.
    """
    exponent = log2(accumulator_scale)
    factor = draw(scales(max(low, ceil(exponent) - 8), min(high, floor(exponent) + 14)))
    return Quant(float(np.float32(accumulator_scale / factor)), draw(ZERO_POINTS))


def scale_of(builder: ModelBuilder, tensor: int) -> float:
    return builder.spec.tensors[tensor].scales[0]


def weight_scales(draw: Draw, channels: int) -> tuple[float, ...]:
    """One scale, or one per channel."""
    count = draw(st.sampled_from([1, channels]))
    return tuple(draw(st.lists(scales(-10, 0), min_size=count, max_size=count)))


def image(draw: Draw, builder: ModelBuilder) -> int:
    shape = (1, draw(st.integers(1, 4)), draw(st.integers(1, 17)), draw(st.integers(1, 7)))
    return builder.input(shape, Quant(draw(SCALES), draw(ZERO_POINTS)))


def fitting(draw: Draw, size: int, padding: Padding, most: int) -> tuple[int, int]:
    """Taps and dilation of a window along an axis of ``size`` steps."""
    taps = draw(st.integers(1, most))
    dilation = draw(st.integers(1, 3))
    if padding is Padding.VALID:
        taps = min(taps, size)
        dilation = min(dilation, (size - 1) // (taps - 1)) if taps > 1 else 1
    return taps, dilation


def conv_step(draw: Draw, builder: ModelBuilder, x: int) -> int:
    _, height, width, _ = builder.spec.tensors[x].shape
    channels = draw(st.integers(1, 9))
    filter_scales = weight_scales(draw, channels)
    padding = draw(PADDINGS)
    (rows, down), (columns, across) = (
        fitting(draw, height, padding, 3),
        fitting(draw, width, padding, 5),
    )
    return builder.conv_2d(
        x,
        channels=channels,
        kernel=(rows, columns),
        stride=(draw(st.integers(1, 2)), draw(st.integers(1, 3))),
        dilation=(down, across),
        padding=padding,
        activation=draw(ACTIVATIONS),
        scales=filter_scales,
        output=quant_for(draw, scale_of(builder, x) * max(filter_scales), -16, 5),
    )


def depthwise_step(draw: Draw, builder: ModelBuilder, x: int) -> int:
    _, height, width, depth = builder.spec.tensors[x].shape
    multiplier = draw(st.integers(1, 3 if depth < 10 else 1))
    filter_scales = weight_scales(draw, depth * multiplier)
    padding = draw(PADDINGS)
    (rows, down), (columns, across) = (
        fitting(draw, height, padding, 3),
        fitting(draw, width, padding, 9),
    )
    return builder.depthwise_conv_2d(
        x,
        multiplier=multiplier,
        kernel=(rows, columns),
        stride=(draw(st.integers(1, 2)), draw(st.integers(1, 3))),
        dilation=(down, across),
        padding=padding,
        activation=draw(ACTIVATIONS),
        scales=filter_scales,
        output=quant_for(draw, scale_of(builder, x) * max(filter_scales), -16, 5),
    )


def max_pool_step(draw: Draw, builder: ModelBuilder, x: int) -> int:
    _, height, width, _ = builder.spec.tensors[x].shape
    return builder.max_pool_2d(
        x,
        kernel=(draw(st.integers(1, height)), draw(st.integers(1, width))),
        stride=(draw(st.integers(1, 3)), draw(st.integers(1, 3))),
        padding=draw(PADDINGS),
        activation=draw(ACTIVATIONS),
    )


def mean_step(draw: Draw, builder: ModelBuilder, x: int) -> int:
    rank = len(builder.spec.tensors[x].shape)
    axes = draw(st.lists(st.integers(-rank, rank - 1), min_size=1, max_size=3, unique=True))
    return builder.mean(
        x,
        axes=tuple(axes),
        keep_dims=draw(st.booleans()),
        output=quant_for(draw, scale_of(builder, x), -8, 8),
    )


def _other_operand(draw: Draw, builder: ModelBuilder, x: int) -> int:
    """The same tensor, a constant of its shape or a part of it, or a mean of it."""
    shape = builder.spec.tensors[x].shape
    choice = draw(st.sampled_from(["self", "constant", "mean"]))
    if choice == "self":
        return x
    if choice == "mean":
        axes = tuple(range(1, max(2, len(shape) - 1)))
        return builder.mean(x, axes=axes, output=quant_for(draw, scale_of(builder, x), -6, 6))
    kept = tuple(size if draw(st.booleans()) else 1 for size in shape)
    kept = kept[draw(st.integers(0, len(kept))) :]
    values = builder.random.integers(-128, 128, kept, np.int8)
    return builder.constant(values, Quant(draw(SCALES), draw(ZERO_POINTS)))


def _in_any_order(draw: Draw, builder: ModelBuilder, x: int) -> tuple[int, int]:
    other = _other_operand(draw, builder, x)
    return (x, other) if draw(st.booleans()) else (other, x)


def add_step(draw: Draw, builder: ModelBuilder, x: int) -> int:
    a, b = _in_any_order(draw, builder, x)
    greater = max(scale_of(builder, a), scale_of(builder, b))
    return builder.add(
        a, b, activation=draw(ACTIVATIONS), output=quant_for(draw, 2 * greater, -12, 18)
    )


def mul_step(draw: Draw, builder: ModelBuilder, x: int) -> int:
    a, b = _in_any_order(draw, builder, x)
    product = scale_of(builder, a) * scale_of(builder, b)
    return builder.mul(a, b, activation=draw(ACTIVATIONS), output=quant_for(draw, product, -18, 12))


def fully_connected_step(draw: Draw, builder: ModelBuilder, x: int) -> int:
    units = draw(st.integers(1, 9))
    unit_scales = weight_scales(draw, units)
    return builder.fully_connected(
        x,
        units=units,
        activation=draw(ACTIVATIONS),
        scales=unit_scales,
        bias=draw(st.booleans()),
        keep_num_dims=draw(st.booleans()),
        output=quant_for(draw, scale_of(builder, x) * max(unit_scales), -16, 5),
    )


def reshape_step(draw: Draw, builder: ModelBuilder, x: int) -> int:
    one, height, width, depth = builder.spec.tensors[x].shape
    shapes = [(one, width, height, depth), (one, height * width * depth), (height, width * depth)]
    return builder.reshape(x, draw(st.sampled_from(shapes)))


def average_pool_step(draw: Draw, builder: ModelBuilder, x: int) -> int:
    y = max_pool_step(draw, builder, x)
    builder.spec.ops[-1].code = "AVERAGE_POOL_2D"
    return y


def sub_step(draw: Draw, builder: ModelBuilder, x: int) -> int:
    y = add_step(draw, builder, x)
    builder.spec.ops[-1].code, builder.spec.ops[-1].table = "SUB", "SubOptions"
    return y


def squeeze_step(draw: Draw, builder: ModelBuilder, x: int) -> int:
    shape = builder.spec.tensors[x].shape
    ones = [axis for axis, size in enumerate(shape) if size == 1]
    axes = draw(st.lists(st.sampled_from([*ones, *(i - 4 for i in ones)]), unique=True))
    return builder.squeeze(x, tuple(axes))


def expand_dims_step(draw: Draw, builder: ModelBuilder, x: int) -> int:
    return builder.expand_dims(x, draw(st.integers(-5, 4)))


def _margins(draw: Draw, rank: int) -> list[tuple[int, int]]:
    return [(draw(st.integers(0, 3)), draw(st.integers(0, 3))) for _ in range(rank)]


def pad_step(draw: Draw, builder: ModelBuilder, x: int) -> int:
    return builder.pad(x, _margins(draw, 4))


def padv2_step(draw: Draw, builder: ModelBuilder, x: int) -> int:
    return builder.pad(x, _margins(draw, 4), value=draw(st.integers(-128, 127)))


def concatenation_step(draw: Draw, builder: ModelBuilder, x: int) -> int:
    """The input, itself again, and constants that are longer along the axis, in any order."""
    axis, rank = draw(st.integers(-4, 3)), 4
    operands = [x]
    for _ in range(draw(st.integers(0, 9))):
        shape = list(builder.spec.tensors[x].shape)
        shape[axis % rank] = draw(st.integers(1, 4))
        values = builder.random.integers(-128, 128, shape, np.int8)
        constant = builder.constant(values, builder._quant_of(x))
        operands.append(draw(st.sampled_from([x, constant])))
    return builder.concatenation(draw(st.permutations(operands)), axis)


def strided_slice_step(draw: Draw, builder: ModelBuilder, x: int) -> int:
    begins, ends, strides = [], [], []
    masks = {name: draw(st.integers(0, 15)) for name in ("begin", "end")}
    masks["shrink"] = draw(st.sampled_from([0, 0, 0, 1, 2, 4, 8, 5]))
    for axis, size in enumerate(builder.spec.tensors[x].shape):
        stride = draw(st.sampled_from([1, 1, 2, 3, -1, -2]))
        begin, end = draw(st.integers(-size, size - 1)), draw(st.integers(-size - 2, size + 2))
        if masks["shrink"] >> axis & 1:
            stride = 1
        elif not range(size)[
            slice(
                None if masks["begin"] >> axis & 1 else begin,
                None if masks["end"] >> axis & 1 else end,
                stride,
            )
        ]:
            begin, end, stride = 0, size, 1
        begins.append(begin)
        ends.append(end)
        strides.append(stride)
    return builder.strided_slice(x, tuple(begins), tuple(ends), tuple(strides), masks)


def transpose_step(draw: Draw, builder: ModelBuilder, x: int) -> int:
    return builder.transpose(x, tuple(draw(st.permutations(range(4)))))


def space_to_batch_step(draw: Draw, builder: ModelBuilder, x: int) -> int:
    """Without margins, which tflite-micro fills with memory that it never set."""
    _, *space, _ = builder.spec.tensors[x].shape
    block = tuple(
        draw(st.sampled_from([n for n in range(1, size + 1) if size % n == 0])) for size in space
    )
    return builder.space_to_batch(x, block, [(0, 0)] * len(block))


def batch_to_space_step(draw: Draw, builder: ModelBuilder, x: int) -> int:
    """Of a batch that a SPACE_TO_BATCH_ND made."""
    y = space_to_batch_step(draw, builder, x)
    block = tuple(builder.random.permutation(_constant(builder, -1, 1)).tolist())
    _, rows, columns, _ = builder.spec.tensors[y].shape
    crops = []
    for size, length in zip((rows, columns), block, strict=True):
        before = draw(st.integers(0, size * length - 1))
        crops.append((before, draw(st.integers(0, size * length - 1 - before))))
    return builder.batch_to_space(y, block, crops)


def _constant(builder: ModelBuilder, op: int, position: int) -> npt.NDArray[np.int32]:
    data = builder.spec.tensors[builder.spec.ops[op].inputs[position]].data
    assert data is not None
    return np.frombuffer(data, "<i4")


def resize_step(draw: Draw, builder: ModelBuilder, x: int) -> int:
    _, height, width, _ = builder.spec.tensors[x].shape
    if draw(st.booleans()):
        size = (height * draw(st.integers(1, 3)), width * draw(st.integers(1, 3)))
        return builder.resize_nearest(x, size, HalfPixelCenters=draw(st.booleans()))
    size = (draw(st.integers(1, 9)), draw(st.integers(1, 40)))
    align = draw(st.booleans())
    half = not align and draw(st.booleans())
    return builder.resize_nearest(x, size, AlignCorners=align, HalfPixelCenters=half)


def softmax_step(draw: Draw, builder: ModelBuilder, x: int) -> int:
    return builder.softmax(x, draw(st.sampled_from([1.0, 0.5, 2.75])))


def lookup_step(kind: OpKind) -> Step:
    """LOGISTIC and TANH have one output quantization; the others mostly change it."""

    def step(draw: Draw, builder: ModelBuilder, x: int) -> int:
        if kind in {OpKind.LOGISTIC, OpKind.TANH, OpKind.RELU6}:
            return builder.lookup(kind, x)
        if kind is OpKind.HARD_SWISH:
            return builder.lookup(kind, x, quant_for(draw, scale_of(builder, x) / 128, -14, -1))
        alpha = draw(st.floats(0, 1, width=32)) if kind is OpKind.LEAKY_RELU else 0.0
        return builder.lookup(kind, x, quant_for(draw, scale_of(builder, x), -12, 12), alpha)

    return step


STEPS: Mapping[OpKind, Step] = MappingProxyType(
    {
        OpKind.RESHAPE: reshape_step,
        OpKind.CONV_2D: conv_step,
        OpKind.DEPTHWISE_CONV_2D: depthwise_step,
        OpKind.MAX_POOL_2D: max_pool_step,
        OpKind.MEAN: mean_step,
        OpKind.MUL: mul_step,
        OpKind.ADD: add_step,
        OpKind.FULLY_CONNECTED: fully_connected_step,
        OpKind.AVERAGE_POOL_2D: average_pool_step,
        OpKind.SUB: sub_step,
        OpKind.SQUEEZE: squeeze_step,
        OpKind.EXPAND_DIMS: expand_dims_step,
        OpKind.PAD: pad_step,
        OpKind.PADV2: padv2_step,
        OpKind.CONCATENATION: concatenation_step,
        OpKind.STRIDED_SLICE: strided_slice_step,
        OpKind.TRANSPOSE: transpose_step,
        OpKind.SPACE_TO_BATCH_ND: space_to_batch_step,
        OpKind.BATCH_TO_SPACE_ND: batch_to_space_step,
        OpKind.RESIZE_NEAREST_NEIGHBOR: resize_step,
        OpKind.SOFTMAX: softmax_step,
        OpKind.LOGISTIC: lookup_step(OpKind.LOGISTIC),
        OpKind.TANH: lookup_step(OpKind.TANH),
        OpKind.HARD_SWISH: lookup_step(OpKind.HARD_SWISH),
        OpKind.RELU: lookup_step(OpKind.RELU),
        OpKind.RELU6: lookup_step(OpKind.RELU6),
        OpKind.LEAKY_RELU: lookup_step(OpKind.LEAKY_RELU),
        OpKind.QUANTIZE: lookup_step(OpKind.QUANTIZE),
    }
)

SHAPE_KEEPING = (
    conv_step,
    depthwise_step,
    max_pool_step,
    average_pool_step,
    mul_step,
    add_step,
    sub_step,
    pad_step,
    lookup_step(OpKind.QUANTIZE),
    lookup_step(OpKind.HARD_SWISH),
)


@st.composite
def single_op_models(draw: Draw, kind: OpKind) -> bytes:
    """A model of one operator (ADD and MUL may bring a MEAN for their other operand)."""
    builder = ModelBuilder(draw(SEEDS))
    x = image(draw, builder)
    return builder.finish(STEPS[kind](draw, builder, x))


@st.composite
def small_models(draw: Draw, most_steps: int = 6) -> bytes:
    """A model of several operators with branches, ending in MEAN and FULLY_CONNECTED."""
    builder = ModelBuilder(draw(SEEDS))
    x = image(draw, builder)
    for step in draw(st.lists(st.sampled_from(SHAPE_KEEPING), min_size=1, max_size=most_steps)):
        x = step(draw, builder, x)
    x = builder.mean(
        x, axes=(1, 2), keep_dims=False, output=quant_for(draw, scale_of(builder, x), -2, 2)
    )
    return builder.finish(fully_connected_step(draw, builder, x))
