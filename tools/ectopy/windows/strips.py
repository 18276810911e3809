"""Whole recordings end to end in memory, so that windows can be cut at any time scale and lead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ectopy.errors import DataError
from ectopy.vocab import FRAME_SAMPLES, R_PEAK_SAMPLE, BeatClass
from ectopy.windows.recording import Recording, at_100_hz, resample

UNCLASSED = 255
"""Label of a beat that no class stands for: fusion, paced, unclassifiable. It has an R peak."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Strips:
    """Continuous ECG of several patients with all annotated beats.

    Attributes:
        names: Record names.
        leads_mv: float32 (leads, m), millivolts at 100 Hz; the records follow each other. The
            first lead is the one that windows are cut from.
        starts: int64 (records + 1,), where each record begins in ``leads_mv``, and the end.
        peaks: int64 (k,), R peaks as indices into ``leads_mv``.
        labels: uint8 (k,), values of :class:`ectopy.vocab.BeatClass`, or ``UNCLASSED``.
        record_of: int64 (k,), index into ``names`` of each beat.
        drawn: bool (k,), which beats may be in the middle of a window, if not all; the others
            are neighbours.
    """

    names: tuple[str, ...]
    leads_mv: npt.NDArray[np.float32]
    starts: npt.NDArray[np.int64]
    peaks: npt.NDArray[np.int64]
    labels: npt.NDArray[np.uint8]
    record_of: npt.NDArray[np.int64]
    drawn: npt.NDArray[np.bool_] | None = None

    def may_be_centres(self) -> npt.NDArray[np.bool_]:
        """Which beats have a class and were drawn, bool (k,)."""
        classed: npt.NDArray[np.bool_] = np.isin(self.labels, list(BeatClass))
        return classed if self.drawn is None else classed & self.drawn

    def fits(self) -> npt.NDArray[np.bool_]:
        """Which beats have a whole window inside their record, bool (k,)."""
        start = self.peaks - R_PEAK_SAMPLE
        inside: npt.NDArray[np.bool_] = (start >= self.starts[self.record_of]) & (
            start + FRAME_SAMPLES <= self.starts[self.record_of + 1]
        )
        return inside

    def keep(self, names: Iterable[str]) -> Strips:
        """The same signal with the beats of the named records only."""
        chosen = np.isin(np.array(self.names), sorted(set(names)))[self.record_of]
        return replace(
            self,
            peaks=self.peaks[chosen],
            labels=self.labels[chosen],
            record_of=self.record_of[chosen],
            drawn=None if self.drawn is None else self.drawn[chosen],
        )


def to_strips(recordings: Iterable[Sequence[Recording]]) -> Strips:
    """Joins recordings.

    Args:
        recordings: For each record its leads, the main one first; all records have as many.

    Raises:
        DataError: There is none, or they differ in their number of leads.
    """
    traces, peaks, labels, names = [], [], [], []
    lengths: list[int] = []
    for leads in recordings:
        main = leads[0]
        trace = [resample(r.counts, r.rate_hz) / r.counts_per_mv for r in leads]
        traces.append(np.stack(trace).astype(np.float32))
        samples = np.concatenate([main.beat_samples, main.unclassed_samples]).astype(np.int64)
        classes = np.concatenate(
            [main.labels, np.full(main.unclassed_samples.size, UNCLASSED, np.uint8)]
        )
        order = np.argsort(samples, kind="stable")
        peaks.append(at_100_hz(samples[order], main.rate_hz) + sum(lengths))
        labels.append(classes[order])
        lengths.append(traces[-1].shape[1])
        names.append(main.name)
    if len({len(trace) for trace in traces}) != 1:
        raise DataError("no records, or records with different numbers of leads")
    counts = [part.size for part in labels]
    return Strips(
        names=tuple(names),
        leads_mv=np.concatenate(traces, axis=1),
        starts=np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
        peaks=np.concatenate(peaks),
        labels=np.concatenate(labels),
        record_of=np.repeat(np.arange(len(names)), counts),
    )
