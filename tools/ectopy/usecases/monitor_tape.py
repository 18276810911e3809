"""From a whole record to the stretch that is replayed, with its R peaks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ectopy.errors import InputError
from ectopy.metrics.detection import match_beats
from ectopy.report.monitor.beats import Annotation, Tape
from ectopy.vocab import LABEL_MAP, SAMPLING_HZ
from ectopy.windows.recording import at_100_hz, to_trace
from ectopy.windows.replay import WholeRecord
from ectopy.windows.rpeaks import DETECTOR, find_r_peaks

_LABELS = {symbol: int(label) for label, symbols in LABEL_MAP.items() for symbol in symbols}


def make_tape(record: WholeRecord, start_s: float, seconds: float | None) -> Tape:
    """Finds the R peaks and pairs them with the annotated beats.

    The detector sees the whole record and none of its annotations, so that it has learned its
    thresholds and a stretch gives the same peaks however it is cut.

    Args:
        record: Which.
        start_s: Where the replay is to begin.
        seconds: How long it is to last; None to the end of the record.

    Raises:
        InputError: The record has ended by then.
    """
    recording = record.recording
    duration_s = recording.counts.size / recording.rate_hz
    if not start_s < duration_s:  # nor is it a time if it is not a number
        raise InputError(
            f"record {recording.name} lasts {duration_s:.0f} s, and the replay is to start at "
            f"{start_s:g} s",
            hint="choose an earlier --start",
        )
    end_s = duration_s if seconds is None else min(duration_s, start_s + seconds)
    detected = find_r_peaks(recording)
    annotation_of = match_beats(record.beat_samples, detected, recording.rate_hz)
    annotations = [_annotation(record, index) for index in range(record.beat_samples.size)]
    peaks = at_100_hz(detected, recording.rate_hz)
    shown = np.flatnonzero((peaks >= start_s * SAMPLING_HZ) & (peaks < end_s * SAMPLING_HZ))
    missed = np.setdiff1d(np.arange(len(annotations)), annotation_of)
    return Tape(
        record=recording.name,
        source=record.source,
        split=record.split,
        synthetic=record.synthetic,
        reason=record.reason,
        citation=record.citation,
        detector=DETECTOR,
        millivolts=to_trace(recording).millivolts,
        peaks=peaks[shown],
        annotations=tuple(
            annotations[i] if i >= 0 else None for i in annotation_of[shown].tolist()
        ),
        judged=_judged(record, detected[shown]),
        missed=tuple(annotations[i] for i in missed if start_s <= annotations[i].time_s < end_s),
        start_s=start_s,
        end_s=end_s,
    )


def _annotation(record: WholeRecord, index: int) -> Annotation:
    symbol = record.symbols[index]
    return Annotation(
        time_s=float(record.beat_samples[index]) / record.recording.rate_hz,
        symbol=symbol,
        label=_LABELS.get(symbol),
    )


def _judged(record: WholeRecord, detected: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    judged = np.ones(detected.size, dtype=np.bool_)
    for first, last in record.flutter:
        judged &= (detected < first) | (detected > last)
    return judged
