import numpy as np
import pytest

from ectopy.vocab import R_PEAK_SAMPLE, BeatClass, DatasetName, Split, splits_of
from ectopy.windows import WindowRequest, WindowSet, load_windows
from ectopy.windows.recording import Recording
from ectopy.windows.synthetic import recordings

Recordings = dict[Split, list[Recording]]


@pytest.fixture(scope="module")
def patients() -> Recordings:
    return {split: recordings(split) for split in splits_of(DatasetName.SYNTHETIC)}


@pytest.fixture(scope="module")
def windows() -> dict[Split, WindowSet]:
    return {
        split: load_windows(WindowRequest(dataset=DatasetName.SYNTHETIC, split=split))
        for split in splits_of(DatasetName.SYNTHETIC)
    }


@pytest.mark.parametrize("split", splits_of(DatasetName.SYNTHETIC))
def test_windows_are_labelled_synthetic_and_prevalence_is_realistic(
    windows: dict[Split, WindowSet], split: Split
) -> None:
    found = windows[split]
    assert found.info.synthetic
    share = np.bincount(found.labels) / len(found)
    assert 0.88 < share[BeatClass.N] < 0.96
    assert 0.01 < share[BeatClass.PAC] < 0.05
    assert 0.03 < share[BeatClass.PVC] < 0.09
    assert 15_000 < len(found) < 20_000


def test_synthesis_is_repeatable_and_splits_share_no_patient(patients: Recordings) -> None:
    again = recordings(Split.DS2)
    for one, other in zip(patients[Split.DS2], again, strict=True):
        np.testing.assert_array_equal(one.counts, other.counts)
    names = {split: {r.name for r in rs} for split, rs in patients.items()}
    signals = {r.counts.tobytes() for rs in patients.values() for r in rs}
    assert not names[Split.DS1] & names[Split.DS2]
    assert len(signals) == 44


def intervals(patients: Recordings, beat_class: BeatClass) -> tuple[np.ndarray, np.ndarray]:
    """RR before and after each ectopic beat, in units of the patient's median RR."""
    before, after = [], []
    for recording in (r for rs in patients.values() for r in rs):
        rr = np.diff(recording.beat_samples)
        at = np.flatnonzero(recording.labels[1:-1] == beat_class)
        normal = np.median(rr[recording.labels[1:] == BeatClass.N])
        before.append(rr[at] / normal)
        after.append(rr[at + 1] / normal)
    return np.concatenate(before), np.concatenate(after)


def test_a_pvc_is_early_and_its_pause_fully_compensatory(patients: Recordings) -> None:
    before, after = intervals(patients, BeatClass.PVC)
    assert np.percentile(before, 99) < 0.85
    assert np.median(before + after) == pytest.approx(2.0, abs=0.05)


def test_a_pac_is_early_and_its_pause_less_than_compensatory(patients: Recordings) -> None:
    before, after = intervals(patients, BeatClass.PAC)
    assert np.percentile(before, 99) < 0.95
    assert 1.6 < np.median(before + after) < 1.9


def test_no_two_ectopic_beats_follow_each_other(patients: Recordings) -> None:
    for recording in (r for rs in patients.values() for r in rs):
        ectopic = recording.labels != BeatClass.N
        assert not (ectopic[1:] & ectopic[:-1]).any()


def width_at_half_height(windows: np.ndarray) -> np.ndarray:
    """Samples around the R peak that are above half its height over the window's median."""
    centred = windows - np.median(windows, axis=1, keepdims=True)
    peak = centred[:, R_PEAK_SAMPLE, None]
    high = centred[:, R_PEAK_SAMPLE - 15 : R_PEAK_SAMPLE + 16] / peak > 0.5
    return high.sum(axis=1)


def test_a_pvc_is_wide_and_a_pac_as_narrow_as_the_patients_own_beats(
    windows: dict[Split, WindowSet],
) -> None:
    of_patient = windows[Split.DS2].records == "synthetic-ds2-17"
    own = windows[Split.DS2].samples[of_patient]
    labels = windows[Split.DS2].labels[of_patient]
    width = {c: np.median(width_at_half_height(own[labels == c])) for c in BeatClass}
    assert width[BeatClass.PVC] >= 2 * width[BeatClass.N]
    assert abs(width[BeatClass.PAC] - width[BeatClass.N]) <= 1


def test_signals_stay_within_the_converter(patients: Recordings) -> None:
    for recording in (r for rs in patients.values() for r in rs):
        assert recording.counts.min() >= -1024
        assert recording.counts.max() <= 1023
        assert recording.counts.std() > 10
