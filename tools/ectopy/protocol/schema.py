"""The wire, declared once.

``firmware/protocol/messages.h`` and ``firmware/protocol/PROTOCOL.md`` are generated from this
module by ``python -m ectopy.protocol.generate``; a test fails when they have drifted.

A frame on the wire is ``COBS(header, body, crc32) 0x00``. The header is ``u8 kind, u8 status,
u16 seq``; every number is little-endian; the checksum is zlib's CRC-32 over header and body.
A reply carries the request's ``seq`` and its kind with bit 7 set.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum, StrEnum

PROTOCOL_VERSION = 2
MAX_BODY = 2304
"""Longest body in bytes, either way; one float32 window of 512 samples and its format byte fit."""
HEADER = struct.Struct("<BBH")
CRC_BYTES = 4
REPLY_BIT = 0x80
REPLY_RING = 16
"""INFER replies the device remembers; never fewer than the credits it grants."""


class Kind(IntEnum):
    """What a request asks for."""

    HELLO = 1
    INFER = 2
    PROFILE = 3
    DUMP = 4
    STATS = 5
    SELFTEST = 6
    RESET = 7


class Status(IntEnum):
    """Statuses of replies and of firmware functions; equal to ``include/ectopy/status.h``."""

    OK = 0
    E_KIND = 1
    E_LENGTH = 2
    E_CRC = 3
    E_FORMAT = 4
    E_RANGE = 5
    E_SIZE = 6
    E_ARG = 7
    E_ENGINE = 8
    E_SELFTEST = 9
    E_TIMEOUT = 10
    E_CLOSED = 11
    E_STATE = 12
    E_UNSUPPORTED = 13


STATUS_TEXT: dict[Status, str] = {
    Status.OK: "done",
    Status.E_KIND: "unknown message kind",
    Status.E_LENGTH: "body length wrong for its kind",
    Status.E_CRC: "checksum of a frame wrong",
    Status.E_FORMAT: "unknown input format",
    Status.E_RANGE: "index, offset or sample outside what exists",
    Status.E_SIZE: "a buffer is too small",
    Status.E_ARG: "impossible parameter",
    Status.E_ENGINE: "the inference engine failed",
    Status.E_SELFTEST: "golden vectors did not match",
    Status.E_TIMEOUT: "the link gave nothing in time",
    Status.E_CLOSED: "the link was closed by the other side",
    Status.E_STATE: "asked in the wrong state (no HELLO since boot, or no window yet)",
    Status.E_UNSUPPORTED: "the engine as it was linked cannot do this",
}


class InputFormat(IntEnum):
    """First byte of an INFER body: what its samples are."""

    INT8 = 0
    """The model's quantized input tensor; no preprocess on the device."""
    INT16_UV = 1
    """int16 microvolts."""
    FLOAT32_MV = 2
    """float32 millivolts; rounded to microvolts half away from zero, saturating; no NaN."""

    @property
    def sample_bytes(self) -> int:
        """Bytes of one sample."""
        return (1, 2, 4)[self.value]


