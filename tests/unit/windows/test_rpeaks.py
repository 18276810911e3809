from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ectopy.metrics.detection import match_beats
from ectopy.vocab import Split
from ectopy.windows import synthetic
from ectopy.windows.mitdb import read_recording
from ectopy.windows.recording import Recording
from ectopy.windows.rpeaks import find_r_peaks


def recording_of(millivolts: np.ndarray, rate_hz: int = 360) -> Recording:
    return Recording(
        name="made",
        counts=np.rint(200 * millivolts).astype(np.int32),
        counts_per_mv=200.0,
        rate_hz=rate_hz,
        beat_samples=np.zeros(0, dtype=np.int32),
        labels=np.zeros(0, dtype=np.uint8),
    )


def pulses(seconds: int, rate_hz: int, height_mv: float, width_s: float) -> np.ndarray:
    time_s = np.arange(seconds * rate_hz) / rate_hz
    centres = np.arange(seconds)[:, None] + 0.5
    return height_mv * np.exp(-0.5 * ((time_s - centres) / width_s) ** 2).sum(axis=0)


@pytest.mark.parametrize("rate_hz", [100, 250, 360])
@pytest.mark.parametrize(("height_mv", "width_s"), [(1.0, 0.012), (-1.0, 0.012), (1.5, 0.03)])
def test_peaks_are_where_the_pulses_are(rate_hz: int, height_mv: float, width_s: float) -> None:
    found = find_r_peaks(recording_of(pulses(30, rate_hz, height_mv, width_s), rate_hz))
    inner = found[(found > 2 * rate_hz) & (found < 28 * rate_hz)] / rate_hz
    assert inner == pytest.approx(np.arange(2, 28) + 0.5, abs=0.011)


def test_an_upward_wave_beside_a_deeper_downward_one_is_the_place() -> None:
    later = np.roll(pulses(30, 360, -1.4, 0.012), 18)  # 50 ms
    found = find_r_peaks(recording_of(pulses(30, 360, 1.0, 0.012) + later))
    inner = found[(found > 720) & (found < 28 * 360)] / 360
    assert inner == pytest.approx(np.arange(2, 28) + 0.5, abs=0.011)


@pytest.mark.parametrize("millivolts", [np.zeros(0), np.zeros(36_000), pulses(2, 360, 1.0, 0.012)])
def test_flat_and_short_recordings_have_none(millivolts: np.ndarray) -> None:
    assert find_r_peaks(recording_of(millivolts)).size == 0


def test_annotations_are_not_looked_at() -> None:
    one = synthetic.recordings(Split.DS1)[8]
    without = replace(one, beat_samples=one.beat_samples[:0], labels=one.labels[:0])
    assert (find_r_peaks(one) == find_r_peaks(without)).all()


@pytest.mark.parametrize(("record", "least_near"), [("119", 0.99), ("208", 0.95)])
def test_peaks_are_where_the_annotators_put_them(
    ecg_dir: Path, record: str, least_near: float
) -> None:
    """Both records have PVCs that the detector alone puts 60 ms beside the annotation."""
    recording = read_recording(ecg_dir / "mitdb", record)
    found = find_r_peaks(recording)
    annotated = recording.beat_samples.astype(np.int64)
    annotation_of = match_beats(annotated, found, 360)
    matched = annotation_of >= 0
    assert matched.sum() >= 0.99 * annotated.size
    offset_s = (found[matched] - annotated[annotation_of[matched]]) / 360
    assert abs(np.median(offset_s)) <= 0.003
    assert (np.abs(offset_s) <= 0.020).mean() >= least_near
