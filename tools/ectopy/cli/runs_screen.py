"""What ``ectopy runs`` shows."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from ectopy.report import value_text
from ectopy.report.content import count, percent
from ectopy.usecases.runs import History, Run
from ectopy.vocab import TickUnit

BARS = "▁▂▃▄▅▆▇█"
SHOWN_POINTS = 12
UNITS = {
    TickUnit.INSTRUCTIONS: "instr.",
    TickUnit.CYCLES: "cycles",
    TickUnit.NANOSECONDS: "ns",
    TickUnit.TIMER_TICKS: "ticks",
}


def index_table(runs: Sequence[Run]) -> Table:
    """One line for each run."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in ("run", "board", "model"):
        table.add_column(name, no_wrap=name == "run")
    for name in ("windows", "macro F1", "unlike ref.", "inference", "arena B", "flash B"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("")
    for run in runs:
        record = run.record
        cells = (
            record.provenance.created_utc,
            record.board.name,
            record.model.name,
            count(record.dataset.windows),
            percent(record.accuracy.macro_f1),
            count(record.agreement.output_mismatches),
            f"{count(record.latency.invoke_median)} {UNITS[record.latency.unit]}",
            count(record.memory.arena_bytes),
            count(record.firmware.flash_bytes),
            " ".join(["partial"] * record.partial + ["synthetic"] * record.synthetic),
        )
        table.add_row(*map(Text, cells))
    return table


def history_table(histories: Sequence[History]) -> Table:
    """One line for each history: last, best, trend, and bars, the newest at the right."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in ("history", "runs", "last", "best", "of run", "last change", "trend"):
        table.add_column(name)
    for history in histories:
        quantity = history.metric.quantity
        what = f"{history.metric.title} {history.of}".rstrip()
        where = f"{history.model} on {history.board}, {history.engine}; {history.dataset}"
        cells = (
            f"{what}: {where}",
            str(len(history.points)),
            value_text(quantity, history.last.value),
            value_text(quantity, history.best.value),
            history.best.created_utc,
            history.trend,
            _bars([point.value for point in history.points[-SHOWN_POINTS:]]),
        )
        table.add_row(*map(Text, cells))
    return table


def _bars(values: Sequence[float]) -> str:
    low, span = min(values), max(values) - min(values)
    top = len(BARS) - 1
    return "".join(BARS[round(top * (value - low) / span) if span else 0] for value in values)
