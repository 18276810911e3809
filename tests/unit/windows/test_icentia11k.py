from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ectopy.errors import DataError
from ectopy.vocab import BeatClass, Split
from ectopy.windows import icentia11k, patient_of
from ectopy.windows.icentia11k import find_records, patients, read_segment, segments
from ectopy.windows.recording import to_trace
from ectopy.windows.rhythm_spans import RhythmSpan
from support.icentia11k_records import GAIN, RATE_HZ, write_annotations, write_segment


def test_a_segment_is_read_in_millivolts_with_its_beats(tmp_path: Path) -> None:
    write_segment(tmp_path, 17, 3, symbols="NSVQ")
    found = read_segment(tmp_path, "p00017_s03")
    recording = found.recording
    assert recording.name == "p00017_s03"
    assert recording.rate_hz == 250
    assert recording.counts_per_mv == pytest.approx(GAIN)
    assert recording.counts.size == 40 * 250 + 1
    assert recording.labels.tolist()[:4] == [BeatClass.N, BeatClass.PAC, BeatClass.PVC, 0]
    assert recording.beat_samples.tolist()[:4] == [250, 500, 750, 1250]  # Q at 1000 is left out
    assert found.annotated_beats == 39
    at_beats = recording.counts[recording.beat_samples[:3]] / recording.counts_per_mv
    np.testing.assert_allclose(at_beats, [1.0173, 1.2673, 2.0173], atol=0.01)


def test_r_peaks_are_at_sample_256_of_the_windows(tmp_path: Path) -> None:
    write_segment(tmp_path, 0)
    trace = to_trace(read_segment(tmp_path, "p00000_s00").recording)
    windows = np.empty((trace.labels.size, 512), dtype=np.float32)
    trace.cut(np.arange(trace.labels.size), windows)
    assert (np.argmax(windows[:, 206:307], axis=1) == 50).all()
    assert (trace.beat_samples >= 2.56 * RATE_HZ).all()


def test_rhythms_are_spans_with_the_beats_at_their_ends(tmp_path: Path) -> None:
    notes = ((250, "(N"), (1000, ")"), (1250, "(AFIB"), (2500, ")"), (2750, "(AFL)"))
    write_segment(tmp_path, 0, rhythms=notes)
    found = read_segment(tmp_path, "p00000_s00")
    assert found.rhythms == (
        RhythmSpan(start=250, end=1001, rhythm="N"),
        RhythmSpan(start=1250, end=2501, rhythm="AFIB"),
        RhythmSpan(start=2750, end=2751, rhythm="AFL"),
    )
    assert found.recording.labels.size == 30  # of 39, nine are Q: '+' is no beat


def test_a_beat_annotated_twice_is_of_no_class(tmp_path: Path) -> None:
    folder = write_segment(tmp_path, 0)
    each = [(1000, "N", ""), (1250, "N", ""), (1250, "Q", ""), (1500, "V", ""), (1500, "S", "")]
    write_annotations(folder, "p00000_s00", [*each, (1750, "V", "")])
    found = read_segment(tmp_path, "p00000_s00").recording
    assert found.beat_samples.tolist() == [1000, 1750]
    assert found.unclassed_samples.tolist() == [1250, 1500]


def test_a_segment_without_annotations_is_none_of_the_patients(tmp_path: Path) -> None:
    write_segment(tmp_path, 4, 1, symbols="")
    write_segment(tmp_path, 4, 0)
    (tmp_path / "p00" / "p00004" / "notes.atr").write_text("not a segment")
    assert segments(tmp_path, "p00004") == ("p00004_s00",)


def test_a_segment_without_a_beat_of_the_classes_is_no_error(tmp_path: Path) -> None:
    write_segment(tmp_path, 4, symbols="Q")
    assert read_segment(tmp_path, "p00004_s00").recording.labels.size == 0


