"""Every model that we do not execute is one clear ModelError: never a traceback or a hang."""

import math
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ectopy.errors import ModelError
from ectopy.graph.reader import MAX_FILE_BYTES, load_tflite, read_tflite
from ectopy.graph.types import Graph
from ectopy.vocab import Activation
from support.tflite_builder import FLOAT32, INT32, ModelBuilder, ModelSpec, OpSpec, Quant

X, FILTER, BIAS, CONV, FACTOR, MUL = range(6)
MEAN, AXES, WEIGHTS, DENSE, DENSE_BIAS, RESHAPE = range(6, 12)
"""Tensors of :func:`valid_spec`, in order."""


def valid_spec() -> ModelSpec:
    """CONV_2D, MUL by a constant, MEAN, FULLY_CONNECTED, RESHAPE."""
    builder = ModelBuilder(seed=2)
    x = builder.input((1, 1, 8, 2), Quant(0.1, 3))
    x = builder.conv_2d(
        x, channels=3, kernel=(1, 3), output=Quant(0.2, -5), scales=(0.01, 0.02, 0.03)
    )
    factor = builder.constant([[[[1, 2, 3]]]], Quant(0.1, 0))
    x = builder.mul(x, factor, output=Quant(0.3, 0))
    x = builder.mean(x, axes=(1, 2), keep_dims=False, output=Quant(0.3, 0))
    x = builder.fully_connected(x, units=4, output=Quant(0.5, 0))
    x = builder.reshape(x, (4,))
    assert x == RESHAPE
    builder.spec.outputs = [x]
    return builder.spec


def test_the_unspoiled_model_is_accepted() -> None:
    graph = read_tflite(valid_spec().to_bytes(), "valid")
    assert [op.kind for op in graph.ops] == ["CONV_2D", "MUL", "MEAN", "FULLY_CONNECTED", "RESHAPE"]


def assigned(path: str, value: object) -> Callable[[ModelSpec], None]:
    """A spoiler that assigns ``value`` to e.g. ``tensors.0.shape`` or ``ops.1.options.Padding``."""

    def spoil(spec: ModelSpec) -> None:
        *holders, last = path.split(".")
        target: object = spec
        for holder in holders:
            target = target[int(holder)] if isinstance(target, list) else getattr(target, holder)
        if isinstance(target, dict):
            target[last] = value
        elif isinstance(target, list):
            target[int(last)] = value
        else:
            setattr(target, last, value)

    return spoil


def tensor(index: int, attribute: str, value: object) -> Callable[[ModelSpec], None]:
    """A spoiler that assigns ``value`` to an attribute of a tensor."""
    return assigned(f"tensors.{index}.{attribute}", value)


def swap_first_ops(spec: ModelSpec) -> None:
    spec.ops[0], spec.ops[1] = spec.ops[1], spec.ops[0]


def repeat_first_op(spec: ModelSpec) -> None:
    spec.ops.insert(1, spec.ops[0])


def add_dead_op(spec: ModelSpec) -> None:
    spec.tensors.append(spec.tensors[MUL])
    spec.ops.append(
        OpSpec(
            code="MUL",
            inputs=[CONV, FACTOR],
            outputs=[len(spec.tensors) - 1],
            table="MulOptions",
        )
    )


def make_output_huge(spec: ModelSpec) -> None:
    spec.tensors[X].shape = (1, 1, 2**16, 2**15)


def make_window_large(spec: ModelSpec) -> None:
    spec.ops[0].options.update({"Padding": 1, "DilationWFactor": 5})


NAN, INFINITY = float("nan"), float("inf")
CONV_OP, MUL_OP, MEAN_OP = r"operator 0 \(CONV_2D\)", r"operator 1 \(MUL\)", r"operator 2 \(MEAN\)"
DENSE_OP, RESHAPE_OP = r"operator 3 \(FULLY_CONNECTED\)", r"operator 4 \(RESHAPE\)"

