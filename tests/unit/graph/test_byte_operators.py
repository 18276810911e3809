"""What the reader makes of operators that move bytes or look them up, and which it turns down."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ectopy.errors import ModelError
from ectopy.graph.reader import read_tflite
from ectopy.graph.types import (
    BlockAttrs,
    ConcatenationAttrs,
    ExpandDimsAttrs,
    LookupAttrs,
    OpAttrs,
    PadAttrs,
    ResizeAttrs,
    SliceAttrs,
    SoftmaxAttrs,
    SqueezeAttrs,
    TransposeAttrs,
)
from ectopy.vocab import OpKind
from support.tflite_builder import FLOAT32, INT8, INT32, ModelBuilder, Quant

QUANT = Quant(0.05, 3)
X = 0
"""The input's tensor."""

Make = Callable[[ModelBuilder, int], int]
Spoil = Callable[[ModelBuilder], None]


def built(make: Make, shape: tuple[int, ...] = (1, 4, 6, 3), spoil: Spoil | None = None) -> bytes:
    builder = ModelBuilder(1)
    y = make(builder, builder.input(shape, QUANT))
    if spoil is not None:
        spoil(builder)
    return builder.finish(y)


def squeezed(builder: ModelBuilder, x: int) -> int:
    return builder.squeeze(x, (0,))


def expanded(builder: ModelBuilder, x: int) -> int:
    return builder.expand_dims(x, -2)


def padded(builder: ModelBuilder, x: int) -> int:
    return builder.pad(x, [(0, 0), (1, 0), (2, 3), (0, 1)])


def padded_with_a_value(builder: ModelBuilder, x: int) -> int:
    return builder.pad(x, [(0, 0), (1, 0), (0, 0), (0, 0)], value=-9)


def joined(builder: ModelBuilder, x: int) -> int:
    return builder.concatenation([x, x], -1)


def sliced(builder: ModelBuilder, x: int) -> int:
    masks = {"begin": 1, "end": 1, "shrink": 2}
    return builder.strided_slice(x, (7, -1, 5, 0), (9, 0, -6, 3), (1, 1, -2, 2), masks)


def transposed(builder: ModelBuilder, x: int) -> int:
    return builder.transpose(x, (0, 3, 1, 2))


def batched(builder: ModelBuilder, x: int) -> int:
    return builder.space_to_batch(x, (2, 3), [(0, 0), (0, 0)])


def unbatched(builder: ModelBuilder, x: int) -> int:
    return builder.batch_to_space(batched(builder, x), (3, 2), [(1, 0), (0, 2)])


def soft(builder: ModelBuilder, x: int) -> int:
    return builder.softmax(x, 0.5)


def leaky(builder: ModelBuilder, x: int) -> int:
    return builder.lookup("LEAKY_RELU", x, QUANT, alpha=0.25)


def resized(builder: ModelBuilder, x: int) -> int:
    return builder.resize_nearest(x, (8, 9), HalfPixelCenters=True)


def looked_up(kind: str, output: Quant | None = None) -> Make:
    return lambda builder, x: builder.lookup(kind, x, output)


