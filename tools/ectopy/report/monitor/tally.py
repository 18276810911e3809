"""Running counts of a replay."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ectopy.metrics.detection import DetectorScore
from ectopy.report.monitor.beats import Beat, Device, Tape


class Tally:
    """What has been counted so far.

    Args:
        tape: What is replayed.
        device: What classifies.

    Attributes:
        beats: All beats so far, in order of time.
        counts: Beats that the device put into each class.
        confusion: int64 (classes, classes), rows what the annotators said.
    """

    def __init__(self, tape: Tape, device: Device) -> None:
        classes = len(device.classes)
        self.beats: list[Beat] = []
        self.counts = [0] * classes
        self.confusion: npt.NDArray[np.int64] = np.zeros((classes, classes), dtype=np.int64)
        self._tape = tape
        self._normal = device.normal
        self._found = self._extra = 0

    def add(self, beat: Beat) -> None:
        """Counts the next beat."""
        self.beats.append(beat)
        self._found += beat.annotation is not None
        self._extra += beat.annotation is None and beat.judged
        if beat.verdict is not None:
            self.counts[beat.verdict.said] += 1
            if beat.annotated is not None:
                self.confusion[beat.annotated, beat.verdict.said] += 1

    @property
    def classified(self) -> int:
        """Beats that the device gave a class."""
        return sum(self.counts)

    @property
    def burden(self) -> float | None:
        """Share of the classified beats that are ectopic; None before the first."""
        beats = self.classified
        return (beats - self.counts[self._normal]) / beats if beats else None

    @property
    def last(self) -> Beat | None:
        """The last beat that has a class."""
        return next((beat for beat in reversed(self.beats) if beat.verdict is not None), None)

    def detector(self, until_s: float) -> DetectorScore:
        """How the detector did with the annotated beats before ``until_s``.

        Args:
            until_s: Up to where beats have been counted.
        """
        missed = sum(beat.time_s <= until_s for beat in self._tape.missed)
        return DetectorScore(found=self._found, missed=missed, extra=self._extra)