REJECTIONS: list[tuple[str, Callable[[ModelSpec], None], str]] = [
    ("float tensor", tensor(X, "type", FLOAT32), f"{CONV_OP}.*FLOAT32"),
    ("float weights", tensor(WEIGHTS, "type", FLOAT32), f"{DENSE_OP}.*FLOAT32"),
    ("int32 activation", tensor(CONV, "type", INT32), f"{CONV_OP}.*int32"),
    ("unknown type", tensor(X, "type", 77), f"{CONV_OP}.*type is 77"),
    ("unsupported operator", assigned("ops.2.code", "SVDF"), r"operator 2 \(SVDF\)"),
    ("float interface", assigned("ops.0.code", "DEQUANTIZE"), r"operator 0 \(DEQUANTIZE\)"),
    ("custom operator", assigned("ops.1.code", "CUSTOM"), r"operator 1 \(CUSTOM Mine\)"),
    ("two subgraphs", assigned("subgraphs", 2), "2 subgraphs"),
    ("no subgraph", assigned("subgraphs", 0), "0 subgraphs"),
    ("no operators", assigned("ops", []), "0 operators"),
    ("no tensors", assigned("tensors", []), "tensor|damaged"),
    ("no inputs", assigned("inputs", []), f"{CONV_OP}.*read before it is written"),
    ("two inputs", assigned("inputs", [X, FACTOR]), "2 inputs"),
    ("no outputs", assigned("outputs", []), f"{RESHAPE_OP}.*never used"),
    ("two outputs", assigned("outputs", [RESHAPE, MUL]), "2 outputs"),
    ("output that does not exist", assigned("outputs", [99]), f"{RESHAPE_OP}.*never used"),
    ("negative input", assigned("inputs", [-5]), "read before it is written"),
    ("dynamic shape", tensor(X, "shape", (1, 1, -1, 2)), f"{CONV_OP}.*dynamic"),
    ("empty shape", tensor(X, "shape", (1, 0, 8, 2)), f"{CONV_OP}.*empty"),
    ("dynamic signature", tensor(X, "shape_signature", (1, 1, -1, 2)), "dynamic"),
    ("seven dimensions", tensor(X, "shape", (1,) * 7), "7 dimensions"),
    ("huge shape", make_output_huge, "elements"),
    ("overflowing shape", tensor(X, "shape", (2**31 - 1,) * 4), "elements"),
    ("input of three dimensions", tensor(X, "shape", (1, 8, 2)), f"{CONV_OP}.*4 dim"),
    ("input of other depth", tensor(X, "shape", (1, 1, 8, 3)), f"{CONV_OP}.*filter"),
    ("output of other shape", tensor(CONV, "shape", (1, 1, 7, 3)), f"{CONV_OP}.*\\(1, 1, 8"),
    ("variable tensor", tensor(X, "is_variable", True), f"{CONV_OP}.*variable"),
    ("negative scale", tensor(CONV, "scales", (-0.1,)), f"{CONV_OP}.*scale"),
    ("zero scale", tensor(CONV, "scales", (0.0,)), f"{CONV_OP}.*scale"),
    ("NaN scale", tensor(FILTER, "scales", (0.01, NAN, 0.03)), f"{CONV_OP}.*scale"),
    ("infinite scale", tensor(RESHAPE, "scales", (INFINITY,)), f"{RESHAPE_OP}.*scale"),
    ("zero point too large", tensor(X, "zero_points", (128,)), f"{CONV_OP}.*zero point"),
    ("zero point too small", tensor(X, "zero_points", (-129,)), f"{CONV_OP}.*zero point"),
    ("huge zero point", tensor(X, "zero_points", (2**40,)), f"{CONV_OP}.*zero point"),
    ("asymmetric weights", tensor(FILTER, "zero_points", (0, 1, 0)), f"{CONV_OP}.*symmetric"),
    ("biased bias", tensor(BIAS, "zero_points", (0, 1, 0)), f"{CONV_OP}.*zero point"),
    ("missing zero points", tensor(X, "zero_points", ()), f"{CONV_OP}.*1 scales but 0"),
    ("unquantized activation", tensor(CONV, "scales", ()), f"{CONV_OP}.*scale"),
    ("too few channel scales", tensor(FILTER, "scales", (0.01, 0.02)), f"{CONV_OP}.*scales"),
    ("wrong quantized axis", tensor(FILTER, "axis", 3), f"{CONV_OP}.*3 scales for 2"),
    ("axis that does not exist", tensor(FILTER, "axis", 9), f"{CONV_OP}.*dimension 9"),
    ("bias of other scale", tensor(BIAS, "scales", (0.1, 0.2, 0.3)), f"{CONV_OP}.*bias scale"),
    ("bias with one scale", tensor(BIAS, "scales", (0.001,)), f"{CONV_OP}.*scales"),
    ("bias of other length", tensor(BIAS, "shape", (4,)), f"{CONV_OP}.*12 bytes"),
    ("missing weights", tensor(FILTER, "data", None), f"{CONV_OP}.*read before"),
    ("missing bias", tensor(BIAS, "data", None), f"{CONV_OP}.*read before"),
    ("short weights", tensor(FILTER, "data", b"\1" * 5), f"{CONV_OP}.*holds 5 bytes"),
    ("buffer that does not exist", tensor(FILTER, "buffer", 99), f"{CONV_OP}.*buffer 99"),
    ("constant input", tensor(X, "data", bytes(16)), "input tensor.*is a constant"),
    ("constant output", tensor(CONV, "data", bytes(24)), f"{CONV_OP}.*is a constant"),
    ("use before definition", swap_first_ops, r"operator 0 \(MUL\).*before it is written"),
    ("duplicate output", repeat_first_op, r"operator 1 \(CONV_2D\).*already has a value"),
    ("dead operator", add_dead_op, r"operator 5 \(MUL\).*never used"),
    ("output over input", assigned("ops.0.outputs", [X]), f"{CONV_OP}.*already has a value"),
    ("two op outputs", assigned("ops.0.outputs", [CONV, MUL]), f"{CONV_OP}.*one is expected"),
    ("no op output", assigned("ops.0.outputs", []), f"{CONV_OP}.*one is expected"),
    ("operand that does not exist", assigned("ops.0.inputs", [X, 99, BIAS]), f"{CONV_OP}.*99"),
    ("operand far below zero", assigned("ops.0.inputs", [X, -9, BIAS]), f"{CONV_OP}.*-9"),
    ("omitted filter", assigned("ops.0.inputs", [X, -1, BIAS]), f"{CONV_OP}.*missing"),
    ("bias as filter", assigned("ops.0.inputs", [X, BIAS, FILTER]), f"{CONV_OP}.*weights"),
    ("many operands", assigned("ops.0.inputs", [X] * 100), "100 operands"),
    ("no options", assigned("ops.0.table", None), f"{CONV_OP}.*options"),
    ("foreign options", assigned("ops.1.table", "AddOptions"), f"{MUL_OP}.*options"),
    ("unknown padding", assigned("ops.0.options.Padding", 7), f"{CONV_OP}.*padding"),
    ("stride of zero", assigned("ops.0.options.StrideW", 0), f"{CONV_OP}.*strides"),
    ("negative stride", assigned("ops.0.options.StrideW", -1), f"{CONV_OP}.*strides"),
    ("huge dilation", assigned("ops.0.options.DilationWFactor", 2**30), f"{CONV_OP}.*dilations"),
    ("window larger than input", make_window_large, f"{CONV_OP}.*larger than its input"),
    ("tanh activation", assigned("ops.1.options.FusedActivationFunction", 4), f"{MUL_OP}.*activ"),
    ("shapes do not broadcast", tensor(FACTOR, "shape", (3, 1)), f"{MUL_OP}.*broadcast"),
    ("axes are no constant", assigned("ops.2.inputs", [MUL, X]), f"{MEAN_OP}.*axes"),
    ("axis out of range", tensor(AXES, "data", struct.pack("<2i", 1, 4)), f"{MEAN_OP}.*axes"),
    ("overflowing product", tensor(MUL, "scales", (1e-9,)), f"{MUL_OP}.*overflow"),
    ("overflowing accumulator", tensor(CONV, "scales", (1e-9,)), f"{CONV_OP}.*overflow"),
    ("overflowing sum", tensor(MEAN, "scales", (1e-12,)), f"{MEAN_OP}.*overflow"),
    ("units do not fit", tensor(DENSE, "shape", (1, 5)), f"{DENSE_OP}.*do not fit"),
    ("reshape to other size", tensor(RESHAPE, "shape", (5,)), f"{RESHAPE_OP}.*cannot become"),
    ("reshape to other shape", tensor(RESHAPE, "shape", (2, 2)), f"{RESHAPE_OP}.*has shape"),
    ("reshape changes scale", tensor(RESHAPE, "scales", (9.0,)), f"{RESHAPE_OP}.*differ"),
    ("dynamic reshape", assigned("ops.4.inputs", [DENSE, X]), f"{RESHAPE_OP}.*dynamic"),
    ("shuffled weights", assigned("ops.3.options.WeightsFormat", 1), f"{DENSE_OP}.*shuffled"),
    ("mean without axes", assigned("ops.2.inputs", [MUL]), f"{MEAN_OP}.*axes"),
    ("mean whose axes are left out", assigned("ops.2.inputs", [MUL, -1]), f"{MEAN_OP}.*axes"),
    ("convolution without bias", assigned("ops.0.inputs", [X, FILTER]), f"{CONV_OP}.*no bias"),
    ("omitted bias", assigned("ops.0.inputs", [X, FILTER, -1]), f"{CONV_OP}.*no bias"),
    ("weights that flow", assigned("ops.3.inputs", [MEAN, MEAN, -1]), f"{DENSE_OP}.*constant int8"),
    ("weights of one row", tensor(WEIGHTS, "shape", (12,)), f"{DENSE_OP}.*2 dimensions"),
    ("bias as weights", assigned("ops.0.inputs", [X, BIAS, BIAS]), f"{CONV_OP}.*constant int8"),
    ("weights as bias", assigned("ops.0.inputs", [X, FILTER, FILTER]), f"{CONV_OP}.*bias is not"),
    ("bias of two dimensions", tensor(BIAS, "shape", (3, 1)), f"{CONV_OP}.*bias has shape"),
    ("integers in a product", assigned("ops.1.inputs", [CONV, AXES]), f"{MUL_OP}.*quantized int8"),
    ("convolved constant", assigned("ops.0.inputs", [FACTOR, FILTER, BIAS]), f"{CONV_OP}.*a const"),
    ("tiny input scale", tensor(X, "scales", (1e-44,)), "input scale 9.8.*too small"),
    ("integer interface", tensor(X, "type", INT32), "input tensor.*not a quantized int8"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("spoil", "pattern"), [case[1:] for case in REJECTIONS], ids=[case[0] for case in REJECTIONS]
)
def test_spoiled_model_is_rejected(spoil: Callable[[ModelSpec], None], pattern: str) -> None:
    spec = valid_spec()
    spoil(spec)
    with pytest.raises(ModelError, match=f"(?s){pattern}") as caught:
        read_tflite(spec.to_bytes(), "spoiled")
    assert caught.value.hint
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(("count", "hint"), [(0, "damaged"), (2, "control flow")])
def test_hint_tells_a_damaged_file_from_one_with_control_flow(count: int, hint: str) -> None:
    spec = valid_spec()
    spec.subgraphs = count
    with pytest.raises(ModelError, match="subgraphs, one is expected") as caught:
        read_tflite(spec.to_bytes(), "subgraphs")
    assert hint in (caught.value.hint or "")


def test_activation_with_a_scale_per_channel_is_rejected() -> None:
    spec = valid_spec()
    spec.tensors[MUL].scales = (0.1, 0.2, 0.3)
    spec.tensors[MUL].zero_points = (0, 0, 0)
    spec.tensors[MUL].axis = 3
    with pytest.raises(ModelError, match=f"{MUL_OP}.*per channel"):
        read_tflite(spec.to_bytes(), "channels")


def test_product_of_two_constants_is_rejected() -> None:
    builder = ModelBuilder()
    x, constant = builder.input((1, 3), Quant(0.1, 0)), builder.constant([[1, 2, 3]], Quant(0.1, 0))
    y = builder.mul(constant, constant, output=Quant(0.1, 0))
    with pytest.raises(ModelError, match=r"operator 0 \(MUL\): both operands are constants"):
        read_tflite(builder.finish(builder.add(x, y, output=Quant(0.2, 0))), "constants")


def test_weights_quantized_along_their_inputs_are_rejected() -> None:
    builder = ModelBuilder()
    x = builder.input((1, 3), Quant(0.1, 0))
    y = builder.fully_connected(x, units=3, output=Quant(1.0, 0), scales=(0.01,) * 3)
    builder.spec.tensors[builder.spec.ops[0].inputs[1]].axis = 1
    with pytest.raises(ModelError, match="along dimension 1, not 0"):
        read_tflite(builder.finish(y), "axis")


def test_grouped_convolution_is_rejected_as_such() -> None:
    builder = ModelBuilder()
    x = builder.input((1, 1, 8, 2), Quant(0.1, 0))
    y = builder.conv_2d(x, channels=4, output=Quant(1.0, 0))
    weights = builder.spec.tensors[builder.spec.ops[0].inputs[1]]
    weights.shape, weights.data = (4, 1, 1, 1), bytes(4)
    with pytest.raises(ModelError, match="reads 1 of 2 channels") as caught:
        read_tflite(builder.finish(y), "grouped")
    assert "depthwise" in caught.value.hint


@pytest.mark.parametrize("shape", [(1, 1, 3, 5), (2, 1, 3, 2)])
def test_depthwise_filter_that_does_not_fit_is_rejected(shape: tuple[int, ...]) -> None:
    builder = ModelBuilder()
    x = builder.input((1, 1, 8, 2), Quant(0.1, 0))
    y = builder.depthwise_conv_2d(x, output=Quant(1.0, 0))
    weights = builder.spec.tensors[builder.spec.ops[0].inputs[1]]
    weights.shape, weights.data = shape, bytes(math.prod(shape))
    with pytest.raises(ModelError, match=r"DEPTHWISE_CONV_2D\).*depth multiplier 1"):
        read_tflite(builder.finish(y), "depthwise")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (tensor(X, "type", FLOAT32), "ectopy quantize"),
        (tensor(X, "shape", (1, 1, -1, 2)), "fixed input shape"),
        (tensor(X, "shape_signature", (1, 1, -1, 2)), "fixed input shape"),
        (assigned("ops.4.inputs", [DENSE, X]), "fixed input shape"),
        (make_output_huge, "memory"),
        (assigned("ops.1.options.FusedActivationFunction", 4), "RELU6"),
        (assigned("ops.2.code", "SVDF"), "supported operators: RESHAPE"),
        (assigned("ops.2.code", "SHAPE"), "fixed input shape"),
        (assigned("ops.2.code", "DEQUANTIZE"), "input or output is float"),
        (assigned("ops.2.code", "TILE"), "UpSampling2D"),
        (assigned("ops.0.inputs", [X, FILTER]), "use_bias"),
        (tensor(FILTER, "data", b"\1" * 5), "damaged"),
    ],
)
def test_hint_says_what_would_repair_the_model(
    spoil: Callable[[ModelSpec], None], says: str
) -> None:
    spec = valid_spec()
    spoil(spec)
    with pytest.raises(ModelError) as caught:
        read_tflite(spec.to_bytes(), "spoiled")
    assert says in caught.value.hint


