"""The index of all runs in a folder, and the history of one metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ectopy.errors import InputError
from ectopy.metrics import Metric, find_metric
from ectopy.records import RunRecord
from ectopy.report.content import engine_title
from ectopy.usecases.autodeploy_types import AUTODEPLOY
from ectopy.usecases.run_folder import open_record
from ectopy.vocab import Better


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run folder."""

    folder: Path
    record: RunRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A metric's value in one run."""

    folder: Path
    created_utc: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A metric over the runs that may be compared with each other.

    Attributes:
        of: Class of the metric, "" for the whole run.
        points: Oldest first; at least one.
    """

    metric: Metric
    of: str
    model: str
    board: str
    engine: str
    dataset: str
    points: tuple[Point, ...]

    @property
    def last(self) -> Point:
        """The newest."""
        return self.points[-1]

    @property
    def best(self) -> Point:
        """The newest of the best."""
        sign = 1 if self.metric.better is Better.HIGHER else -1
        return max(reversed(self.points), key=lambda point: sign * point.value)

    @property
    def trend(self) -> str:
        """How the newest value stands to the one before."""
        if len(self.points) == 1:
            return "first value"
        before, last = self.points[-2].value, self.last.value
        if last == before:
            return "unchanged"
        return "better" if (last > before) == (self.metric.better is Better.HIGHER) else "worse"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunIndex:
    """All runs of a folder.

    Attributes:
        runs: Oldest first.
        damaged: Folder and what is wrong with it.
        histories: Of the metric asked for.
    """

    runs: tuple[Run, ...]
    damaged: tuple[tuple[Path, str], ...]
    histories: tuple[History, ...]


def list_runs(
    runs_dir: Path,
    *,
    model: str | None = None,
    board: str | None = None,
    metric: str | None = None,
) -> RunIndex:
    """Reads every run in a folder.

    Args:
        runs_dir: As ``bench`` fills it.
        model: Only runs of the model of that name.
        board: Only runs on the board of that name.
        metric: ``KEY`` or ``KEY:CLASS``, whose history is wanted.

    Raises:
        InputError: The folder cannot be read, or there is no such metric.
    """
    asked = _parse_metric(metric) if metric is not None else None
    runs, damaged = [], []
    for folder in _folders(runs_dir):
        try:
            run = Run(folder=folder, record=open_record(folder))
        except InputError as error:
            damaged.append((folder, error.message))
            continue
        if model in (None, run.record.model.name) and board in (None, run.record.board.name):
            runs.append(run)
    # Times are ISO 8601 in UTC: their order as text is that in time.
    runs.sort(key=lambda run: (run.record.provenance.created_utc, run.folder.name))
    histories = _histories(runs, *asked) if asked is not None else ()
    return RunIndex(runs=tuple(runs), damaged=tuple(damaged), histories=histories)


def _folders(runs_dir: Path) -> list[Path]:
    try:
        return sorted(
            path for path in runs_dir.iterdir() if path.is_dir() and AUTODEPLOY not in path.name
        )
    except OSError as error:
        raise InputError(
            f"cannot read the runs in {runs_dir}: {error.strerror}",
            hint="name their folder with --runs-dir; ectopy bench makes it",
        ) from error


def _parse_metric(text: str) -> tuple[Metric, str]:
    key, _, of = text.partition(":")
    return find_metric(key), of


def _histories(runs: Sequence[Run], metric: Metric, of: str) -> tuple[History, ...]:
    """One for each group of comparable runs, and each class where the metric has classes.

    Partial runs are left out: their windows are not those of the others.
    """
    groups: dict[tuple[str, ...], list[Run]] = {}
    for run in runs:
        if not run.record.partial:
            groups.setdefault(_group(run.record), []).append(run)
    known = {each for run in runs for each in metric.read(run.record)}
    if runs and of and of not in known:
        classes = ", ".join(sorted(known - {""}))
        raise InputError(
            f"metric {metric.key} has no class {of!r}",
            hint=f"its classes are: {classes}" if classes else f"it has none: write {metric.key}",
        )
    found = []
    for members in groups.values():
        for each in metric.read(members[0].record):
            if of in ("", each):
                found += _history(members, metric, each)
    return tuple(found)


def _history(members: Sequence[Run], metric: Metric, of: str) -> list[History]:
    points = []
    for run in members:
        value = metric.read(run.record).get(of)
        if value is not None:
            created = run.record.provenance.created_utc
            points.append(Point(folder=run.folder, created_utc=created, value=value))
    if not points:
        return []
    record = members[-1].record
    data = record.dataset
    return [
        History(
            metric=metric,
            of=of,
            model=record.model.name,
            board=record.board.name,
            engine=engine_title(record.engine),
            dataset=f"{data.name} {data.split}, {data.windows} windows",
            points=tuple(points),
        )
    ]


def _group(record: RunRecord) -> tuple[str, ...]:
    return (
        record.model.tflite_sha256,
        record.dataset.sha256,
        record.dataset.label_map,
        record.board.name,
        record.board.cpu,
        str(record.board.emulated),
        record.latency.unit,
        record.engine.name,
        record.engine.goal,
    )
