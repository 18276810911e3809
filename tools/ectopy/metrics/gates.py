"""Thresholds for what a run may lose against an earlier one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ectopy.errors import InputError
from ectopy.metrics.catalogue import METRICS, Metric, unknown_name
from ectopy.metrics.comparison import Change
from ectopy.vocab import Better

LARGEST = 2.0**53
"""Beyond this a whole number is not what it says."""

SECTIONS = {"max_increase": Better.LOWER, "max_drop": Better.HIGHER}
"""Section of a gates file -> the metrics that belong there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """How much worse a metric may get.

    Attributes:
        name: As in the gates file.
        limit: In percent if ``relative``, else in the metric's unit or percentage points.
    """

    name: str
    metric: Metric
    relative: bool
    limit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A threshold applied to one change.

    Attributes:
        worse: How much worse it got, in the threshold's unit; None if that is not known, which
            no gate lets pass.
    """

    change: Change
    threshold: Threshold
    worse: float | None

    @property
    def passed(self) -> bool:
        """Whether the gate lets it through."""
        return self.worse is not None and self.worse <= self.threshold.limit


def read_gates(sections: Mapping[str, object]) -> tuple[Threshold, ...]:
    """Checks the sections of a gates file.

    Raises:
        InputError: An unknown section or name, a metric in the wrong section, or a limit that is
            no number from 0 on.
    """
    found = []
    for section, entries in sections.items():
        if section not in SECTIONS:
            raise unknown_name("section", section, list(SECTIONS))
        if not isinstance(entries, Mapping):
            raise InputError(f"{section} should be a table", hint=f"write [{section}] above it")
        found += [_threshold(section, name, limit) for name, limit in entries.items()]
    if not found:
        raise InputError("there is no threshold", hint="for example [max_drop] f1_points = 0.5")
    return tuple(found)


def _threshold(section: str, name: str, limit: object) -> Threshold:
    absolute = {metric.absolute_gate: metric for metric in METRICS}
    in_percent = {m.relative_gate: m for m in METRICS if m.relative_gate is not None}
    metric = absolute.get(name) or in_percent.get(name)
    here = SECTIONS[section]
    if metric is None:
        known = [each for each, m in (absolute | in_percent).items() if m.better is here]
        raise unknown_name(f"threshold in [{section}]", name, known)
    if metric.better is not here:
        (right,) = (each for each, better in SECTIONS.items() if better is metric.better)
        raise InputError(
            f"{name} does not belong in [{section}]: {metric.better} is better",
            hint=f"put it under [{right}]",
        )
    relative = name not in absolute
    return Threshold(name=name, metric=metric, relative=relative, limit=read_limit(name, limit))


def read_limit(name: str, limit: object) -> float:
    """A limit as TOML gives it.

    Raises:
        InputError: It is no number, or none that a metric could have.
    """
    if isinstance(limit, bool) or not isinstance(limit, int | float) or not 0 <= limit <= LARGEST:
        raise InputError(f"{name} = {str(limit)[:40]} is not a number from 0 on")
    return float(limit)


def judge(found: tuple[Change, ...], thresholds: tuple[Threshold, ...]) -> tuple[Verdict, ...]:
    """One verdict for each change that a threshold is about, in the order of the changes."""
    return tuple(
        Verdict(change=change, threshold=threshold, worse=_worse(change, threshold))
        for change in found
        for threshold in thresholds
        if threshold.metric is change.metric
    )


def _worse(change: Change, threshold: Threshold) -> float | None:
    amount = change.percent if threshold.relative else change.delta
    if amount is None:
        return None
    worse = amount if change.metric.better is Better.LOWER else -amount
    # 0.5 points of a ratio are not 0.5 in binary; nobody means the seventeenth digit.
    return round(worse, 9)