@pytest.mark.parametrize(
    ("make", "kind", "attrs", "shape"),
    [
        (squeezed, "SQUEEZE", SqueezeAttrs(axes=(0,)), (4, 6, 3)),
        (expanded, "EXPAND_DIMS", ExpandDimsAttrs(axis=3), (1, 4, 6, 1, 3)),
        (padded, "PAD", PadAttrs(before=(0, 1, 2, 0), after=(0, 0, 3, 1)), (1, 5, 11, 4)),
        (
            padded_with_a_value,
            "PADV2",
            PadAttrs(before=(0, 1, 0, 0), after=(0,) * 4),
            (1, 5, 6, 3),
        ),
        (joined, "CONCATENATION", ConcatenationAttrs(axis=3), (1, 4, 6, 6)),
        (
            sliced,
            "STRIDED_SLICE",
            SliceAttrs(start=(0, 3, 5, 0), step=(1, 1, -2, 2), count=(1, 1, 3, 2), dropped=(1,)),
            (1, 3, 2),
        ),
        (transposed, "TRANSPOSE", TransposeAttrs(axes=(0, 3, 1, 2)), (1, 3, 4, 6)),
        (
            batched,
            "SPACE_TO_BATCH_ND",
            BlockAttrs(block=(2, 3), before=(0, 0), after=(0, 0)),
            (6, 2, 2, 3),
        ),
        (
            unbatched,
            "BATCH_TO_SPACE_ND",
            BlockAttrs(block=(3, 2), before=(1, 0), after=(0, 2)),
            (1, 5, 2, 3),
        ),
        (
            resized,
            "RESIZE_NEAREST_NEIGHBOR",
            ResizeAttrs(align_corners=False, half_pixel_centers=True),
            (1, 8, 9, 3),
        ),
        (soft, "SOFTMAX", SoftmaxAttrs(beta=0.5), (1, 4, 6, 3)),
        (leaky, "LEAKY_RELU", LookupAttrs(alpha=0.25), (1, 4, 6, 3)),
        (looked_up("HARD_SWISH"), "HARD_SWISH", LookupAttrs(), (1, 4, 6, 3)),
    ],
)
def test_attributes_are_read(make: Make, kind: str, attrs: OpAttrs, shape: tuple[int, ...]) -> None:
    graph = read_tflite(built(make), "one")
    assert (graph.ops[-1].kind, graph.ops[-1].attrs) == (kind, attrs)
    assert graph.output.shape == shape


def test_squeeze_without_axes_drops_all_that_are_one_long() -> None:
    data = built(lambda builder, x: builder.squeeze(x), (1, 1, 5, 1))
    graph = read_tflite(data, "squeeze")
    assert graph.ops[0].attrs == SqueezeAttrs(axes=(0, 1, 3))


def option(name: str, value: Any) -> Spoil:
    return lambda builder: builder.spec.ops[-1].options.update({name: value})


def constant(position: int, *values: int) -> Spoil:
    """Other numbers in an int32 operand of the last operator."""

    def spoil(builder: ModelBuilder) -> None:
        tensor = builder.spec.tensors[builder.spec.ops[-1].inputs[position]]
        array = np.array(values, "<i4")
        tensor.data, tensor.shape = array.tobytes(), array.shape

    return spoil


def constant_shape(position: int, *shape: int) -> Spoil:
    """The same numbers in other dimensions."""

    def spoil(builder: ModelBuilder) -> None:
        builder.spec.tensors[builder.spec.ops[-1].inputs[position]].shape = shape

    return spoil


def dynamic(position: int) -> Spoil:
    """An operand that is computed, not constant."""

    def spoil(builder: ModelBuilder) -> None:
        builder.spec.ops[-1].inputs[position] = X

    return spoil


def without_operands_from(position: int) -> Spoil:
    def spoil(builder: ModelBuilder) -> None:
        del builder.spec.ops[-1].inputs[position:]

    return spoil


def omitted(position: int) -> Spoil:
    def spoil(builder: ModelBuilder) -> None:
        builder.spec.ops[-1].inputs[position] = -1

    return spoil


def output_quant(scale: float, zero_point: int) -> Spoil:
    def spoil(builder: ModelBuilder) -> None:
        tensor = builder.spec.tensors[builder.spec.ops[-1].outputs[0]]
        tensor.scales, tensor.zero_points = (scale,), (zero_point,)

    return spoil


def output_shape(*shape: int) -> Spoil:
    def spoil(builder: ModelBuilder) -> None:
        builder.spec.tensors[builder.spec.ops[-1].outputs[0]].shape = shape

    return spoil


def input_scale(scale: float) -> Spoil:
    def spoil(builder: ModelBuilder) -> None:
        builder.spec.tensors[X].scales = (scale,)

    return spoil


def float_input(builder: ModelBuilder) -> None:
    builder.spec.tensors[X].type = FLOAT32


def three_dimensions(builder: ModelBuilder) -> None:
    builder.spec.tensors[X].shape = (4, 6, 3)


def eleven_operands(builder: ModelBuilder) -> None:
    builder.spec.ops[-1].inputs = [X] * 11


def one_operand_of_other_shape(builder: ModelBuilder) -> None:
    other = builder.constant(np.zeros((1, 4, 5, 3)), QUANT)
    builder.spec.ops[-1].inputs = [X, other]


def one_operand_of_fewer_dimensions(builder: ModelBuilder) -> None:
    """All that are beside the axis, which is the last."""
    other = builder.constant(np.zeros((1, 4, 6)), QUANT)
    builder.spec.ops[-1].inputs = [X, other]


