"""The page about a replay: one file with its ECG, its beats and a script of its own."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ectopy.report.content import Report, count
from ectopy.report.html import TEMPLATES, rendered
from ectopy.report.monitor.beats import DELAY_S, Beat
from ectopy.report.monitor.content import Replay, describe
from ectopy.report.page import Badge, ConfusionCell, Tile, confusion_cells
from ectopy.vocab import SAMPLING_HZ, TickUnit

SCRIPT = TEMPLATES / "monitor.js"
STEP_MV = 0.005
"""MIT-BIH's resolution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorPage:
    """What the page shows, decided.

    Attributes:
        data: For the script.
        script: Its text.
        script_hash: Of the only script that a browser shall run here.
    """

    report: Report
    badges: tuple[Badge, ...]
    tiles: tuple[Tile, ...]
    classes: tuple[str, ...]
    confusion: tuple[tuple[str, tuple[ConfusionCell, ...]], ...]
    data: dict[str, object]
    script: str
    script_hash: str


def page(replay: Replay) -> str:
    """The text of the page; the same replay gives the same text."""
    script = SCRIPT.read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    shown = MonitorPage(
        report=describe(replay),
        badges=tuple(_badges(replay)),
        tiles=_tiles(replay),
        classes=replay.device.classes,
        confusion=confusion_cells(replay.tally.confusion.tolist(), replay.device.classes),
        data=_data(replay),
        script=script,
        script_hash=f"sha256-{digest}",
    )
    return rendered("monitor.html.j2", shown)


def _badges(replay: Replay) -> Iterator[Badge]:
    if not replay.complete:
        yield Badge(text="PARTIAL")
    if replay.tape.synthetic:
        yield Badge(text="SYNTHETIC")
    if replay.device.emulated:
        yield Badge(text="EMULATED")
    elif replay.device.tick_unit is TickUnit.NANOSECONDS:
        yield Badge(text="NATIVE")


def _tiles(replay: Replay) -> tuple[Tile, ...]:
    tally, device = replay.tally, replay.device
    burden = "n/a" if tally.burden is None else f"{100 * tally.burden:.1f} %"
    rate = _mean_rate(tally.beats)
    counted = zip(device.classes, tally.counts, strict=True)
    detector = tally.detector(replay.clock_s - DELAY_S)
    tiles = [
        Tile(value=burden, name="ectopic burden"),
        *(Tile(value=count(beats), name=f"beats called {name}") for name, beats in counted),
        Tile(value="n/a" if rate is None else f"{rate:.0f}", name="beats a minute, mean"),
        Tile(
            value=f"{_percent(detector.sensitivity)} / {_percent(detector.ppv)}",
            name="Se / +P of R peaks, %",
        ),
    ]
    last = tally.last
    if last is not None and last.verdict is not None:
        emulated = " (emulated)" if device.emulated else ""
        tiles.append(
            Tile(
                value=count(last.verdict.invoke_ticks),
                name=f"{device.tick_unit} per inference{emulated}",
            )
        )
    return tuple(tiles)


def _percent(ratio: float | None) -> str:
    return "n/a" if ratio is None else f"{100 * ratio:.1f}"


def _mean_rate(beats: list[Beat]) -> float | None:
    if len(beats) < 2:
        return None
    return 60.0 * (len(beats) - 1) / (beats[-1].time_s - beats[0].time_s)


def _data(replay: Replay) -> dict[str, object]:
    """For the script: the ECG as int16 steps, base64, and one list a beat."""
    tape, device = replay.tape, replay.device
    first, end = (round(edge * SAMPLING_HZ) for edge in (tape.start_s, replay.clock_s))
    steps = np.clip(np.rint(tape.millivolts[first:end] / STEP_MV), -32768, 32767)
    until_s = replay.clock_s - DELAY_S
    return {
        "rate_hz": SAMPLING_HZ,
        "step_mv": STEP_MV,
        "start_s": tape.start_s,
        "samples": base64.b64encode(steps.astype("<i2").tobytes()).decode(),
        "classes": list(device.classes),
        "normal": device.normal,
        "beats": [_beat(beat) for beat in replay.tally.beats],
        "missed": [[each.time_s, each.symbol] for each in tape.missed if each.time_s <= until_s],
    }


def _beat(beat: Beat) -> list[object]:
    """Time, RR, class, annotated class, symbol, probabilities; null where there is none."""
    verdict, annotation = beat.verdict, beat.annotation
    return [
        beat.time_s,
        beat.rr_s,
        None if verdict is None else verdict.said,
        beat.annotated,
        None if annotation is None else annotation.symbol,
        [] if verdict is None else [round(share, 4) for share in verdict.probabilities],
    ]
