"""A parametric ECG for machines that have neither records nor network.

Each beat is a sum of Gaussians, one a wave, as in ECGSYN (McSharry PE, Clifford GD, Tarassenko L,
Smith LA, "A dynamical model for generating synthetic electrocardiogram signals", IEEE Trans
Biomed Eng 50(3):289-294, 2003); from there also the two bands of heart-rate variability, breathing
near 0.25 Hz and Mayer waves near 0.1 Hz. Instead of integrating the differential equation the
waves are placed straight in time, which vectorises. Ectopic beats follow the textbook: a PAC is
early with another P wave, the patient's own QRS and a pause less than compensatory; a PVC is
early and wide, without P wave, with discordant T and a fully compensatory pause.

This shows that the pipeline works. It says nothing about accuracy on patients, and whatever is
made from it is labelled synthetic.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ectopy.vocab import BeatClass, Split
from ectopy.windows.recording import Recording

NAME = "synthetic"
CITATION = (
    "Parametric model after McSharry et al. 2003; shows the pipeline, says nothing of patients."
)
PATIENTS = 22
DURATION_S = 600
RATE_HZ = 360
COUNTS_PER_MV = 200
"""Length, rate and gain are modest copies of MIT-BIH's, so that both take the same way."""

_FULL_SCALE_COUNTS = 1024
_PREVALENCE = {BeatClass.PAC: 0.03, BeatClass.PVC: 0.08}
"""Aimed at; less comes out, because no two ectopic beats follow each other."""

_SUPPORT_S = (-0.45, 0.75)

Floats: TypeAlias = npt.NDArray[np.float64]
Labels: TypeAlias = npt.NDArray[np.uint8]
BeatSamples: TypeAlias = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """One Gaussian of a beat.

    Attributes:
        amplitude_mv: Height, negative for a downward wave.
        centre_s: Position relative to the R peak.
        width_s: Standard deviation.
        follows_rate: Whether the position grows with the square root of the preceding RR
            interval (Bazett's rule for the QT interval).
    """

    amplitude_mv: float
    centre_s: float
    width_s: float
    follows_rate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """A virtual patient: the shape of each kind of beat, the rhythm, the noise of the recording.

    Attributes:
        ectopic_share: Probability of a PAC and of a PVC at a beat.
        variability: Relative amplitude of breathing and Mayer waves in the RR interval.
        coupling: RR interval before an ectopic beat, as a part of the normal one.
    """

    name: str
    beats: dict[BeatClass, tuple[Wave, ...]]
    rr_s: float
    ectopic_share: dict[BeatClass, float]
    variability: tuple[float, float]
    coupling: dict[BeatClass, float]
    wander_mv: float
    noise_mv: float


def recordings(split: Split) -> list[Recording]:
    """All virtual patients of a split; no patient is in both. The same on every call."""
    seeds = np.random.SeedSequence([1 + list(Split).index(split), 2003]).spawn(PATIENTS + 1)
    shares = _ectopic_shares(np.random.default_rng(seeds[0]))
    result = []
    for index, seed in enumerate(seeds[1:]):
        rng = np.random.default_rng(seed)
        share = {c: float(per_patient[index]) for c, per_patient in shares.items()}
        patient = _draw_patient(rng, f"synthetic-{split.value}-{index + 1:02d}", share)
        result.append(record_patient(patient, rng))
    return result


def record_patient(patient: Patient, rng: np.random.Generator) -> Recording:
    """Ten minutes of one lead, digitised as MIT-BIH is: 360 Hz, 200 counts/mV, 11 bits."""
    beat_samples, labels = _rhythm(patient, rng)
    millivolts = _beats_mv(patient, beat_samples, labels, rng) + _noise_mv(patient, rng)
    counts = np.rint(millivolts * COUNTS_PER_MV)
    return Recording(
        name=patient.name,
        counts=np.clip(counts, -_FULL_SCALE_COUNTS, _FULL_SCALE_COUNTS - 1).astype(np.int32),
        counts_per_mv=float(COUNTS_PER_MV),
        rate_hz=RATE_HZ,
        beat_samples=beat_samples,
        labels=labels,
    )


