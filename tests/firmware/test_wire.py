"""C and Python must agree on every byte: frames, checksums and preprocess."""

import ctypes
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ectopy.preprocess import Preprocess, quantize_windows, to_microvolts
from ectopy.protocol.framing import MAX_ENCODED, Decoder, Frame, encode
from ectopy.protocol.schema import MAX_BODY
from ectopy.vocab import DatasetName, Split
from ectopy.windows import WindowRequest, load_windows
from support.fake_firmware import FAKE, FIRMWARE, STRICT, run_compiler

frames = st.builds(
    Frame,
    kind=st.integers(0, 255),
    status=st.integers(0, 255),
    seq=st.integers(0, 65535),
    body=st.binary(max_size=300) | st.integers(0, MAX_BODY).map(lambda n: b"\x07" * n),
)


class ModelInfo(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("tflite_sha256", ctypes.c_char_p),
        ("class_names", ctypes.c_void_p),
        ("class_count", ctypes.c_uint16),
        ("frame_samples", ctypes.c_uint16),
        ("sampling_hz", ctypes.c_uint16),
        ("input_scale", ctypes.c_float),
        ("input_zero_point", ctypes.c_int32),
        ("output_scale", ctypes.c_float),
        ("output_zero_point", ctypes.c_int32),
        ("epsilon_n2", ctypes.c_int64),
        ("golden_count", ctypes.c_uint16),
        ("golden_inputs", ctypes.c_void_p),
        ("golden_outputs", ctypes.c_void_p),
    )


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ctypes.CDLL]:
    library = tmp_path_factory.mktemp("wire") / "wire.so"
    sources = [FAKE / "wire_shim.c", FIRMWARE / "app" / "preprocess.c"]
    sources += [FIRMWARE / "protocol" / name for name in ("frame.c", "crc32.c")]
    trap = ["-fsanitize=undefined", "-fsanitize-undefined-trap-on-error", "-shared", "-fPIC"]
    run_compiler(["gcc", *STRICT, *trap, *sources, "-lm", "-o", library])
    lib = ctypes.CDLL(str(library))
    lib.shim_feed.restype = lib.shim_encode.restype = ctypes.c_size_t
    lib.shim_feed.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p]
    yield lib


def feed_c(wire: ctypes.CDLL, stream: bytes) -> list[Frame]:
    out = ctypes.create_string_buffer(len(stream) + 16)
    length = wire.shim_feed(stream, len(stream), out)
    data, found, at = out.raw[:length], [], 0
    while at < length:
        size, kind, status, seq = struct.unpack_from("<HBBH", data, at)
        body = data[at + 6 : at + 6 + size]
        found.append(Frame(kind=kind, status=status, seq=seq, body=body))
        at += 6 + size
    return found


def agree(wire: ctypes.CDLL, stream: bytes) -> list[Frame]:
    decoder = Decoder()
    wire.shim_start()
    expected = decoder.feed(stream)
    assert feed_c(wire, stream) == expected
    assert wire.shim_damaged() == decoder.damaged
    return expected


@given(st.lists(frames | st.binary(max_size=80) | st.just(b"\0"), max_size=8))
def test_both_decoders_take_the_same_frames_out_of_noise(wire, pieces) -> None:
    stream = b"".join(encode(p) if isinstance(p, Frame) else p for p in pieces)
    agree(wire, stream)


@given(frames, st.data())
def test_both_decoders_drop_the_same_damaged_frames(wire, frame, data) -> None:
    coded = bytearray(encode(frame))
    for _ in range(data.draw(st.integers(1, 3))):
        coded[data.draw(st.integers(0, len(coded) - 1))] = data.draw(st.integers(0, 255))
    after = Frame(kind=1, status=0, seq=9, body=b"after")
    assert agree(wire, bytes(coded) + b"\0" + encode(after))[-1] == after


@pytest.mark.parametrize("extra", [-1, 0, 1, 2, 3, 4, 5, 300])
@pytest.mark.parametrize("fill", [0x01, 0xFF, 0x55])
def test_both_decoders_bound_a_frame_at_the_same_length(wire, extra, fill) -> None:
    agree(wire, bytes([fill]) * (MAX_ENCODED + extra) + b"\0")
    body = b"\x07" * MAX_BODY
    longest = Frame(kind=2, status=0, seq=1, body=body)
    assert agree(wire, b"\0" + encode(longest)) == [longest]


