"""From a recording in ADC counts to one trace in millivolts at 100 Hz, bit for bit repeatable.

Every source of ECG ends here, so that windows of all sources are cut alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from math import gcd

import numpy as np
import numpy.typing as npt
from scipy.signal import firwin, resample_poly

from ectopy.vocab import FRAME_SAMPLES, R_PEAK_SAMPLE, SAMPLING_HZ

_TAP_BITS = 30


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recording:
    """One lead of one patient with annotated beats.

    Attributes:
        name: Record name, unique within its source.
        counts: int32 (m,), ADC counts relative to the baseline (0 is 0 mV).
        counts_per_mv: ADC gain.
        rate_hz: Sampling rate of ``counts``.
        beat_samples: int32 (k,), R peaks as indices into ``counts``, ascending.
        labels: uint8 (k,), values of :class:`ectopy.vocab.BeatClass`.
        unclassed_samples: int32 (j,), R peaks of beats that no class stands for (fusion, paced,
            unclassifiable), ascending. They are neighbours of others, never classified.
    """

    name: str
    counts: npt.NDArray[np.int32]
    counts_per_mv: float
    rate_hz: int
    beat_samples: npt.NDArray[np.int32]
    labels: npt.NDArray[np.uint8]
    unclassed_samples: npt.NDArray[np.int32] = field(
        default_factory=lambda: np.empty(0, dtype=np.int32)
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trace:
    """A recording at 100 Hz with the beats whose whole window lies inside it.

    Attributes:
        name: Record name.
        millivolts: float32 (m,), 100 Hz.
        peaks: int64 (k,), R peaks as indices into ``millivolts``.
        beat_samples: int32 (k,), the same beats at the recording's own rate.
        labels: uint8 (k,), values of :class:`ectopy.vocab.BeatClass`.
    """

    name: str
    millivolts: npt.NDArray[np.float32]
    peaks: npt.NDArray[np.int64]
    beat_samples: npt.NDArray[np.int32]
    labels: npt.NDArray[np.uint8]

    def cut(self, beats: npt.NDArray[np.int64], out: npt.NDArray[np.float32]) -> None:
        """Copies the windows of ``beats`` (indices, (n,)) into ``out`` (n, 512)."""
        frames = np.lib.stride_tricks.sliding_window_view(self.millivolts, FRAME_SAMPLES)
        out[:] = frames[self.peaks[beats] - R_PEAK_SAMPLE]


def to_trace(recording: Recording) -> Trace:
    """Resamples to 100 Hz and keeps the beats whose 512 samples fit in the recording."""
    counts = resample(recording.counts, recording.rate_hz)
    millivolts = (counts / recording.counts_per_mv).astype(np.float32)
    peaks = at_100_hz(recording.beat_samples, recording.rate_hz)
    start = peaks - R_PEAK_SAMPLE
    fits = (start >= 0) & (start + FRAME_SAMPLES <= millivolts.size)
    return Trace(
        name=recording.name,
        millivolts=millivolts,
        peaks=peaks[fits],
        beat_samples=recording.beat_samples[fits],
        labels=recording.labels[fits],
    )


def at_100_hz(samples: npt.NDArray[np.integer], rate_hz: int) -> npt.NDArray[np.int64]:
    """The nearest samples of the 100 Hz grid (halves go up), int64 (n,)."""
    peaks: npt.NDArray[np.int64] = (2 * samples.astype(np.int64) * SAMPLING_HZ + rate_hz) // (
        2 * rate_hz
    )
    return peaks


def resample(counts: npt.NDArray[np.int32], rate_hz: int) -> npt.NDArray[np.float64]:
    """Polyphase resampling of ADC counts to 100 Hz, exact to the last bit; float64 (m,).

    Source: ``scipy.signal.resample_poly`` with its default filter; the edges are held.
    """
    divisor = gcd(SAMPLING_HZ, rate_hz)
    up, down = SAMPLING_HZ // divisor, rate_hz // divisor
    taps = _taps(max(up, down))
    at_100_hz = resample_poly(counts.astype(np.float64), up, down, window=taps, padtype="edge")
    return np.asarray(at_100_hz, dtype=np.float64)


@cache
def _taps(max_rate: int) -> npt.NDArray[np.float64]:
    """The anti-alias filter scipy's ``resample_poly`` would design, on a grid of 2**-30.

    With integer counts every product and sum is then exact in float64, so that windows, and
    their hash, do not depend on the order in which a machine's SIMD units add.
    """
    taps = firwin(20 * max_rate + 1, 1.0 / max_rate, window=("kaiser", 5.0))
    return np.asarray(np.ldexp(np.rint(np.ldexp(taps, _TAP_BITS)), -_TAP_BITS))
