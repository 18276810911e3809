"""A run as ``ectopy bench`` left it on the disk, read back and checked."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ectopy import metrics
from ectopy.errors import InputError
from ectopy.records import RunRecord, from_json
from ectopy.report import Outputs
from ectopy.report.profile import Profile
from ectopy.report.profile import from_json as profile_from_json
from ectopy.usecases.bench_files import OUTPUTS, PROFILE, RECORD

_HINT = "name a folder that `ectopy bench` wrote, or a record.json"
LARGEST_FILE_BYTES = 64 * 1024 * 1024
"""Ten times the outputs of all windows we know."""

LARGEST_NUMBER = 2**53
"""Beyond this a number of ours is damage, and arithmetic on it would not be exact."""

_COLUMNS = ("window", "beat_sample", "true_class", "ticks_preprocess", "ticks_invoke")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunFolder:
    """A run.

    Attributes:
        folder: Where the record lies.
        outputs: None if there is no outputs.csv beside the record.
    """

    name: str
    folder: Path
    record: RunRecord
    outputs: Outputs | None


def open_run(path: Path) -> RunFolder:
    """Reads a run.

    Args:
        path: Folder of the run, or the record itself, which then need not be in such a folder.

    Raises:
        InputError: There is no record, it cannot be read, or outputs.csv is not of this record.
    """
    record_path = _record_path(path)
    record = open_record(path)
    folder = record_path.parent
    # A record that was copied away by --json has no outputs, whatever else lies beside it.
    with_outputs = record_path.name == RECORD and (folder / OUTPUTS).is_file()
    return RunFolder(
        name=folder.resolve().name if record_path.name == RECORD else record_path.stem,
        folder=folder,
        record=record,
        outputs=read_outputs(folder / OUTPUTS, record) if with_outputs else None,
    )


def open_record(path: Path) -> RunRecord:
    """The record of a run.

    Args:
        path: Folder of the run, or the record itself.

    Raises:
        InputError: There is no record, or it cannot be read.
    """
    record_path = _record_path(path)
    if not record_path.is_file():
        raise InputError(f"there is no run record {record_path}", hint=_HINT)
    try:
        return from_json(_read(record_path))
    except InputError as error:
        raise InputError(f"{record_path}: {error.message}", hint=error.hint) from error


def _record_path(path: Path) -> Path:
    return path / RECORD if path.is_dir() else path


def read_outputs(path: Path, record: RunRecord) -> Outputs:
    """The table of device outputs that belongs to a record.

    Raises:
        InputError: It is damaged, or its windows do not give the confusion matrix of the record.
    """
    classes = len(record.model.classes)
    answers = [f"device_{i}" for i in range(classes)]
    table = csv.DictReader(io.StringIO(_read(path), newline=""))
    try:
        absent = {*_COLUMNS, "record", *answers} - set(table.fieldnames or ())
        if absent:
            raise InputError(f"{path} has no column {min(absent)}", hint=_HINT)
        rows = list(table)
        whole = {name: _column(rows, name) for name in _COLUMNS}
        device = np.array([[int(row[name]) for name in answers] for row in rows], dtype=np.int64)
    except (ValueError, TypeError, OverflowError, csv.Error) as error:
        raise InputError(f"{path} is damaged: {error}", hint=_HINT) from error
    if not rows or not classes:
        raise InputError(f"{path} holds no outputs", hint=_HINT)
    for name, column in whole.items():
        if column.min() < 0 or column.max() > LARGEST_NUMBER:
            raise InputError(f"{path} is damaged: {name} is out of range", hint=_HINT)
    device = device.reshape(-1, classes)
    true_classes = whole["true_class"]
    if device.min() < -128 or device.max() > 127:
        raise InputError(f"{path} is damaged: an output is no int8", hint=_HINT)
    if true_classes.max() >= classes:
        raise InputError(f"{path} is damaged: a class is not of the model", hint=_HINT)
    outputs = Outputs(
        windows=whole["window"],
        records=np.array([row["record"] for row in rows], dtype=np.str_),
        beat_samples=whole["beat_sample"],
        true_classes=true_classes,
        ticks_preprocess=whole["ticks_preprocess"],
        ticks_invoke=whole["ticks_invoke"],
        device=device.astype(np.int8),
    )
    said = metrics.predicted_classes(outputs.device)
    confusion = metrics.confusion_matrix(true_classes, said, classes)
    if confusion.tolist() != [list(row) for row in record.accuracy.confusion]:
        raise InputError(f"{path} is not of the record beside it", hint="measure again")
    return outputs


def open_profile(run: Path, record: RunRecord) -> Profile | None:
    """The profile beside a record; None where there is none.

    Args:
        run: Folder of the run, or the record itself.
        record: Of that run.

    Raises:
        InputError: It cannot be read, or is of another image than the one that ran.
    """
    path = _record_path(run).parent / PROFILE
    if not path.is_file():
        return None
    try:
        profile = profile_from_json(_read(path))
    except InputError as error:
        raise InputError(f"{path}: {error.message}", hint=error.hint) from error
    if profile.elf_sha256 != record.firmware.elf_sha256:
        raise InputError(
            f"{path} is of another image than the one that ran", hint="remove it, or measure again"
        )
    return profile


def _column(rows: list[dict[str, str]], name: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([int(row[name]) for row in rows], dtype=np.int64)


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise InputError(f"{path} is larger than {LARGEST_FILE_BYTES:,} bytes", hint=_HINT)
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not text: {error.reason}", hint=_HINT) from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}", hint=_HINT) from error
