"""Training batches: recorded and made-up beats in the recipe's shares, augmented, normalized."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ectopy.errors import DataError
from ectopy.preprocess import normalize
from ectopy.training.recipe import Augmentations, Origin, read_augmentations, read_shares
from ectopy.vocab import BeatClass
from ectopy.windows import augment, patient_of, rhythm
from ectopy.windows.rhythm import BEATS, NEIGHBOURS
from ectopy.windows.strips import Strips
from ectopy.zoo import Configuration

Indices: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Samples: TypeAlias = npt.NDArray[np.float32]

BEAT_OF: Mapping[Origin, BeatClass] = {
    Origin.N: BeatClass.N,
    Origin.PAC: BeatClass.PAC,
    Origin.PVC: BeatClass.PVC,
    Origin.MADE_PAC: BeatClass.PAC,
    Origin.TACHYCARDIA: BeatClass.PAC,
    Origin.MADE_N: BeatClass.N,
    Origin.FIBRILLATION: BeatClass.N,
}

_REGULAR = 0.12
"""Deviation of the intervals about a beat from their median up to which a rhythm is regular."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """What one training step sees.

    Attributes:
        inputs: float32 (n, 512, 1), normalized.
        classes: int32 (n,), classes of the model.
    """

    inputs: Samples
    classes: npt.NDArray[np.int32]


class BatchSource:
    """Draws batches, the same ones for the same seed.

    A beat is drawn by origin (the recipe's ``batch_shares``), then by patient with a weight of
    the square root of the patient's count, so that one patient with many ectopic beats does not
    stand for all, nor a single odd beat for a patient. Made-up beats are made of normal beats in
    regular rhythm.

    Args:
        strips: Continuous ECG of the training patients.
        configuration: Batch size, shares, augmentations, preprocess and class map.
        seed: Of all draws.
        noise: float32 (k, m), traces of recorded noise, for recipes that add it.

    Raises:
        ModelError: The recipe names shares or augmentations that do not exist.
        DataError: The records hold no beat of an origin that the recipe wants.
    """

    def __init__(
        self, strips: Strips, configuration: Configuration, seed: int, noise: Samples | None = None
    ) -> None:
        self._strips = strips
        self._configuration = configuration
        self._plan = read_augmentations(configuration)
        if self._plan.recorded_noise and noise is None:
            raise DataError(
                f"{configuration.name}: the recipe adds recorded noise, and there is none",
                hint="put the records bw and ma of nstdb beside mitdb/, or remove recorded_noise "
                "from the augmentations in configuration.json",
            )
        self._noise = noise
        self._pools = _Pools(strips)
        shares = read_shares(configuration)
        self._origins = [o for o, share in shares.items() if share > 0]
        self._shares = np.array([shares[o] for o in self._origins])
        for origin in self._origins:
            self._pools.require(origin)
        self._random = np.random.default_rng(seed)

    @property
    def state(self) -> dict[str, object]:
        """Of the generator, to be stored and put back, so that a training can be resumed."""
        return dict(self._random.bit_generator.state)

    @state.setter
    def state(self, state: dict[str, object]) -> None:
        self._random.bit_generator.state = state

    def draw(self) -> Batch:
        """The next batch."""
        size = self._configuration.recipe.batch_windows
        drawn = self._random.choice(len(self._origins), size, p=self._shares / self._shares.sum())
        origins = np.array([o.value for o in self._origins])[drawn]
        centres = np.empty(size, dtype=np.int64)
        for origin in self._origins:
            members = origins == origin.value
            centres[members] = self._pools.pick(origin, int(members.sum()), self._random)
        samples = _windows(self._strips, centres, origins, self._plan, self._random)
        samples = _disturb(samples, self._plan, self._noise, self._random)
        labels = np.array([BEAT_OF[Origin(o)] for o in origins])
        inputs = normalize(samples, self._configuration.preprocess.epsilon_mv2)
        return Batch(
            inputs=inputs[:, :, np.newaxis],
            classes=np.array(self._configuration.class_map, dtype=np.int32)[labels],
        )


class _Pools:
    """Which beats an origin may be drawn from, and with what probability."""

    def __init__(self, strips: Strips) -> None:
        _, numbers = np.unique([patient_of(name) for name in strips.names], return_inverse=True)
        self._patient_of = numbers[strips.record_of]
        usable = _usable(strips)
        regular = _regular(strips, usable)
        self._pools = {
            origin: self._pool(
                regular
                if origin not in {Origin.N, Origin.PAC, Origin.PVC}
                else usable & (strips.labels == BEAT_OF[origin])
            )
            for origin in Origin
        }

    def _pool(self, members: npt.NDArray[np.bool_]) -> tuple[Indices, Floats]:
        chosen = np.flatnonzero(members)
        _, patients, counts = np.unique(
            self._patient_of[chosen], return_inverse=True, return_counts=True
        )
        each = 1 / np.sqrt(counts[patients])  # sqrt(count) a patient, shared evenly by the beats
        return chosen, np.cumsum(each / each.sum())

    def require(self, origin: Origin) -> None:
        if not self._pools[origin][0].size:
            raise DataError(
                f"the training records hold no beat for {origin.value!r} of batch_shares",
                hint="set its share to 0 in configuration.json, or train on more records",
            )

    def pick(self, origin: Origin, count: int, random: np.random.Generator) -> Indices:
        chosen, cumulative = self._pools[origin]
        at = np.searchsorted(cumulative, random.random(count), side="right")
        picked: Indices = chosen[np.minimum(at, chosen.size - 1)]
        return picked


def _usable(strips: Strips) -> npt.NDArray[np.bool_]:
    """Beats that may be centres, with a whole window and all neighbours in their record."""
    same = np.zeros(strips.peaks.size, dtype=bool)
    if strips.peaks.size >= BEATS:
        first, last = strips.record_of[: 1 - BEATS], strips.record_of[BEATS - 1 :]
        same[NEIGHBOURS : same.size - NEIGHBOURS] = first == last
    usable: npt.NDArray[np.bool_] = same & strips.fits() & strips.may_be_centres()
    return usable


def _regular(strips: Strips, usable: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Normal beats between normal beats, two on either side, in even time, bool (k,)."""
    regular = np.zeros_like(usable)
    candidates = np.flatnonzero(usable & (strips.labels == BeatClass.N))
    labels = strips.labels[candidates[:, np.newaxis] + np.arange(-2, 3)]
    intervals = augment.intervals_around(strips, candidates)
    near = intervals[:, NEIGHBOURS - 2 : NEIGHBOURS + 2]
    median = np.median(intervals[:, NEIGHBOURS - 3 : NEIGHBOURS + 3], axis=1, keepdims=True)
    even = (np.abs(near / median - 1) < _REGULAR).all(axis=1)
    regular[candidates] = even & (labels == BeatClass.N).all(axis=1)
    return regular


def _windows(
    strips: Strips,
    centres: Indices,
    origins: npt.NDArray[np.str_],
    plan: Augmentations,
    random: np.random.Generator,
) -> Samples:
    """Windows with the rhythm their origin asks for."""
    n = len(centres)
    made = np.isin(origins, (Origin.MADE_PAC, Origin.MADE_N))
    racing, fibrillating = origins == Origin.TACHYCARDIA, origins == Origin.FIBRILLATION
    recorded = augment.intervals_around(strips, centres)
    intervals = recorded.copy()
    early = np.zeros((n, BEATS), dtype=bool)
    early[made] = rhythm.draw_early_beats(origins[made] == Origin.MADE_PAC, random)
    early[racing] = True
    intervals[made] = rhythm.make_early(intervals[made], early[made], random)
    varied = rhythm.vary_rate(intervals, plan.heart_rate, plan.sinus_arrhythmia, random)
    normal = np.isin(origins, (Origin.N, Origin.MADE_N))
    varied[normal] = rhythm.slow_down(varied[normal], recorded[normal])
    varied[racing] = rhythm.race(int(racing.sum()), random)
    varied[fibrillating] = rhythm.fibrillate(varied[fibrillating], random)
    neighbours = centres[:, np.newaxis] + np.arange(-NEIGHBOURS, NEIGHBOURS + 1)
    cut = augment.retime(
        strips,
        centres,
        varied,
        augment.gains(n, plan.time_scale, random)[:, 0].astype(np.float64),
        strips.labels[neighbours] != BeatClass.PVC,
    )
    samples = augment.mix_leads(cut.leads_mv, _angles(n, plan, random))
    strength = _p_strength(early, fibrillating, plan, random)
    strength[racing] = random.uniform(0.5, 1.5, (int(racing.sum()), 1))
    samples = augment.scale_p_waves(samples, cut.beats, strength)
    beat_gain = 1 + random.standard_normal((n, BEATS)) * np.where(early, 0.12, 0.04)
    samples = augment.scale_beats(samples, cut.beats, beat_gain)
    samples[fibrillating] += augment.fibrillatory_waves(
        int(fibrillating.sum()), (0, plan.fibrillatory_mv), random
    )
    return samples


def _angles(n: int, plan: Augmentations, random: np.random.Generator) -> Floats:
    """Mostly near the main lead; some anywhere towards the second; a few all around."""
    where = random.random(n)
    near = 0.15 * random.standard_normal(n)
    between, around = random.uniform(-0.8, 1.6, n), random.uniform(-np.pi, np.pi, n)
    mixed = plan.lead_mix
    angles: Floats = np.select(
        [where >= mixed, where >= 0.4 * mixed], [near if mixed else 0 * near, between], around
    )
    return angles


def _p_strength(
    early: npt.NDArray[np.bool_],
    fibrillating: npt.NDArray[np.bool_],
    plan: Augmentations,
    random: np.random.Generator,
) -> Floats:
    """How much of each P wave goes: of early beats' any amount, of fibrillating hearts' all."""
    n = len(early)
    of_early = np.where(random.random((n, 1)) < 0.4, 0.0, random.uniform(0, 2, (n, 1)))
    small = random.random((n, 1)) < plan.small_p
    of_all = np.where(small, random.uniform(-0.5, 0.9, (n, 1)), 0.0)
    strength: Floats = np.where(fibrillating[:, np.newaxis], 1.0, early * of_early + of_all)
    return strength


def _disturb(
    samples: Samples, plan: Augmentations, noise: Samples | None, random: np.random.Generator
) -> Samples:
    """Gain, and what electrodes, breathing and muscles add."""
    n = len(samples)

    def some(share: float) -> npt.NDArray[np.bool_]:
        chosen: npt.NDArray[np.bool_] = random.random((n, 1)) < share
        return chosen

    samples = samples * augment.gains(n, plan.gain, random)
    samples += augment.baseline_wander(n, plan.wander_mv, random) * some(0.6)
    samples += augment.white_noise(n, plan.noise_mv, random) * some(0.6)
    samples += augment.tilt(n, plan.tilt_mv, random) * some(0.3)
    if noise is not None and plan.recorded_noise:
        added = augment.recorded_noise(samples, noise, plan.snr_db, random)
        samples += added * some(plan.recorded_noise)
    return samples
