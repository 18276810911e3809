"""Noise added to a trace at a signal-to-noise ratio, as the field's standard program defines it.

Signal power is that of a sinusoid as tall as the QRS complexes (peak-to-peak amplitude squared,
over 8); noise power is the square of what wanders within a second. Both amplitudes are means
without the largest and the smallest 5 % of at most 300 measurements. So a slow wander may be far
taller than the QRS at 6 dB: it is the part that a detector sees which counts.

Unlike that program's default protocol, which leaves two of four minutes clean, a whole trace gets
noise, for every beat counts; and both powers are measured at 100 Hz, where the noise is added.

Source: manual pages nst(1) and sigamp(1) of the WFDB software package, section "Signal-to-noise
ratios"; Moody GB, Muldrow WE, Mark RG, Computers in Cardiology 11:381-384, 1984.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from math import fsum, sqrt

import numpy as np
import numpy.typing as npt

from ectopy.errors import DataError
from ectopy.vocab import SAMPLING_HZ, BeatClass
from ectopy.windows.nstdb import NoiseHalf, NoiseName, NoiseTraces
from ectopy.windows.recording import Trace

MEASUREMENTS = 300
QRS_HALF_SAMPLES = SAMPLING_HZ // 20
"""50 ms on either side of the R peak."""

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseCondition:
    """What noise, and how much.

    Attributes:
        names: Added with equal power each; their sum has the ratio.
        snr_db: Signal-to-noise ratio.
        seed: Of the place in the noise where each trace begins, and of the channel.
        half: Of the records of noise.
    """

    names: tuple[NoiseName, ...]
    snr_db: float
    seed: int = 0
    half: NoiseHalf = NoiseHalf.SECOND

    def __str__(self) -> str:
        """For people."""
        return f"{'+'.join(self.names)} at {self.snr_db:g} dB"


def add_noise(trace: Trace, noise: NoiseTraces, condition: NoiseCondition) -> Trace:
    """The trace with noise all along it, so that windows of neighbours share it.

    Args:
        trace: One record.
        noise: Of the half that the condition names.
        condition: What to add.

    Raises:
        DataError: The trace has no beat to measure, or it or the noise is flat.
    """
    assert noise.half is condition.half
    samples = trace.millivolts.size
    total = np.zeros(samples)
    for name in condition.names:
        start, channel = _place(trace.name, name, noise.millivolts[name].shape[1], condition.seed)
        part = _stretch(noise.millivolts[name][channel], start, samples)
        total += part * _gain(1.0, noise_power_mv2(part))
    wanted_mv2 = signal_power_mv2(trace) / 10 ** (condition.snr_db / 10)
    noisy = trace.millivolts + total * _gain(wanted_mv2, noise_power_mv2(total))
    return replace(trace, millivolts=noisy.astype(np.float32))


def signal_power_mv2(trace: Trace) -> float:
    """Power of a sinusoid as tall as the QRS of the beats that are no PVC, in square millivolts.

    Raises:
        DataError: There is no such beat, or it is flat.
    """
    peaks = trace.peaks[trace.labels != BeatClass.PVC][:MEASUREMENTS, None]
    around = peaks + np.arange(-QRS_HALF_SAMPLES, QRS_HALF_SAMPLES + 1)
    heights = np.ptp(trace.millivolts[around], axis=1).astype(np.float64)
    height_mv = _trimmed_mean(heights) if heights.size else 0.0
    if not height_mv:
        raise DataError(f"record {trace.name}: no QRS complex to measure noise by")
    return height_mv**2 / 8


def noise_power_mv2(noise_mv: npt.NDArray[np.floating]) -> float:
    """Power of noise within seconds, in square millivolts.

    Args:
        noise_mv: (m,), millivolts at 100 Hz, at least one second.
    """
    seconds = noise_mv[: noise_mv.size // SAMPLING_HZ * SAMPLING_HZ].reshape(-1, SAMPLING_HZ)
    return _trimmed_mean(seconds[:MEASUREMENTS].astype(np.float64).std(axis=1)) ** 2


def _trimmed_mean(values: FloatArray) -> float:
    """Mean of all but the largest and the smallest 5 %."""
    cut = values.size // 20
    kept = np.sort(values)[cut : values.size - cut]
    return fsum(kept) / kept.size


def _gain(wanted_mv2: float, power_mv2: float) -> float:
    if not power_mv2:
        raise DataError("the noise is flat", hint="are its records damaged?")
    # Rounded, so that the order of a machine's additions cannot be seen in the windows' hash.
    return float(np.float32(sqrt(wanted_mv2 / power_mv2)))


def _place(record: str, name: NoiseName, samples: int, seed: int) -> tuple[int, int]:
    """First sample and channel of the noise for a record, whatever other records there are."""
    digest = hashlib.sha256(f"{seed} {record} {name}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % samples, digest[8] % 2


def _stretch(noise_mv: npt.NDArray[np.float32], start: int, samples: int) -> FloatArray:
    """Noise from a place on, begun again at its end as often as needed, without a step there."""
    rewinds, at = np.divmod(start + np.arange(samples), noise_mv.size)
    step = np.float64(noise_mv[-1]) - np.float64(noise_mv[0])
    joined: FloatArray = noise_mv[at] + step * rewinds
    return joined