def test_names_from_the_file_cannot_steer_the_terminal() -> None:
    spec = valid_spec()
    spec.tensors[X].name = "\x1b[2J\r\nx"
    spec.tensors[X].type = FLOAT32
    with pytest.raises(ModelError) as caught:
        read_tflite(spec.to_bytes(), "evil")
    assert "'?[2J??x'" in caught.value.message


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"StrideW": 2**15}, "strides"),
        ({"DilationWFactor": 2**14}, "longer than 32767"),
        ({"DepthMultiplier": 2**15}, "depth multiplier 32768"),
    ],
)
def test_what_tflite_micro_cannot_hold_in_16_bits_is_rejected(
    options: dict[str, int], says: str
) -> None:
    builder = ModelBuilder()
    x = builder.input((1, 1, 1, 1), Quant(0.1, 0))
    multiplier = options.get("DepthMultiplier", 1)
    y = builder.depthwise_conv_2d(x, multiplier=multiplier, output=Quant(1.0, 0))
    builder.spec.ops[0].options.update(options)
    with pytest.raises(ModelError, match=says):
        read_tflite(builder.finish(y), "wide")


def window_model(**pool: object) -> bytes:
    builder = ModelBuilder()
    x = builder.input((1, 1, 8, 2), Quant(0.1, 3))
    y = builder.max_pool_2d(x, kernel=(1, 2), stride=(1, 2))
    builder.spec.ops[0].options.update(pool)
    return builder.finish(y)


