"""The clock of a replay: when each beat is due, and when a picture is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ectopy.report.monitor.beats import Beat, Tape

PICTURES_PER_S = 25.0
"""The ECG moves by one dot in 40 ms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A step of a replay.

    Attributes:
        clock_s: Time in the record.
        beats: Whose class has become known since the last moment.
    """

    clock_s: float
    beats: tuple[Beat, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast a replay runs.

    Attributes:
        speed: Seconds of the record in a second; None is as fast as beats come.
        now_s: A clock that only goes forward; replaced in tests, as ``sleep``.
    """

    speed: float | None
    now_s: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def play(tape: Tape, beats: Iterator[Beat], pace: Pace) -> Iterator[Moment]:
    """Moments of a replay until the end of the tape; beats are taken when they are due, no sooner.

    A beat is due when its window is complete. One that would be due after the end never comes.

    Args:
        tape: What is replayed.
        beats: One for each peak of the tape.
        pace: How fast.
    """
    due_s = [due for due in tape.due_s().tolist() if due <= tape.end_s]
    if pace.speed is None:
        for due in due_s:
            yield Moment(clock_s=due, beats=(next(beats),))
        yield Moment(clock_s=tape.end_s, beats=())
    else:
        yield from _paced(tape, beats, due_s, pace)


def _paced(tape: Tape, beats: Iterator[Beat], due_s: list[float], pace: Pace) -> Iterator[Moment]:
    """All times are counted from the beginning, so that lateness never adds up."""
    assert pace.speed is not None
    began_s, picture, taken = pace.now_s(), 0, 0
    while True:
        elapsed_s = pace.now_s() - began_s
        clock_s = min(tape.start_s + elapsed_s * pace.speed, tape.end_s)
        picture = max(picture, int(elapsed_s * PICTURES_PER_S)) + 1
        next_s = began_s + picture / PICTURES_PER_S
        fresh: list[Beat] = []
        # A board that is slower than the replay must not stop the picture.
        while (
            taken < len(due_s) and due_s[taken] <= clock_s and (not fresh or pace.now_s() < next_s)
        ):
            fresh.append(next(beats))
            taken += 1
        yield Moment(clock_s=clock_s, beats=tuple(fresh))
        if clock_s >= tape.end_s and taken == len(due_s):
            return
        pace.sleep(max(0.0, next_s - pace.now_s()))
