import numpy as np
import pytest

from ectopy.report.monitor.content import describe
from ectopy.report.monitor.tally import Tally
from support.invented_replay import (
    invented_beats,
    invented_device,
    invented_replay,
    invented_tape,
)


def test_nothing_is_known_before_the_first_beat() -> None:
    tally = Tally(invented_tape(), invented_device())
    assert (tally.burden, tally.last, tally.classified) == (None, None, 0)
    assert tally.detector(0.0).sensitivity is None


def test_burden_is_the_share_of_classified_beats_that_are_ectopic() -> None:
    tape, device = invented_tape(), invented_device()
    tally = Tally(tape, device)
    burdens = []
    for beat in invented_beats(tape, 20.0):
        tally.add(beat)
        burdens.append(tally.burden)
    # The first three have no window; PVCs at 3.5, 11.5, 15.5 (7.5 is called N), a PAC at 9.5.
    assert burdens[:5] == [None, None, None, 1.0, 0.5]
    assert tally.counts == [9, 1, 3]
    assert burdens[-1] == pytest.approx(4 / 13)
    assert tally.classified == 13
    assert len(tally.beats) == 16


def test_an_ectopic_class_may_be_any_but_the_normal_one() -> None:
    tape = invented_tape()
    tally = Tally(tape, invented_device(normal=2))
    for beat in invented_beats(tape, 20.0):
        tally.add(beat)
    assert tally.burden == pytest.approx(10 / 13)


def test_only_annotated_beats_are_in_the_confusion() -> None:
    tally = invented_replay().tally
    assert tally.confusion.tolist() == [[8, 1, 0], [0, 0, 0], [0, 0, 3]]


def test_the_detector_is_judged_up_to_where_beats_are_counted() -> None:
    tally = invented_replay().tally
    before, after = tally.detector(5.4), tally.detector(17.44)
    assert (before.missed, after.missed) == (0, 1)
    assert (after.found, after.extra) == (15, 1)


def test_no_detection_is_extra_where_nobody_judges() -> None:
    tape = invented_tape(judged=np.zeros(19, dtype=np.bool_))
    assert invented_replay(tape).tally.detector(17.44).extra == 0


def test_heart_rate_is_that_of_the_last_intervals() -> None:
    tape = invented_tape(peaks=np.cumsum([100] * 12 + [50] * 12))
    assert tape.heart_rate(1.5) is None
    assert tape.heart_rate(12.0) == pytest.approx(60.0)
    assert tape.heart_rate(18.0) == pytest.approx(120.0)


def test_the_summary_warns_and_counts() -> None:
    report = describe(invented_replay(invented_tape(split="ds1")))
    assert [text.split(":")[0].split()[0] for text in report.warnings] == ["NOT", "DS1", "EMULATED"]
    facts = {fact.name: " ".join(fact.pieces) for fact in report.results}
    assert "ectopic burden 30.8 %" in facts["Classified"]
    assert "3 without a whole window" in facts["Classified"]
    assert "missed 1" in facts["R peaks"]
    assert facts["Inference, instructions"].startswith("EMULATED median 1,234,567")
    partial = describe(invented_replay(clock_s=9.0))
    assert any("PARTIAL" in text for text in partial.warnings)
    synthetic = describe(invented_replay(invented_tape(synthetic=True, split="ds1")))
    assert [text.split()[0] for text in synthetic.warnings] == ["NOT", "SYNTHETIC", "EMULATED"]