def _ectopic_shares(rng: np.random.Generator) -> dict[BeatClass, Floats]:
    """Share of PACs and PVCs per patient: most have few, some have many, as in real life."""
    shares = {}
    for beat_class, prevalence in _PREVALENCE.items():
        burden = rng.exponential(size=PATIENTS) ** 2
        shares[beat_class] = np.minimum(prevalence * burden / burden.mean(), 0.35)
    return shares


def _draw_patient(rng: np.random.Generator, name: str, share: dict[BeatClass, float]) -> Patient:
    normal = _draw_normal(rng)
    return Patient(
        name=name,
        beats={
            BeatClass.N: normal,
            BeatClass.PAC: _premature_atrial(rng, normal),
            BeatClass.PVC: _draw_ventricular(rng),
        },
        rr_s=60.0 / rng.uniform(55.0, 95.0),
        ectopic_share=share,
        variability=(rng.uniform(0.01, 0.04), rng.uniform(0.01, 0.03)),
        coupling={
            BeatClass.PAC: rng.uniform(0.60, 0.80),
            BeatClass.PVC: rng.uniform(0.50, 0.72),
        },
        wander_mv=rng.uniform(0.03, 0.2),
        noise_mv=rng.uniform(0.005, 0.03),
    )


def _draw_normal(rng: np.random.Generator) -> tuple[Wave, ...]:
    """P, Q, R, S, T; one patient in seven has a bundle branch block, which is class N too."""
    block = rng.random() < 1 / 7
    broad = rng.uniform(1.7, 2.1) if block else 1.0
    r_mv = rng.uniform(0.8, 1.8)
    t_sign = -1.0 if block or rng.random() < 0.1 else 1.0
    waves = [
        _wave(rng.uniform(0.08, 0.2), -rng.uniform(0.15, 0.18) * broad**0.3, 0.022),
        _wave(-rng.uniform(0.03, 0.2), -0.030 * broad, 0.009),
        _wave(r_mv, 0.0, 0.011 * broad),
        _wave(-rng.uniform(0.1, 0.5), 0.032 * broad, 0.011),
        _wave(t_sign * rng.uniform(0.15, 0.45), rng.uniform(0.27, 0.31), rng.uniform(0.04, 0.055)),
    ]
    waves[-1] = replace(waves[-1], follows_rate=True)
    if block:
        waves.append(_wave(r_mv * rng.uniform(0.3, 0.6), 0.055, 0.016))
    return tuple(waves)


def _premature_atrial(rng: np.random.Generator, normal: tuple[Wave, ...]) -> tuple[Wave, ...]:
    """The patient's own beat with a P wave from elsewhere in the atria."""
    p_mv = normal[0].amplitude_mv * rng.choice([-0.7, 0.6, 1.2])
    other_p = replace(normal[0], amplitude_mv=p_mv, centre_s=-rng.uniform(0.12, 0.15))
    return (other_p, *normal[1:])


def _draw_ventricular(rng: np.random.Generator) -> tuple[Wave, ...]:
    """Main deflection, the opposite one after it, discordant T; no P wave."""
    main_mv = rng.uniform(1.0, 2.2) * rng.choice([-1.0, 1.0], p=[0.3, 0.7])
    width_s = rng.uniform(0.030, 0.042)
    return (
        _wave(main_mv, 0.0, width_s),
        _wave(-main_mv * rng.uniform(0.1, 0.3), 2.8 * width_s, width_s),
        _wave(-main_mv * rng.uniform(0.25, 0.4), rng.uniform(0.27, 0.32), 0.075),
    )


def _wave(amplitude_mv: float, centre_s: float, width_s: float) -> Wave:
    return Wave(amplitude_mv=amplitude_mv, centre_s=centre_s, width_s=width_s)


