from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ectopy.errors import DataError, InputError
from ectopy.vocab import DatasetName, Split
from ectopy.windows import WindowRequest, WindowSet, load_windows, mitdb, window_hash
from ectopy.windows.draws import draw

pytestmark = pytest.mark.usefixtures("bare_machine")


def request(dataset: DatasetName = DatasetName.AUTO, **more: object) -> WindowRequest:
    return WindowRequest(dataset=dataset, split=Split.DS2, **more)  # type: ignore[arg-type]


def write_split(directory: Path, write_record: Callable[..., Path]) -> Path:
    for record in mitdb.SPLITS[Split.DS2]:
        write_record(directory, record)
    return directory


@given(st.integers(1, 500), st.integers(1, 600), st.integers(0, 2**40))
def test_a_draw_is_ascending_without_repeats_and_grows_with_its_limit(
    total: int, limit: int, seed: int
) -> None:
    drawn = draw(total, limit, seed)
    assert drawn.size == min(limit, total)
    assert (np.diff(drawn) > 0).all()
    assert drawn.min() >= 0
    assert drawn.max() < total
    assert set(drawn) <= set(draw(total, limit + 1, seed))


def test_a_draw_is_the_same_everywhere() -> None:
    assert draw(1000, 5, 0).tolist() == [11, 269, 850, 855, 921]
    assert draw(1000, 5, 1).tolist() != draw(1000, 5, 0).tolist()


def test_a_limit_takes_windows_of_all_records_at_natural_prevalence(ecg_dir: Path) -> None:
    everything = load_windows(request(data_dir=ecg_dir))
    some = load_windows(request(data_dir=ecg_dir, limit=1000))
    assert len(some) == 1000
    assert list(dict.fromkeys(some.records.tolist())) == list(mitdb.SPLITS[Split.DS2])
    share = np.bincount(some.labels) / 1000
    np.testing.assert_allclose(share, np.bincount(everything.labels) / len(everything), atol=0.02)
    at = np.flatnonzero(
        (everything.records == some.records[700])
        & (everything.beat_samples == some.beat_samples[700])
    )
    np.testing.assert_array_equal(everything.samples[at[0]], some.samples[700])
    assert everything.labels[at[0]] == some.labels[700]


def test_a_limit_beyond_what_there_is_gives_all() -> None:
    everything = load_windows(request(DatasetName.SYNTHETIC))
    assert len(load_windows(request(DatasetName.SYNTHETIC, limit=10**9))) == len(everything)


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_is_refused(limit: int) -> None:
    with pytest.raises(InputError, match=f"a limit of {limit} windows"):
        load_windows(request(limit=limit))


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(InputError, match="a seed of -1"):
        load_windows(request(limit=5, seed=-1))


def test_auto_takes_real_records_where_they_are_and_says_why(
    tmp_path: Path, write_record: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    holder = write_split(tmp_path / "holder" / "mitdb", write_record).parent
    for place in (holder, holder / "mitdb"):
        windows = load_windows(request(data_dir=place))
        assert windows.info.name == "mitdb"
        assert not windows.info.synthetic
        assert "--data-dir" in windows.info.reason
    monkeypatch.setenv("ECTOPY_DATA", str(holder))
    assert "$ECTOPY_DATA" in load_windows(request()).info.reason
    assert "--data-dir" in load_windows(request(data_dir=holder)).info.reason


def test_auto_without_records_is_synthetic_and_says_why() -> None:
    info = load_windows(request(limit=10)).info
    assert info.synthetic
    assert info.name == "synthetic"
    assert "no MIT-BIH records" in info.reason


@pytest.mark.parametrize("dataset", [DatasetName.AUTO, DatasetName.MITDB])
def test_a_named_place_without_records_is_an_error_and_never_synthetic(
    tmp_path: Path, dataset: DatasetName, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DataError, match=r"no MIT-BIH records in .*\(--data-dir\)"):
        load_windows(request(dataset, data_dir=tmp_path / "nowhere"))
    monkeypatch.setenv("ECTOPY_DATA", str(tmp_path))
    with pytest.raises(DataError, match=r"no MIT-BIH records in .*\(\$ECTOPY_DATA\)"):
        load_windows(request(dataset))


def test_mitdb_without_any_place_is_an_error_with_the_way_out() -> None:
    with pytest.raises(DataError, match="no MIT-BIH records") as caught:
        load_windows(request(DatasetName.MITDB))
    assert "ectopy data fetch mitdb" in caught.value.hint


def test_a_cache_that_cannot_be_looked_into_counts_as_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/" + "x" * 300)  # longer than names may be
    info = load_windows(request(limit=5)).info
    assert info.synthetic
    assert "cannot be read" in info.reason
    with pytest.raises(DataError, match="cannot be read"):
        load_windows(request(DatasetName.MITDB))


def test_a_record_missing_from_the_split_is_named(
    tmp_path: Path, write_record: Callable[..., Path]
) -> None:
    write_record(tmp_path, "100")
    with pytest.raises(DataError, match=r"record 103: .*103\.hea is missing"):
        load_windows(request(data_dir=tmp_path))


def test_synthetic_ecg_has_no_leads() -> None:
    with pytest.raises(DataError, match="no lead 'V5'"):
        load_windows(request(DatasetName.SYNTHETIC, lead="V5"))


def hash_of(windows: WindowSet) -> str:
    return window_hash(windows.samples, windows.labels, windows.records, windows.beat_samples)


def test_the_hash_depends_on_samples_labels_records_and_positions() -> None:
    windows = load_windows(request(DatasetName.SYNTHETIC, limit=20))
    found = {windows.info.sha256}
    windows.samples[7, 300] = np.nextafter(windows.samples[7, 300], np.float32(9))
    found.add(hash_of(windows))
    windows.labels[3] ^= 1
    found.add(hash_of(windows))
    windows.records[5] = "other"
    found.add(hash_of(windows))
    windows.beat_samples[2] += 1
    found.add(hash_of(windows))
    assert len(found) == 5
