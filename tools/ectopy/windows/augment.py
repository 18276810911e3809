"""Windows of hearts that were not recorded, made from those that were.

Small pure functions, each vectorised over a batch: arrays and a random generator in, arrays out.
Rhythm first (:func:`retime` cuts windows out of continuous records with new RR intervals), then
single waves, then leads, then what electrodes and muscles add. Timings come from
:mod:`ectopy.windows.rhythm`. The classified beat stays at sample 256 through all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ectopy.vocab import FRAME_SAMPLES, R_PEAK_SAMPLE, SAMPLING_HZ
from ectopy.windows.rhythm import BEATS, NEIGHBOURS
from ectopy.windows.strips import Strips

Samples: TypeAlias = npt.NDArray[np.float32]
Floats: TypeAlias = npt.NDArray[np.float64]

# Parts of a beat, in samples of 10 ms from its R peak.
_P_ONSET, _P_END = 20, 5
_NO_P_ONSET = 8
_QRS_END = 8
_LEAST_INTERVAL = 28.0
"""280 ms: no retimed beat follows faster."""

_ROW_APART = 1e5
"""Rows of a batch lie this far from each other when one call interpolates them all."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Retimed:
    """Windows with a rhythm of their own.

    Attributes:
        leads_mv: float32 (leads, n, 512), millivolts.
        beats: float64 (n, BEATS), R peaks as samples of the window; the middle one is at 256.
    """

    leads_mv: Samples
    beats: Floats


def intervals_around(strips: Strips, centres: npt.NDArray[np.int64]) -> Floats:
    """RR intervals about beats that have ``NEIGHBOURS`` others on either side, in samples.

    Returns:
        float64 (n, BEATS - 1).
    """
    return np.diff(strips.peaks[_neighbours(centres)], axis=1).astype(np.float64)


def retime(
    strips: Strips,
    centres: npt.NDArray[np.int64],
    intervals: Floats,
    stretch: Floats,
    has_p: npt.NDArray[np.bool_],
) -> Retimed:
    """Cuts windows whose beats keep their shape but come at other times.

    From P (or the QRS where there is no P) to the end of the QRS a beat is copied as it is, and
    to the end of T unless the next beat comes too soon, which then narrows the ST segment and T.
    The rest, between T and P, is shortened or lengthened to fit.

    Args:
        strips: Where the signal is.
        centres: int64 (n,), indices of beats, each with ``NEIGHBOURS`` others on either side in
            its record.
        intervals: float64 (n, BEATS - 1), wanted RR intervals in samples; at least 280 ms are
            kept.
        stretch: float64 (n,), how much faster time runs in the window than in the record, about
            the middle beat; changes the width of all waves.
        has_p: bool (n, BEATS), whether a beat has a P wave that moves with it.
    """
    old = strips.peaks[_neighbours(centres)].astype(np.float64)
    new = _place(np.maximum(np.rint(intervals), _LEAST_INTERVAL))
    source, target = _knots(old, new, np.where(has_p, _P_ONSET, _NO_P_ONSET))
    frame = np.arange(FRAME_SAMPLES) - R_PEAK_SAMPLE
    time = R_PEAK_SAMPLE + frame * stretch[:, np.newaxis]
    at = _interpolate_rows(time, target, source)
    record = strips.record_of[centres][:, np.newaxis]
    at = np.clip(at, strips.starts[record], strips.starts[record + 1] - 2)
    left = at.astype(np.int64)
    share = (at - left).astype(np.float32)
    before, after = strips.leads_mv[:, left], strips.leads_mv[:, left + 1]
    beats = R_PEAK_SAMPLE + (new - R_PEAK_SAMPLE) / stretch[:, np.newaxis]
    return Retimed(leads_mv=before + share * (after - before), beats=beats)


