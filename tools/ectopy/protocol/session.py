"""The host's side of the wire: several requests in flight, retries, answers in order.

The device answers in the order in which requests reach it. So a reply to a later transmission
proves that an earlier one, or its reply, was lost, and it is sent again at once; only a silent
link costs a timeout. A repeat is harmless: the device answers it from memory.
"""

from __future__ import annotations

import struct
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import repeat

from ectopy.errors import LinkError
from ectopy.protocol import schema
from ectopy.protocol.advice import REFUSAL_HINTS
from ectopy.protocol.framing import Decoder, Frame, encode
from ectopy.protocol.hello import Hello, parse_hello
from ectopy.protocol.link import Link
from ectopy.protocol.results import DeviceStats, InferResult, LinkCounters, Timing
from ectopy.protocol.schema import InputFormat, Kind, Message, Status

_READ_BYTES = 4096
_DUMP_CHUNK = 2048
_SEQ_COUNT = 0x10000
_RESTARTED_HINT = (
    "a fault, a watchdog or the power supply restarted it; what was measured so far is kept"
)


@dataclass(slots=True, kw_only=True)
class _Pending:
    message: Message
    body: bytes
    frame: bytes
    transmissions: int = 0
    order: int = 0
    sent_s: float = 0.0


@dataclass(slots=True)
class _Flight:
    """Requests sent and not answered, oldest first, and answers waiting for their turn."""

    pending: OrderedDict[int, _Pending] = field(default_factory=OrderedDict)
    answered: OrderedDict[int, Frame | None] = field(default_factory=OrderedDict)


