"""Two runs beside each other: whether they may be compared, and what changed."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ectopy.metrics.catalogue import METRICS, Metric
from ectopy.records import RunRecord
from ectopy.vocab import Better, Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One figure of two runs.

    Attributes:
        of: The class, "" for the whole run.
        a: In the earlier run; None if it is not known there.
        b: In the later run.
        same_unit: False for ticks that count different things: no difference is known then.
    """

    metric: Metric
    of: str
    a: float | None
    b: float | None
    same_unit: bool = True

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.metric.title} {self.of}".rstrip()

    @property
    def delta(self) -> float | None:
        """``b - a``, scores in percentage points; None if either is not known."""
        if self.a is None or self.b is None or not self.same_unit:
            return None
        return (self.b - self.a) * (100 if self.metric.quantity is Quantity.SCORE else 1)

    @property
    def percent(self) -> float | None:
        """The change in percent of ``a``; infinite from zero to something."""
        if self.delta is None or self.a is None:
            return None
        if self.delta == 0:
            return 0.0
        return 100 * self.delta / abs(self.a) if self.a else math.copysign(math.inf, self.delta)

    @property
    def better(self) -> bool | None:
        """Whether the later run is better; None if equal or not known."""
        if not self.delta:
            return None
        return (self.delta > 0) == (self.metric.better is Better.HIGHER)


def changes(a: RunRecord, b: RunRecord) -> tuple[Change, ...]:
    """Every figure of both runs, in the order of the catalogue."""
    found = []
    for metric in METRICS:
        before, after = metric.read(a), metric.read(b)
        same = metric.quantity is not Quantity.TICKS or a.latency.unit is b.latency.unit
        found += [
            Change(metric=metric, of=of, a=before.get(of), b=after.get(of), same_unit=same)
            for of in {**before, **after}
        ]
    return tuple(found)


def incomparable(a: RunRecord, b: RunRecord) -> tuple[str, ...]:
    """Why figures of the two runs must not be set beside each other; empty if they may."""
    differing = [
        ("model", a.model.tflite_sha256[:12], b.model.tflite_sha256[:12]),
        ("windows", a.dataset.sha256[:12], b.dataset.sha256[:12]),
        ("number of windows", str(a.dataset.windows), str(b.dataset.windows)),
        ("label map", a.dataset.label_map, b.dataset.label_map),
        ("kind of board", _kind(a), _kind(b)),
        ("board", f"{a.board.name}, {a.board.cpu}", f"{b.board.name}, {b.board.cpu}"),
        ("tick unit", a.latency.unit, b.latency.unit),
    ]
    reasons = [f"{what}: {mine} and {other}" for what, mine, other in differing if mine != other]
    for name, run in (("A", a), ("B", b)):
        if run.partial:
            reasons.append(f"{name} is partial: {run.notes.get('partial', 'it ended early')}")
    return tuple(reasons)


def _kind(run: RunRecord) -> str:
    return "emulated" if run.board.emulated else "not emulated"
