"""Records as they lie on the disk."""

from __future__ import annotations

from pathlib import Path

from ectopy.errors import InputError
from ectopy.records import RunRecord, from_json
from ectopy.usecases.bench_files import RECORD


def read_run(path: Path) -> RunRecord:
    """The record in a run's folder, or in a file.

    Raises:
        InputError: There is none, it cannot be read, it is damaged, or of another schema.
    """
    file = path / RECORD if path.is_dir() else path
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise InputError(
            f"there is no {file}", hint="give a run's folder or its record.json; see ectopy runs"
        ) from error
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not a run record: it is not UTF-8 text") from error
    try:
        return from_json(text)
    except InputError as error:
        raise InputError(f"{file}: {error.message}", hint=error.hint) from error
