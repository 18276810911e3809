"""A run as a Markdown page."""

from __future__ import annotations

from collections.abc import Sequence

from ectopy.records import RunRecord
from ectopy.report.content import Fact, Grid, describe


def markdown(record: RunRecord) -> str:
    """The page ``report.md`` (GitHub-flavoured tables); the same record gives the same text."""
    report = describe(record)
    parts = [
        f"# {report.title}",
        "\n".join(f"> **{text}**  " for text in report.warnings),
        f"## {report.scores.title}\n\n{_grid(report.scores)}",
        f"## {report.confusion.title}\n\n{_grid(report.confusion)}",
        f"## Results\n\n{_facts(report.results)}",
        f"## Origin\n\n{_facts(report.origin)}",
    ]
    if report.notes:
        rows = tuple((f"`{path}`", text) for path, text in report.notes)
        parts.append(f"## Notes\n\n{table(('key', 'remark'), rows, numeric=False)}")
    return "\n\n".join(part for part in parts if part) + "\n"


def _grid(grid: Grid) -> str:
    return table(grid.header, grid.rows, numeric=True)


def _facts(facts: Sequence[Fact]) -> str:
    rows = tuple((fact.name, " · ".join(fact.pieces)) for fact in facts)
    return table(("", ""), rows, numeric=False)


def table(header: Sequence[str], rows: Sequence[Sequence[str]], *, numeric: bool) -> str:
    """A GitHub-flavoured table; ``numeric`` puts all but the first column to the right."""
    rule = ["---", *["---:" if numeric else "---"] * (len(header) - 1)]
    lines = [[_cell(text) for text in header], rule, *([_cell(text) for text in r] for r in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")