def _neighbours(centres: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return centres[:, np.newaxis] + np.arange(-NEIGHBOURS, NEIGHBOURS + 1)


def _place(intervals: Floats) -> Floats:
    """R peaks in the window, the middle one at 256, (n, BEATS)."""
    at = np.concatenate([np.zeros((len(intervals), 1)), np.cumsum(intervals, axis=1)], axis=1)
    placed: Floats = at - at[:, NEIGHBOURS : NEIGHBOURS + 1] + R_PEAK_SAMPLE
    return placed


def _knots(old: Floats, new: Floats, onset: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
    """A piecewise linear time map: times in the record and in the window that belong together."""
    was, becomes = np.diff(old, axis=1), np.diff(new, axis=1)
    # No room is left between two annotations within 120 ms; the R peak is a knot even then.
    before = np.clip(np.minimum(was, becomes) - _QRS_END - 4, 0, onset[:, 1:])
    # The end of T after the R peak, by Bazett's square root of the interval.
    t_end = np.clip(36 * np.sqrt(was / SAMPLING_HZ) + 2, _QRS_END + 1, was - before - 2)
    t_end_new = np.clip(t_end, _QRS_END + 0.5, becomes - before - 1)

    def knots(beats: Floats, end: Floats) -> Floats:
        parts = [beats[:, :-1] + _QRS_END, beats[:, :-1] + end, beats[:, 1:] - before]
        between = np.stack(parts, axis=-1).reshape(len(beats), -1)
        far = float(FRAME_SAMPLES) * 4
        first, last = beats[:, :1] - onset[:, :1], beats[:, -1:] + _QRS_END
        return np.concatenate([first - far, first, between, last, last + far], axis=1)

    return knots(old, t_end), knots(new, t_end_new)


def _interpolate_rows(at: Floats, knots: Floats, values: Floats) -> Floats:
    """``np.interp`` of each row with its own knots, in one call."""
    apart = np.arange(len(at))[:, np.newaxis] * _ROW_APART
    flat = np.interp((at + apart).ravel(), (knots + apart).ravel(), values.ravel())
    interpolated: Floats = flat.reshape(at.shape)
    return interpolated


def scale_p_waves(samples: Samples, beats: Floats, strength: Floats) -> Samples:
    """Weakens, removes or inverts P waves.

    The signal from 200 to 50 ms before an R peak is pulled towards the straight line between its
    ends: by 1 the P wave is gone, by 2 it is upside down, by less than 0 it grows.

    Args:
        samples: float32 (n, 512), millivolts.
        beats: float64 (n, BEATS), R peaks as samples.
        strength: float64 (n, BEATS).
    """
    n = len(samples)
    frame = np.arange(FRAME_SAMPLES)
    apart = np.arange(n)[:, np.newaxis] * _ROW_APART
    ends = beats - _P_END
    next_end = np.searchsorted((ends + apart).ravel(), (frame + apart).ravel()).reshape(n, -1)
    beat = np.clip(next_end - np.arange(n)[:, np.newaxis] * BEATS, 0, BEATS - 1)
    end = np.take_along_axis(ends, beat, axis=1)
    start = end - (_P_ONSET - _P_END)
    inside = (frame >= start) & (frame <= end)
    along = np.clip((frame - start) / (_P_ONSET - _P_END), 0, 1)
    corners = [
        np.clip(np.rint(edge), 0, FRAME_SAMPLES - 1).astype(np.int64) for edge in (start, end)
    ]
    low, high = (np.take_along_axis(samples, corner, axis=1) for corner in corners)
    line = low + (high - low) * along
    # Comes and goes over an eighth of the P wave's time, so that no step is left.
    weight = np.minimum(1, 8 * np.minimum(along, 1 - along)) * inside
    pull = np.take_along_axis(strength, beat, axis=1) * weight
    scaled: Samples = samples - (pull * (samples - line)).astype(np.float32)
    return scaled


def scale_beats(samples: Samples, beats: Floats, gain: Floats) -> Samples:
    """Makes beats larger or smaller than their neighbours, as breathing and aberrancy do.

    Args:
        samples: float32 (n, 512).
        beats: float64 (n, BEATS), R peaks as samples.
        gain: float64 (n, BEATS), the factor at each R peak; linear between them.
    """
    frame = np.broadcast_to(np.arange(FRAME_SAMPLES, dtype=np.float64), samples.shape)
    scaled: Samples = samples * _interpolate_rows(frame, beats, gain).astype(np.float32)
    return scaled


def mix_leads(leads_mv: Samples, angle_rad: Floats) -> Samples:
    """A lead between two, as if the electrodes sat elsewhere.

    Args:
        leads_mv: float32 (leads, n, 512).
        angle_rad: float64 (n,): 0 is the first lead, a quarter turn the second.

    Returns:
        float32 (n, 512): first times cosine plus second times sine; of one lead only, the lead.
    """
    if len(leads_mv) == 1:
        only: Samples = leads_mv[0]
        return only
    weights = np.stack([np.cos(angle_rad), np.sin(angle_rad)]).astype(np.float32)
    mixed: Samples = np.einsum("lnt,ln->nt", leads_mv[:2], weights, optimize=True)
    return mixed


def fibrillatory_waves(
    n: int, amplitude_mv: tuple[float, float], random: np.random.Generator
) -> Samples:
    """The baseline of atrial fibrillation: 4 to 9 waves a second, and finer ones.

    White noise of 2 to 20 microvolts hides that P waves were replaced by straight lines.

    Returns:
        float32 (n, 512), millivolts.
    """
    low, high = amplitude_mv
    waves = _wobbling(n, (4, 9), amplitude_mv, random)
    waves += _wobbling(n, (5, 12), (0.4 * low, 0.4 * high), random)
    noise = random.uniform(0.002, 0.02, (n, 1)) * random.standard_normal((n, FRAME_SAMPLES))
    return (waves + noise).astype(np.float32)


def _wobbling(
    n: int, hz: tuple[float, float], amplitude: tuple[float, float], random: np.random.Generator
) -> Floats:
    """A sine a row whose frequency comes and goes, float64 (n, 512)."""
    time_s = np.arange(FRAME_SAMPLES) / SAMPLING_HZ
    carrier = 2 * np.pi * random.uniform(*hz, (n, 1)) * time_s
    depth, slow_hz, slow_phase, phase = (
        random.uniform(low, high, (n, 1))
        for low, high in ((0, 2), (0.2, 1), (0, 2 * np.pi), (0, 2 * np.pi))
    )
    wobble = depth * np.sin(2 * np.pi * slow_hz * time_s + slow_phase)
    wave: Floats = random.uniform(*amplitude, (n, 1)) * np.sin(carrier + wobble + phase)
    return wave


def gains(n: int, factor: tuple[float, float], random: np.random.Generator) -> Samples:
    """One factor a window, log-uniform, float32 (n, 1)."""
    exponents = random.uniform(np.log(factor[0]), np.log(factor[1]), (n, 1))
    drawn: Samples = np.exp(exponents).astype(np.float32)
    return drawn


def baseline_wander(n: int, amplitude_mv: float, random: np.random.Generator) -> Samples:
    """Breathing and moving electrodes: three slow sines of 0.05 to 0.6 Hz; float32 (n, 512).

    Each is at most ``amplitude_mv`` tall, their sum three times that.
    """
    time_s = (np.arange(FRAME_SAMPLES) / SAMPLING_HZ).astype(np.float32)
    hz, phase, part = (
        random.uniform(low, high, (n, 3, 1)).astype(np.float32)
        for low, high in ((0.05, 0.6), (0, 2 * np.pi), (0, 1))
    )
    size = random.uniform(0, amplitude_mv, (n, 1)).astype(np.float32)
    wander: Samples = size * (part * np.sin(2 * np.pi * hz * time_s + phase)).sum(axis=1)
    return wander


def white_noise(n: int, sigma_mv: float, random: np.random.Generator) -> Samples:
    """White noise, its deviation uniform up to ``sigma_mv``; float32 (n, 512)."""
    sigma = random.uniform(0, sigma_mv, (n, 1)).astype(np.float32)
    noise: Samples = sigma * random.standard_normal((n, FRAME_SAMPLES), dtype=np.float32)
    return noise


def tilt(n: int, slope_mv: float, random: np.random.Generator) -> Samples:
    """A straight line through zero, up to ``slope_mv`` at its ends; float32 (n, 512)."""
    height = random.uniform(-slope_mv, slope_mv, (n, 1)).astype(np.float32)
    line: Samples = height * np.linspace(-1, 1, FRAME_SAMPLES, dtype=np.float32)
    return line


def recorded_noise(
    samples: Samples, traces: Samples, snr_db: tuple[float, float], random: np.random.Generator
) -> Samples:
    """Noise of real electrodes and muscles, cut at random from records of nothing else.

    Powers are as in :mod:`ectopy.windows.noise`: the squared peak-to-peak amplitude over eight,
    here taken between the 1st and 99th percentile of the window, and the squared mean deviation
    of the noise within seconds.

    Args:
        samples: float32 (n, 512), millivolts.
        traces: float32 (k, m), noise in any unit at 100 Hz.
        snr_db: Range of the signal-to-noise ratio.
        random: Source of the draws.

    Returns:
        float32 (n, 512), to be added.
    """
    n = len(samples)
    which = random.integers(len(traces), size=n)
    start = random.integers(traces.shape[1] - FRAME_SAMPLES, size=n)
    pieces = traces[which[:, np.newaxis], start[:, np.newaxis] + np.arange(FRAME_SAMPLES)]
    low, high = np.percentile(samples, (1, 99), axis=1)
    wanted = 10 ** (random.uniform(*snr_db, n) / 10)
    power = (high - low) ** 2 / 8 / wanted
    seconds = pieces[:, : FRAME_SAMPLES // SAMPLING_HZ * SAMPLING_HZ].reshape(n, -1, SAMPLING_HZ)
    deviation = seconds.std(axis=2).mean(axis=1)
    factor = np.sqrt(power) / (deviation + 1e-6) * random.choice((-1, 1), n)
    noise: Samples = (pieces * factor[:, np.newaxis]).astype(np.float32)
    return noise