class Session:
    """A conversation with one board. Open it with :meth:`hello`.

    Args:
        link: The way to the board; stays the caller's to close.
        clock: Seconds that only go forward; replaced in tests.
    """

    def __init__(
        self,
        link: Link,
        timing: Timing | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.counters = LinkCounters()
        self._link = link
        self._timing = timing or Timing()
        self._clock = clock
        self._decoder = Decoder()
        self._next_seq = 0
        self._order = 0
        self._last_reply_s = clock()
        self._hello: Hello | None = None

    def hello(self) -> Hello:
        """Opens the session, and says what the device is.

        Raises:
            LinkError: Silence, noise, another protocol version, or a device that cannot run or
                could not be set up.
        """
        hello = self._greet()
        if hello.setup_error:
            raise LinkError(
                f"board {hello.board} could not be set up: {hello.setup_error}",
                hint="cut its power for a moment; its README in firmware/boards explains",
            )
        self._hello = hello
        return hello

    def _greet(self) -> Hello:
        session_id = time.time_ns() & 0xFFFFFFFF
        # A zero first: the device may still hold half a frame of somebody else's.
        self._send(b"\0")
        body = schema.HELLO.request.codec.pack(session_id)
        reply = self._ask(schema.HELLO, body)
        return parse_hello(schema.HELLO.reply.tail_of(reply.body))

    def infer(self, windows: Iterable[bytes], fmt: InputFormat) -> Iterator[InferResult]:
        """Sends windows, as many in flight as the device grants, and yields answers in order.

        Args:
            windows: Each ``frame_samples`` samples in the little-endian encoding of ``fmt``.
            fmt: How the samples are encoded.

        Raises:
            LinkError: The device was lost, restarted, or refused a window; the results yielded
                before stay valid.
        """
        hello = self._opened()
        wanted = hello.frame_samples * fmt.sample_bytes

        def bodies() -> Iterator[bytes]:
            for index, window in enumerate(windows):
                if len(window) != wanted:
                    raise ValueError(f"window {index} has {len(window)} bytes, not {wanted}")
                yield bytes((fmt,)) + window

        requests = zip(repeat(schema.INFER), bodies(), strict=False)
        before, index = self.counters.windows_sent, 0
        try:
            for reply in self._pipeline(requests, hello.credits):
                result = self._result(hello, index, reply)
                index += 1
                yield result
        except LinkError:
            self.counters.windows_lost += self.counters.windows_sent - before - index
            raise

    def _result(self, hello: Hello, index: int, reply: Frame) -> InferResult:
        self._require_ok(reply, f"window {index}")
        total, preprocess, invoke, cycles = schema.INFER.reply.scalars(reply.body)
        outputs = schema.INFER.reply.tail_of(reply.body)
        if len(outputs) != hello.output.nbytes:
            raise LinkError(f"the device answered window {index} with {len(outputs)} outputs")
        return InferResult(
            index=index,
            ticks_total=total,
            ticks_preprocess=preprocess,
            ticks_invoke=invoke,
            cycles_invoke=cycles,
            outputs=outputs,
        )

    def profile(self) -> tuple[int, ...]:
        """Ticks of each operator, in execution order, for the window the device ran last.

        That is the last one sent, unless an earlier one was lost and sent again.

        Raises:
            LinkError: Link lost, or no window was sent before.
        """
        reply = self._ask_opened(schema.PROFILE, b"")
        return struct.unpack(f"<{len(reply.body) // 4}I", reply.body[: len(reply.body) // 4 * 4])

    def dump(self, op: int) -> bytes:
        """The whole int8 output tensor of operator ``op``; its window as in :meth:`profile`.

        Raises:
            LinkError: Link lost, no such operator, or no window was sent before.
        """
        data = b""
        while True:
            request = schema.DUMP.request.codec.pack(op, _DUMP_CHUNK, len(data))
            reply = self._ask_opened(schema.DUMP, request)
            (total,) = schema.DUMP.reply.scalars(reply.body)
            piece = schema.DUMP.reply.tail_of(reply.body)
            data += piece
            if len(data) >= total:
                return data
            if not piece:
                raise LinkError(f"the device stopped its dump of operator {op} at {len(data)}")

    def stats(self) -> DeviceStats:
        """The device's counters and stack use.

        Raises:
            LinkError: Link lost.
        """
        reply = self._ask_opened(schema.STATS, b"")
        frames, damaged, repeats, inferences, high_water, size, line_errors = (
            schema.STATS.reply.scalars(reply.body)
        )
        return DeviceStats(
            frames=frames,
            damaged=damaged,
            repeats=repeats,
            inferences=inferences,
            stack_high_water_bytes=high_water,
            stack_size_bytes=size,
            line_errors=line_errors,
        )

    def selftest(self) -> int:
        """Runs the golden vectors in the image and returns how many there are.

        Raises:
            LinkError: Link lost, or an output differs from its golden vector.
        """
        self._opened()
        reply = next(self._pipeline(iter([(schema.SELFTEST, b"")]), 1))
        if reply.status not in (Status.OK, Status.E_SELFTEST):
            self._require_ok(reply, "SELFTEST")
        vectors, mismatches = schema.SELFTEST.reply.scalars(reply.body)
        if reply.status == Status.E_SELFTEST:
            raise LinkError(
                f"{mismatches} of {vectors} golden vectors differ on the device",
                hint="the image is damaged or miscompiled: build and flash it again",
            )
        return vectors

    def reset(self) -> None:
        """Restarts the image; :meth:`hello` is needed before anything else.

        Raises:
            LinkError: Link lost.
        """
        self._opened()
        reply = next(self._pipeline(iter([(schema.RESET, b"")]), 1))
        # A repeat may reach the device after its restart: E_STATE means done.
        if reply.status != Status.E_STATE:
            self._require_ok(reply, "RESET")
        self._hello = None

    def _opened(self) -> Hello:
        if self._hello is None:
            raise ValueError("session not opened: call hello() first")
        return self._hello

    def _ask_opened(self, message: Message, body: bytes) -> Frame:
        self._opened()
        return self._ask(message, body)

    def _ask(self, message: Message, body: bytes) -> Frame:
        reply = next(self._pipeline(iter([(message, body)]), 1))
        self._require_ok(reply, message.kind.name)
        return reply

    def _require_ok(self, reply: Frame, what: str) -> None:
        if reply.status == Status.OK:
            return
        waits_for_window = reply.kind & ~schema.REPLY_BIT in (Kind.PROFILE, Kind.DUMP)
        if reply.status == Status.E_STATE and not waits_for_window:
            raise self._restart(what)
        raise LinkError(
            f"the device refused {what}: {status_text(reply.status)}",
            hint=REFUSAL_HINTS.get((what, reply.status), ""),
        )

    def _restart(self, what: str) -> LinkError:
        """The error for a device that started anew, in its own words where it has any."""
        try:
            fault = self._greet().last_fault
        except LinkError:
            fault = ""
        reason = f": {fault}" if fault else ""
        return LinkError(f"the device restarted before {what}{reason}", hint=_RESTARTED_HINT)

    def _pipeline(self, requests: Iterator[tuple[Message, bytes]], credit: int) -> Iterator[Frame]:
        """Replies in the order of the requests, at most ``credit`` requests beyond the oldest."""
        flight = _Flight()
        more = True
        while True:
            while more and len(flight.answered) < credit:
                request = next(requests, None)
                if request is None:
                    more = False
                else:
                    self._launch(flight, *request)
            if not flight.answered:
                return
            self._collect(flight)
            while flight.answered and (reply := next(iter(flight.answered.values()))):
                flight.answered.popitem(last=False)
                yield reply

    def _launch(self, flight: _Flight, message: Message, body: bytes) -> None:
        seq = self._next_seq
        self._next_seq = (seq + 1) % _SEQ_COUNT
        frame = encode(Frame(kind=message.kind, status=0, seq=seq, body=body))
        flight.pending[seq] = pending = _Pending(message=message, body=body, frame=frame)
        flight.answered[seq] = None
        if message is schema.INFER:
            self.counters.windows_sent += 1
        self._transmit(pending)

    def _transmit(self, pending: _Pending) -> None:
        hello = pending.message is schema.HELLO
        limit = self._timing.boot_attempts if hello else self._timing.attempts
        if pending.transmissions >= limit:
            raise self._silence(pending)
        self.counters.retries += pending.transmissions > 0 and not hello
        pending.transmissions += 1
        self._order += 1
        pending.order = self._order
        self._send(pending.frame)
        pending.sent_s = self._clock()

    def _collect(self, flight: _Flight) -> None:
        """Takes all replies that have come, and sends again what must have got lost.

        What lies in the link is read before anything is called late: the caller may have been
        away for longer than the device is given.
        """
        oldest = min(flight.pending.values(), key=lambda pending: pending.order)
        hello = oldest.message is schema.HELLO
        patience = self._timing.boot_s if hello else self._timing.reply_s
        deadline = max(oldest.sent_s, self._last_reply_s) + patience
        replies = self._receive(max(0.0, deadline - self._clock()))
        matched = [self._match(flight, frame) for frame in replies]
        if not any(matched) and self._clock() >= deadline:
            for pending in tuple(flight.pending.values()):
                self._transmit(pending)

    def _match(self, flight: _Flight, frame: Frame) -> bool:
        pending = flight.pending.get(frame.seq)
        if pending is None or not _answers(frame, pending):
            return False  # a second reply to a repeated request, or one of an earlier session
        self._last_reply_s = self._clock()
        del flight.pending[frame.seq]
        flight.answered[frame.seq] = frame
        for earlier in tuple(flight.pending.values()):
            if earlier.order < pending.order:
                self._transmit(earlier)
        return True

    def _send(self, data: bytes) -> None:
        self._link.write(data)
        self.counters.bytes_sent += len(data)

    def _receive(self, timeout_s: float) -> list[Frame]:
        data = self._link.read(_READ_BYTES, timeout_s)
        frames = self._decoder.feed(data)
        self.counters.bytes_received += len(data)
        self.counters.crc_errors = self._decoder.damaged
        self.counters.frames_received += len(frames)
        return frames

    def _silence(self, pending: _Pending) -> LinkError:
        counters = self.counters
        kind = pending.message.kind.name
        asked = f"{kind} was sent {pending.transmissions} times without an answer"
        if counters.frames_received:
            return LinkError(
                f"the device fell silent: {asked}",
                hint="it hangs, or the connection was cut; reset the board and run again",
            )
        if counters.bytes_received:
            return LinkError(
                f"the board does not speak our protocol: {asked}; received "
                f"{counters.bytes_received} bytes on {self._link.name}, none a valid frame",
                hint="is this the right port, is the baud rate that of the image (BAUD=), and is "
                "our firmware on it?",
            )
        return LinkError(
            f"the board is silent: {asked}; received 0 bytes on {self._link.name}",
            hint="is it powered, flashed with our firmware, is this the right port, and is the "
            "baud rate that of the image (BAUD=)?",
        )


def status_text(status: int) -> str:
    """Name and meaning of a reply's status; an unknown one as its number."""
    try:
        known = Status(status)
    except ValueError:
        return f"status {status}"
    return f"{known.name} ({schema.STATUS_TEXT[known]})"


def _answers(frame: Frame, pending: _Pending) -> bool:
    message = pending.message
    if frame.kind != message.kind | schema.REPLY_BIT:
        return False
    has_body = frame.status in (Status.OK, Status.E_SELFTEST)
    if not has_body:
        return True
    if not message.reply.fits(frame.body):
        raise LinkError(
            f"the device answered {message.kind.name} with {len(frame.body)} bytes",
            hint="the firmware and this tool are of different versions: build and flash again",
        )
    if message is schema.HELLO:
        # The session number comes back; a late reply to somebody else's HELLO has another.
        return message.reply.scalars(frame.body) == message.request.scalars(pending.body)
    return True
