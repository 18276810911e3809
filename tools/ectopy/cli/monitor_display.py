"""Where a replay is shown: a screen of its own, or a line a beat; and its lines of JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TextIO

from rich.console import Console
from rich.live import Live

from ectopy import console
from ectopy.cli.monitor_screen import Scene, clock_text, latency_note, screen
from ectopy.cli.options import is_stdout
from ectopy.errors import InputError
from ectopy.report.content import count
from ectopy.report.monitor.beats import Beat, Device
from ectopy.report.monitor.tally import Tally
from ectopy.usecases.monitor import Monitor
from ectopy.usecases.monitor_play import PICTURES_PER_S, Moment


class Display(Protocol):
    """Shows moments."""

    def show(self, moment: Moment) -> None:
        """The next one; its beats are counted already."""


@contextmanager
def open_display(monitor: Monitor, tally: Tally, speed: str, *, aside: bool) -> Iterator[Display]:
    """A screen where there is a terminal that can draw it; lines of text elsewhere.

    Args:
        monitor: What is replayed.
        tally: What has been counted when a moment is shown.
        speed: In words.
        aside: Shows it on stderr, because stdout carries what a program reads.
    """
    target = console.err if aside else console.out
    # JSON on the same terminal would land in the middle of the picture.
    if not can_draw(target) or (aside and console.out.is_terminal):
        yield _Lines(monitor.device, aside)
        return
    # Ours is the only clock: rich's own thread would draw half a moment.
    with Live(console=target, screen=True, auto_refresh=False) as live:
        yield _Screen(live, monitor, tally, speed)


def can_draw(target: Console) -> bool:
    """Whether a screen of braille characters can be shown there."""
    return target.is_terminal and not target.is_dumb_terminal and target.encoding.startswith("utf")


class _Screen:
    """Draws at most as many pictures as an eye sees."""

    def __init__(self, live: Live, monitor: Monitor, tally: Tally, speed: str) -> None:
        self._live, self._monitor, self._tally, self._speed = live, monitor, tally, speed
        self._next_s = 0.0

    def show(self, moment: Moment) -> None:
        """See :class:`Display`."""
        now_s = time.monotonic()
        tape = self._monitor.tape
        if now_s < self._next_s and moment.clock_s < tape.end_s:
            return
        self._next_s = now_s + 0.5 / PICTURES_PER_S
        scene = Scene(
            tape=tape,
            device=self._monitor.device,
            tally=self._tally,
            clock_s=moment.clock_s,
            speed=self._speed,
        )
        size = self._live.console.size
        self._live.update(screen(scene, size.width, size.height), refresh=True)


class _Lines:
    """One line a beat."""

    def __init__(self, device: Device, aside: bool) -> None:
        self._device, self._aside = device, aside

    def show(self, moment: Moment) -> None:
        """See :class:`Display`."""
        for beat in moment.beats:
            console.line(beat_line(beat, self._device), aside=self._aside)


def beat_line(beat: Beat, device: Device) -> str:
    """A beat in plain characters."""
    interval = "" if beat.rr_s is None else f"RR {beat.rr_s:.2f} s"
    words = [f"{clock_text(beat.time_s, 2):>8}", f"{interval:<9}"]
    if beat.verdict is None:
        words.append("no class: its window reaches beyond the record")
    else:
        shares = zip(device.classes, beat.verdict.probabilities, strict=True)
        words.append(f"{device.classes[beat.verdict.said]:<7}")
        words.append(" ".join(f"{name} {100 * share:5.1f} %" for name, share in shares))
        note = latency_note(device, beat.verdict.invoke_ticks)
        words.append(f"{count(beat.verdict.invoke_ticks)} {device.tick_unit} {note}".rstrip())
    words.append(_annotated(beat, device))
    return "  ".join(words)


def _annotated(beat: Beat, device: Device) -> str:
    if beat.annotation is None:
        return "annotated: no beat"
    known = beat.annotation.symbol if beat.annotated is None else device.classes[beat.annotated]
    return f"annotated: {known}" + (" (differs)" if beat.right is False else "")


class JsonLines:
    """A line of JSON for each beat, written as it comes.

    Args:
        out: Where to; None is nowhere.
        file: Its name.
    """

    def __init__(self, out: TextIO | None, file: Path | None) -> None:
        self._out, self._file = out, file

    @property
    def to_stdout(self) -> bool:
        """Whether people's text must go aside."""
        return is_stdout(self._file)

    @classmethod
    @contextmanager
    def open(cls, file: Path | None) -> Iterator[JsonLines]:
        """Opens what ``--json`` named.

        Raises:
            InputError: The file cannot be written.
        """
        if file is None or is_stdout(file):
            yield cls(None if file is None else sys.stdout, file)
            return
        try:
            out = file.open("w", encoding="utf-8")
        except OSError as error:
            raise _unwritable(file, error) from error
        with out:
            yield cls(out, file)

    def write(self, beat: Beat, device: Device) -> None:
        """The next beat.

        Raises:
            InputError: The disk does not take it.
        """
        if self._out is None:
            return
        try:
            self._out.write(f"{json.dumps(_fields(beat, device))}\n")
            self._out.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            assert self._file is not None
            raise _unwritable(self._file, error) from error


def _unwritable(file: Path, error: OSError) -> InputError:
    return InputError(f"cannot write {file}: {error.strerror}", hint="choose another for --json")


def _fields(beat: Beat, device: Device) -> dict[str, object]:
    verdict = beat.verdict
    shares = None
    if verdict is not None:
        shares = {
            name: round(share, 6)
            for name, share in zip(device.classes, verdict.probabilities, strict=True)
        }
    matched = beat.annotation is not None
    return {
        "time_s": beat.time_s,
        "rr_s": beat.rr_s,
        "class": None if verdict is None else device.classes[verdict.said],
        "probabilities": shares,
        "invoke_ticks": None if verdict is None else verdict.invoke_ticks,
        "tick_unit": device.tick_unit,
        "annotated": None if beat.annotated is None else device.classes[beat.annotated],
        "symbol": None if beat.annotation is None else beat.annotation.symbol,
        "matched": matched if matched or beat.judged else None,
    }
