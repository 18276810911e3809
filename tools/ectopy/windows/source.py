"""One door to all windows: where they come from, which of them, and their hash."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ectopy.errors import DataError, InputError
from ectopy.vocab import FRAME_SAMPLES, LABEL_MAP, DatasetName, Split, splits_of
from ectopy.windows import cache, icentia11k, mitdb, nstdb, synthetic
from ectopy.windows.draws import draw
from ectopy.windows.icentia11k_draw import Cut, draw_windows
from ectopy.windows.noise import NoiseCondition, add_noise
from ectopy.windows.recording import Recording, Trace, to_trace
from ectopy.windows.strips import Strips, to_strips
from ectopy.windows.types import DatasetInfo, WindowSet

_CITATIONS = {
    mitdb.NAME: mitdb.CITATION,
    icentia11k.NAME: icentia11k.CITATION,
    synthetic.NAME: synthetic.CITATION,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRequest:
    """Which windows are wanted.

    Attributes:
        split: One of those the data set has, see :func:`ectopy.vocab.splits_of`; None is the
            part that tests.
        data_dir: Directory that holds ``mitdb/`` or ``icentia11k/``, or the records themselves;
            None looks at $ECTOPY_DATA and then, for MIT-BIH, at the user's cache.
        limit: How many windows, drawn over all records; None or more than there are: all.
        seed: Of the draw.
        lead: Lead name; None takes MLII where present and the first lead elsewhere.
        noise: Added to the traces before windows are cut; None for the records as they are.
    """

    dataset: DatasetName
    split: Split | None = None
    data_dir: Path | None = None
    limit: int | None = None
    seed: int = 0
    lead: str | None = None
    noise: NoiseCondition | None = None


def load_windows(request: WindowRequest) -> WindowSet:
    """The windows asked for, in order of record and time.

    A limit is a plain seeded draw without replacement from all windows of the split, so that
    records and classes appear at their natural prevalence; a larger limit contains a smaller one.
    Of icentia11k, which is too large to be counted, see :func:`icentia11k_draw.draw_windows`.

    Raises:
        DataError: No records (or no noise) where the user said they are, or one is unusable.
        InputError: The limit is not positive, the seed negative, the split another data set's,
            there is more than can be taken without a limit, or noise that fits no such records.
    """
    if request.limit is not None and request.limit < 1:
        raise InputError(f"a limit of {request.limit} windows", hint="ask for at least one, or all")
    if request.seed < 0:
        raise InputError(f"a seed of {request.seed}", hint="seeds are whole numbers from 0")
    known = splits_of(request.dataset)
    split = known[1] if request.split is None else request.split
    if split not in known:
        raise InputError(
            f"{request.dataset} has no split {split}", hint=f"it has {' and '.join(known)}"
        )
    if request.dataset is DatasetName.ICENTIA11K:
        return _icentia11k(request, split)
    directory, reason = locate(request.dataset, request.data_dir)
    if directory is None:
        if request.lead is not None:
            raise DataError(
                f"synthetic ECG has no lead {request.lead!r}", hint="leave the lead out"
            )
        info = _info(synthetic.NAME, split.value, reason, request.noise)
        return _assemble(synthetic.recordings(split), request, info)
    records = mitdb.SPLITS[split]
    real = (mitdb.read_recording(directory, record, request.lead) for record in records)
    return _assemble(real, request, _info(mitdb.NAME, split.value, reason, request.noise))


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


def icentia11k_windows(
    directory: Path, people: tuple[str, ...], limit: int, seed: int
) -> WindowSet:
    """Windows of some training patients of icentia11k, to look at while others train.

    Args:
        directory: As found by :func:`icentia11k_dir`.
        people: Names of the patients.
        limit: How many windows, drawn as :func:`load_windows` draws them.
        seed: Of the draw.

    Raises:
        DataError: They have no labelled beats, or a segment is unusable.
    """
    cuts = draw_windows(directory, people, limit, seed)
    reason = f"patients that do not train: {len(people):,}"
    return _joined(cuts, _info(icentia11k.NAME, "train-val", reason))


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


def icentia11k_dir(data_dir: Path | None) -> tuple[Path, str]:
    """Directory of the records of icentia11k and the reason for people.

    Args:
        data_dir: Named by the user; None looks at $ECTOPY_DATA.

    Raises:
        DataError: They are not there.
    """
    hint = icentia11k.FETCH_HINT
    found = _named_place(data_dir, icentia11k.NAME, icentia11k.find_records, hint)
    if found is None:
        raise DataError(
            f"no {icentia11k.NAME} records: neither --data-dir nor ${cache.DATA_VARIABLE}",
            hint=hint,
        )
    return found


def locate(dataset: DatasetName, data_dir: Path | None) -> tuple[Path | None, str]:
    """Directory of the records (None: synthetic) and the reason for people.

    A place that the user named must hold records: falling back to something else in silence
    would make figures of the wrong data.

    Raises:
        DataError: No records where the user said they are, or none at all.
    """
    if dataset is DatasetName.SYNTHETIC:
        return None, "synthetic windows were asked for"
    named = _named_place(data_dir, "MIT-BIH", mitdb.find_records, mitdb.FETCH_HINT)
    if named is not None:
        return named
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


def _named_place(
    data_dir: Path | None, title: str, find: Callable[[Path], Path | None], hint: str
) -> tuple[Path, str] | None:
    """Where the user says that records are, and the reason for people; None if nobody says."""
    variable = os.environ.get(cache.DATA_VARIABLE)
    named = [
        (data_dir, "--data-dir"),
        (Path(variable) if variable else None, f"${cache.DATA_VARIABLE}"),
    ]
    for place, option in named:
        if place is None:
            continue
        try:
            found = find(place)
        except OSError as error:
            raise DataError(f"cannot look into {place} ({option}): {error}") from error
        if found is None:
            raise DataError(f"no {title} records in {place} ({option})", hint=hint)
        return found, f"{title} records found in {_short(found)} ({option})"
    return None


def _short(path: Path) -> str:
    """A path for people and shared records: nobody's home directory."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


