"""One door to all windows: where they come from, which of them, and their hash."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ectopy.errors import DataError, InputError
from ectopy.vocab import FRAME_SAMPLES, LABEL_MAP, DatasetName, Split
from ectopy.windows import cache, mitdb, nstdb, synthetic
from ectopy.windows.noise import NoiseCondition, add_noise
from ectopy.windows.recording import Recording, Trace, to_trace
from ectopy.windows.strips import Strips, to_strips
from ectopy.windows.types import DatasetInfo, WindowSet


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRequest:
    """Which windows are wanted.

    Attributes:
        data_dir: Directory that holds ``mitdb/`` or the records themselves; None looks at
            $ECTOPY_DATA and then at the user's cache.
        limit: How many windows, drawn over all records; None or more than there are: all.
        seed: Of the draw.
        lead: Lead name; None takes MLII where present and the first lead elsewhere.
        noise: Added to the traces before windows are cut; None for the records as they are.
    """

    dataset: DatasetName
    split: Split
    data_dir: Path | None = None
    limit: int | None = None
    seed: int = 0
    lead: str | None = None
    noise: NoiseCondition | None = None


def load_windows(request: WindowRequest) -> WindowSet:
    """The windows asked for, in order of record and time.

    A limit is a plain seeded draw without replacement from all windows of the split, so that
    records and classes appear at their natural prevalence; a larger limit contains a smaller one.

    Raises:
        DataError: No records (or no noise) where the user said they are, or one is unusable.
        InputError: The limit is not positive, or the seed negative.
    """
    if request.limit is not None and request.limit < 1:
        raise InputError(f"a limit of {request.limit} windows", hint="ask for at least one, or all")
    if request.seed < 0:
        raise InputError(f"a seed of {request.seed}", hint="seeds are whole numbers from 0")
    directory, reason = locate(request.dataset, request.data_dir)
    if directory is None:
        if request.lead is not None:
            raise DataError(
                f"synthetic ECG has no lead {request.lead!r}", hint="leave the lead out"
            )
        recordings = synthetic.recordings(request.split)
        return _assemble(recordings, request, synthetic.NAME, reason)
    records = mitdb.SPLITS[request.split]
    real = (mitdb.read_recording(directory, record, request.lead) for record in records)
    return _assemble(real, request, mitdb.NAME, reason)


def load_split(split: Split, data_dir: Path | None = None, lead: str | None = None) -> WindowSet:
    """All MIT-BIH windows of a split; see :func:`load_windows`."""
    return load_windows(
        WindowRequest(dataset=DatasetName.MITDB, split=split, data_dir=data_dir, lead=lead)
    )


def select_windows(windows: WindowSet, chosen: npt.NDArray[np.bool_], split: str) -> WindowSet:
    """Some windows of a set, as a set of their own.

    Args:
        windows: n windows.
        chosen: (n,), which of them.
        split: What they are called.
    """
    samples, labels = windows.samples[chosen], windows.labels[chosen]
    records, beat_samples = windows.records[chosen], windows.beat_samples[chosen]
    sha256 = window_hash(samples, labels, records, beat_samples)
    return WindowSet(
        samples=samples,
        labels=labels,
        records=records,
        beat_samples=beat_samples,
        info=replace(windows.info, split=split, sha256=sha256),
    )


def load_strips(records: Iterable[str], data_dir: Path | None = None) -> Strips:
    """Whole MIT-BIH records with all their leads and beats.

    Raises:
        DataError: There are no records, or one is unusable.
    """
    directory = _records_directory(data_dir)
    return to_strips(mitdb.read_leads(directory, record) for record in records)


def load_rhythms(windows: WindowSet, data_dir: Path | None = None) -> npt.NDArray[np.str_]:
    """The annotated rhythm at each beat of MIT-BIH windows, empty before the first; (n,).

    Raises:
        DataError: There are no records, or the annotations of one cannot be read.
    """
    directory = _records_directory(data_dir)
    found = np.empty(len(windows), dtype=object)
    for record in np.unique(windows.records).tolist():
        starts, names = mitdb.read_rhythms(directory, record)
        of_record = windows.records == record
        places = np.searchsorted(starts, windows.beat_samples[of_record], side="right")
        found[of_record] = np.array(["", *names], dtype=object)[places]
    return found.astype(np.str_)


def _records_directory(data_dir: Path | None) -> Path:
    directory, reason = locate(DatasetName.MITDB, data_dir)
    if directory is None:
        raise DataError(reason, hint=mitdb.FETCH_HINT)
    return directory


def window_hash(
    samples: npt.NDArray[np.float32],
    labels: npt.NDArray[np.uint8],
    records: npt.NDArray[np.str_],
    beat_samples: npt.NDArray[np.int32],
) -> str:
    """SHA-256 in hex over everything that makes a set of windows, the same on every machine."""
    digest = hashlib.sha256(f"ectopy windows 1: {samples.shape}\n".encode())
    digest.update(np.ascontiguousarray(samples, dtype="<f4").data)
    digest.update(np.ascontiguousarray(labels, dtype="u1").data)
    digest.update("\n".join(records.tolist()).encode())
    digest.update(np.ascontiguousarray(beat_samples, dtype="<i4").data)
    return digest.hexdigest()


def draw(total: int, limit: int | None, seed: int) -> npt.NDArray[np.int64]:
    """Indices of a draw without replacement, ascending, int64 (min(limit, total),).

    Sorts the raw PCG64 stream, which numpy guarantees never to change.
    """
    if limit is None or limit >= total:
        return np.arange(total, dtype=np.int64)
    keys = np.random.PCG64(seed).random_raw(total)
    return np.sort(np.argsort(keys, kind="stable")[:limit]).astype(np.int64)


def locate(dataset: DatasetName, data_dir: Path | None) -> tuple[Path | None, str]:
    """Directory of the records (None: synthetic) and the reason for people.

    A place that the user named must hold records: falling back to something else in silence
    would make figures of the wrong data.

    Raises:
        DataError: No records where the user said they are, or none at all.
    """
    if dataset is DatasetName.SYNTHETIC:
        return None, "synthetic windows were asked for"
    variable = os.environ.get(cache.DATA_VARIABLE)
    named = [
        (data_dir, "--data-dir"),
        (Path(variable) if variable else None, f"${cache.DATA_VARIABLE}"),
    ]
    for place, option in named:
        if place is None:
            continue
        try:
            found = mitdb.find_records(place)
        except OSError as error:
            raise DataError(f"cannot look into {place} ({option}): {error}") from error
        if found is None:
            raise DataError(f"no MIT-BIH records in {place} ({option})", hint=mitdb.FETCH_HINT)
        return found, f"MIT-BIH records found in {_short(found)} ({option})"
    cached = cache.mitdb_dir()
    try:
        if cache.is_complete(cached):
            return cached, f"MIT-BIH records found in the cache {_short(cached)}"
        state = f"the cache {cached} is {'incomplete' if cached.exists() else 'empty'}"
    except OSError as error:
        state = f"the cache {cached} cannot be read ({error.strerror})"
    absent = f"no MIT-BIH records: no --data-dir, no ${cache.DATA_VARIABLE}, and {state}"
    if dataset is DatasetName.MITDB:
        raise DataError(absent, hint=mitdb.FETCH_HINT)
    return None, f"{absent}; `ectopy data fetch mitdb` downloads them"


def _short(path: Path) -> str:
    """A path for people and shared records: nobody's home directory."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


