"""Two runs as a table: what changed, which way, and what the gates say."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeGuard

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ectopy.metrics import Change, Verdict
from ectopy.records import RunRecord
from ectopy.report.content import UNKNOWN, count, percent, rate, short
from ectopy.report.profile_changes import Cost, CostChange, ProfileChanges
from ectopy.vocab import Quantity

MOST_COSTS = 10


def comparison(
    runs: tuple[RunRecord, RunRecord],
    changes: Sequence[Change],
    verdicts: Sequence[Verdict],
    objections: Sequence[str],
) -> RenderableType:
    """The figures of two records.

    Args:
        runs: The earlier run and the later one.
        changes: Of all figures.
        verdicts: Of gates; empty without any.
        objections: Why the runs should not be compared.
    """
    a, b = runs
    warnings = [Text(f"NOT COMPARABLE: {each}", style="yellow") for each in objections]
    return Group(*warnings, _origin(a, b), _changes(runs, changes, verdicts))


def cost_comparison(changes: ProfileChanges | None, why_not: str) -> RenderableType:
    """Operators and functions whose modelled cycles differ most.

    Args:
        changes: Of two profiles; None if they cannot be compared.
        why_not: For people, if so.
    """
    if changes is None:
        return Text(f"By operator and function: nothing to compare, {why_not}", style="dim")
    return Group(
        _costs("operator", changes.operators, changes.same_operators),
        _costs("function", changes.functions, changes.same_functions),
    )


def _costs(what: str, changed: Sequence[CostChange], same: int) -> RenderableType:
    if not changed:
        return Text(f"every {what} takes what it took ({same})", style="dim")
    left_out = len(changed) - MOST_COSTS
    note = f"{same} unchanged" + (f", {left_out} smaller differences" if left_out > 0 else "")
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, show_footer=True)
    table.add_column(what, footer=Text(note, style="dim"))
    for name in ("A, mod. cycles", "B, mod. cycles", "change", "emulated instr."):
        table.add_column(name, justify="right", no_wrap=True)
    for each in changed[:MOST_COSTS]:
        delta = each.delta_cycles
        share = f" ({100 * delta / each.a.modelled_cycles:+.1f} %)" if _known(each.a) else ""
        table.add_row(
            Text(each.name),
            UNKNOWN if each.a is None else count(each.a.modelled_cycles),
            UNKNOWN if each.b is None else count(each.b.modelled_cycles),
            Text(f"{delta:+,}{share}", style="red" if delta > 0 else "green"),
            f"{each.delta_instructions:+,}",
        )
    return table


def _known(cost: Cost | None) -> TypeGuard[Cost]:
    return cost is not None and cost.modelled_cycles > 0


def value_text(quantity: Quantity, value: float | None) -> str:
    """A metric's value for people; scores in percent."""
    if quantity is Quantity.SCORE:
        return percent(value)
    if quantity is Quantity.RATE:
        return rate(value)
    if quantity is Quantity.MILLISECONDS:
        return UNKNOWN if value is None else f"{value:.2f}"
    return count(None if value is None else int(value))


def _origin(a: RunRecord, b: RunRecord) -> Table:
    table = Table.grid(padding=(0, 2))
    rows = [("", "A", "B"), *((name, of(a), of(b)) for name, of in _FACTS)]
    for name, left, right in rows:
        style = "" if left == right else "bold"
        table.add_row(Text(name, style="dim"), Text(left, style=style), Text(right, style=style))
    return table


_FACTS: tuple[tuple[str, Callable[[RunRecord], str]], ...] = (
    ("run", lambda run: run.provenance.created_utc),
    ("model", lambda run: f"{run.model.name} {short(run.model.tflite_sha256)}"),
    ("board", lambda run: f"{run.board.name}{', emulated' if run.board.emulated else ''}"),
    ("engine", lambda run: str(run.engine)),
    ("build", lambda run: f"{run.firmware.build_id}, {run.firmware.toolchain}"),
    ("reference", lambda run: run.agreement.reference),
    (
        "windows",
        lambda run: f"{run.dataset.name} {run.dataset.split}, {count(run.dataset.windows)}",
    ),
    ("link", lambda run: str(run.link.kind)),
    ("git", lambda run: run.provenance.git or UNKNOWN),
)


def _changes(
    runs: tuple[RunRecord, RunRecord], changes: Sequence[Change], verdicts: Sequence[Verdict]
) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("")
    for name in ("A", "B", "change"):
        table.add_column(name, justify="right", no_wrap=True)
    if verdicts:
        table.add_column("gate")
    ticks = " and ".join(dict.fromkeys(str(run.latency.unit) for run in runs))
    unit = {Quantity.BYTES: ", B", Quantity.TICKS: f", {ticks}", Quantity.SCORE: ", %"}
    for change in changes:
        quantity = change.metric.quantity
        style = {True: "green", False: "red", None: ""}[change.better]
        row = [
            Text(change.name + unit.get(quantity, "")),
            Text(value_text(quantity, change.a)),
            Text(value_text(quantity, change.b)),
            Text(_change_text(change), style=style),
        ]
        if verdicts:
            row.append(_gates([v for v in verdicts if v.change is change]))
        table.add_row(*row)
    return table


def _change_text(change: Change) -> str:
    if change.delta is None:
        return UNKNOWN
    if not change.delta:
        return "="
    if change.metric.quantity is Quantity.SCORE:
        return f"{change.delta:+.2f}"
    digits = "" if float(change.delta).is_integer() else ".2f"
    part = change.percent
    share = f" ({part:+.2f} %)" if part is not None and math.isfinite(part) else ""
    return f"{change.delta:+,{digits}}{share}"


def _gates(verdicts: Sequence[Verdict]) -> Text:
    text = Text()
    for verdict in verdicts:
        threshold = verdict.threshold
        said = "ok" if verdict.passed else "REGRESSION"
        if verdict.worse is None:
            said = "NOT KNOWN"
        style = "green" if verdict.passed else "bold red"
        text.append(f"{said}, {threshold.name} at most {threshold.limit:g}\n", style=style)
    text.rstrip()
    return text