def _assemble(
    recordings: Iterable[Recording], request: WindowRequest, info: DatasetInfo
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
    return _delivered(samples, labels, records, beat_samples, info)


def _icentia11k(request: WindowRequest, split: Split) -> WindowSet:
    if request.lead is not None:
        raise DataError(
            f"{icentia11k.NAME} has one lead, and not {request.lead!r}", hint="leave the lead out"
        )
    if request.noise is not None:
        raise InputError(
            f"no noise is added to {icentia11k.NAME}",
            hint="leave the noise out, or test with it on MIT-BIH: --split ds2",
        )
    directory, reason = icentia11k_dir(request.data_dir)
    names = icentia11k.patients(directory, split)
    cuts = draw_windows(directory, names, request.limit, request.seed)
    people = {icentia11k.patient_of(cut.record) for cut in cuts}
    reason += f"; patients: {len(people):,}, segments: {len(cuts):,}"
    return _joined(cuts, _info(icentia11k.NAME, split.value, reason))


def _joined(cuts: Iterable[Cut], info: DatasetInfo) -> WindowSet:
    """All windows of some segments, in order of record and time."""
    ordered = sorted(cuts, key=lambda cut: cut.record)
    sizes = [cut.labels.size for cut in ordered]
    if not sum(sizes):
        raise DataError(
            f"no labelled beats in {info.name}'s {info.split} patients",
            hint=f"{info.reason}; are their .atr files there?",
        )
    return _delivered(
        np.concatenate([cut.samples for cut in ordered]),
        np.concatenate([cut.labels for cut in ordered]),
        np.repeat(np.array([cut.record for cut in ordered], dtype=np.str_), sizes),
        np.concatenate([cut.beat_samples for cut in ordered]),
        info,
    )


def _info(name: str, split: str, reason: str, noise: NoiseCondition | None = None) -> DatasetInfo:
    """All but the hash, which is of the windows."""
    return DatasetInfo(
        name=name,
        split=split,
        synthetic=name == synthetic.NAME,
        label_map=" ".join(f"{c.name}={symbols}" for c, symbols in LABEL_MAP.items()),
        sha256="",
        reason=reason,
        citation=_CITATIONS[name] if noise is None else f"{_CITATIONS[name]} {nstdb.CITATION}",
    )


def _delivered(
    samples: npt.NDArray[np.float32],
    labels: npt.NDArray[np.uint8],
    records: npt.NDArray[np.str_],
    beat_samples: npt.NDArray[np.int32],
    info: DatasetInfo,
) -> WindowSet:
    return WindowSet(
        samples=samples,
        labels=labels,
        records=records,
        beat_samples=beat_samples,
        info=replace(info, sha256=window_hash(samples, labels, records, beat_samples)),
    )


def _traces(recordings: Iterable[Recording], request: WindowRequest) -> list[Trace]:
    traces = [to_trace(recording) for recording in recordings]
    if request.noise is None:
        return traces
    noise = nstdb.read_noise(request.data_dir, request.noise.half)
    return [add_noise(trace, noise, request.noise) for trace in traces]
