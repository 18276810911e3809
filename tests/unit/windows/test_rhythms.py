from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import wfdb

from ectopy.errors import DataError
from ectopy.vocab import Split
from ectopy.windows import REMARKS, RHYTHMS, SPLITS, load_rhythms
from ectopy.windows.mitdb import read_rhythms
from support.ecg import made_up_windows


def mark(directory: Path, *marks: tuple[int, str, str]) -> None:
    """Writes annotations: sample, symbol, rhythm."""
    samples, symbols, notes = zip(*marks, strict=True)
    wfdb.wrann(
        "100",
        "atr",
        np.array(samples),
        symbol=list(symbols),
        aux_note=list(notes),
        write_dir=str(directory),
    )


def test_each_beat_has_the_rhythm_that_began_last(
    write_record: Callable[..., Path], tmp_path: Path
) -> None:
    write_record(tmp_path)
    mark(tmp_path, (90, "N", ""), (100, "+", "(N"), (100, "N", ""), (300, "+", "(AFIB"))
    starts, names = read_rhythms(tmp_path, "100")
    assert (starts.tolist(), names) == ([100, 300], ("N", "AFIB"))
    windows = replace(
        made_up_windows({"100": (5, 0, 0)}), beat_samples=np.array([90, 100, 299, 300, 999])
    )
    assert load_rhythms(windows, tmp_path).tolist() == ["", "N", "N", "AFIB", "AFIB"]


def test_annotations_that_cannot_be_read_are_an_error(
    write_record: Callable[..., Path], tmp_path: Path
) -> None:
    write_record(tmp_path)
    (tmp_path / "100.atr").unlink()
    with pytest.raises(DataError, match=r"100\.atr is missing"):
        load_rhythms(made_up_windows({"100": (1, 0, 0)}), tmp_path)


def test_all_rhythms_of_the_test_set_have_names(ecg_dir: Path) -> None:
    found = {n for r in SPLITS[Split.DS2] for n in read_rhythms(ecg_dir / "mitdb", r)[1]}
    assert {"N", "AFIB", "SBR", "BII"} <= found <= set(RHYTHMS)


def test_remarks_are_of_records_of_the_test_set() -> None:
    assert set(REMARKS) <= set(SPLITS[Split.DS2])