def _rhythm(patient: Patient, rng: np.random.Generator) -> tuple[BeatSamples, Labels]:
    """R peaks (k,) and classes (k,); at least one normal beat stands between ectopic ones."""
    count = int(1.5 * DURATION_S / patient.rr_s)
    time_s = patient.rr_s * np.arange(count)
    breathing, mayer = patient.variability
    phase = rng.uniform(0.0, 2.0 * np.pi, size=2)
    normal_s = patient.rr_s * (
        1.0
        + breathing * np.sin(2.0 * np.pi * rng.uniform(0.2, 0.3) * time_s + phase[0])
        + mayer * np.sin(2.0 * np.pi * 0.1 * time_s + phase[1])
        + 0.01 * rng.standard_normal(count)
    )
    labels = _classes(patient, count, rng)
    rr_s = normal_s.copy()
    for beat_class, coupling in patient.coupling.items():
        at = np.flatnonzero(labels[:-1] == beat_class)
        part = coupling * rng.normal(1.0, 0.03, at.size)
        rr_s[at] = part * normal_s[at]
        # A PVC leaves the sinus node alone, so the two intervals add up to two normal ones;
        # a PAC resets it, so the next beat comes after little more than a normal interval.
        after = 2.0 - part if beat_class is BeatClass.PVC else np.full(at.size, 1.08)
        rr_s[at + 1] = after * normal_s[at + 1]
    beat_samples = np.rint(np.cumsum(rr_s) * RATE_HZ).astype(np.int32)
    inside = beat_samples < DURATION_S * RATE_HZ
    return beat_samples[inside], labels[inside]


def _classes(patient: Patient, count: int, rng: np.random.Generator) -> Labels:
    pac, pvc = (patient.ectopic_share[c] for c in (BeatClass.PAC, BeatClass.PVC))
    lot = rng.random(count)
    labels = np.zeros(count, dtype=np.uint8)
    labels[lot < pac + pvc] = BeatClass.PVC
    labels[lot < pac] = BeatClass.PAC
    labels[1:][labels[:-1] != BeatClass.N] = BeatClass.N
    labels[:2] = BeatClass.N
    return labels


def _beats_mv(
    patient: Patient, beat_samples: BeatSamples, labels: Labels, rng: np.random.Generator
) -> Floats:
    """Sum of all waves of all beats, (m,) mV."""
    first, last = (round(edge * RATE_HZ) for edge in _SUPPORT_S)
    offsets = np.arange(first, last)
    signal = np.zeros(DURATION_S * RATE_HZ + offsets.size)
    rr_s = np.diff(beat_samples, prepend=beat_samples[0] - round(patient.rr_s * RATE_HZ)) / RATE_HZ
    size = 1.0 + 0.05 * rng.standard_normal(beat_samples.size)
    for beat_class, waves in patient.beats.items():
        at = np.flatnonzero(labels == beat_class)
        beats = np.zeros((at.size, offsets.size))
        for wave in waves:
            stretch = np.sqrt(rr_s[at]) if wave.follows_rate else np.ones(at.size)
            distance_s = offsets / RATE_HZ - wave.centre_s * stretch[:, None]
            beats += wave.amplitude_mv * np.exp(-0.5 * np.square(distance_s / wave.width_s))
        beats *= size[at, None]
        np.add.at(signal, beat_samples[at, None] + (offsets - first), beats)
    return signal[-first : DURATION_S * RATE_HZ - first]


def _noise_mv(patient: Patient, rng: np.random.Generator) -> Floats:
    """Baseline wander by breathing and movement, muscle noise that comes and goes, hum, (m,) mV."""
    time_s = np.arange(DURATION_S * RATE_HZ) / RATE_HZ
    wander = np.zeros_like(time_s)
    for frequency_hz in (rng.uniform(0.03, 0.08), rng.uniform(0.1, 0.2), rng.uniform(0.2, 0.3)):
        phase = rng.uniform(0.0, 2.0 * np.pi)
        wander += np.sin(2.0 * np.pi * frequency_hz * time_s + phase) / 3.0
    effort = 1.0 + np.sin(2.0 * np.pi * time_s / 40.0 + rng.uniform(0.0, 2.0 * np.pi))
    muscle = effort * rng.standard_normal(time_s.size)
    hum = 0.005 * np.sin(2.0 * np.pi * 60.0 * time_s)
    return patient.wander_mv * wander + patient.noise_mv * muscle + hum
