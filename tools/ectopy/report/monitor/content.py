"""What is said of a replay at its end, before any layout: the same on the screen and on a page."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from ectopy.metrics import score as score_of
from ectopy.metrics.detection import MATCH_S
from ectopy.report.content import (
    SYNTHETIC_WARNING,
    Fact,
    Grid,
    Report,
    Tone,
    board_warnings,
    count,
    percent,
)
from ectopy.report.monitor.beats import DELAY_S, Device, Tape
from ectopy.report.monitor.tally import Tally

NOT_A_DEVICE = "NOT A MEDICAL DEVICE: for engineers, never for a decision about a patient"
LEARNED = "DS1 record: our models have learned from these patients, so scores here are no test"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Replay:
    """A replay that has ended.

    Attributes:
        clock_s: Where in the record it ended.
        complete: False if it was ended early.
    """

    tape: Tape
    device: Device
    tally: Tally
    clock_s: float
    complete: bool

    @property
    def seconds(self) -> float:
        """How much of the record was replayed."""
        return self.clock_s - self.tape.start_s


def describe(replay: Replay) -> Report:
    """All that is said of a replay."""
    tape, device, tally = replay.tape, replay.device, replay.tally
    score, _ = score_of(tally.confusion, device.classes)
    names = device.classes
    return Report(
        title=f"record {tape.record}: {device.model} on {device.board}",
        warnings=_warnings(replay),
        scores=Grid(
            title="Beats with a class, %",
            header=("class", "Se", "+P", "F1", "beats"),
            rows=tuple(
                (
                    name,
                    percent(score.per_class[name].sensitivity),
                    percent(score.per_class[name].ppv),
                    percent(score.per_class[name].f1),
                    count(int(tally.confusion[index].sum())),
                )
                for index, name in enumerate(names)
            ),
        ),
        confusion=Grid(
            title="Confusion, beats",
            header=("annotated \\ said", *names),
            rows=tuple(
                (name, *(count(int(cell)) for cell in row))
                for name, row in zip(names, tally.confusion, strict=True)
            ),
        ),
        results=(_counts(replay), _detector(replay), _latency(replay)),
        origin=_origin(replay),
        notes=(),
    )


def _warnings(replay: Replay) -> tuple[str, ...]:
    device, tape = replay.device, replay.tape
    warnings = [NOT_A_DEVICE]
    if not replay.complete:
        warnings.append(f"PARTIAL: ended early, after {replay.seconds:.1f} s of the record")
    if tape.synthetic:
        warnings.append(SYNTHETIC_WARNING)
    elif tape.split == "ds1":
        warnings.append(LEARNED)
    return (*warnings, *board_warnings(device.emulated, device.tick_unit))


def _counts(replay: Replay) -> Fact:
    tally = replay.tally
    pieces = [
        f"{name} {count(beats)}"
        for name, beats in zip(replay.device.classes, tally.counts, strict=True)
    ]
    if tally.burden is not None:
        pieces.append(f"ectopic burden {100 * tally.burden:.1f} %")
    without = len(tally.beats) - tally.classified
    if without:
        pieces.append(f"{count(without)} without a whole window")
    return Fact(name="Classified", pieces=tuple(pieces))


def _detector(replay: Replay) -> Fact:
    score = replay.tally.detector(replay.clock_s - DELAY_S)
    return Fact(
        name="R peaks",
        pieces=(
            f"{replay.tape.detector}: Se {percent(score.sensitivity)} %, +P {percent(score.ppv)} %",
            f"found {count(score.found)}",
            f"missed {count(score.missed)}",
            f"extra {count(score.extra)}",
            f"within {1000 * MATCH_S:.0f} ms",
        ),
        tone=Tone.PLAIN,
    )


def _latency(replay: Replay) -> Fact:
    device = replay.device
    ticks = [beat.verdict.invoke_ticks for beat in replay.tally.beats if beat.verdict is not None]
    pieces = ["EMULATED"] if device.emulated else []
    if ticks:
        median = round(float(np.median(ticks)))
        pieces += [f"median {count(median)}", f"max {count(max(ticks))}"]
        if device.clock_hz:
            pieces.append(f"{1000 * median / device.clock_hz:.2f} ms")
    return Fact(name=f"Inference, {device.tick_unit}", pieces=tuple(pieces) or ("none",))


def _origin(replay: Replay) -> tuple[Fact, ...]:
    tape, device = replay.tape, replay.device
    split = f" {tape.split}" if tape.split else ""
    return (
        Fact(
            name="ECG",
            pieces=(
                f"{tape.source}{split}, record {tape.record}",
                f"{tape.start_s:g} s to {replay.clock_s:.1f} s",
                tape.reason,
            ),
        ),
        Fact(name="Data", pieces=tuple(re.split(r"\. (?=[A-Z])", tape.citation))),
        Fact(
            name="Device",
            pieces=(
                f"{device.board}{', emulated' if device.emulated else ''}",
                f"engine {device.engine}",
                f"model {device.model}",
            ),
        ),
    )
