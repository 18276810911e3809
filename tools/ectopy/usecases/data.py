"""What can be asked of the data: fetch it, count it, look at it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ectopy.progress import Progress, silent
from ectopy.vocab import BeatClass
from ectopy.windows import DatasetInfo, WindowRequest, load_windows
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
