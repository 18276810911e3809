import pytest
from hypothesis import given
from hypothesis import strategies as st

from ectopy.errors import ModelError
from ectopy.graph.kind import KIND_WORDS, TfliteKind, identify
from ectopy.zoo import open_bundle
from support.tflite_builder import FLOAT32, INT8, ModelSpec, OpSpec, TensorSpec
from support.zoo_bundles import float_io_tflite, float_tflite, full_int8_tflite


def plain(types: dict[str, int], constant: int) -> bytes:
    """One layer whose tensors have these types."""
    size = {FLOAT32: 4, INT8: 1}.get(constant, 2)
    spec = ModelSpec(
        tensors=[
            TensorSpec(name="in", shape=(1, 8), type=types["in"]),
            TensorSpec(name="w", shape=(2, 8), type=constant, data=bytes(16 * size)),
            TensorSpec(name="mid", shape=(1, 2), type=types["mid"]),
            TensorSpec(name="out", shape=(1, 2), type=types["out"]),
        ],
        ops=[
            OpSpec(code="FULLY_CONNECTED", inputs=[0, 1, -1], outputs=[2]),
            OpSpec(code="SOFTMAX", inputs=[2], outputs=[3]),
        ],
        inputs=[0],
        outputs=[3],
    )
    return spec.to_bytes()


FLOAT16, INT16 = 1, 7


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (full_int8_tflite(), TfliteKind.FULL_INT8),
        (float_io_tflite(), TfliteKind.INT8_FLOAT_IO),
        (float_tflite(), TfliteKind.FLOAT),
        (float_tflite(INT8), TfliteKind.DYNAMIC_RANGE),
        (plain({"in": FLOAT32, "mid": FLOAT32, "out": FLOAT32}, FLOAT16), TfliteKind.FLOAT16),
        (plain({"in": INT16, "mid": INT16, "out": INT16}, INT8), TfliteKind.INT16X8),
        (plain({"in": FLOAT32, "mid": INT16, "out": FLOAT32}, INT8), TfliteKind.INT16X8),
        (plain({"in": INT8, "mid": FLOAT32, "out": INT8}, FLOAT32), TfliteKind.MIXED),
        (plain({"in": INT8, "mid": INT8, "out": FLOAT32}, INT8), TfliteKind.MIXED),
    ],
)
def test_each_kind_is_told_from_the_tensors(data: bytes, kind: TfliteKind) -> None:
    assert identify(data).kind is kind


def test_partly_float_inside_is_mixed() -> None:
    spec = ModelSpec(
        tensors=[
            TensorSpec(name="in", shape=(1, 8), type=FLOAT32),
            TensorSpec(name="q", shape=(1, 8), type=INT8),
            TensorSpec(name="f", shape=(1, 8), type=FLOAT32),
            TensorSpec(name="out", shape=(1, 8), type=FLOAT32),
        ],
        ops=[
            OpSpec(code="QUANTIZE", inputs=[0], outputs=[1]),
            OpSpec(code="DEQUANTIZE", inputs=[1], outputs=[2]),
            OpSpec(code="SOFTMAX", inputs=[2], outputs=[3]),
        ],
        inputs=[0],
        outputs=[3],
    )
    assert identify(spec.to_bytes()).kind is TfliteKind.MIXED


def test_facts_name_types_shapes_and_operators() -> None:
    facts = identify(float_io_tflite())
    assert (facts.input_type, facts.input_shape) == ("FLOAT32", (1, 512))
    assert (facts.output_type, facts.output_shape) == ("FLOAT32", (1, 2))
    assert facts.operators == {"DEQUANTIZE": 1, "FULLY_CONNECTED": 1, "QUANTIZE": 1}


def test_an_unknown_batch_is_shown_as_unknown() -> None:
    spec = ModelSpec(
        tensors=[
            TensorSpec(name="x", shape=(1, 8), type=FLOAT32, shape_signature=(-1, 8)),
            TensorSpec(name="y", shape=(1, 8), type=FLOAT32),
        ],
        ops=[OpSpec(code="SOFTMAX", inputs=[0], outputs=[1])],
        inputs=[0],
        outputs=[1],
    )
    assert identify(spec.to_bytes()).input_shape == (-1, 8)


def test_the_models_trained_here_are_int8_throughout() -> None:
    for name in ("beat-2-eff-sm", "beat-3-eff-sm"):
        facts = identify(open_bundle(name).tflite_path.read_bytes())
        assert facts.kind is TfliteKind.FULL_INT8


def test_every_kind_has_words() -> None:
    assert set(KIND_WORDS) == set(TfliteKind)


@pytest.mark.parametrize("data", [b"", b"\0\0\0\0TFL3", b"<html>", b"\xff" * 100])
def test_what_is_no_tflite_file_is_refused(data: bytes) -> None:
    with pytest.raises(ModelError):
        identify(data)


def test_a_graph_without_input_or_operators_is_refused() -> None:
    tensor = TensorSpec(name="x", shape=(1,), type=FLOAT32)
    for spec in (
        ModelSpec(tensors=[tensor], inputs=[], outputs=[0]),
        ModelSpec(tensors=[tensor], inputs=[0], outputs=[0]),
        ModelSpec(tensors=[], inputs=[0], outputs=[0]),
    ):
        with pytest.raises(ModelError):
            identify(spec.to_bytes())


@given(st.data())
def test_any_damage_ends_in_facts_or_in_one_error(data: st.DataObject) -> None:
    good = bytearray(float_io_tflite())
    for _ in range(data.draw(st.integers(1, 4))):
        position = data.draw(st.integers(0, len(good) - 1))
        good[position] = data.draw(st.integers(0, 255))
    try:
        identify(bytes(good))
    except ModelError as error:
        assert error.message
