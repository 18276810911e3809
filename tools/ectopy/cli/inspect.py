"""``ectopy inspect``."""

from __future__ import annotations

import json
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

OTHER_COLUMNS = 88
"""Width of the operator table without layer names, which give way on a narrow screen."""


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
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_footer=True)
    table.add_column("#", justify="right", footer=str(len(facts.ops)))
    table.add_column("operator", no_wrap=True)
    table.add_column("layer", no_wrap=True)
    table.add_column("fused", no_wrap=True)
    table.add_column("in", justify="right", no_wrap=True)
    table.add_column("out", justify="right", no_wrap=True)
    table.add_column("scale", justify="right", no_wrap=True)
    table.add_column("zero", justify="right", no_wrap=True)
    table.add_column("MACs", justify="right", no_wrap=True, footer=f"{facts.macs:,}")
    table.add_column("params", justify="right", no_wrap=True, footer=f"{facts.parameters:,}")
    table.add_column("out B", justify="right", no_wrap=True)
    refused = any(op.unsupported for op in facts.ops)
    if refused:
        table.add_column("engines", no_wrap=True)
    room = max(8, console.out.width - OTHER_COLUMNS - (8 if refused else 0))
    for op in facts.ops:
        row = (*_row(op, room), *([_engines(op)] if refused else []))
        table.add_row(*row)
    return table


def _row(op: OpFact, room: int) -> tuple[str, ...]:
    activations = [tensor for tensor in op.inputs if not tensor.constant]
    return (
        str(op.index),
        op.kind.value,
        escape(_tail(op.layer, room)),
        "" if op.activation is Activation.NONE else op.activation.value.lower(),
        "\n".join(_short_shape(tensor) for tensor in activations),
        _short_shape(op.output),
        f"{op.output.scales[0]:.3g}",
        str(op.output.zero_points[0]),
        f"{op.cost.macs:,}" if op.cost.macs else "",
        f"{op.cost.parameters:,}" if op.cost.parameters else "",
        f"{op.cost.output_bytes:,}",
    )


def _engines(op: OpFact) -> str:
    return " ".join(
        f"[red]no {engine}[/]" if engine in op.unsupported else str(engine) for engine in EngineName
    )


def _tail(name: str, room: int) -> str:
    """The end of a layer's name tells more than its beginning."""
    return name if len(name) <= room else "…" + name[1 - room :]


def _totals(facts: ModelFacts) -> str:
    lines = [
        "(leading dimensions of 1 are left out above)",
        f"{facts.macs:,} MACs, {facts.parameters:,} parameters (weights and biases), "
        f"{facts.constant_bytes:,} B of constants",
        f"at most {facts.peak_activation_bytes:,} B of activations alive at once",
    ]
    for engine in facts.engines:
        if engine.supported:
            lines.append(f"engine {engine.engine}: runs it, arena {engine.arena_bytes:,} B")
        else:
            lines.append(f"engine {engine.engine}: [red]no[/], {escape(engine.problem)}")
    return "\n".join(lines)


def _shape(tensor: TensorFact) -> str:
    return "x".join(map(str, tensor.shape)) or "scalar"


def _short_shape(tensor: TensorFact) -> str:
    """Shapes of one window's operators begin with 1x1x."""
    sizes = list(tensor.shape)
    while len(sizes) > 1 and sizes[0] == 1:
        del sizes[0]
    return "x".join(map(str, sizes)) or "scalar"


def _quant(tensor: TensorFact) -> str:
    return f"{tensor.dtype}, scale {tensor.scales[0]:.6g}, zero point {tensor.zero_points[0]}"
