import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ectopy.errors import DataError
from ectopy.vocab import LABEL_MAP, R_PEAK_SAMPLE, Split
from ectopy.windows import SPLITS, load_split, mitdb, patient_of, read_recording
from ectopy.windows.recording import to_trace
from ectopy.windows.wfdb_files import file_names

PACED = {"102", "104", "107", "217"}

KNOWN = {
    Split.DS1: (
        (45_731, 939, 3_781),
        "ad67d24413a90df82fd829eaa0914b45d4ab3902d403bbef6f092393ed8d6eeb",
    ),
    Split.DS2: (
        (44_129, 1_834, 3_212),
        "23fc50c5e018287460ad5803efb4a3782509295f5cf5f946cda915cd8ba1704e",
    ),
}


@pytest.mark.parametrize("split", KNOWN)
def test_counts_and_hash_of_a_split_are_the_known_ones(ecg_dir: Path, split: Split) -> None:
    windows = load_split(split, ecg_dir)
    per_class, sha256 = KNOWN[split]
    assert tuple(np.bincount(windows.labels)) == per_class
    assert windows.info.sha256 == sha256
    assert not windows.info.synthetic
    assert windows.samples.shape == (sum(per_class), 512)
    assert windows.samples.dtype == np.float32
    assert list(dict.fromkeys(windows.records.tolist())) == list(SPLITS[split])


def test_real_r_peaks_stand_out_at_sample_256(ecg_dir: Path) -> None:
    trace = to_trace(read_recording(ecg_dir / "mitdb", "100"))
    windows = np.empty((trace.peaks.size, 512), dtype=np.float32)
    trace.cut(np.arange(trace.peaks.size), windows)
    found = np.argmax(windows[:, R_PEAK_SAMPLE - 3 : R_PEAK_SAMPLE + 4], axis=1) - 3
    assert np.median(found) == 0
    assert np.mean(np.abs(found) <= 1) > 0.99


def test_splits_share_no_record_and_hold_no_paced_one() -> None:
    ds1, ds2 = set(SPLITS[Split.DS1]), set(SPLITS[Split.DS2])
    assert len(ds1) == len(ds2) == 22
    assert not ds1 & ds2
    assert not (ds1 | ds2) & PACED


def test_records_201_and_202_are_one_patient() -> None:
    assert patient_of("201") == patient_of("202")
    others = [r for split in SPLITS.values() for r in split if r != "202"]
    assert len({patient_of(r) for r in others}) == 43


@pytest.mark.parametrize(
    ("symbols", "labels"), [("NLRej", {0}), ("AaJS", {1}), ("VE", {2}), ("NAV", {0, 1, 2})]
)
def test_symbols_become_classes(
    tmp_path: Path, write_record: Callable[..., Path], symbols: str, labels: set[int]
) -> None:
    found = read_recording(write_record(tmp_path, symbols=symbols), "100")
    assert set(found.labels.tolist()) == labels


def test_beats_outside_the_label_map_are_left_out(
    tmp_path: Path, write_record: Callable[..., Path]
) -> None:
    found = read_recording(write_record(tmp_path, symbols="NFQ/"), "100")
    assert found.labels.tolist() == [0] * 5
    assert found.beat_samples.tolist() == [360 * s for s in (1, 5, 9, 13, 17)]
    assert not set("FQ/") & set("".join(LABEL_MAP.values()))


def test_lead_mlii_is_preferred_and_the_first_taken_elsewhere(
    tmp_path: Path, write_record: Callable[..., Path]
) -> None:
    directory = write_record(tmp_path / "a")
    assert read_recording(directory, "100").counts.max() == 200
    assert read_recording(directory, "100", "V5").counts.max() == 100
    directory = write_record(tmp_path / "b", leads=("V5", "V2"))
    assert read_recording(directory, "100").counts.max() == 100


def test_all_leads_come_with_the_main_one_first_and_with_the_beats_of_no_class(
    tmp_path: Path, write_record: Callable[..., Path]
) -> None:
    main, other = mitdb.read_leads(write_record(tmp_path, symbols="NFQ/"), "100")
    assert (main.counts.max(), other.counts.max()) == (200, 100)
    for lead in (main, other):
        assert lead.beat_samples.tolist() == [360 * s for s in (1, 5, 9, 13, 17)]
        unclassed = sorted({*range(1, 20)} - {1, 5, 9, 13, 17})
        assert lead.unclassed_samples.tolist() == [360 * s for s in unclassed]
    alone = read_recording(tmp_path, "100")
    np.testing.assert_array_equal(alone.counts, main.counts)
    np.testing.assert_array_equal(alone.unclassed_samples, main.unclassed_samples)


