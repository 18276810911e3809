"""A whole record, with everything that its annotators said of its beats."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ectopy.errors import DataError, InputError
from ectopy.vocab import LABEL_MAP, BeatClass, DatasetName, splits_of
from ectopy.windows import mitdb, synthetic
from ectopy.windows.annotations import Annotations
from ectopy.windows.recording import Recording
from ectopy.windows.source import locate
from ectopy.windows.wfdb_files import read_annotations

DEFAULT_RECORDS = {mitdb.NAME: "208", synthetic.NAME: "synthetic-ds1-09"}
"""Records with beats of every class."""

BEAT_SYMBOLS = frozenset("NLRejAaJSVEF/fQBnr?")
"""What wfdb calls a QRS annotation."""

_FLUTTER_BEGINS, _FLUTTER_ENDS = "[", "]"

Span: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRequest:
    """Which record.

    Attributes:
        record: Its name; None takes one that has something to show.
        data_dir: Where the records are; None looks in the usual places.
    """

    record: str | None = None
    dataset: DatasetName = DatasetName.AUTO
    data_dir: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WholeRecord:
    """A record from its first sample to its last.

    Attributes:
        source: ``mitdb`` or ``synthetic``.
        split: ``ds1``, ``ds2``, or empty for a record that is in neither.
        beat_samples: int64 (k,), all annotated beats at the recording's own rate.
        symbols: k annotation symbols of MIT-BIH, also those that are in no class.
        flutter: Spans (first sample, last sample) of ventricular flutter, where no beat is
            annotated; AAMI EC57 judges no detector there.
        reason: Why this source was taken, one sentence for people.
        citation: Whom to name wherever the record is shown.
    """

    source: str
    split: str
    recording: Recording
    beat_samples: npt.NDArray[np.int64]
    symbols: tuple[str, ...]
    flutter: tuple[Span, ...]
    reason: str
    citation: str

    @property
    def synthetic(self) -> bool:
        """True if no patient's heart was involved; shown in every output."""
        return self.source == synthetic.NAME


def load_record(request: RecordRequest) -> WholeRecord:
    """Opens a record.

    Raises:
        DataError: There is no such record, or it is damaged.
        InputError: Records of that data set cannot be opened whole.
    """
    if request.dataset is DatasetName.ICENTIA11K:
        raise InputError(
            "records of icentia11k cannot be played", hint="play those of mitdb, or synthetic"
        )
    directory, reason = locate(request.dataset, request.data_dir)
    if directory is None:
        return _synthetic(request.record or DEFAULT_RECORDS[synthetic.NAME], reason)
    return _from_mitdb(directory, request.record or DEFAULT_RECORDS[mitdb.NAME], reason)


def _from_mitdb(directory: Path, name: str, reason: str) -> WholeRecord:
    known = sorted(path.stem for path in directory.glob("*.hea"))
    if name not in known:
        raise DataError(f"no record {name!r} in {directory}", hint=f"there are {', '.join(known)}")
    recording = mitdb.read_recording(directory, name)
    annotations = read_annotations(directory, name, recording.counts.size, mitdb.DATABASE)
    symbols = annotations.symbols
    beats = [i for i, symbol in enumerate(symbols) if symbol in BEAT_SYMBOLS]
    return WholeRecord(
        source=mitdb.NAME,
        split=next((s.value for s, names in mitdb.SPLITS.items() if name in names), ""),
        recording=recording,
        beat_samples=annotations.samples[beats],
        symbols=tuple(symbols[i] for i in beats),
        flutter=_flutter(annotations, recording.counts.size),
        reason=reason,
        citation=mitdb.CITATION,
    )


def _flutter(annotations: Annotations, samples: int) -> tuple[Span, ...]:
    spans, begun = [], None
    for place, symbol in zip(annotations.samples.tolist(), annotations.symbols, strict=True):
        if symbol == _FLUTTER_BEGINS:
            begun = place
        elif symbol == _FLUTTER_ENDS and begun is not None:
            spans.append((begun, place))
            begun = None
    if begun is not None:
        spans.append((begun, samples))
    return tuple(spans)


def _synthetic(name: str, reason: str) -> WholeRecord:
    for split in splits_of(DatasetName.SYNTHETIC):
        for recording in synthetic.recordings(split):
            if recording.name == name:
                letters = {int(c): LABEL_MAP[c][0] for c in BeatClass}
                return WholeRecord(
                    source=synthetic.NAME,
                    split=split.value,
                    recording=recording,
                    beat_samples=recording.beat_samples.astype(np.int64),
                    symbols=tuple(letters[label] for label in recording.labels.tolist()),
                    flutter=(),
                    reason=reason,
                    citation=synthetic.CITATION,
                )
    raise DataError(
        f"no record {name!r}: {reason}",
        hint=f"synthetic records are called {synthetic.NAME}-ds1-01 to -{synthetic.PATIENTS}, and "
        "the same of ds2",
    )
