"""Training batches: balanced over classes and patients, augmented, normalized; numpy only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ectopy.errors import ModelError
from ectopy.preprocess import normalize
from ectopy.vocab import R_PEAK_SAMPLE, SAMPLING_HZ, BeatClass
from ectopy.windows import WindowSet
from ectopy.zoo import Configuration, NamedParams, class_labels

Windows: TypeAlias = npt.NDArray[np.float32]
Augment: TypeAlias = Callable[[Windows, np.random.Generator], Windows]

SHARE_OF_NORMAL = 0.5
"""Part of each batch that is normal beats; the ectopic classes present share the rest evenly."""

WANDER_HZ = (0.15, 0.5)
"""Baseline wander by breathing: 9 to 30 breaths a minute."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """What one training step sees.

    Attributes:
        inputs: float32 (n, 512, 1), normalized.
        classes: uint8 (n,), classes of the model.
    """

    inputs: Windows
    classes: npt.NDArray[np.uint8]


class BatchSource:
    """Draws batches, the same ones for the same seed.

    A window is drawn by class (see ``SHARE_OF_NORMAL``), then by record with a weight of the
    square root of the record's count, so that one patient with many ectopic beats does not stand
    for all, nor a single odd beat for a patient.

    Args:
        windows: Training windows.
        configuration: Batch size, augmentations, preprocess and class map.
        seed: Of all draws.
    """

    def __init__(self, windows: WindowSet, configuration: Configuration, seed: int) -> None:
        self._samples = windows.samples
        self._classes = class_labels(configuration, windows.labels)
        self._probabilities = _probabilities(windows)
        self._augmentations = augmentations(configuration)
        self._configuration = configuration
        self._random = np.random.default_rng(seed)

    def draw(self) -> Batch:
        """The next batch."""
        size = self._configuration.recipe.batch_windows
        chosen = np.searchsorted(self._probabilities, self._random.random(size), side="right")
        samples = self._samples[chosen]
        for augment in self._augmentations:
            samples = augment(samples, self._random)
        inputs = normalize(samples, self._configuration.preprocess.epsilon_mv2)
        return Batch(inputs=inputs[:, :, np.newaxis], classes=self._classes[chosen])


def augmentations(configuration: Configuration) -> tuple[Augment, ...]:
    """The augmentations a recipe names, ready to be applied in order.

    Raises:
        ModelError: An unknown augmentation, or a parameter that is missing or no positive number.
    """
    where = configuration.name
    return tuple(_augmentation(step, where) for step in configuration.recipe.augmentations)


def _augmentation(step: NamedParams, where: str) -> Augment:
    if step.name not in AUGMENTATIONS:
        raise ModelError(
            f"{where}: unknown augmentation {step.name!r}",
            hint=f"known: {', '.join(sorted(AUGMENTATIONS))}",
        )
    make, names = AUGMENTATIONS[step.name]
    if set(step.params) != set(names):
        raise ModelError(f"{where}: augmentation {step.name} takes {', '.join(names)}")
    values = [step.params[name] for name in names]
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numbers) != len(names) or not all(0 < number < np.inf for number in numbers):
        raise ModelError(f"{where}: augmentation {step.name} takes positive numbers")
    return make(*map(float, numbers))


def _gain(low: float, high: float) -> Augment:
    """Multiplies each window by one factor, log-uniform in [low, high]."""

    def apply(samples: Windows, random: np.random.Generator) -> Windows:
        exponents = random.uniform(np.log(low), np.log(high), (len(samples), 1))
        return samples * np.exp(exponents).astype(np.float32)

    return apply


def _rate(low: float, high: float) -> Augment:
    """Stretches time about the beat by one factor, uniform in [low, high]: another heart rate.

    Interpolates linearly and repeats edge samples.
    """

    def apply(samples: Windows, random: np.random.Generator) -> Windows:
        length = samples.shape[1]
        factor = random.uniform(low, high, (len(samples), 1))
        position = R_PEAK_SAMPLE + (np.arange(length) - R_PEAK_SAMPLE) * factor
        position = np.clip(position, 0, length - 1)
        left = np.minimum(position.astype(np.int64), length - 2)
        share = (position - left).astype(np.float32)
        before = np.take_along_axis(samples, left, axis=1)
        after = np.take_along_axis(samples, left + 1, axis=1)
        stretched: Windows = before + share * (after - before)
        return stretched

    return apply


def _baseline_wander(amplitude_mv: float) -> Augment:
    """Adds one sine of breathing frequency, amplitude uniform up to ``amplitude_mv``."""

    def apply(samples: Windows, random: np.random.Generator) -> Windows:
        shape = (len(samples), 1)
        frequency_hz = random.uniform(*WANDER_HZ, shape)
        phase = random.uniform(0, 2 * np.pi, shape)
        amplitude = random.uniform(0, amplitude_mv, shape)
        at_s = np.arange(samples.shape[1]) / SAMPLING_HZ
        wander = amplitude * np.sin(2 * np.pi * frequency_hz * at_s + phase)
        return samples + wander.astype(np.float32)

    return apply


def _noise(sigma_mv: float) -> Augment:
    """Adds white noise, standard deviation uniform up to ``sigma_mv``."""

    def apply(samples: Windows, random: np.random.Generator) -> Windows:
        sigma = random.uniform(0, sigma_mv, (len(samples), 1)).astype(np.float32)
        return samples + sigma * random.standard_normal(samples.shape, dtype=np.float32)

    return apply


AUGMENTATIONS: Mapping[str, tuple[Callable[..., Augment], tuple[str, ...]]] = {
    "gain": (_gain, ("low", "high")),
    "rate": (_rate, ("low", "high")),
    "baseline_wander": (_baseline_wander, ("amplitude_mv",)),
    "noise": (_noise, ("sigma_mv",)),
}


def _probabilities(windows: WindowSet) -> npt.NDArray[np.float64]:
    """Cumulative probability of each window, (n,), ending in 1."""
    weights = np.zeros(len(windows))
    present = [int(label) for label in np.unique(windows.labels)]
    ectopic = [label for label in present if label != BeatClass.N]
    for label in present:
        if len(present) == 1:
            share = 1.0
        elif label == BeatClass.N:
            share = SHARE_OF_NORMAL
        else:
            share = (1 - SHARE_OF_NORMAL * (BeatClass.N in present)) / len(ectopic)
        members = np.flatnonzero(windows.labels == label)
        _, patients, counts = np.unique(
            windows.records[members], return_inverse=True, return_counts=True
        )
        # Record weight sqrt(count), shared evenly by its windows.
        each = 1 / np.sqrt(counts[patients])
        weights[members] = share * each / each.sum()
    cumulative = np.cumsum(weights)
    cumulative[-1] = 1.0
    result: npt.NDArray[np.float64] = cumulative
    return result