def test_marks_that_are_no_beats_are_no_neighbours(
    tmp_path: Path, write_record: Callable[..., Path]
) -> None:
    (main, _) = mitdb.read_leads(write_record(tmp_path, symbols="N~+!"), "100")
    assert main.unclassed_samples.tolist() == [360 * s for s in (4, 8, 12, 16)], "flutter waves"


def test_an_unknown_lead_is_named_with_those_there_are(
    tmp_path: Path, write_record: Callable[..., Path]
) -> None:
    with pytest.raises(DataError, match=r"record 100.*100\.hea has no lead 'aVR'") as caught:
        read_recording(write_record(tmp_path), "100", "aVR")
    assert "V5, MLII" in caught.value.hint


@pytest.mark.parametrize("suffix", ["hea", "dat", "atr"])
def test_a_missing_file_is_named(
    tmp_path: Path, write_record: Callable[..., Path], suffix: str
) -> None:
    (write_record(tmp_path) / f"100.{suffix}").unlink()
    with pytest.raises(DataError, match=rf"record 100: .*100\.{suffix} is missing") as caught:
        read_recording(tmp_path, "100")
    assert "ectopy data fetch" in caught.value.hint


def corrupt(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


DAMAGES: list[tuple[str, str, Callable[[bytes], bytes]]] = [
    ("dat", "is short: 9 bytes of 21,600", lambda b: b[:9]),
    ("dat", "is short", lambda b: b[:-1]),
    ("atr", "has no end mark", lambda b: b[:20]),
    ("atr", "has no end mark", lambda b: b[:-1]),
    ("atr", "has no end mark", lambda b: b""),
    ("atr", "annotates no beat", lambda b: b"\0\0"),
    ("atr", "outside the record", lambda b: b"\xff\x07" * 10 + b[-2:]),
    ("atr", "not in order", lambda b: b[:-2] + b"\0\xec\xff\xff\x70\xfe\x01\x04" + b[-2:]),
    ("hea", "cannot be read", lambda b: b""),
    ("hea", "cannot be read", lambda b: bytes(range(128, 256))),
    ("hea", "says 250 Hz", lambda b: b.replace(b" 360 ", b" 250 ")),
    ("hea", "names signal files", lambda b: b.replace(b"100.dat", b"200.dat")),
    ("hea", "has formats", lambda b: b.replace(b" 212 ", b" 8 ")),
    ("hea", "not in millivolts", lambda b: b.replace(b"/mV", b"/C")),
    ("hea", "describes no signal", lambda b: b"100 0 360 7200\n"),
]


@pytest.mark.parametrize(("suffix", "says", "change"), DAMAGES)
def test_a_damaged_file_is_one_clear_error(
    tmp_path: Path,
    write_record: Callable[..., Path],
    suffix: str,
    says: str,
    change: Callable[[bytes], bytes],
) -> None:
    path = write_record(tmp_path) / f"100.{suffix}"
    corrupt(path, change)
    with pytest.raises(DataError, match=rf"record 100: .*100\.{suffix} .*{says}") as caught:
        read_recording(tmp_path, "100")
    assert caught.value.hint
    assert "\n" not in caught.value.message


def test_a_header_that_promises_more_than_there_is_costs_no_memory(
    tmp_path: Path, write_record: Callable[..., Path]
) -> None:
    directory = write_record(tmp_path)
    corrupt(directory / "100.hea", lambda b: b.replace(b" 7200", b" 72000000000000"))
    with pytest.raises(DataError, match=r"100\.dat is short"):
        read_recording(directory, "100")


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80, deadline=None
)
@given(data=st.data(), suffix=st.sampled_from(["hea", "atr"]))
def test_any_damage_is_a_data_error_or_harmless(
    tmp_path: Path, write_record: Callable[..., Path], data: st.DataObject, suffix: str
) -> None:
    path = write_record(tmp_path) / f"100.{suffix}"
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(content))
    try:
        found = read_recording(tmp_path, "100")
    except DataError as error:
        assert "100" in error.message
        assert error.hint
    else:
        assert found.beat_samples.size == found.labels.size > 0
        assert found.beat_samples.max() < found.counts.size


def test_checksums_beside_the_records_are_held_against_them(
    tmp_path: Path, write_record: Callable[..., Path]
) -> None:
    directory = write_record(tmp_path)
    lines = [
        f"{hashlib.sha256((directory / name).read_bytes()).hexdigest()} {name}\n"
        for name in file_names("100")
    ]
    (directory / mitdb.CHECKSUMS).write_text("".join(lines))
    assert read_recording(directory, "100").labels.size == 19
    corrupt(directory / "100.dat", lambda b: b[:500] + bytes([b[500] ^ 1]) + b[501:])
    with pytest.raises(DataError, match=r"100\.dat does not match its checksum"):
        read_recording(directory, "100")
