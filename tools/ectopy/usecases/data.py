"""What can be asked of the data: fetch it, count it, look at it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ectopy.errors import InputError
from ectopy.progress import Progress, silent
from ectopy.vocab import BeatClass, Split
from ectopy.windows import (
    NOISY_CITATION,
    SPLITS,
    DatasetInfo,
    NoiseHalf,
    WindowRequest,
    load_strips,
    load_windows,
    read_noise,
)
from ectopy.windows.augment_plot import plot_augmentations
from ectopy.windows.fetch import FetchReport, PhysioNet, fetch_mitdb
from ectopy.windows.plot import plot_windows


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCounts:
    """Windows of one record; ``per_class`` in the order of :class:`BeatClass`."""

    record: str
    per_class: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSummary:
    """Windows per record and class, in the order of the records."""

    info: DatasetInfo
    windows: int
    per_class: tuple[int, ...]
    records: tuple[RecordCounts, ...]


def fetch(progress: Progress = silent) -> FetchReport:
    """Downloads MIT-BIH into the user's cache; see :func:`ectopy.windows.fetch.fetch_mitdb`."""
    return fetch_mitdb(PhysioNet(), progress=progress)


def summarize(request: WindowRequest) -> DataSummary:
    """Counts the windows of a request."""
    windows = load_windows(request)
    names, first, record_index = np.unique(windows.records, return_index=True, return_inverse=True)
    counts = np.zeros((names.size, len(BeatClass)), dtype=np.int64)
    np.add.at(counts, (record_index, windows.labels), 1)
    return DataSummary(
        info=windows.info,
        windows=len(windows),
        per_class=tuple(counts.sum(axis=0).tolist()),
        records=tuple(
            RecordCounts(record=str(names[i]), per_class=tuple(counts[i].tolist()))
            for i in np.argsort(first)
        ),
    )


def plot(request: WindowRequest, path: Path) -> DatasetInfo:
    """Draws example windows of each class into a picture; where they come from."""
    windows = load_windows(request)
    plot_windows(windows, path, request.seed)
    return windows.info


def draw_augmentations(
    record: str, data_dir: Path | None, out_dir: Path, seed: int = 0
) -> tuple[Path, ...]:
    """Draws what training does to a normal beat of a record of DS1; the pictures.

    Raises:
        InputError: The record is not one of DS1, or the folder cannot be written.
        DataError: The record or those of noise cannot be read.
    """
    if record not in SPLITS[Split.DS1]:
        raise InputError(
            f"{record} is not a record of DS1", hint=f"DS1: {' '.join(SPLITS[Split.DS1])}"
        )
    noise = read_noise(data_dir, NoiseHalf.FIRST).millivolts
    traces = np.concatenate([noise[name] for name in sorted(noise)])
    strips = load_strips([record], data_dir)
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{out_dir} cannot be written: {error.strerror}", hint="choose another folder"
        ) from error
    return plot_augmentations(strips, traces, out_dir, f"Record {record}: {NOISY_CITATION}", seed)