@pytest.mark.parametrize(
    ("option", "value"),
    [("FilterWidth", 2**30), ("FilterHeight", 0), ("FilterWidth", -2), ("StrideH", 2**31 - 1)],
)
def test_absurd_pool_is_rejected(option: str, value: int) -> None:
    with pytest.raises(ModelError, match=r"operator 0 \(MAX_POOL_2D\)"):
        read_tflite(window_model(**{option: value}), "pool")


def test_pool_that_changes_quantization_is_rejected() -> None:
    builder = ModelBuilder()
    x = builder.input((1, 1, 8, 2), Quant(0.1, 3))
    y = builder.max_pool_2d(x, kernel=(1, 2), stride=(1, 2))
    builder.spec.tensors[y].zero_points = (4,)
    with pytest.raises(ModelError, match=r"MAX_POOL_2D\): its input and output differ"):
        read_tflite(builder.finish(y), "pool")


@pytest.mark.parametrize("scale", [1e-10, 1e-30])
@pytest.mark.parametrize("activation", [Activation.RELU6, Activation.RELU_N1_TO_1])
def test_activation_whose_bound_is_no_int32_is_rejected(
    scale: float, activation: Activation
) -> None:
    builder = ModelBuilder()
    x = builder.input((1, 1, 8, 2), Quant(scale, 3))
    y = builder.max_pool_2d(x, kernel=(1, 2), stride=(1, 2), activation=activation)
    with pytest.raises(ModelError, match=r"operator 0 \(MAX_POOL_2D\).*too small"):
        read_tflite(builder.finish(y), "pool")


