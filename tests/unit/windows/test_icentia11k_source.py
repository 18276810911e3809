"""Icentia11k through the one door to all windows."""

from pathlib import Path

import numpy as np
import pytest

from ectopy.errors import DataError, InputError
from ectopy.vocab import DatasetName, Split
from ectopy.windows import WindowRequest, WindowSet, icentia11k_draw, load_windows, patient_of
from ectopy.windows.source import icentia11k_dir, icentia11k_windows
from support.icentia11k_records import write_segment

pytestmark = pytest.mark.usefixtures("bare_machine")

BEATS_OF_A_SEGMENT = 41  # of 59, without Q and those whose window does not fit


@pytest.fixture
def holder(tmp_path: Path) -> Path:
    """Holds icentia11k/ with three test patients of two segments, and two to train."""
    for patient in (3, 4, 10_005, 10_006, 10_007):
        for segment in (0, 1):
            write_segment(tmp_path / "icentia11k", patient, segment, seconds=60)
    return tmp_path


def load(data_dir: Path | None = None, **more: object) -> WindowSet:
    return load_windows(
        WindowRequest(dataset=DatasetName.ICENTIA11K, data_dir=data_dir, **more)  # type: ignore[arg-type]
    )


def keys(windows: WindowSet) -> list[tuple[str, int]]:
    return list(zip(windows.records.tolist(), windows.beat_samples.tolist(), strict=True))


def test_the_test_patients_are_the_default(holder: Path) -> None:
    windows = load(holder)
    assert windows.info.name == "icentia11k"
    assert windows.info.split == "test"
    assert not windows.info.synthetic
    assert "CC BY-NC-SA" in windows.info.citation
    assert "patients: 3, segments: 6" in windows.info.reason
    assert len(windows) == 6 * BEATS_OF_A_SEGMENT
    assert {patient_of(r) for r in windows.records} == {"p10005", "p10006", "p10007"}
    assert {patient_of(r) for r in load(holder, split=Split.TRAIN).records} == {"p00003", "p00004"}
    assert (np.argmax(windows.samples[:, 206:307], axis=1) == 50).all()
    assert keys(windows) == sorted(keys(windows))


def test_windows_and_hash_are_the_same_again(holder: Path) -> None:
    first, second = load(holder, limit=70), load(holder, limit=70)
    assert first.info.sha256 == second.info.sha256
    assert (first.samples == second.samples).all()
    assert load(holder, limit=70, seed=1).info.sha256 != first.info.sha256


@pytest.mark.parametrize(("small", "large"), [(1, 2), (30, 41), (41, 42), (60, 200), (200, 246)])
def test_a_larger_limit_contains_a_smaller_one(holder: Path, small: int, large: int) -> None:
    few, many = load(holder, limit=small), load(holder, limit=large)
    assert (len(few), len(many)) == (small, large)
    assert set(keys(few)) < set(keys(many))


def test_a_limit_beyond_what_there_is_gives_all(holder: Path) -> None:
    assert load(holder, limit=10**9).info.sha256 == load(holder).info.sha256


def test_each_patient_has_its_turn_before_one_has_a_second(
    holder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(icentia11k_draw, "BEATS_PER_SEGMENT", 10)
    windows = load(holder, limit=30)
    people, counts = np.unique([patient_of(r) for r in windows.records], return_counts=True)
    assert counts.tolist() == [10, 10, 10]
    assert len(set(windows.records.tolist())) == people.size == 3


def test_other_patients_on_the_disk_do_not_change_who_comes_first(holder: Path) -> None:
    before = load(holder, limit=20)
    write_segment(holder / "icentia11k", 10_999, seconds=60)
    after = load(holder, limit=20)
    assert {patient_of(r) for r in after.records} <= {patient_of(before.records[0]), "p10999"}


def test_only_segments_that_are_needed_are_read(holder: Path) -> None:
    used = set(load(holder, limit=20).records.tolist())
    for path in (holder / "icentia11k" / "p10").rglob("*.dat"):
        if path.stem not in used:
            path.write_bytes(b"damaged")
    assert len(load(holder, limit=20)) == 20
    with pytest.raises(DataError, match="is short"):
        load(holder)


def test_too_much_to_take_whole_is_refused_before_anything_is_read(
    holder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(icentia11k_draw, "MOST_WHOLE_SEGMENTS", 5)
    monkeypatch.setattr(icentia11k_draw, "read_segment", None)
    with pytest.raises(InputError, match="6 segments of icentia11k are too many") as caught:
        load(holder)
    assert "limit" in caught.value.hint


def test_absent_records_are_one_error_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DataError, match="no icentia11k records: neither --data-dir") as caught:
        load()
    assert "https://physionet.org/content/icentia11k-continuous-ecg/1.0/" in caught.value.hint
    with pytest.raises(DataError, match=r"no icentia11k records in .*\(--data-dir\)"):
        load(tmp_path)
    monkeypatch.setenv("ECTOPY_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match=r"no icentia11k records in .*\(\$ECTOPY_DATA\)"):
        load()


def test_patients_without_a_labelled_beat_are_an_error(tmp_path: Path) -> None:
    write_segment(tmp_path, 10_000, symbols="Q")
    with pytest.raises(DataError, match="no labelled beats in icentia11k's test patients"):
        load(tmp_path)
    (tmp_path / "p10" / "p10000" / "p10000_s00.atr").unlink()
    with pytest.raises(DataError, match="no labelled beats"):
        load(tmp_path, limit=5)


@pytest.mark.parametrize(
    ("dataset", "split", "has"),
    [
        (DatasetName.ICENTIA11K, Split.DS2, "train and test"),
        (DatasetName.MITDB, Split.TEST, "ds1 and ds2"),
        (DatasetName.SYNTHETIC, Split.TRAIN, "ds1 and ds2"),
    ],
)
def test_a_split_of_another_data_set_is_refused(
    dataset: DatasetName, split: Split, has: str
) -> None:
    with pytest.raises(InputError, match=f"{dataset} has no split {split}") as caught:
        load_windows(WindowRequest(dataset=dataset, split=split))
    assert has in caught.value.hint


def test_there_is_one_lead(holder: Path) -> None:
    with pytest.raises(DataError, match="has one lead, and not 'MLII'"):
        load(holder, lead="MLII")


def test_windows_of_training_patients_are_drawn_as_they_come(holder: Path) -> None:
    directory, _ = icentia11k_dir(holder)
    windows = icentia11k_windows(directory, ("p00003",), 20, seed=0)
    assert windows.info.split == "train-val"
    assert {patient_of(record) for record in windows.records.tolist()} == {"p00003"}
    assert len(windows) == 20
    counts = np.bincount(windows.labels, minlength=3)
    assert counts.min() > 0
