"""``ectopy engines``: engines side by side."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from ectopy import console
from ectopy.cli.options import choice, is_stdout, json_option, write_json
from ectopy.report.engines import to_json, to_markdown
from ectopy.usecases.engines import EnginesRequest, compare_engines
from ectopy.vocab import DatasetName

EXAMPLES = """
\b
Examples:
  ectopy engines
      engine aot for each goal meant for production, with the models shipped
  ectopy engines --tflm ~/tflite-micro --neuralspot ~/neuralSPOT
      beside it tflm with both runtimes that may run on an emulator
  ectopy engines --model beat-2-eff-sm --json - | jq '.models[].engines[]'
  ectopy engines --tflm ~/tflite-micro --neuralspot ~/neuralSPOT --readme
      writes the table into README.md, between the lines
      <!-- engines:begin --> and <!-- engines:end -->

\b
Exit codes: 0 all engines that are there were measured, 1 one of them failed (the
others are shown), 2 bad input, 130 interrupted (what was measured is shown).
"""


@click.command(name="engines", epilog=EXAMPLES)
@click.option(
    "--model", "models", multiple=True, help="Bundle; may be repeated.  [default: all shipped]"
)
@click.option("--tflm", envvar="TFLM", metavar="DIR", help="Upstream tflite-micro, or $TFLM.")
@click.option("--neuralspot", envvar="NEURALSPOT", metavar="DIR", help="Or $NEURALSPOT.")
@click.option(
    "--dataset", type=choice(DatasetName), default="auto", show_default=True, help="Of windows."
)
@click.option("--data-dir", type=click.Path(path_type=Path), help="Where the ECG records are.")
@click.option(
    "--limit", type=click.IntRange(1), default=20, show_default=True, help="Windows per image."
)
@click.option(
    "--readme",
    type=click.Path(path_type=Path, dir_okay=False),
    is_flag=False,
    flag_value=Path("README.md"),
    metavar="[FILE]",
    help="Writes the table into this document, README.md if none is named.",
)
@json_option("everything")
def command(**options: Any) -> None:
    """Set engines side by side on the virtual board: instructions, cycles, memory.

    Every engine is built with every model, runs the same windows, and is compared byte for byte
    with the reference. Instructions are emulated, cycles modelled; flash is that of the whole
    image, code + constants what engine, kernels, runtime and model take of it.
    """
    json_file: Path | None = options["json_file"]
    request = EnginesRequest(
        models=options["models"],
        tflm=options["tflm"] or "",
        neuralspot=options["neuralspot"] or "",
        environment=dict(os.environ),
        dataset=DatasetName(options["dataset"]),
        data_dir=options["data_dir"],
        limit=options["limit"],
        readme=options["readme"],
    )
    with console.progress_bar("engines") as progress:
        run = compare_engines(request, progress)
    show = console.say if is_stdout(json_file) else console.write
    show(to_markdown(run.table))
    write_json(to_json(run.table), json_file, hint="the table above says the same")
    if run.failure is not None:
        raise run.failure
    if request.readme is not None:
        console.say(f"wrote the table into {request.readme}")
