"""The folder of a run: nothing that was measured is only on the screen."""

from __future__ import annotations

import csv
import io
import os
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from ectopy.errors import EctopyError, InputError
from ectopy.records import RunRecord, to_json
from ectopy.usecases.bench_stream import Measured, Samples
from ectopy.windows import WindowSet

RECORD = "record.json"
OUTPUTS = "outputs.csv"
PROFILE = "profile.json"

_HINT = "choose another folder with --runs-dir"
_INTERRUPTS = (signal.SIGINT, signal.SIGTERM)


def require_writable(runs_dir: Path) -> None:
    """Makes the folder for runs, so that a wrong one is found before anything is measured.

    Raises:
        InputError: It cannot be made or written to.
    """
    try:
        runs_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make {runs_dir}: {error.strerror}", hint=_HINT) from error
    if not os.access(runs_dir, os.W_OK | os.X_OK):
        raise InputError(f"cannot write to {runs_dir}", hint=_HINT)


def write_run(runs_dir: Path, record: RunRecord, texts: Mapping[str, str]) -> Path:
    """Writes record.json and what goes with it to a new folder and returns it.

    Args:
        runs_dir: Gets the folder.
        record: Of the run.
        texts: File name -> text.

    Raises:
        EctopyError: The disk does not take them.
    """
    began = datetime.fromisoformat(record.provenance.created_utc).astimezone(UTC)
    label = f"{began:%Y%m%dT%H%M%SZ}-{record.board.name}-{record.model.name}"
    try:
        folder = new_folder(runs_dir, label)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        (folder / RECORD).write_text(to_json(record), encoding="utf-8")
    except OSError as error:
        raise EctopyError(
            f"cannot write the run to {runs_dir}: {error.strerror}", hint=_HINT
        ) from error
    return folder


def written_files(folder: Path | None) -> list[str]:
    """Files of a run for people, the record with its folder first; none without a folder."""
    if folder is None:
        return []
    others = sorted(path.name for path in folder.glob("*") if path.name != RECORD)
    return [str(folder / RECORD), *others]


@contextmanager
def undisturbed() -> Iterator[None]:
    """Holds off Ctrl-C and cancellation in the block; people press twice."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers = {each: signal.signal(each, signal.SIG_IGN) for each in _INTERRUPTS}
    try:
        yield
    finally:
        for each, handler in handlers.items():
            signal.signal(each, handler)


def outputs_table(measured: Measured, windows: WindowSet, samples: Samples) -> str:
    """One CSV line per window measured, header first.

    Columns: position in the set of windows, record, beat position in the record, true class,
    ticks, int8 outputs of the device, int8 outputs of the reference (empty if not computed).
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    classes = len(measured.results[0].outputs) if measured.results else 0
    table.writerow(
        ["window", "record", "beat_sample", "true_class"]
        + ["ticks_total", "ticks_preprocess", "ticks_invoke"]
        + [f"device_{i}" for i in range(classes)]
        + [f"reference_{i}" for i in range(classes)]
    )
    outputs = measured.outputs(classes).tolist() if classes else []
    for position, result in enumerate(measured.results):
        known = position < len(measured.references)
        reference = measured.references[position].tolist() if known else [""] * classes
        table.writerow(
            [result.index, windows.records[result.index], windows.beat_samples[result.index]]
            + [samples.classes[result.index]]
            + [result.ticks_total, result.ticks_preprocess, result.ticks_invoke]
            + outputs[position]
            + reference
        )
    return text.getvalue()


def new_folder(runs_dir: Path, name: str) -> Path:
    """Makes a folder of that name, with a number behind it if there is one.

    Raises:
        OSError: The disk does not take it.
        EctopyError: There are too many of that name.
    """
    for suffix in ("", *(f"-{i}" for i in range(2, 1000))):
        folder = runs_dir / f"{name}{suffix}"
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        return folder
    raise EctopyError(f"{runs_dir} holds a thousand runs named {name}", hint=_HINT)