def test_patients_are_heartkits_and_those_that_are_there(tmp_path: Path) -> None:
    for number in (9_999, 0, 10_000, 10_999):
        write_segment(tmp_path, number)
    (tmp_path / "RECORDS").write_text("p00/p00000/")
    assert patients(tmp_path, Split.TRAIN) == ("p00000", "p09999")
    assert patients(tmp_path, Split.TEST) == ("p10000", "p10999")
    train, test = icentia11k.SPLITS[Split.TRAIN], icentia11k.SPLITS[Split.TEST]
    assert (len(train), len(test)) == (10_000, 1_000)
    assert not set(train) & set(test)


def test_no_patients_of_a_split_are_an_error_that_says_which_would_be(tmp_path: Path) -> None:
    write_segment(tmp_path, 3)
    with pytest.raises(DataError, match="no patients of icentia11k's test split") as caught:
        patients(tmp_path, Split.TEST)
    assert "p10000 to p10999" in caught.value.hint


def test_records_are_found_in_a_directory_or_in_its_icentia11k(tmp_path: Path) -> None:
    assert find_records(tmp_path) is None
    assert find_records(tmp_path / "nowhere") is None
    root = tmp_path / "icentia11k"
    write_segment(root, 0)
    assert find_records(tmp_path) == root
    assert find_records(root) == root


def test_the_patient_of_a_record_is_known_whatever_the_database() -> None:
    assert patient_of("p00017_s03") == "p00017"
    assert patient_of("202") == "201"
    assert patient_of("100") == "100"


@pytest.mark.parametrize("suffix", ["hea", "dat", "atr"])
def test_a_missing_file_is_named(tmp_path: Path, suffix: str) -> None:
    (write_segment(tmp_path, 0) / f"p00000_s00.{suffix}").unlink()
    with pytest.raises(DataError, match=rf"record p00000_s00: .*s00\.{suffix} is missing") as e:
        read_segment(tmp_path, "p00000_s00")
    assert "physionet.org" in e.value.hint


DAMAGES: list[tuple[str, str, Callable[[bytes], bytes]]] = [
    ("dat", "is short: 9 bytes of 20,002", lambda b: b[:9]),
    ("atr", "has no end mark", lambda b: b[:21]),
    ("atr", "outside the record", lambda b: b"\xff\x07" * 10 + b[-2:]),
    ("hea", "cannot be read", lambda b: b""),
    ("hea", "says 360 Hz, not 250", lambda b: b.replace(b" 250 ", b" 360 ")),
    ("hea", "names signal files", lambda b: b.replace(b"p00000_s00.dat", b"p00000_s01.dat")),
    ("hea", "not in millivolts", lambda b: b.replace(b"/mV", b"/uV")),
    ("hea", "has 2 leads, not one", lambda b: b.replace(b" 1 250", b" 2 250") + b.splitlines()[1]),
    ("hea", "dat is short", lambda b: b.replace(b" 10001", b" 10000100000000")),
]


@pytest.mark.parametrize(("suffix", "says", "change"), DAMAGES)
def test_a_damaged_file_is_one_clear_error(
    tmp_path: Path, suffix: str, says: str, change: Callable[[bytes], bytes]
) -> None:
    path = write_segment(tmp_path, 0) / f"p00000_s00.{suffix}"
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(DataError, match=rf"record p00000_s00: .*{says}") as caught:
        read_segment(tmp_path, "p00000_s00")
    assert "not icentia11k's" in caught.value.hint
    assert "\n" not in caught.value.message


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)
@given(data=st.data(), suffix=st.sampled_from(["hea", "atr"]))
def test_any_damage_is_a_data_error_or_harmless(
    tmp_path: Path, data: st.DataObject, suffix: str
) -> None:
    notes = ((250, "(N"), (1000, ")"), (1250, "(AFIB"), (2500, ")"))
    path = write_segment(tmp_path, 0, seconds=12, rhythms=notes) / f"p00000_s00.{suffix}"
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(content))
    try:
        found = read_segment(tmp_path, "p00000_s00")
    except DataError as error:
        assert "p00000" in error.message
        assert error.hint
    else:
        size = found.recording.counts.size
        assert (found.recording.beat_samples < size).all()
        assert all(0 <= span.start < span.end <= size for span in found.rhythms)
