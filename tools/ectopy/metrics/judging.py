"""Gates on one run: what they say about it.

Nothing passes in silence. A metric that the record does not know fails, and so does one that the
file has gates for of which none is meant for this run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ectopy.errors import InputError
from ectopy.metrics.catalogue import Metric, unknown_name
from ectopy.metrics.gate_file import Gate, GateFile, GateSet
from ectopy.records import RunRecord
from ectopy.vocab import Better, GateOutcome, Quantity, TickUnit

NO_PROBLEM = (GateOutcome.PASS, GateOutcome.NO_LIMIT, GateOutcome.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What was asked of a figure, and what came of it.

    Attributes:
        metric: None if it is about the run as such.
        of: The class, "" for the whole run.
        unit: Of ticks.
        value: In the record; None if it is not known there.
        limit: None if there is none.
        reason: Why there is no plain answer; empty if there is one.
    """

    metric: Metric | None
    of: str = ""
    unit: TickUnit | None = None
    value: float | None = None
    limit: float | None = None
    outcome: GateOutcome
    reason: str = ""

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.metric.title} {self.of}".rstrip() if self.metric else "the run is whole"

    @property
    def passed(self) -> bool:
        """Whether the run may go on."""
        return self.outcome in NO_PROBLEM

    @property
    def margin(self) -> float | None:
        """How far the value is on the right side of the limit, scores in percentage points."""
        if self.metric is None or self.value is None or self.limit is None:
            return None
        scale = 100 if self.metric.quantity is Quantity.SCORE else 1
        return round(scale * _room(self.metric, self.value, self.limit), 7)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateReport:
    """All that the gates say about a run.

    Attributes:
        skipped: Sets that are not meant for this run, by what they are about, and why not.
    """

    judgements: tuple[Judgement, ...]
    skipped: tuple[tuple[str, str], ...]

    @property
    def failed(self) -> tuple[Judgement, ...]:
        """Gates that were not met."""
        return tuple(each for each in self.judgements if not each.passed)


def judge_record(record: RunRecord, file: GateFile, *, allow_partial: bool = False) -> GateReport:
    """Judges a run by the sets that are meant for it.

    Args:
        record: The run.
        file: The gates.
        allow_partial: A run that ended early does not fail for that.

    Raises:
        InputError: The gates are for another model, or name a class that it does not have.
    """
    if file.model and file.model != record.model.name:
        raise InputError(
            f"these gates are for {file.model}, and the run is of {record.model.name}",
            hint="name the gates of that model with --gates",
        )
    skipped = []
    judged = [_whole(record, allow_partial)]
    elsewhere = []
    for gates in file.sets:
        unmet = _unmet(record, gates)
        found = [_judge(record, gate) for gate in _by_class(record, gates)]
        if unmet:
            skipped.append((gates.about, unmet))
        else:
            judged += found
        elsewhere += [f for f in found if unmet or f.outcome is GateOutcome.NOT_APPLICABLE]
    answered = {_key(each) for each in judged if each.outcome is not GateOutcome.NOT_APPLICABLE}
    for each in elsewhere:
        if _key(each) not in answered:
            answered.add(_key(each))
            judged.append(_not_judged(record, each))
    return GateReport(judgements=tuple(judged), skipped=tuple(skipped))


def _key(judgement: Judgement) -> tuple[str, str]:
    return judgement.metric.key if judgement.metric else "", judgement.of


def _not_judged(record: RunRecord, found: Judgement) -> Judgement:
    """For a metric whose limits are all for other runs."""
    return replace(
        found,
        unit=found.unit and record.latency.unit,
        value=found.metric.read(record)[found.of] if found.metric else None,
        limit=None,
        outcome=GateOutcome.NOT_JUDGED,
        reason="no limit is meant for this run",
    )


def _whole(record: RunRecord, allow_partial: bool) -> Judgement:
    if not record.partial:
        return Judgement(metric=None, outcome=GateOutcome.PASS)
    reason = f"partial: {record.note_about('partial') or 'the run ended early'}"
    if allow_partial:
        return Judgement(
            metric=None,
            outcome=GateOutcome.NOT_APPLICABLE,
            reason=f"{reason}; allowed by the caller",
        )
    return Judgement(metric=None, outcome=GateOutcome.FAIL, reason=reason)


def _unmet(record: RunRecord, gates: GateSet) -> str:
    """Why a set is not meant for the run; empty if it is."""
    data = record.dataset
    facts = {
        "board": record.board.name,
        "engine": record.engine.name,
        "optimized_for": record.engine.goal,
        "dataset": data.name,
        "split": data.split,
        "limit": "all" if data.limit is None else str(data.limit),
        "sha256": data.sha256,
    }
    for name, wanted in gates.conditions.items():
        fact = facts[name]
        if name == "sha256":
            if not fact.startswith(wanted.lower()):
                return f"for the windows {wanted}, not {fact[: len(wanted)]}"
        elif fact != wanted:
            return f"for {name} {wanted}, not {fact}"
    return ""


def _by_class(record: RunRecord, gates: GateSet) -> Iterator[Gate]:
    """The gates, one for each class where one was meant for all."""
    classes = list(record.model.classes)
    for gate in gates.gates:
        if gate.of is not None:
            if gate.metric.per_class and gate.of not in classes:
                raise unknown_name(f"class in {gate.metric.key}", gate.of, classes)
            yield gate
            continue
        for name in classes:
            yield Gate(metric=gate.metric, of=name, limit=gate.limit, reason=gate.reason)


def _judge(record: RunRecord, gate: Gate) -> Judgement:
    of = gate.of or ""
    value = gate.metric.read(record)[of]
    outcome, reason = _outcome(record, gate, value)
    ticks = gate.metric.quantity is Quantity.TICKS
    # A limit in another unit says nothing about this value.
    other = outcome is GateOutcome.NOT_APPLICABLE
    return Judgement(
        metric=gate.metric,
        of=of,
        unit=(gate.unit or record.latency.unit) if ticks else None,
        value=None if other else value,
        limit=gate.limit,
        outcome=outcome,
        reason=reason,
    )


def _outcome(record: RunRecord, gate: Gate, value: float | None) -> tuple[GateOutcome, str]:
    if gate.limit is None:
        return GateOutcome.NO_LIMIT, gate.reason
    if gate.unit is not None and gate.unit is not record.latency.unit:
        return (
            GateOutcome.NOT_APPLICABLE,
            f"a limit in {gate.unit}; this run has {record.latency.unit}",
        )
    if value is None:
        return GateOutcome.NOT_MEASURED, gate.metric.why_unknown(record, gate.of or "")
    met = _room(gate.metric, value, gate.limit) >= 0
    return (GateOutcome.PASS if met else GateOutcome.FAIL), ""


def _room(metric: Metric, value: float, limit: float) -> float:
    """How far a value is on the right side of a limit."""
    room = limit - value if metric.better is Better.LOWER else value - limit
    # A ratio of 0.9 may be 0.8999999999999999 in binary; nobody means the sixteenth digit.
    return round(room, 9)
