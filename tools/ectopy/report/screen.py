"""A run as one panel for a terminal of 80 columns or more."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.columns import Columns
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from ectopy.records import RunRecord
from ectopy.report.content import Fact, Grid, Report, Tone, describe

STYLES = {Tone.PLAIN: "", Tone.GOOD: "green", Tone.BAD: "bold red"}


def screen(record: RunRecord, files: Sequence[str] = ()) -> RenderableType:
    """What ``bench`` shows at its end.

    Args:
        record: The run.
        files: Where it was written.
    """
    return panel(describe(record), files)


def panel(report: Report, files: Sequence[str] = ()) -> RenderableType:
    """A report for a terminal.

    Args:
        report: What it says.
        files: Where it was written.
    """
    rows: list[RenderableType] = [Text(text, style="yellow") for text in report.warnings]
    if rows:
        rows.append(Rule(style="dim"))
    # Side by side where there is room, else one below the other.
    tables = Columns((_grid(report.scores), _grid(report.confusion)), padding=(0, 3))
    written = (Fact(name="Written", pieces=tuple(files)),) if files else ()
    rows += [
        tables,
        Rule(style="dim"),
        _facts(report.results, ""),
        Rule(style="dim"),
        _facts((*report.origin, *written), "dim"),
    ]
    return Panel(
        Group(*rows),
        title=Text(report.title, style="bold"),
        box=box.ROUNDED,
        expand=False,
        width=100,
    )


def _grid(grid: Grid) -> Table:
    table = Table(
        title=Text(grid.title, style="bold"),
        title_justify="left",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
    )
    for index, name in enumerate(grid.header):
        table.add_column(Text(name), justify="right" if index else "left", no_wrap=True)
    for row in grid.rows:
        table.add_row(*map(Text, row))
    return table


def _facts(facts: Sequence[Fact], style: str) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(style=style)
    for fact in facts:
        table.add_row(fact.name, _Pieces(fact))
    return table


class _Pieces:
    """The pieces of a fact; lines break between them, inside only where one is too long."""

    def __init__(self, fact: Fact) -> None:
        self.fact = fact

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(10, options.max_width)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = [""]
        for piece in self.fact.pieces:
            longer = f"{lines[-1]} · {piece}" if lines[-1] else piece
            if len(longer) <= options.max_width:
                lines[-1] = longer
            else:
                lines.append(piece)
        yield Text("\n".join(line for line in lines if line), style=STYLES[self.fact.tone])
