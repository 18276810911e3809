"""What is replayed and what comes of it: a stretch of ECG, the device, one event a beat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ectopy.vocab import FRAME_SAMPLES, R_PEAK_SAMPLE, SAMPLING_HZ, TickUnit

DELAY_S = (FRAME_SAMPLES - R_PEAK_SAMPLE) / SAMPLING_HZ
"""A beat's window ends so long after its R peak: no class can be known earlier."""

RATE_BEATS = 8
"""Heart rate is that of so many intervals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """What the annotators said of a beat.

    Attributes:
        time_s: Of their R peak, from the beginning of the record.
        symbol: MIT-BIH's annotation symbol.
        label: Value of :class:`ectopy.vocab.BeatClass`; None for beats that are in no class.
    """

    time_s: float
    symbol: str
    label: int | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tape:
    """A stretch of a record, with the R peaks that the detector found in it.

    Attributes:
        source: ``mitdb`` or ``synthetic``.
        split: ``ds1``, ``ds2`` or empty.
        reason: Why this source was taken.
        citation: Whom to name wherever the ECG is shown.
        detector: Its name.
        millivolts: float32 (m,), the whole record at 100 Hz.
        peaks: int64 (n,), detected R peaks of the stretch as indices into ``millivolts``.
        annotations: n, of the annotated beat that each peak was paired with; None if with none.
        judged: bool (n,), False where AAMI EC57 judges no detector.
        missed: Annotated beats of the stretch that were not detected, in order of time.
        start_s: Where the replay begins in the record.
        end_s: Where it ends.
    """

    record: str
    source: str
    split: str
    synthetic: bool
    reason: str
    citation: str
    detector: str
    millivolts: npt.NDArray[np.float32]
    peaks: npt.NDArray[np.int64]
    annotations: tuple[Annotation | None, ...]
    judged: npt.NDArray[np.bool_]
    missed: tuple[Annotation, ...]
    start_s: float
    end_s: float

    @property
    def has_window(self) -> npt.NDArray[np.bool_]:
        """Whether each peak's 512 samples lie in the record, bool (n,)."""
        first = self.peaks - R_PEAK_SAMPLE
        fits: npt.NDArray[np.bool_] = (first >= 0) & (first + FRAME_SAMPLES <= self.millivolts.size)
        return fits

    def window(self, index: int) -> npt.NDArray[np.float32]:
        """Millivolts around a peak that has a window, float32 (512,)."""
        first = int(self.peaks[index]) - R_PEAK_SAMPLE
        return self.millivolts[first : first + FRAME_SAMPLES]

    def due_s(self) -> npt.NDArray[np.float64]:
        """When the window of each peak is complete, float64 (n,)."""
        due: npt.NDArray[np.float64] = self.peaks / SAMPLING_HZ + DELAY_S
        return due

    def heart_rate(self, clock_s: float) -> float | None:
        """Beats a minute over the last intervals before ``clock_s``; None after one beat."""
        seen = int(np.searchsorted(self.peaks, clock_s * SAMPLING_HZ, side="right"))
        last = self.peaks[max(0, seen - RATE_BEATS - 1) : seen]
        if last.size < 2:
            return None
        return float(60.0 * SAMPLING_HZ * (last.size - 1) / (last[-1] - last[0]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """What classifies.

    Attributes:
        classes: Names, in the model's order.
        normal: Index of the class that is not ectopic.
        clock_hz: Ticks per second on silicon; 0 where ticks are not time.
    """

    model: str
    board: str
    engine: str
    emulated: bool
    tick_unit: TickUnit
    clock_hz: int
    classes: tuple[str, ...]
    normal: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The device's answer about a beat.

    Attributes:
        said: Index of the class.
        probabilities: Of each class, from its int8 outputs.
        invoke_ticks: Of the inference, in the device's unit.
    """

    said: int
    probabilities: tuple[float, ...]
    invoke_ticks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """One detected beat when everything about it is known.

    Attributes:
        time_s: Of the R peak, from the beginning of the record.
        rr_s: Since the detected beat before; None for the first.
        verdict: None if the record begins too late for a whole window.
        annotation: None if no annotated beat is near.
        annotated: Class of the annotation in the model's order; None if it has none.
        judged: Whether the detector is judged here.
    """

    time_s: float
    rr_s: float | None
    verdict: Verdict | None
    annotation: Annotation | None
    annotated: int | None
    judged: bool

    @property
    def right(self) -> bool | None:
        """Whether device and annotators agree; None where one of them said nothing."""
        if self.verdict is None or self.annotated is None:
            return None
        return self.verdict.said == self.annotated
