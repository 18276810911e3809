"""``ectopy evaluate``."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table

from ectopy import console
from ectopy.records import AccuracyRecord
from ectopy.usecases.evaluate import (
    EvaluateRequest,
    EvaluationSplit,
    Precision,
    evaluate_bundle,
)
from ectopy.zoo import open_bundle


@click.command()
@click.option("--model", default="beat-3-eff-sm", show_default=True, help="Bundle name or folder.")
@click.option(
    "--split",
    type=click.Choice([s.value for s in EvaluationSplit]),
    default=EvaluationSplit.DS1_VAL.value,
    show_default=True,
    help="ds2 and icentia11k-test are test sets: once per released model, never to choose.",
)
@click.option(
    "--precision",
    type=click.Choice([p.value for p in Precision]),
    default=Precision.INT8.value,
    show_default=True,
    help="int8 runs model.tflite as the device does; float runs model.keras and needs TensorFlow.",
)
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    help="Directory that holds mitdb/ or icentia11k/.",
)
@click.option(
    "--out",
    "out_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The metrics file.  [default: metrics.json of the bundle]",
)
def command(
    model: str, split: str, precision: str, data_dir: Path | None, out_path: Path | None
) -> None:
    """Score a model on the host and write metrics.json."""
    bundle = open_bundle(model)
    request = EvaluateRequest(
        bundle=bundle,
        split=EvaluationSplit(split),
        precision=Precision(precision),
        data_dir=data_dir,
        out_path=out_path or bundle.metrics_path,
    )
    with console.progress_bar(f"{bundle.name} on {split}") as progress:
        evaluation = evaluate_bundle(request, progress)
    title = f"{bundle.name} ({precision}) on {split}, {evaluation.windows} windows"
    console.out.print(_table(title, evaluation.accuracy))
    console.say(f"labels: {evaluation.label_map}")
    console.say(f"ran in {evaluation.runtime}; wrote {request.out_path}")
    console.say(evaluation.citation)


def _table(title: str, accuracy: AccuracyRecord) -> Table:
    table = Table(title=title)
    table.add_column("class")
    for column in ("Se", "+P", "F1", *(f"as {name}" for name in accuracy.per_class)):
        table.add_column(column, justify="right")
    for (name, scores), row in zip(accuracy.per_class.items(), accuracy.confusion, strict=True):
        shown = map(_shown, (scores.sensitivity, scores.ppv, scores.f1))
        table.add_row(name, *shown, *map(str, row))
    table.add_row("macro", "", "", _shown(accuracy.macro_f1), style="bold")
    return table


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
