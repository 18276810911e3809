"""What a device says about itself: the JSON of a HELLO reply, checked and frozen."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from ectopy.errors import LinkError
from ectopy.protocol.schema import MAX_BODY, PROTOCOL_VERSION, REPLY_RING
from ectopy.vocab import CycleCounter, TickUnit

_Name = TypeVar("_Name", bound=StrEnum)
_HINT = "the firmware and this tool are of different versions: build and flash the firmware again"


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorFacts:
    """An int8 tensor at the edge of the model: real = scale * (q - zero_point).

    Attributes:
        scale: A float32 value widened to Python's float.
    """

    nbytes: int
    scale: float
    zero_point: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """A device, its engine and its model.

    Attributes:
        clock_hz: Ticks per second on silicon; 0 where ticks are not time.
        cpu_hz: The processor's clock as the board read it back; 0 unknown.
        cycle_counter: What its self-test at boot found.
        setup_error: What failed when the board was set up; empty if nothing did.
        last_fault: The processor fault that started the image anew; empty if none did.
        credits: Requests the host may have in flight.
        build_id: Of the image, as the build gave it.
        golden_vectors: How many SELFTEST runs.
    """

    protocol: int
    build_id: str
    credits: int
    board: str
    cpu: str
    emulated: bool
    clock_hz: int
    tick_unit: TickUnit
    cpu_hz: int
    cycle_counter: CycleCounter
    setup_error: str
    last_fault: str
    engine: str
    engine_version: str
    arena_used_bytes: int
    arena_reserved_bytes: int
    op_count: int
    model: str
    tflite_sha256: str
    frame_samples: int
    sampling_hz: int
    classes: tuple[str, ...]
    golden_vectors: int
    input: TensorFacts
    output: TensorFacts


def parse_hello(text: bytes) -> Hello:
    """Reads and checks the JSON of a HELLO reply.

    Raises:
        LinkError: Not JSON, a key is missing or of the wrong type, or values that cannot be.
    """
    try:
        root = json.loads(text.decode())
    except (ValueError, RecursionError) as error:
        raise LinkError(f"the device's HELLO is not JSON: {error}", hint=_HINT) from error
    top = _Keys("", root)
    protocol = top.integer("protocol", 0, 255)
    if protocol != PROTOCOL_VERSION:
        raise LinkError(
            f"the device speaks protocol version {protocol}, this tool {PROTOCOL_VERSION}",
            hint=_HINT,
        )
    board, engine, model = top.keys("board"), top.keys("engine"), top.keys("model")
    hello = Hello(
        protocol=protocol,
        build_id=top.text("build_id"),
        credits=top.integer("credits", 1, REPLY_RING),
        board=board.text("name"),
        cpu=board.text("cpu"),
        emulated=board.flag("emulated"),
        clock_hz=board.integer("clock_hz"),
        tick_unit=_member(TickUnit, board, "tick_unit"),
        cpu_hz=board.integer("cpu_hz"),
        cycle_counter=_member(CycleCounter, board, "cycle_counter"),
        setup_error=board.text("setup_error"),
        last_fault=board.text("last_fault"),
        engine=engine.text("name"),
        engine_version=engine.text("version"),
        arena_used_bytes=engine.integer("arena_used_bytes"),
        arena_reserved_bytes=engine.integer("arena_reserved_bytes"),
        op_count=engine.integer("op_count", 0, 65535),
        model=model.text("name"),
        tflite_sha256=model.text("tflite_sha256"),
        frame_samples=model.integer("frame_samples", 1, (MAX_BODY - 1) // 4),
        sampling_hz=model.integer("sampling_hz", 1),
        classes=model.texts("classes"),
        golden_vectors=model.integer("golden_vectors", 0, 65535),
        input=_tensor(model.keys("input")),
        output=_tensor(model.keys("output")),
    )
    _check(hello)
    return hello


def _check(hello: Hello) -> None:
    if hello.input.nbytes != hello.frame_samples:
        raise _wrong("model.input.bytes", f"{hello.frame_samples}, the window's samples")
    if hello.output.nbytes != len(hello.classes):
        raise _wrong("model.output.bytes", f"{len(hello.classes)}, the number of classes")


def _tensor(keys: _Keys) -> TensorFacts:
    return TensorFacts(
        nbytes=keys.integer("bytes", 1),
        scale=_float32(keys.text("scale_bits"), f"{keys.path}scale_bits"),
        zero_point=keys.integer("zero_point", -128, 127),
    )


def _float32(digits: str, path: str) -> float:
    # A float travels as its bits: exact, and the device needs no floating-point printf.
    try:
        (value,) = struct.unpack(">f", bytes.fromhex(digits))
    except (ValueError, struct.error) as error:
        raise _wrong(path, "8 hex digits of a float32") from error
    if not 0.0 < value < float("inf"):
        raise _wrong(path, "a positive finite float32")
    return float(value)


def _member(kind: type[_Name], keys: _Keys, key: str) -> _Name:
    try:
        return kind(keys.text(key))
    except ValueError as error:
        raise _wrong(keys.path + key, " or ".join(kind)) from error


def _wrong(path: str, wanted: str) -> LinkError:
    return LinkError(f"the device's HELLO is wrong at {path!r}: expected {wanted}", hint=_HINT)


class _Keys:
    """A JSON object whose keys are fetched with a check of their type."""

    def __init__(self, path: str, node: object) -> None:
        self.path = path
        if not isinstance(node, dict):
            raise _wrong(path.rstrip("."), "an object")
        self._node = node

    def text(self, key: str) -> str:
        value = self._node.get(key)
        if not isinstance(value, str):
            raise _wrong(self.path + key, "a string")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._node.get(key)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise _wrong(self.path + key, "a list of strings")
        return tuple(value)

    def integer(self, key: str, low: int = 0, high: int = 2**32 - 1) -> int:
        value = self._node.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise _wrong(self.path + key, f"an integer from {low} to {high}")
        return value

    def flag(self, key: str) -> bool:
        value = self._node.get(key)
        if not isinstance(value, bool):
            raise _wrong(self.path + key, "true or false")
        return value

    def keys(self, key: str) -> _Keys:
        return _Keys(f"{self.path}{key}.", self._node.get(key))