def _assemble(
    recordings: Iterable[Recording], request: WindowRequest, name: str, reason: str
) -> WindowSet:
    """Cuts the chosen windows of all recordings into one array, without a second copy of it."""
    traces = _traces(recordings, request)
    ends = np.cumsum([t.labels.size for t in traces])
    chosen = draw(int(ends[-1]), request.limit, request.seed)
    bounds = np.searchsorted(chosen, np.concatenate(([0], ends)))
    samples = np.empty((chosen.size, FRAME_SAMPLES), dtype=np.float32)
    for trace, end, low, high in zip(traces, ends, bounds[:-1], bounds[1:], strict=True):
        trace.cut(chosen[low:high] - (end - trace.labels.size), samples[low:high])
    labels = np.concatenate([t.labels for t in traces])[chosen]
    names = np.repeat([t.name for t in traces], [t.labels.size for t in traces])
    records = names[chosen].astype(np.str_)
    beat_samples = np.concatenate([t.beat_samples for t in traces])[chosen]
    info = DatasetInfo(
        name=name,
        split=request.split.value,
        synthetic=name == synthetic.NAME,
        label_map=" ".join(f"{c.name}={symbols}" for c, symbols in LABEL_MAP.items()),
        sha256=window_hash(samples, labels, records, beat_samples),
        reason=reason,
        citation=_citation(name, request),
    )
    return WindowSet(
        samples=samples, labels=labels, records=records, beat_samples=beat_samples, info=info
    )


def _traces(recordings: Iterable[Recording], request: WindowRequest) -> list[Trace]:
    traces = [to_trace(recording) for recording in recordings]
    if request.noise is None:
        return traces
    noise = nstdb.read_noise(request.data_dir, request.noise.half)
    return [add_noise(trace, noise, request.noise) for trace in traces]


def _citation(name: str, request: WindowRequest) -> str:
    heart = synthetic.CITATION if name == synthetic.NAME else mitdb.CITATION
    return heart if request.noise is None else f"{heart} {nstdb.CITATION}"
