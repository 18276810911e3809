"""From a record to the stretch that is replayed: peaks, pairs, what was missed."""

from dataclasses import replace

import numpy as np
import pytest

from ectopy.errors import InputError
from ectopy.usecases.monitor_tape import make_tape
from ectopy.windows.recording import Recording
from ectopy.windows.replay import WholeRecord


def whole(symbols: str = "NAV") -> WholeRecord:
    """20 s with a beat at each whole second."""
    time_s = np.arange(360 * 20) / 360
    beats = np.arange(1, 20)
    wave = np.exp(-0.5 * ((time_s[:, None] - beats) / 0.015) ** 2).sum(axis=1)
    return WholeRecord(
        source="mitdb",
        split="ds1",
        recording=Recording(
            name="made",
            counts=np.rint(200 * wave).astype(np.int32),
            counts_per_mv=200.0,
            rate_hz=360,
            beat_samples=np.zeros(0, dtype=np.int32),
            labels=np.zeros(0, dtype=np.uint8),
        ),
        beat_samples=360 * beats,
        symbols=tuple(symbols[i % len(symbols)] for i in range(19)),
        flutter=(),
        reason="made",
        citation="",
    )


def test_a_tape_holds_the_stretch_and_pairs_its_beats() -> None:
    tape = make_tape(whole("NAVF"), 4.5, 10.0)
    assert (tape.start_s, tape.end_s) == (4.5, 14.5)
    assert (tape.peaks / 100).tolist() == pytest.approx(list(range(5, 15)), abs=0.011)
    known = [each for each in tape.annotations if each is not None]
    assert [each.symbol for each in known] == list("NAVFNAVFNA")
    assert [each.label for each in known[:4]] == [0, 1, 2, None]
    assert tape.missed == ()


def test_what_the_detector_missed_is_told() -> None:
    record = whole()
    beats = np.sort(np.append(record.beat_samples, 3600 + 180))
    place = int(np.searchsorted(beats, 3780))
    symbols = (*record.symbols[:place], "V", *record.symbols[place:])
    tape = make_tape(replace(record, beat_samples=beats, symbols=symbols), 0.0, None)
    assert [(each.time_s, each.symbol) for each in tape.missed] == [(10.5, "V")]
    other = make_tape(replace(record, beat_samples=beats, symbols=symbols), 11.0, None)
    assert other.missed == ()


def test_the_detector_is_not_judged_in_flutter() -> None:
    record = whole()
    tape = make_tape(replace(record, flutter=((360 * 4, 360 * 6 + 100),)), 0.0, None)
    judged = dict(zip((tape.peaks // 100).tolist(), tape.judged.tolist(), strict=True))
    assert [judged[s] for s in (3, 5, 6, 7)] == [True, False, False, True]


@pytest.mark.parametrize("start_s", [20.0, 1e9, float("nan")])
def test_a_start_beyond_the_end_is_refused(start_s: float) -> None:
    with pytest.raises(InputError, match="lasts 20 s"):
        make_tape(whole(), start_s, None)