def value_of_other_scale(builder: ModelBuilder) -> None:
    builder.spec.tensors[builder.spec.ops[-1].inputs[2]].scales = (1.0,)


def blocks_of_one_dimension(builder: ModelBuilder) -> None:
    constant(1, 2)(builder)
    constant(2, 0, 0)(builder)


def value_of_32_bits(builder: ModelBuilder) -> None:
    value = builder.spec.tensors[builder.spec.ops[-1].inputs[2]]
    value.type, value.data, value.scales, value.zero_points = INT32, bytes(4), (), ()


def paddings_of_8_bits(builder: ModelBuilder) -> None:
    paddings = builder.spec.tensors[builder.spec.ops[-1].inputs[1]]
    paddings.type, paddings.data = INT8, bytes([0, 0, 1, 0, 2, 3, 0, 1])


def two_values(builder: ModelBuilder) -> None:
    value = builder.spec.tensors[builder.spec.ops[-1].inputs[2]]
    value.shape, value.data = (2,), b"ab"


def joined_constants(builder: ModelBuilder, x: int) -> int:
    one = builder.constant(np.zeros((1, 4, 3, 3)), QUANT)
    return builder.add(builder.concatenation([one, one], 2), x, output=QUANT)


def soft_number(builder: ModelBuilder, x: int) -> int:
    """Of a tensor without dimensions."""
    return builder.softmax(builder.mean(x, axes=(0, 1, 2, 3), output=QUANT, keep_dims=False))


def padded_batches(builder: ModelBuilder, x: int) -> int:
    return builder.space_to_batch(x, (2, 4), [(0, 0), (1, 1)])


FIXED, AGAIN, PLAIN = "fixed input shape", "ectopy quantize", r"x\[:, 2:9:2\]"

