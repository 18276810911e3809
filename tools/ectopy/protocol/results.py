"""What a session is told, and what it tells."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How patient a session is. A request is given up after ``attempts * reply_s`` of silence.

    Attributes:
        boot_s: Wait for each HELLO reply; a board may still be booting.
        boot_attempts: HELLOs sent before the board is called silent.
        reply_s: Wait for any other reply, counted from the last sign of life.
        attempts: Transmissions of one request before it is given up.
    """

    boot_s: float = 1.0
    boot_attempts: int = 10
    reply_s: float = 3.0
    attempts: int = 6


@dataclass(slots=True, kw_only=True)
class LinkCounters:
    """What happened on the link since the session began.

    Attributes:
        windows_sent: Windows handed to the link at least once.
        windows_lost: Windows sent that gave no result when the link failed.
        retries: Transmissions beyond the first, of any request but HELLO: a board may still be
            booting, or its serial port not be connected yet.
        crc_errors: Frames received damaged (checksum, coding or length).
    """

    windows_sent: int = 0
    windows_lost: int = 0
    retries: int = 0
    crc_errors: int = 0
    frames_received: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class InferResult:
    """The device's answer to one window.

    Attributes:
        index: Position of the window in the sequence given to :meth:`Session.infer`.
        ticks_total: From the decoded request to the outputs, in the board's tick unit.
        cycles_invoke: The inference by the processor's cycle counter, 0 if it does not count;
            believed only beside the ticks, see :mod:`ectopy.metrics.cycle_counter`.
        outputs: int8 output tensor as bytes; ``np.frombuffer(outputs, np.int8)``.
    """

    index: int
    ticks_total: int
    ticks_preprocess: int
    ticks_invoke: int
    cycles_invoke: int
    outputs: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceStats:
    """The device's own counters since boot; stack figures are 0 where the board knows none.

    Attributes:
        line_errors: Bytes that its serial port received damaged.
    """

    frames: int
    damaged: int
    repeats: int
    inferences: int
    stack_high_water_bytes: int
    stack_size_bytes: int
    line_errors: int
