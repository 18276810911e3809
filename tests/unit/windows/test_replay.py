from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import wfdb

from ectopy.errors import DataError, InputError
from ectopy.vocab import DatasetName
from ectopy.windows.replay import DEFAULT_RECORDS, RecordRequest, load_record

RecordWriter = Callable[..., Path]


def test_a_record_comes_with_all_its_beats_also_those_in_no_class(
    tmp_path: Path, write_record: RecordWriter
) -> None:
    write_record(tmp_path, record="233", symbols="NFV")
    whole = load_record(RecordRequest(record="233", data_dir=tmp_path))
    assert (whole.source, whole.split, whole.synthetic) == ("mitdb", "ds2", False)
    assert "".join(whole.symbols[:4]) == "NFVN"
    assert whole.beat_samples.tolist() == (360 * np.arange(1, 20)).tolist()
    assert whole.recording.labels.size < whole.beat_samples.size
    assert "Moody" in whole.citation


@pytest.mark.parametrize(
    ("symbols", "spans"),
    [("[!]", ((720, 1440),)), ("[!!", ((720, 7200),)), ("!!]", ())],
)
def test_flutter_is_marked(
    tmp_path: Path,
    write_record: RecordWriter,
    symbols: str,
    spans: tuple[tuple[int, int], ...],
) -> None:
    write_record(tmp_path, record="207")
    places = 360 * np.arange(1, 6)
    marks = ["N", *symbols, "V"]
    wfdb.wrann("207", "atr", places, symbol=marks, write_dir=str(tmp_path))
    whole = load_record(RecordRequest(record="207", data_dir=tmp_path))
    assert whole.flutter == spans
    assert whole.symbols == ("N", "V")


@pytest.mark.parametrize("name", ["999", "../100", " "])
def test_an_unknown_record_is_refused_by_name(
    tmp_path: Path, write_record: RecordWriter, name: str
) -> None:
    write_record(tmp_path)
    with pytest.raises(DataError, match="no record") as refused:
        load_record(RecordRequest(record=name, data_dir=tmp_path))
    assert refused.value.hint == "there are 100"


def test_without_records_it_is_synthetic_and_says_why(bare_machine: Path) -> None:
    whole = load_record(RecordRequest())
    assert whole.synthetic
    assert whole.recording.name == DEFAULT_RECORDS["synthetic"]
    assert "no MIT-BIH records" in whole.reason
    assert whole.symbols.count("V") == (whole.recording.labels == 2).sum() > 0


def test_a_real_record_that_is_not_there_is_not_replaced(bare_machine: Path) -> None:
    with pytest.raises(DataError, match="no record '208': no MIT-BIH records"):
        load_record(RecordRequest(record="208"))


def test_records_that_cannot_be_played_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="icentia11k cannot be played"):
        load_record(RecordRequest(dataset=DatasetName.ICENTIA11K, data_dir=tmp_path))


def test_the_default_patient_has_beats_of_every_class() -> None:
    whole = load_record(RecordRequest(dataset=DatasetName.SYNTHETIC))
    assert set(whole.symbols) == {"N", "A", "V"}
