"""What ``ectopy autodeploy`` shows."""

from __future__ import annotations

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ectopy.autodeploy import PLATFORM, REMARKS, LayerLine, Line, Value
from ectopy.usecases.autodeploy_types import AutodeployReport


def screen(report: AutodeployReport) -> RenderableType:
    """Figures of both, layers of both, and what to know before comparing them."""
    return Group(
        _heading(report),
        _figures(report),
        *_reasons(report.lines),
        _layers(report.layers),
        *(Text(f"({i}) {REMARKS[each]}") for i, each in enumerate(report.remarks, start=1)),
        *(Text(f"note: {note}", style="yellow") for note in report.notes),
        Text(f"files: {report.folder}"),
    )


def _heading(report: AutodeployReport) -> Text:
    text = Text(f"{report.model.name}: ns_autodeploy on {PLATFORM} (silicon)")
    for what, value in (
        ("runtime", report.runtime),
        ("model in", report.model_location),
        ("arena in", report.arena_location),
    ):
        text.append(f", {what} {value}" if value else "")
    text.append("\n")
    if report.inputs is not None:
        data = report.inputs
        text.append(f"input: {data.windows} windows of {data.dataset} {data.split}\n")
    if report.beside is None:
        text.append("beside it: what ectopy knows from the model file")
    else:
        ours = report.beside
        kind = "EMULATED" if ours.emulated else "silicon"
        text.append(f"beside it: {ours.path}, engine {ours.engine} on {ours.board} ({kind})")
    return text


def _figures(report: AutodeployReport) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("figure", "unit", "kind of number"):
        table.add_column(name, no_wrap=True)
    table.add_column("ns_autodeploy", justify="right", no_wrap=True)
    table.add_column("ectopy", justify="right", no_wrap=True)
    table.add_column("see")
    for line in report.lines:
        see = " ".join(f"({report.remarks.index(each) + 1})" for each in line.remarks)
        table.add_row(
            Text(line.figure), line.unit, line.kind, _value(line.theirs), _value(line.ours), see
        )
    return table


def _value(value: Value) -> str:
    if value.number is None:
        return "-"
    if isinstance(value.number, tuple):
        return ", ".join(f"{each:+.2f}" for each in value.number)
    return f"{value.number:,}"


def _reasons(lines: tuple[Line, ...]) -> list[Text]:
    """Why there is a dash in the table."""
    return [
        Text(f"- {line.figure}, {line.kind}, {whose}: {value.reason}", style="dim")
        for line in lines
        for whose, value in (("ns_autodeploy", line.theirs), ("ectopy", line.ours))
        if value.reason
    ]


def _layers(layers: tuple[LayerLine, ...]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("layer", justify="right")
    table.add_column("its tag", no_wrap=True)
    table.add_column("us, cold", justify="right")
    table.add_column("%", justify="right")
    table.add_column("its MACs", justify="right")
    table.add_column("op", justify="right")
    table.add_column("our operator", no_wrap=True)
    table.add_column("of layer")
    table.add_column("our MACs", justify="right")
    for layer in layers:
        table.add_row(
            _count(layer.position),
            Text(layer.tag or "-"),
            _count(layer.duration_us),
            "-" if layer.share is None else f"{100 * layer.share:.1f}",
            _count(layer.their_macs),
            _count(layer.index),
            layer.kind or "-",
            Text(layer.name or "-"),
            _count(layer.our_macs),
            style=None if layer.matched else "red",
        )
    return table


def _count(number: int | None) -> str:
    return "-" if number is None else f"{number:,}"