REJECTIONS: list[tuple[Make, Spoil | None, OpKind, str, str]] = [
    (squeezed, option("SqueezeDims", (1,)), OpKind.SQUEEZE, "not 1 long", "damaged"),
    (squeezed, option("SqueezeDims", (4,)), OpKind.SQUEEZE, "axis 4 does not fit", "damaged"),
    (squeezed, option("SqueezeDims", (0,) * 20), OpKind.SQUEEZE, "20 axes", "damaged"),
    (squeezed, output_shape(1, 4, 6, 3), OpKind.SQUEEZE, "output has shape", "damaged"),
    (squeezed, output_quant(0.5, 3), OpKind.SQUEEZE, "differ in scale", AGAIN),
    (expanded, constant(1, 1, 2), OpKind.EXPAND_DIMS, "2 axes", "damaged"),
    (expanded, dynamic(1), OpKind.EXPAND_DIMS, "not a constant", FIXED),
    (expanded, constant_shape(1, 1, 1), OpKind.EXPAND_DIMS, "a row is expected", "damaged"),
    (expanded, constant(1, 9), OpKind.EXPAND_DIMS, "axis 9", "damaged"),
    (padded, constant(1, 1, 2, 3), OpKind.PAD, "do not fit", "damaged"),
    (padded, constant(1, *[0] * 7, -1), OpKind.PAD, "do not fit", "damaged"),
    (padded, constant(1, *[0] * 17), OpKind.PAD, "16 int32 numbers", FIXED),
    (padded, paddings_of_8_bits, OpKind.PAD, "16 int32 numbers", FIXED),
    (padded, omitted(1), OpKind.PAD, "input 1 is missing", "damaged"),
    (padded, without_operands_from(1), OpKind.PAD, "input 1 is missing", "damaged"),
    (padded, dynamic(1), OpKind.PAD, "not a constant", FIXED),
    (padded, output_shape(1, 5, 11, 3), OpKind.PAD, "output has shape", "damaged"),
    (padded, output_quant(0.05, 4), OpKind.PAD, "differ in scale", AGAIN),
    (padded_with_a_value, value_of_other_scale, OpKind.PADV2, "differ in scale", AGAIN),
    (padded_with_a_value, two_values, OpKind.PADV2, "not one constant", FIXED),
    (padded_with_a_value, value_of_32_bits, OpKind.PADV2, "not one constant", FIXED),
    (padded_with_a_value, omitted(2), OpKind.PADV2, "input 2 is missing", "damaged"),
    (padded_with_a_value, dynamic(2), OpKind.PADV2, "not one constant", FIXED),
    (joined, option("Axis", 4), OpKind.CONCATENATION, "axis 4", "damaged"),
    (joined, option("FusedActivationFunction", 1), OpKind.CONCATENATION, "fused", "own"),
    (joined, eleven_operands, OpKind.CONCATENATION, "11 inputs", "several steps"),
    (joined, one_operand_of_other_shape, OpKind.CONCATENATION, "differ beside", "damaged"),
    (joined, one_operand_of_fewer_dimensions, OpKind.CONCATENATION, "differ beside", "damaged"),
    (joined, output_quant(0.06, 3), OpKind.CONCATENATION, "differ in scale", AGAIN),
    (joined_constants, None, OpKind.CONCATENATION, "are constants", "damaged"),
    (sliced, option("EllipsisMask", 1), OpKind.STRIDED_SLICE, "EllipsisMask", PLAIN),
    (sliced, option("NewAxisMask", 1), OpKind.STRIDED_SLICE, "NewAxisMask", PLAIN),
    (sliced, option("Offset", True), OpKind.STRIDED_SLICE, "Offset", PLAIN),
    (sliced, dynamic(2), OpKind.STRIDED_SLICE, "not a constant", FIXED),
    (sliced, constant(1, 0, 0), OpKind.STRIDED_SLICE, "2, 4 and 4 entries", PLAIN),
    (sliced, constant(3, 1, 1, 0, 2), OpKind.STRIDED_SLICE, "strides", PLAIN),
    (sliced, constant(3, 1, -1, -2, 2), OpKind.STRIDED_SLICE, "strides", PLAIN),
    (sliced, constant(1, 7, -1, 0, 0), OpKind.STRIDED_SLICE, "nothing along axis 2", PLAIN),
    (sliced, constant(1, 7, 4, 5, 0), OpKind.STRIDED_SLICE, "nothing along axis 1", PLAIN),
    (transposed, constant(1, 0, 1, 1, 2), OpKind.TRANSPOSE, "no permutation", "damaged"),
    (transposed, constant(1, 0, -9, 1, 2), OpKind.TRANSPOSE, "axis -9", "damaged"),
    (transposed, constant(1, 0, -1, 1, 2), OpKind.TRANSPOSE, "from behind", "from 0 up"),
    (transposed, constant_shape(1, 2, 2), OpKind.TRANSPOSE, "a row is expected", "damaged"),
    (batched, constant(1, 2, 4), OpKind.SPACE_TO_BATCH_ND, "not a multiple", "damaged"),
    (batched, constant(1, 3, 3), OpKind.SPACE_TO_BATCH_ND, "not a multiple", "damaged"),
    (batched, constant(1, 2), OpKind.SPACE_TO_BATCH_ND, "do not fit 4", "damaged"),
    (batched, blocks_of_one_dimension, OpKind.SPACE_TO_BATCH_ND, "do not fit 4", "damaged"),
    (batched, constant(2, 0, 0, 0), OpKind.SPACE_TO_BATCH_ND, "do not fit 4", "damaged"),
    (batched, constant(1, 2, 0), OpKind.SPACE_TO_BATCH_ND, "negative", "damaged"),
    (padded_batches, None, OpKind.SPACE_TO_BATCH_ND, "memory it never set", "layer of its own"),
    (unbatched, constant(1, 4, 2), OpKind.BATCH_TO_SPACE_ND, "batch of 6", "damaged"),
    (unbatched, constant(2, -1, 0, 0, 2), OpKind.BATCH_TO_SPACE_ND, "negative", "damaged"),
    (unbatched, constant(2, 9, 0, 0, 0), OpKind.BATCH_TO_SPACE_ND, "output has", "damaged"),
    (resized, dynamic(1), OpKind.RESIZE_NEAREST_NEIGHBOR, "two constant numbers", FIXED),
    (resized, constant(1, 8, 9, 1), OpKind.RESIZE_NEAREST_NEIGHBOR, "two constant", FIXED),
    (resized, omitted(1), OpKind.RESIZE_NEAREST_NEIGHBOR, "input 1 is missing", "damaged"),
    (resized, constant(1, 8, 8), OpKind.RESIZE_NEAREST_NEIGHBOR, "output has shape", "damaged"),
    (resized, three_dimensions, OpKind.RESIZE_NEAREST_NEIGHBOR, "have 4 dim", "damaged"),
    (soft_number, None, OpKind.SOFTMAX, "no axis", "damaged"),
    (soft, output_quant(1 / 128, -128), OpKind.SOFTMAX, "needs scale 1/256", AGAIN),
    (soft, option("Beta", 0.0), OpKind.SOFTMAX, "beta 0", AGAIN),
    (soft, option("Beta", float("nan")), OpKind.SOFTMAX, "beta nan", AGAIN),
    (looked_up("LOGISTIC"), output_quant(1 / 256, 0), OpKind.LOGISTIC, "zero point -128", AGAIN),
    (looked_up("LOGISTIC"), input_scale(2.0**-29), OpKind.LOGISTIC, "input scale", AGAIN),
    (looked_up("TANH"), output_quant(1 / 256, 0), OpKind.TANH, "scale 1/128", AGAIN),
    (looked_up("TANH"), input_scale(2.0**36), OpKind.TANH, "input scale", AGAIN),
    (looked_up("HARD_SWISH"), output_quant(1e-4, 0), OpKind.HARD_SWISH, "does not fit", AGAIN),
    (looked_up("HARD_SWISH"), output_quant(99.0, 0), OpKind.HARD_SWISH, "does not fit", AGAIN),
    (looked_up("HARD_SWISH", Quant(2.0**24, 0)), input_scale(2.0**26), OpKind.HARD_SWISH,
     "out of range", AGAIN),
    (looked_up("RELU"), output_quant(1e-9, 0), OpKind.RELU, "may overflow", AGAIN),
    (looked_up("QUANTIZE"), output_quant(1e-9, 0), OpKind.QUANTIZE, "may overflow", AGAIN),
    (looked_up("RELU6"), output_quant(0.5, 3), OpKind.RELU6, "differ in scale", AGAIN),
    (leaky, option("Alpha", -0.5), OpKind.LEAKY_RELU, "slope -0.5", "at least 0"),
    (leaky, option("Alpha", 1e9), OpKind.LEAKY_RELU, "may overflow", AGAIN),
    (leaky, output_shape(1, 4, 18), OpKind.LEAKY_RELU, "output has shape", "damaged"),
    (looked_up("QUANTIZE"), float_input, OpKind.QUANTIZE, "FLOAT32", AGAIN),
]  # fmt: skip


