"""Icentia11k, the data set of heartKIT's model zoo, as recordings.

As on PhysioNet: ``p00/p00000/p00000_s00.hea``, ``.dat``, ``.atr``, up to 50 segments of 2**20 + 1
samples (70 minutes) a patient, one lead at 250 Hz in 16 bits. A segment without ``.atr`` has no
annotations. Segments of a patient do not follow each other in time.

Source: the script that made the files, ``physionet/icentia11k_make_wfdb.py`` of
github.com/shawntan/icentia-ecg, and the counts beside it: beats are N, Q, S and V, rhythms
``(N``, ``(AFIB``, ``(AFL``, closed by ``)``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ectopy.errors import DataError
from ectopy.vocab import Split
from ectopy.windows.annotations import RHYTHM
from ectopy.windows.recording import Recording
from ectopy.windows.rhythm_spans import RhythmSpan
from ectopy.windows.wfdb_files import (
    Database,
    damaged,
    read_annotations,
    read_counts,
    read_header,
    require_files,
)

NAME = "icentia11k"
RATE_HZ = 250

SPLITS: dict[Split, range] = {
    Split.TRAIN: range(10_000),
    Split.TEST: range(10_000, 11_000),
}
"""Numbers of the patients: heartKIT trains on p00000 to p09999 and tests on p10000 to p10999.

Source: ``get_train_patient_ids`` and ``get_test_patient_ids`` in heartKIT's
``heartkit/datasets/icentia11k.py``.
"""

CITATION = (
    "Icentia11k Single Lead Continuous Raw Electrocardiogram Dataset 1.0, PhysioNet, "
    "doi:10.13026/kk0v-r952. "
    "Tan S, Androz G, Ortiz-Gagné S, et al. Icentia11K: An Unsupervised Representation Learning "
    "Dataset for Arrhythmia Subtype Discovery. Computing in Cardiology, 2021. "
    "Goldberger AL, Amaral LAN, Glass L, et al. PhysioBank, PhysioToolkit, and PhysioNet. "
    "Circulation 101(23):e215-e220, 2000. "
    "Licence: CC BY-NC-SA 4.0, not for commercial use."
)
"""Names, references and licence; shown wherever a result made from these records is shown."""

FETCH_HINT = (
    "get patients (about 100 MB each) from "
    "https://physionet.org/content/icentia11k-continuous-ecg/1.0/ and name the directory that "
    "holds p00/p00000/, or that holds it as icentia11k/, with --data-dir or $ECTOPY_DATA"
)

_DATABASE = Database(
    rate_hz=RATE_HZ,
    missing_hint=FETCH_HINT,
    damaged_hint=f"the file is damaged or not icentia11k's; {FETCH_HINT}",
)

_GROUP = re.compile(r"p\d\d")
_PATIENT = re.compile(r"p\d{5}")
_SEGMENT = re.compile(r"p\d{5}_s\d\d")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Segment:
    """One segment with all that is annotated.

    Attributes:
        recording: Beats of the three classes.
        rhythms: Spans at the recording's rate.
        annotated_beats: Of any kind, those that nobody could classify included.
    """

    recording: Recording
    rhythms: tuple[RhythmSpan, ...]
    annotated_beats: int


def is_segment(record: str) -> bool:
    """Whether a record is of this data set, by its name."""
    return bool(_SEGMENT.match(record))


def patient_of(record: str) -> str:
    """The patient of a segment or an excerpt: ``p00000`` of ``p00000_s03``."""
    return record.partition("_")[0]


def find_records(directory: Path) -> Path | None:
    """The directory of the patients' groups: ``directory`` or its ``icentia11k``; or None."""
    for candidate in (directory / NAME, directory):
        if candidate.is_dir() and _groups(candidate):
            return candidate
    return None


def _groups(directory: Path) -> list[Path]:
    return [place for place in directory.iterdir() if _GROUP.fullmatch(place.name)]


def patients(directory: Path, split: Split) -> tuple[str, ...]:
    """The patients of a split that are there, in order.

    Raises:
        DataError: There is none.
    """
    groups = [group for group in _groups(directory) if group.is_dir()]
    names = [place.name for group in groups for place in group.iterdir()]
    numbers = SPLITS[split]
    found = (n for n in names if _PATIENT.fullmatch(n) and int(n[1:]) in numbers)
    if here := tuple(sorted(found)):
        return here
    first, last = numbers[0], numbers[-1]
    raise DataError(
        f"no patients of icentia11k's {split} split in {directory}",
        hint=f"those are p{first:05d} to p{last:05d}; {FETCH_HINT}",
    )


def segments(directory: Path, patient: str) -> tuple[str, ...]:
    """Names of a patient's annotated segments, in order; may be none."""
    names = (place.stem for place in _folder(directory, patient).glob("*.atr"))
    return tuple(sorted(name for name in names if _SEGMENT.fullmatch(name)))


def read_segment(directory: Path, segment: str) -> Segment:
    """One segment, about 8 MB while it is read.

    A beat that is annotated twice at the same sample, as different things, is of no class.

    Args:
        directory: As found by :func:`find_records`.
        segment: Name such as ``p00000_s03``.

    Raises:
        DataError: A file is missing, short or corrupt.
    """
    folder = _folder(directory, patient_of(segment))
    require_files(folder, segment, _DATABASE)
    try:
        return _read(folder, segment)
    except OSError as error:
        raise DataError(f"record {segment}: {error}", hint="may you read that file?") from error


def _read(folder: Path, segment: str) -> Segment:
    header = read_header(folder, segment, _DATABASE)
    if (leads := len(header.leads)) != 1:
        raise damaged(segment, folder / f"{segment}.hea", f"has {leads} leads, not one", _DATABASE)
    annotations = read_annotations(folder, segment, header.samples, _DATABASE)
    beat_samples, labels = annotations.beats()
    is_beat = np.array([symbol != RHYTHM for symbol in annotations.symbols], dtype=bool)
    found, times = np.unique(annotations.samples[is_beat], return_counts=True)
    certain = np.isin(beat_samples, found[times == 1])
    recording = Recording(
        name=segment,
        counts=read_counts(folder, segment, header, 0, _DATABASE),
        counts_per_mv=header.counts_per_mv[0],
        rate_hz=RATE_HZ,
        beat_samples=beat_samples[certain],
        labels=labels[certain],
        unclassed_samples=np.setdiff1d(found, beat_samples[certain]).astype(np.int32),
    )
    return Segment(
        recording=recording,
        rhythms=annotations.rhythms(header.samples),
        annotated_beats=int(is_beat.sum()),
    )


def _folder(directory: Path, patient: str) -> Path:
    return directory / patient[:3] / patient