@given(frames)
def test_both_encoders_write_the_same_bytes(wire, frame: Frame) -> None:
    expected = encode(frame)
    out = ctypes.create_string_buffer(MAX_ENCODED + 1)
    arguments = (frame.kind, frame.status, frame.seq, frame.body, len(frame.body), out)
    length = wire.shim_encode(*arguments, ctypes.c_size_t(len(out)))
    assert out.raw[:length] == expected
    assert wire.shim_encode(*arguments, ctypes.c_size_t(len(expected) - 1)) == 0


def preprocess_c(
    wire: ctypes.CDLL, uv: np.ndarray, pre: Preprocess, scale: float, zero_point: int
) -> np.ndarray:
    model = ModelInfo(
        frame_samples=pre.frame_samples,
        input_scale=scale,
        input_zero_point=zero_point,
        epsilon_n2=pre.epsilon_n2,
    )
    out = np.empty(uv.shape, np.int8)
    for row, result in zip(np.ascontiguousarray(uv), out, strict=True):
        wire.ect_preprocess(
            ctypes.byref(model),
            row.ctypes.data_as(ctypes.c_void_p),
            result.ctypes.data_as(ctypes.c_void_p),
        )
    return out


def assert_same(wire, uv: np.ndarray, epsilon: float, scale: float, zero_point: int) -> None:
    pre = Preprocess(epsilon_mv2=epsilon, frame_samples=uv.shape[1])
    expected = quantize_windows(uv, pre, scale, zero_point)
    np.testing.assert_array_equal(preprocess_c(wire, uv, pre, scale, zero_point), expected)


scales = st.floats(2**-13, 4.0, width=32)


@given(
    hnp.arrays(np.int16, st.tuples(st.just(2), st.integers(1, 512))),
    st.sampled_from([0.0, 1e-6, 0.01, 1.0]),
    scales,
    st.integers(-128, 127),
)
def test_preprocess_is_equal_on_any_window(wire, uv, epsilon, scale, zero_point) -> None:
    assert_same(wire, uv, epsilon, scale, zero_point)


@given(st.integers(0, 2**32), st.floats(1, 12000), scales, st.integers(-128, 127))
def test_preprocess_is_equal_on_noise_of_any_size(wire, seed, sigma, scale, zero_point) -> None:
    rng = np.random.default_rng(seed)
    uv = np.clip(rng.normal(0, sigma, (4, 512)), -32768, 32767).astype(np.int16)
    assert_same(wire, uv, 0.01, scale, zero_point)


def test_preprocess_is_equal_on_constant_and_extreme_windows(wire) -> None:
    alternating = np.tile(np.array([-32768, 32767], np.int16), 256)
    spike = np.zeros(512, np.int16)
    spike[7] = 32767
    rows = [np.full(512, v, np.int16) for v in (0, 1, -32768, 32767)] + [alternating, spike]
    for epsilon in (0.0, 0.01):
        assert_same(wire, np.stack(rows), epsilon, float(np.float32(0.03)), -128)


def test_preprocess_is_equal_on_all_of_ds1(wire, ecg_dir: Path) -> None:
    request = WindowRequest(dataset=DatasetName.MITDB, split=Split.DS1, data_dir=ecg_dir)
    windows = load_windows(request)
    assert len(windows) == 50451
    for start in range(0, len(windows), 4096):
        uv = to_microvolts(windows.samples[start : start + 4096])
        assert_same(wire, uv, 0.01, float(np.float32(0.047)), -5)


@given(hnp.arrays(np.float32, 16, elements=st.floats(width=32, allow_nan=False)))
def test_millivolts_are_rounded_alike(wire, samples: np.ndarray) -> None:
    wire.ect_round_microvolts.argtypes = [ctypes.c_float, ctypes.POINTER(ctypes.c_int16)]
    expected = to_microvolts(samples)
    for sample, microvolts in zip(samples, expected, strict=True):
        out = ctypes.c_int16(0)
        assert wire.ect_round_microvolts(float(sample), ctypes.byref(out)) == 0
        assert out.value == microvolts
