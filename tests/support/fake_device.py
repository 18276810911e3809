"""A device in memory: the protocol's device side in Python, and ways to disturb the link."""

import json
import random
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from ectopy.errors import LinkError
from ectopy.protocol import schema
from ectopy.protocol.framing import Decoder, Frame, encode
from ectopy.protocol.schema import InputFormat, Kind, Status
from ectopy.vocab import LinkKind

FRAME_SAMPLES = 512
OP_BYTES = (5000, 40, 3)
GOOD_HELLO = {
    "protocol": schema.PROTOCOL_VERSION,
    "build_id": "fake",
    "credits": 4,
    "board": {
        "name": "virt",
        "cpu": "cortex-m4f",
        "emulated": True,
        "clock_hz": 0,
        "tick_unit": "instructions",
        "cpu_hz": 0,
        "cycle_counter": "none",
        "setup_error": "",
        "last_fault": "",
    },
    "engine": {
        "name": "fake",
        "version": "1",
        "arena_used_bytes": 1000,
        "arena_reserved_bytes": 1024,
        "op_count": len(OP_BYTES),
    },
    "model": {
        "name": "fake-3",
        "tflite_sha256": "00" * 32,
        "frame_samples": FRAME_SAMPLES,
        "sampling_hz": 100,
        "classes": ["N", "PAC", "PVC"],
        "golden_vectors": 2,
        "input": {"bytes": FRAME_SAMPLES, "scale_bits": "3d000000", "zero_point": -4},
        "output": {"bytes": 3, "scale_bits": "3b800000", "zero_point": -128},
    },
}


@dataclass
class FakeClock:
    """Time that passes only while a link waits in vain."""

    now_s: float = 0.0

    def __call__(self) -> float:
        return self.now_s


def checksum_outputs(fmt: int, window: bytes) -> bytes:
    """Outputs that depend on every byte of the window."""
    return struct.pack("<bbb", fmt, sum(window) % 128, len(window) % 128)


@dataclass
class FakeDevice:
    """A :class:`ectopy.protocol.Link` with a device behind it.

    Attributes:
        infer: (format, window bytes) -> int8 outputs as bytes.
        damage: What the link does to each chunk, either way; None is an honest wire.
        invoke_ticks: Of the next inference; ``infer`` may change it.
        invoke_cycles: Likewise, by the cycle counter.
        golden_mismatches: What the self-test finds.
        restart_after: Inferences after which the device restarts once, forgetting the session.
    """

    infer: Callable[[int, bytes], bytes] = checksum_outputs
    hello: dict[str, object] = field(default_factory=lambda: dict(GOOD_HELLO))
    clock: FakeClock = field(default_factory=FakeClock)
    damage: Callable[[bytes], bytes] | None = None
    invoke_ticks: int = 1000
    invoke_cycles: int = 0
    golden_mismatches: int = 0
    restart_after: int | None = None
    close_after: int | None = None
    kind: LinkKind = LinkKind.PIPE
    name: str = "the link in memory"
    inferences: int = 0
    repeats: int = 0
    opened: bool = False
    closed: bool = False
    restarts: int = 0

    def __post_init__(self) -> None:
        self._decoder = Decoder()
        self._out = bytearray()
        self._ring: list[tuple[int, bytes, Frame]] = []
        self._has_window = False

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        if self.close_after is not None and self.inferences >= self.close_after:
            raise LinkError("the link was closed")
        if not self._out:
            self.clock.now_s += timeout_s
            return b""
        data = bytes(self._out[:max_bytes])
        del self._out[:max_bytes]
        return data

    def write(self, data: bytes) -> None:
        if self.damage is not None:
            data = self.damage(data)
        for frame in self._decoder.feed(data):
            reply = encode(self._answer(frame))
            self._out += self.damage(reply) if self.damage else reply

    def close(self) -> None:
        self.closed = True

    def _answer(self, request: Frame) -> Frame:
        if self.restart_after is not None and self.inferences >= self.restart_after:
            self.restart_after = None
            self.restarts += 1
            self.opened = False
        status, body = self._handle(request)
        return Frame(
            kind=request.kind | schema.REPLY_BIT, status=status, seq=request.seq, body=body
        )

    def _handle(self, request: Frame) -> tuple[Status, bytes]:
        if request.kind == Kind.HELLO:
            self.opened, self._ring, self._has_window = True, [], False
            return Status.OK, request.body + json.dumps(self.hello).encode()
        handlers = {
            Kind.INFER: self._infer,
            Kind.PROFILE: self._profile,
            Kind.DUMP: self._dump,
            Kind.STATS: self._stats,
            Kind.SELFTEST: self._selftest,
            Kind.RESET: self._reset,
        }
        if not self.opened:
            return Status.E_STATE, b""
        return handlers[Kind(request.kind)](request)

    def _profile(self, _: Frame) -> tuple[Status, bytes]:
        if not self._has_window:
            return Status.E_STATE, b""
        return Status.OK, struct.pack("<3I", 10, 20, 30)

    def _dump(self, request: Frame) -> tuple[Status, bytes]:
        op, length, offset = schema.DUMP.request.scalars(request.body)
        if not self._has_window:
            return Status.E_STATE, b""
        if op >= len(OP_BYTES):
            return Status.E_RANGE, b""
        tensor = bytes(i % 251 for i in range(OP_BYTES[op]))
        return Status.OK, struct.pack("<I", len(tensor)) + tensor[offset : offset + length]

    def _stats(self, _: Frame) -> tuple[Status, bytes]:
        counters = (9, self._decoder.damaged, self.repeats, self.inferences, 700, 8192, 0)
        return Status.OK, schema.STATS.reply.codec.pack(*counters)

    def _selftest(self, _: Frame) -> tuple[Status, bytes]:
        status = Status.E_SELFTEST if self.golden_mismatches else Status.OK
        return status, struct.pack("<HH", 2, self.golden_mismatches)

    def _reset(self, _: Frame) -> tuple[Status, bytes]:
        self.opened = False
        return Status.OK, b""

    def _infer(self, request: Frame) -> tuple[Status, bytes]:
        for seq, body, reply in self._ring:
            if seq == request.seq and body == request.body:
                self.repeats += 1
                return Status(reply.status), reply.body
        self.inferences += 1
        self._has_window = True
        fmt, window = request.body[0], request.body[1:]
        if len(window) != FRAME_SAMPLES * InputFormat(fmt).sample_bytes:
            return Status.E_LENGTH, b""
        outputs = self.infer(fmt, window)
        ticks = (self.invoke_ticks + 300, 200, self.invoke_ticks, self.invoke_cycles)
        body = schema.INFER.reply.codec.pack(*ticks) + outputs
        reply = Frame(kind=0, status=0, seq=request.seq, body=body)
        self._ring = [*self._ring, (request.seq, request.body, reply)][-schema.REPLY_RING :]
        return Status.OK, body


@dataclass
class Disturbance:
    """Loses, doubles, flips and dirties chunks with the given probabilities, from a seed."""

    seed: int
    lose: float = 0.0
    double: float = 0.0
    flip: float = 0.0
    noise: float = 0.0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def __call__(self, data: bytes) -> bytes:
        chance = self._random.random
        if chance() < self.lose:
            return b""
        if chance() < self.flip and data:
            at = self._random.randrange(len(data))
            data = data[:at] + bytes((data[at] ^ 1 << self._random.randrange(8),)) + data[at + 1 :]
        if chance() < self.double:
            data = data + data
        if chance() < self.noise:
            data = self._random.randbytes(self._random.randrange(1, 40)) + b"\0" + data
        return data
