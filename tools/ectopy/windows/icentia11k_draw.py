"""Which windows of icentia11k: some beats of some segments, because all of them are 4 TB.

A draw goes from patient to patient in random order, takes one random segment of each, and of that
a plain draw of beats, so that classes appear at their natural prevalence and each patient counts
alike; then the next segment of each patient, until there are enough windows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ectopy.errors import InputError
from ectopy.vocab import FRAME_SAMPLES
from ectopy.windows.draws import draw, rank_key, ranking
from ectopy.windows.icentia11k import read_segment, segments
from ectopy.windows.recording import Trace, to_trace

BEATS_PER_SEGMENT = 50
"""Taken of a segment before the next patient's turn: 1,000 windows are of 20 patients."""

MOST_WHOLE_SEGMENTS = 100
"""Segments that are taken whole where no limit is given: half a million windows, 1 GB."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cut:
    """Windows of one segment, in order of time.

    Attributes:
        record: Name of the segment.
        samples: float32 (n, 512), millivolts at 100 Hz.
        labels: uint8 (n,).
        beat_samples: int32 (n,), at the segment's own rate.
    """

    record: str
    samples: npt.NDArray[np.float32]
    labels: npt.NDArray[np.uint8]
    beat_samples: npt.NDArray[np.int32]


def draw_windows(
    directory: Path, people: tuple[str, ...], limit: int | None, seed: int
) -> list[Cut]:
    """Windows of some patients.

    Memory is that of the windows, twice, and of one segment. The same patients, limit and seed
    give the same windows; a larger limit contains a smaller one.

    Raises:
        DataError: A segment is unusable.
        InputError: No limit, and too much to take whole.
    """
    order = _in_random_order(directory, people, seed)
    total = sum(len(names) for names in order)
    if limit is None:
        _require_few(total)
        per_segment = None
    else:
        per_segment = max(BEATS_PER_SEGMENT, -(-limit // max(total, 1)))
    cuts: list[Cut] = []
    missing = limit
    for segment in _rounds(order):
        if missing is not None and missing <= 0:
            break
        trace = to_trace(read_segment(directory, segment).recording)
        cuts.append(_cut(trace, per_segment, missing, seed))
        if missing is not None:
            missing -= cuts[-1].labels.size
    return cuts


def segments_in_random_order(directory: Path, patient: str, seed: int) -> tuple[str, ...]:
    """A patient's annotated segments."""
    names = segments(directory, patient)
    return tuple(names[i] for i in ranking(len(names), seed, int(patient[1:])))


def patients_in_random_order(names: tuple[str, ...], seed: int) -> tuple[str, ...]:
    """Patients, of which those of a smaller collection keep their order in a larger one."""
    return tuple(sorted(names, key=lambda name: rank_key(seed, int(name[1:]))))


def _in_random_order(directory: Path, names: tuple[str, ...], seed: int) -> list[tuple[str, ...]]:
    ordered = patients_in_random_order(names, seed)
    return [segments_in_random_order(directory, name, seed) for name in ordered]


def _rounds(order: list[tuple[str, ...]]) -> Iterator[str]:
    """One segment of each patient, then the next of each."""
    for turn in zip_longest(*order):
        yield from (segment for segment in turn if segment is not None)


def _require_few(total: int) -> None:
    if total > MOST_WHOLE_SEGMENTS:
        raise InputError(
            f"all windows of {total:,} segments of icentia11k are too many",
            hint=f"give a limit; up to {MOST_WHOLE_SEGMENTS} segments are taken whole",
        )


def _cut(trace: Trace, per_segment: int | None, missing: int | None, seed: int) -> Cut:
    bounds = [bound for bound in (per_segment, missing) if bound is not None]
    number = int(trace.name[1:6]) * 100 + int(trace.name[8:10])
    chosen = draw(trace.labels.size, min(bounds, default=None), seed, number)
    samples = np.empty((chosen.size, FRAME_SAMPLES), dtype=np.float32)
    if chosen.size:
        trace.cut(chosen, samples)
    return Cut(
        record=trace.name,
        samples=samples,
        labels=trace.labels[chosen],
        beat_samples=trace.beat_samples[chosen],
    )
