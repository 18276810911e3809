"""A replay made up for tests: a beat a second, every fourth one a PVC."""

import numpy as np

from ectopy.report.monitor.beats import Annotation, Beat, Device, Tape, Verdict
from ectopy.report.monitor.content import Replay
from ectopy.report.monitor.tally import Tally
from ectopy.vocab import BeatClass, TickUnit

SHARES = {0: (0.9, 0.06, 0.04), 1: (0.2, 0.7, 0.1), 2: (0.02, 0.01, 0.97)}


def invented_tape(seconds: int = 20, start_s: float = 0.0, **changes: object) -> Tape:
    """Beats half a second into each second; that at 5.5 s was missed, that at 7.5 s is extra."""
    time_s = np.arange(100 * seconds) / 100
    beats_s = np.arange(seconds) + 0.5
    wave = np.exp(-0.5 * ((time_s[:, None] - beats_s) / 0.02) ** 2).sum(axis=1)
    shown = [s for s in beats_s if s >= start_s and s != 5.5]
    facts: dict[str, object] = {
        "record": "invented",
        "source": "mitdb",
        "split": "ds2",
        "synthetic": False,
        "reason": "it was made up",
        "citation": "Nobody. Nowhere.",
        "detector": "an oracle",
        "millivolts": wave.astype(np.float32),
        "peaks": np.array([round(100 * s) for s in shown], dtype=np.int64),
        "annotations": tuple(None if s == 7.5 else annotation(s) for s in shown),
        "judged": np.ones(len(shown), dtype=np.bool_),
        "missed": (annotation(5.5),) if start_s < 5.5 else (),
        "start_s": start_s,
        "end_s": float(seconds),
    }
    return Tape(**facts | changes)  # type: ignore[arg-type]


def annotation(time_s: float) -> Annotation:
    pvc = int(time_s) % 4 == 3
    label = BeatClass.PVC if pvc else BeatClass.N
    return Annotation(time_s=time_s, symbol="V" if pvc else "N", label=int(label))


def invented_device(**changes: object) -> Device:
    facts: dict[str, object] = {
        "model": "fake-3",
        "board": "virt",
        "engine": "aot 1",
        "emulated": True,
        "tick_unit": TickUnit.INSTRUCTIONS,
        "clock_hz": 0,
        "classes": ("N", "PAC", "PVC"),
        "normal": 0,
    }
    return Device(**facts | changes)  # type: ignore[arg-type]


def invented_beats(tape: Tape, until_s: float) -> list[Beat]:
    """What is known at that time; the device takes the beat at 9.5 s for a PAC."""
    beats = []
    for i, (peak, due) in enumerate(zip(tape.peaks.tolist(), tape.due_s(), strict=True)):
        if due > until_s:
            break
        known = tape.annotations[i]
        said = 1 if peak == 950 else 0 if known is None else int(known.label or 0)
        verdict = Verdict(said=said, probabilities=SHARES[said], invoke_ticks=1234567)
        beats.append(
            Beat(
                time_s=peak / 100,
                rr_s=None if i == 0 else (peak - int(tape.peaks[i - 1])) / 100,
                verdict=verdict if tape.has_window[i] else None,
                annotation=known,
                annotated=None if known is None else known.label,
                judged=bool(tape.judged[i]),
            )
        )
    return beats


def invented_replay(
    tape: Tape | None = None, device: Device | None = None, clock_s: float | None = None
) -> Replay:
    tape = invented_tape() if tape is None else tape
    device = invented_device() if device is None else device
    until_s = tape.end_s if clock_s is None else clock_s
    tally = Tally(tape, device)
    for beat in invented_beats(tape, until_s):
        tally.add(beat)
    return Replay(
        tape=tape, device=device, tally=tally, clock_s=until_s, complete=until_s == tape.end_s
    )