def test_add_whose_sum_would_need_a_left_shift_is_rejected() -> None:
    builder = ModelBuilder()
    x = builder.input((1, 4), Quant(1.0, 0))
    y = builder.add(x, x, output=Quant(2.0**-19, 0))
    with pytest.raises(ModelError, match=r"operator 0 \(ADD\).*output scale is too small"):
        read_tflite(builder.finish(y), "add")


def test_more_work_than_any_board_can_do_is_rejected() -> None:
    builder = ModelBuilder()
    x = builder.input((1, 256, 512, 8), Quant(0.1, 0))
    for _ in range(3):
        x = builder.conv_2d(x, channels=8, kernel=(16, 16), output=Quant(1.0, 0), scales=(1e-3,))
    with pytest.raises(ModelError, match=r"operator 1 \(CONV_2D\).*steps"):
        read_tflite(builder.finish(x), "work")


@pytest.mark.parametrize(
    ("data", "pattern"),
    [
        (b"", "identifier"),
        (b"TFL3", "identifier"),
        (b"\0\0\0\0TFL3", "subgraphs|damaged"),
        (b"\xff\xff\xff\xffTFL3" + bytes(64), "damaged"),
        (b"<!DOCTYPE html><html>" * 9, "identifier"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS"),
        (bytes(MAX_FILE_BYTES + 1), "larger than"),
    ],
    ids=["empty", "short", "root only", "wild offset", "web page", "lfs pointer", "too large"],
)
def test_what_is_no_flatbuffer_is_rejected(data: bytes, pattern: str) -> None:
    with pytest.raises(ModelError, match=pattern) as caught:
        read_tflite(data, "nothing")
    assert caught.value.hint


VALID = valid_spec().to_bytes()


def outcome(data: bytes) -> Graph | None:
    """The graph, or None where the file is rejected; anything else is a failure."""
    try:
        return read_tflite(data, "damaged")
    except ModelError as error:
        assert error.message
        assert error.hint
        return None


def test_every_truncation_is_rejected_or_harmless() -> None:
    # The writer puts the root first and shared data last, so only the last bytes can be spared.
    accepted = [length for length in range(0, len(VALID), 7) if outcome(VALID[:length])]
    assert all(length > len(VALID) - 64 for length in accepted)


@settings(max_examples=400, deadline=None)
@given(
    changes=st.lists(
        st.tuples(st.integers(4, len(VALID) - 1), st.integers(0, 255)), min_size=1, max_size=4
    )
)
def test_flipped_bytes_never_crash_the_reader(changes: list[tuple[int, int]]) -> None:
    damaged = bytearray(VALID)
    for position, value in changes:
        damaged[position] = value
    outcome(bytes(damaged))


@settings(max_examples=200, deadline=None)
@given(
    position=st.integers(2, len(VALID) // 4 - 1),
    word=st.sampled_from([0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x10000, 0xFFFFFFF0]),
)
def test_wild_words_never_crash_the_reader(position: int, word: int) -> None:
    damaged = bytearray(VALID)
    struct.pack_into("<I", damaged, 4 * position, word)
    outcome(bytes(damaged))


def test_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.tflite"
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(ModelError, match="is larger than") as caught:
        load_tflite(path)
    assert caught.value.hint and str(path) in caught.value.message


def test_missing_file_and_directory_are_clear_errors(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.tflite", tmp_path):
        with pytest.raises(ModelError, match="no model file"):
            load_tflite(path)
