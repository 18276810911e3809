"""Whole records end to end: where each begins, which beats it has, what a window would hold."""

import numpy as np
import pytest

from ectopy.errors import DataError
from ectopy.vocab import FRAME_SAMPLES, R_PEAK_SAMPLE
from ectopy.windows.recording import Recording, to_trace
from ectopy.windows.strips import UNCLASSED, to_strips

SAMPLES = 360 * 20


def recording(
    name: str, seed: int, beats: list[int], labels: list[int], unclassed: list[int] | None = None
) -> Recording:
    return Recording(
        name=name,
        counts=np.random.default_rng(seed).integers(-500, 500, SAMPLES, dtype=np.int32),
        counts_per_mv=200.0,
        rate_hz=360,
        beat_samples=np.array(beats, dtype=np.int32),
        labels=np.array(labels, dtype=np.uint8),
        unclassed_samples=np.array(unclassed or [], dtype=np.int32),
    )


BEATS, LABELS = [300, 1500, 3603, 6900], [0, 1, 2, 0]
FIRST = recording("a", 1, BEATS, LABELS, [900, 5000])
SECOND = recording("b", 3, [2000, 4000], [2, 0])
STRIPS = to_strips([(FIRST, recording("a", 2, BEATS, LABELS)), (SECOND, SECOND)])


def test_records_follow_each_other_with_their_beats_in_order_of_time() -> None:
    assert STRIPS.names == ("a", "b")
    assert STRIPS.leads_mv.shape == (2, 4000)
    assert STRIPS.leads_mv.dtype == np.float32
    assert STRIPS.starts.tolist() == [0, 2000, 4000]
    assert STRIPS.peaks.tolist() == [83, 250, 417, 1001, 1389, 1917, 2556, 3111]
    assert STRIPS.labels.tolist() == [0, UNCLASSED, 1, 2, UNCLASSED, 0, 2, 0]
    assert STRIPS.record_of.tolist() == [0] * 6 + [1] * 2


def test_beats_that_fit_are_those_that_windows_are_cut_about() -> None:
    fits = STRIPS.fits()
    assert fits.tolist() == [False, False, True, True, True, False, True, True]
    trace = to_trace(FIRST)
    windows = np.empty((trace.labels.size, FRAME_SAMPLES), np.float32)
    trace.cut(np.arange(trace.labels.size), windows)
    classed = fits & (STRIPS.labels != UNCLASSED) & (STRIPS.record_of == 0)
    for window, peak in zip(windows, STRIPS.peaks[classed], strict=True):
        start = peak - R_PEAK_SAMPLE
        np.testing.assert_array_equal(STRIPS.leads_mv[0, start : start + FRAME_SAMPLES], window)


def test_a_window_that_ends_with_the_record_still_fits() -> None:
    # At 100 Hz the record has 2,000 samples: 1,744 + 256 is the last that fits.
    last = to_strips([(recording("a", 1, [6278, 6282], [0, 0]),)])
    assert last.peaks.tolist() == [1744, 1745]
    assert last.fits().tolist() == [True, False]


def test_the_other_lead_is_another_signal_at_the_same_time() -> None:
    alone = to_strips([(recording("a", 2, BEATS, LABELS),)])
    np.testing.assert_array_equal(STRIPS.leads_mv[1, :2000], alone.leads_mv[0])
    assert not np.array_equal(STRIPS.leads_mv[0], STRIPS.leads_mv[1])


def test_kept_records_have_all_their_beats_and_the_others_none() -> None:
    kept = STRIPS.keep(["b"])
    assert kept.peaks.tolist() == [2556, 3111]
    assert kept.labels.tolist() == [2, 0]
    assert kept.record_of.tolist() == [1, 1]
    assert kept.fits().tolist() == [True, True]
    np.testing.assert_array_equal(STRIPS.keep(["a", "b", "c"]).peaks, STRIPS.peaks)
    assert STRIPS.keep([]).peaks.size == 0


def test_records_that_cannot_be_joined_are_refused() -> None:
    with pytest.raises(DataError, match="no records"):
        to_strips([])
    with pytest.raises(DataError, match="different numbers of leads"):
        to_strips([(FIRST, FIRST), (SECOND,)])
