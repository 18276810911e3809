"""``ectopy quantize``."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table

from ectopy import console
from ectopy.quantize.report import LayerError, QuantizeReport, check_gate
from ectopy.usecases.quantize import QuantizeRequest, quantize_bundle
from ectopy.zoo import open_bundle


@click.command()
@click.option("--model", default="beat-3-eff-sm", show_default=True, help="Bundle name or folder.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Directory that holds mitdb/.")
@click.option(
    "--seed",
    type=click.IntRange(0),
    help="Of the draw of calibration windows.  [default: quantization.calibration_seed of the "
    "configuration, or 0]",
)
@click.option(
    "--max-f1-drop",
    type=click.FloatRange(0, 1),
    help="Fail if a class loses more F1 than this on DS1.",
)
@click.option(
    "--out",
    "out_dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for model.tflite and quantize.json.  [default: the bundle]",
)
def command(
    model: str,
    data_dir: Path | None,
    seed: int | None,
    max_f1_drop: float | None,
    out_dir: Path | None,
) -> None:
    """Quantize a model to int8 in and out, and measure what that costs.

    Activations are calibrated on windows of MIT-BIH DS1, drawn evenly over the patients. Both
    models are scored on all of DS1, which trained the models of this project: that compares int8
    with float and says nothing of accuracy on new patients.
    """
    bundle = open_bundle(model)
    request = QuantizeRequest(
        bundle=bundle, data_dir=data_dir, seed=seed, out_dir=out_dir or bundle.path
    )
    with console.progress_bar(f"scoring {bundle.name} in int8") as progress:
        report = quantize_bundle(request, progress)
    console.out.print(_scores(report))
    console.out.print(_layers(report.layers))
    console.say(f"{report.tflite_bytes} bytes, largest loss of F1 {report.max_f1_drop:+.4f}")
    console.say(f"wrote {request.out_dir / 'model.tflite'} and quantize.json beside it")
    if max_f1_drop is not None:
        check_gate(report, max_f1_drop)


def _scores(report: QuantizeReport) -> Table:
    table = Table(title=f"{report.model} on {report.scored_split}, {report.interpreter}")
    table.add_column("F1")
    for column in ("float", "int8", "change"):
        table.add_column(column, justify="right")
    for name, before in report.float_scores.per_class.items():
        after = report.int8_scores.per_class[name].f1
        table.add_row(name, *_pair(before.f1, after))
    macro = _pair(report.float_scores.macro_f1, report.int8_scores.macro_f1)
    table.add_row("macro", *macro, style="bold")
    return table


def _pair(before: float | None, after: float | None) -> tuple[str, str, str]:
    change = "-" if before is None or after is None else f"{after - before:+.4f}"
    return _shown(before), _shown(after), change


def _layers(layers: tuple[LayerError, ...]) -> Table:
    table = Table(title="error of each layer against the float model")
    table.add_column("op", justify="right")
    table.add_column("kind")
    table.add_column("layer")
    table.add_column("SQNR dB", justify="right")
    table.add_column("saturated", justify="right")
    for layer in layers:
        sqnr = "-" if layer.sqnr_db is None else f"{layer.sqnr_db:.1f}"
        saturated = "-" if layer.saturated is None else f"{layer.saturated}/{layer.elements}"
        table.add_row(str(layer.op), layer.kind, layer.layer, sqnr, saturated)
    return table


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