@pytest.mark.parametrize(
    ("make", "spoil", "kind", "reason", "hint"),
    REJECTIONS,
    ids=[f"{case[2]} {case[3]}" for case in REJECTIONS],
)
def test_what_is_not_supported_is_refused_with_the_way_out(
    make: Make, spoil: Spoil | None, kind: OpKind, reason: str, hint: str
) -> None:
    data = built(make, spoil=spoil)
    with pytest.raises(ModelError, match=rf"operator \d \({kind}\).*{reason}") as caught:
        read_tflite(data, "spoiled")
    assert re.search(hint, caught.value.hint or "")


@pytest.mark.parametrize(
    ("make", "shape", "reason"),
    [
        (soft, (1, 512), "more than 511"),
        (
            lambda builder, x: builder.strided_slice(x, (0,) * 5, (1,) * 5, (1,) * 5),
            (1, 2, 2, 2, 2),
            "more than 4 dim",
        ),
        (
            lambda builder, x: builder.space_to_batch(x, (1, 1, 1), [(0, 0)] * 3),
            (1, 2, 2, 2, 2),
            "5 dimensions",
        ),
    ],
)
def test_ranks_and_lengths_that_tflite_micro_cannot_hold_are_refused(
    make: Make, shape: tuple[int, ...], reason: str
) -> None:
    with pytest.raises(ModelError, match=reason):
        read_tflite(built(make, shape), "large")


def test_tiny_scale_of_relu6_is_refused() -> None:
    with pytest.raises(ModelError, match=r"RELU6\): its scale"):
        read_tflite(built(looked_up("RELU6"), spoil=tiny), "tiny")


def tiny(builder: ModelBuilder) -> None:
    for tensor in builder.spec.tensors:
        tensor.scales = (1e-10,)