class WireType(StrEnum):
    """Scalar types, named by their ``struct`` letter."""

    U8 = "B"
    U16 = "H"
    U32 = "I"

    @property
    def nbytes(self) -> int:
        """Bytes on the wire."""
        return struct.calcsize(f"<{self.value}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One scalar of a body.

    Attributes:
        text: Meaning and unit, for PROTOCOL.md.
    """

    name: str
    type: WireType
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A body: scalars in order, then (where ``tail`` says what it holds) bytes to its end."""

    fields: tuple[Field, ...] = ()
    tail: str = ""

    @property
    def fixed_bytes(self) -> int:
        """Bytes before the tail."""
        return sum(field.type.nbytes for field in self.fields)

    @property
    def codec(self) -> struct.Struct:
        """Packs and unpacks the scalars."""
        return struct.Struct("<" + "".join(field.type.value for field in self.fields))

    def fits(self, body: bytes) -> bool:
        """Whether a body of this length can be of this layout."""
        return len(body) >= self.fixed_bytes if self.tail else len(body) == self.fixed_bytes

    def scalars(self, body: bytes) -> tuple[int, ...]:
        """The scalars of a body that :meth:`fits`."""
        return self.codec.unpack_from(body)

    def tail_of(self, body: bytes) -> bytes:
        """The bytes after the scalars."""
        return body[self.fixed_bytes :]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A request and its reply; replies with a status other than OK or E_SELFTEST are empty."""

    kind: Kind
    text: str
    request: Layout
    reply: Layout


_U8, _U16, _U32 = WireType.U8, WireType.U16, WireType.U32

HELLO = Message(
    kind=Kind.HELLO,
    text=(
        "Opens a session: forgets remembered replies and the last window, and says what the "
        "device is. All other requests before the first HELLO after boot are answered E_STATE, "
        "which is how the host notices that a device restarted in mid-run."
    ),
    request=Layout(fields=(Field(name="session", type=_U32, text="any number; returned"),)),
    reply=Layout(
        fields=(Field(name="session", type=_U32, text="the request's; tells old replies apart"),),
        tail="UTF-8 JSON, see Hello",
    ),
)
INFER = Message(
    kind=Kind.INFER,
    text=(
        "One inference. Idempotent: a repeat (same seq, same bytes) is answered from the "
        "remembered replies without computing or counting again."
    ),
    request=Layout(
        fields=(Field(name="format", type=_U8, text="how the samples are encoded"),),
        tail="one window of frame_samples samples",
    ),
    reply=Layout(
        fields=(
            Field(name="ticks_total", type=_U32, text="from the decoded request to the outputs"),
            Field(name="ticks_preprocess", type=_U32, text="normalization and quantization"),
            Field(name="ticks_invoke", type=_U32, text="the engine's inference"),
            Field(
                name="cycles_invoke",
                type=_U32,
                text="the same by the cycle counter; 0 where there is none or it stands",
            ),
        ),
        tail="int8 output tensor",
    ),
)
PROFILE = Message(
    kind=Kind.PROFILE,
    text="Runs the last window again and counts the ticks of each operator.",
    request=Layout(),
    reply=Layout(tail="u32 ticks of each operator, in execution order"),
)
DUMP = Message(
    kind=Kind.DUMP,
    text="Runs the last window again and returns a piece of one operator's output tensor.",
    request=Layout(
        fields=(
            Field(name="op", type=_U16, text="operator index"),
            Field(name="length", type=_U16, text="bytes wanted; fewer come at the tensor's end"),
            Field(name="offset", type=_U32, text="first byte wanted"),
        )
    ),
    reply=Layout(
        fields=(Field(name="total", type=_U32, text="bytes of the whole tensor"),),
        tail="int8 elements",
    ),
)
STATS = Message(
    kind=Kind.STATS,
    text="Counters since boot, and the stack measured by painting.",
    request=Layout(),
    reply=Layout(
        fields=(
            Field(name="frames", type=_U32, text="valid frames received"),
            Field(name="damaged", type=_U32, text="frames dropped: checksum, coding or length"),
            Field(name="repeats", type=_U32, text="INFER answered from remembered replies"),
            Field(name="inferences", type=_U32, text="INFER computed"),
            Field(name="stack_high_water", type=_U32, text="bytes of stack ever used; 0 unknown"),
            Field(name="stack_size", type=_U32, text="bytes of stack; 0 unknown"),
            Field(
                name="line_errors",
                type=_U32,
                text="bytes that came damaged: overrun, framing, parity or break of a serial port",
            ),
        )
    ),
)
SELFTEST = Message(
    kind=Kind.SELFTEST,
    text="Runs the golden vectors in flash; status E_SELFTEST if an output differs.",
    request=Layout(),
    reply=Layout(
        fields=(
            Field(name="vectors", type=_U16, text="golden vectors run"),
            Field(name="mismatches", type=_U16, text="vectors whose output differs"),
        )
    ),
)
RESET = Message(
    kind=Kind.RESET,
    text="Replies, then starts the image anew.",
    request=Layout(),
    reply=Layout(),
)

MESSAGES: tuple[Message, ...] = (HELLO, INFER, PROFILE, DUMP, STATS, SELFTEST, RESET)
