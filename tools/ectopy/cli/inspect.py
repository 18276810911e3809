"""``ectopy inspect``."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path

import click
from rich import box
from rich.markup import escape
from rich.table import Table

from ectopy import console
from ectopy.errors import InputError
from ectopy.usecases.inspect import ModelFacts, OpFact, TensorFact, inspect_model
from ectopy.vocab import Activation, EngineName

STDOUT = "-"

LEAST_LAYER = 16
"""Characters of a layer's name; with less room, operators take two lines."""

FLAT = ("#", "operator", "layer", "fused", "in", "out")
STACKED = ("#", "operator\nlayer", "fused", "in\n→ out")
NUMBERS = ("scale", "zero", "MACs", "params", "out B")
LEFT = frozenset({"operator", "layer", "operator\nlayer", "fused", "engines"})
"""Titles of the operator table: wide, narrow, behind either; those that align left."""


@click.command()
@click.argument("model")
@click.option(
    "--json",
    "json_target",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="Write everything as JSON to this file; - for stdout, instead of the table.",
)
def command(model: str, json_target: Path | None) -> None:
    """Show operators, quantization, costs and engines of MODEL: a .tflite file or a bundle."""
    facts = inspect_model(model)
    text = json.dumps(asdict(facts), indent=2)
    if json_target is not None and str(json_target) == STDOUT:
        click.echo(text)
        return
    with console.wide_enough():
        console.out.print(_heading(facts), highlight=False)
        console.out.print(_operators(facts))
        console.out.print(_totals(facts), highlight=False)
    if json_target is not None:
        _write(json_target, text)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{path} cannot be written: {error.strerror}", hint="choose another file"
        ) from error
    console.say(f"wrote {path}")


def _heading(facts: ModelFacts) -> str:
    return (
        f"[bold]{escape(facts.name)}[/]  {escape(facts.path)}  {facts.file_bytes:,} B\n"
        f"sha256 {facts.sha256}\n"
        f"input  {_shape(facts.input)} {_quant(facts.input)}\n"
        f"output {_shape(facts.output)} {_quant(facts.output)}"
    )


def _operators(facts: ModelFacts) -> Table:
    """The table; layer names give way on a narrow screen, then operators take two lines."""
    longest = room = max(len(op.layer) for op in facts.ops)
    endless = console.out.options.update(width=10_000)
    for stacked in (False, True):
        table = _table(facts, longest, stacked=stacked)
        excess = console.out.measure(table, options=endless).maximum - console.out.width
        room = longest - max(0, excess)
        if excess <= 0 or room >= LEAST_LAYER:
            break
    return _table(facts, max(LEAST_LAYER, room), stacked=stacked)


def _table(facts: ModelFacts, room: int, *, stacked: bool) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.padding = (0, 0 if stacked else 1, 0, 0)
    refused = any(op.unsupported for op in facts.ops)
    titles = (*(STACKED if stacked else FLAT), *NUMBERS, *(["engines"] if refused else []))
    for title in titles:
        table.add_column(title, justify="left" if title in LEFT else "right", no_wrap=True)
    for op in facts.ops:
        table.add_row(*_row(op, room, stacked=stacked)[: len(titles)])
    return table


def _row(op: OpFact, room: int, *, stacked: bool) -> list[str]:
    kind, layer = op.kind.value, escape(_tail(op.layer, room))
    fused = "" if op.activation is Activation.NONE else op.activation.value.lower()
    read = "\n".join(_short_shape(tensor) for tensor in op.inputs if not tensor.constant)
    written = _short_shape(op.output)
    flat = [kind, layer, fused, read, written]
    cells = [f"{kind}\n{layer}", fused, f"{read}\n→ {written}"] if stacked else flat
    quant = (f"{op.output.scales[0]:.3g}", str(op.output.zero_points[0]))
    counts = (op.cost.macs, op.cost.parameters, op.cost.output_bytes)
    numbers = (f"{count:,}" if count else "" for count in counts)
    engines = (f"[red]no {e}[/]" if e in op.unsupported else str(e) for e in EngineName)
    return [str(op.index), *cells, *quant, *numbers, " ".join(engines)]


def _tail(name: str, room: int) -> str:
    """The end of a layer's name tells more than its beginning."""
    return name if len(name) <= room else "…" + name[1 - room :]


def _totals(facts: ModelFacts) -> str:
    lines = [
        "(leading dimensions of 1 are left out above)",
        f"{len(facts.ops)} operators, {facts.macs:,} MACs, {facts.parameters:,} parameters",
        f"{facts.constant_bytes:,} B of constants, at most {facts.peak_activation_bytes:,} B of "
        "activations at once (less in place)",
    ]
    for engine in facts.engines:
        if engine.supported:
            size = engine.arena_bytes
            arena = "measured when it is built" if size is None else f"{size:,} B"
            lines.append(f"engine {engine.engine}: runs it, arena {arena}")
        else:
            lines.append(f"engine {engine.engine}: [red]no[/], {escape(engine.problem)}")
    return "\n".join(lines)


def _shape(tensor: TensorFact) -> str:
    return "x".join(map(str, tensor.shape)) or "scalar"


def _short_shape(tensor: TensorFact) -> str:
    """Shapes of one window's operators begin with 1x1x."""
    return re.sub("^(1x)+", "", _shape(tensor))


def _quant(tensor: TensorFact) -> str:
    return f"{tensor.dtype}, scale {tensor.scales[0]:.6g}, zero point {tensor.zero_points[0]}"
