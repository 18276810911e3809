"""What gates say about a run, for a terminal, a Markdown page, JUnit XML and programs."""

from __future__ import annotations

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ectopy.metrics import GateReport, Judgement
from ectopy.records import RunRecord
from ectopy.report.comparison import value_text
from ectopy.report.content import count, engine_title
from ectopy.report.junit import Verdict, junit_of
from ectopy.report.markdown import table
from ectopy.vocab import Better, GateOutcome, Quantity

HEADER = ("", "value", "limit", "verdict", "margin")
_UNITS = {Quantity.BYTES: "B", Quantity.SCORE: "%", Quantity.MILLISECONDS: "ms"}


def gate_problem(judgement: Judgement) -> str:
    """Why a gate was not met; empty if it was."""
    if judgement.passed:
        return ""
    if judgement.outcome is GateOutcome.FAIL and judgement.metric is not None:
        return f"{_name(judgement)} is {_value(judgement)}, limit {_limit(judgement)}"
    return f"{_name(judgement)}: {judgement.outcome}: {judgement.reason or 'no reason was noted'}"


def gates_screen(record: RunRecord, report: GateReport) -> RenderableType:
    """The verdicts, one a line."""
    grid = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for index, title in enumerate((*HEADER, "remark")):
        grid.add_column(title, justify="right" if index in (1, 2, 4) else "left")
    for each in report.judgements:
        style = (
            "green" if each.outcome is GateOutcome.PASS else "yellow" if each.passed else "bold red"
        )
        first, value, limit, verdict, margin = _row(each)
        cells = [Text(first), Text(value), Text(limit), Text(verdict, style=style), Text(margin)]
        grid.add_row(*cells, Text(each.reason, style="dim"))
    skipped = [Text(each, style="dim") for each in _skipped(report)]
    heading = Text(_heading(record), style="bold")
    return Group(heading, grid, *skipped, Text(_summary(report), style="bold"))


def gates_markdown(record: RunRecord, report: GateReport) -> str:
    """The same as a section of a Markdown page."""
    rows = [(*_row(each), each.reason) for each in report.judgements]
    parts = [
        "## Gates",
        f"{_heading(record)}: **{_summary(report)}**",
        table((*HEADER, "remark"), rows, numeric=False),
        "\n".join(f"- {each}" for each in _skipped(report)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def gates_junit(record: RunRecord, run: str, report: GateReport) -> str:
    """JUnit XML with a case for each gate."""
    verdicts = []
    for each in report.judgements:
        open_question = each.outcome in (GateOutcome.NO_LIMIT, GateOutcome.NOT_APPLICABLE)
        verdicts.append(
            Verdict(
                name=f"{_name(each)} {_limit(each)}".rstrip(),
                problem=gate_problem(each),
                remark=f"{_value(each)} {each.reason}".strip(),
                skipped=f"{each.outcome}: {each.reason}" if open_question else "",
            )
        )
    return junit_of([(run, record, verdicts)])


def gates_json(record: RunRecord, report: GateReport) -> dict[str, object]:
    """The same for programs; scores from 0 to 1, their margins in percentage points."""
    return {
        "model": record.model.name,
        "board": record.board.name,
        "emulated": record.board.emulated,
        "synthetic": record.synthetic,
        "passed": not report.failed,
        "gates": [_as_json(each) for each in report.judgements],
        "skipped": [{"about": about, "reason": why} for about, why in report.skipped],
    }


def _heading(record: RunRecord) -> str:
    board = f"{record.board.name}, EMULATED" if record.board.emulated else record.board.name
    data = f"{record.dataset.name} {record.dataset.split}"
    data += ", SYNTHETIC" if record.synthetic else ""
    windows, engine = count(record.dataset.windows), engine_title(record.engine)
    return f"{record.model.name} on {board} · {engine} · {windows} windows of {data}"


def _summary(report: GateReport) -> str:
    judged = [each for each in report.judgements if each.outcome is not GateOutcome.NOT_APPLICABLE]
    gates = [each for each in judged if each.outcome is not GateOutcome.NO_LIMIT]
    met = len(gates) - len(report.failed)
    text = f"{met} of {len(gates)} gates met"
    unset = len(judged) - len(gates)
    return text + (f", {unset} more without a limit yet" if unset else "")


def _skipped(report: GateReport) -> list[str]:
    """Sets that are not meant for this run; wanted where that leaves a metric without a limit."""
    if not any(each.outcome is GateOutcome.NOT_JUDGED for each in report.judgements):
        return []
    return [f"left out, {why}: {about}" for about, why in report.skipped]


def _name(judgement: Judgement) -> str:
    """The metric with its unit."""
    metric = judgement.metric
    unit = judgement.unit or (_UNITS.get(metric.quantity) if metric else None)
    return f"{judgement.name}, {unit}" if unit else judgement.name


def _limit(judgement: Judgement) -> str:
    """The limit and which way it holds; empty if there is none."""
    if judgement.metric is None or judgement.limit is None:
        return ""
    side = "at most" if judgement.metric.better is Better.LOWER else "at least"
    return f"{side} {value_text(judgement.metric.quantity, judgement.limit)}"


def _row(judgement: Judgement) -> tuple[str, str, str, str, str]:
    return (
        _name(judgement),
        _value(judgement),
        _limit(judgement),
        str(judgement.outcome),
        _margin(judgement),
    )


def _value(judgement: Judgement) -> str:
    if judgement.metric is None:
        return ""
    return value_text(judgement.metric.quantity, judgement.value)


def _margin(judgement: Judgement) -> str:
    margin, metric = judgement.margin, judgement.metric
    if margin is None or metric is None:
        return ""
    if metric.quantity is Quantity.SCORE:
        return f"{margin:+.2f} points"
    digits = ".0f" if float(margin).is_integer() else ".2f"
    share = f" ({100 * margin / judgement.limit:+.1f} %)" if judgement.limit else ""
    return f"{margin:+,{digits}}{share}"


def _as_json(judgement: Judgement) -> dict[str, object]:
    metric = judgement.metric
    return {
        "metric": metric.key if metric else "partial",
        "class": judgement.of or None,
        "unit": judgement.unit,
        "value": judgement.value,
        "direction": metric and ("max" if metric.better is Better.LOWER else "min"),
        "limit": judgement.limit,
        "margin": judgement.margin,
        "outcome": judgement.outcome,
        "passed": judgement.passed,
        "reason": judgement.reason or None,
    }
