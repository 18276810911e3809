import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import resample_poly

from ectopy.vocab import FRAME_SAMPLES, R_PEAK_SAMPLE, SAMPLING_HZ
from ectopy.windows.recording import Recording, resample, to_trace

RATE_HZ = 360


def recording(counts: np.ndarray, beats: list[int]) -> Recording:
    return Recording(
        name="r",
        counts=counts.astype(np.int32),
        counts_per_mv=200.0,
        rate_hz=RATE_HZ,
        beat_samples=np.array(beats, dtype=np.int32),
        labels=np.arange(len(beats), dtype=np.uint8),
    )


def test_resampling_equals_scipy_but_for_the_grid_of_the_taps() -> None:
    counts = np.random.default_rng(1).integers(-1024, 1024, 7200)
    ours = to_trace(recording(counts, [])).millivolts
    theirs = resample_poly(counts.astype(float), 5, 18, padtype="edge") / 200.0
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


@given(st.integers(0, 2**32 - 1), st.integers(1, 400))
def test_resampling_does_not_depend_on_the_order_of_the_sums(seed: int, blocks: int) -> None:
    """Backwards the same sums run the other way round; one rounding would tell them apart."""
    counts = np.random.default_rng(seed).integers(-1024, 1024, 18 * blocks + 1)
    forward = resample(counts, RATE_HZ)
    backward = resample(counts[::-1], RATE_HZ)
    np.testing.assert_array_equal(forward, backward[::-1])


@given(st.integers(1000, 6000))
def test_the_r_peak_is_at_sample_256_of_its_window(beat: int) -> None:
    counts = np.rint(300 * np.exp(-0.5 * ((np.arange(7200) - beat) / 8.0) ** 2))
    trace = to_trace(recording(counts, [beat]))
    window = np.empty((1, FRAME_SAMPLES), dtype=np.float32)
    trace.cut(np.array([0]), window)
    assert abs(trace.peaks[0] * RATE_HZ - beat * SAMPLING_HZ) <= RATE_HZ / 2
    # Halfway between two samples of the grid both neighbours are as high.
    assert window[0, R_PEAK_SAMPLE] == pytest.approx(window.max(), abs=1e-3)
    assert np.argmax(window) in {R_PEAK_SAMPLE, R_PEAK_SAMPLE - 1}


def test_millivolts_are_counts_by_gain() -> None:
    trace = to_trace(recording(np.full(3600, 150), []))
    np.testing.assert_allclose(trace.millivolts, 0.75, atol=2e-4)


def test_beats_whose_window_does_not_fit_are_left_out_and_the_first_that_fits_is_in() -> None:
    # 3600 samples are 1000 at 100 Hz: R peaks at 256 .. 744 fit.
    at_100_hz = [255, 256, 744, 745]
    trace = to_trace(recording(np.zeros(3600), [round(3.6 * p) for p in at_100_hz]))
    assert trace.peaks.tolist() == [256, 744]
    assert trace.labels.tolist() == [1, 2]
