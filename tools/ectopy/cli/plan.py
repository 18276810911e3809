"""``ectopy plan``: what the compiler decided."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ectopy import console
from ectopy.cli.options import choice, is_stdout, json_option, optimize_option, write_json
from ectopy.report.plan import to_json
from ectopy.report.plan_screen import plan_screen
from ectopy.usecases.plan import PlanRequest, show_plan
from ectopy.vocab import DatasetName, Optimize

DEFAULT_MODEL = "beat-3-eff-sm"

EXAMPLES = """
\b
Examples:
  ectopy plan
      the plan for speed of beat-3-eff-sm; takes a second, builds nothing
  ectopy plan mine.tflite --optimize debug
      of any int8 model; in a plan for debug every operator stands by itself
  ectopy plan --model beat-2-eff-sm --cycles
      builds the image, runs one inference, and adds what each step costs
  ectopy plan --json - | jq '.steps[] | {kernel, macs, constant_bytes}'

\b
How to read it:
  #        operators of the model; 3-5 are computed by one kernel together
  layout   planar: channel after channel, else pixel after pixel
  arena B  bytes of the output, and at which offset of the arena (at) it lies;
           places are used again when nobody needs their contents any more
  const. B weights and other constants in flash, as the kernel wants them
"""


@click.command(name="plan", epilog=EXAMPLES)
@click.argument("target", metavar="[MODEL.tflite]", required=False)
@click.option("--model", help=f"Name or folder of a model bundle.  [default: {DEFAULT_MODEL}]")
@optimize_option
@click.option("--cycles", is_flag=True, help="Builds the image and adds what each step costs.")
@click.option(
    "--dataset",
    type=choice(DatasetName),
    default="auto",
    show_default=True,
    help="Source of the window for --cycles.",
)
@click.option("--data-dir", type=click.Path(path_type=Path), help="Where the ECG records are.")
@json_option("the plan")
def command(target: str | None, model: str | None, **options: Any) -> None:
    """Show how the compiler runs a model: steps, kernels, layouts, memory, constants.

    With --cycles also emulated instructions, modelled cycles and MAC/cycle of each step, by the
    cycle model that ectopy profile runs.
    """
    if target is not None and model is not None:
        raise click.UsageError("a model file and --model exclude each other.")
    json_file: Path | None = options["json_file"]
    request = PlanRequest(
        model=target or model or DEFAULT_MODEL,
        optimize=Optimize(options["optimize"]),
        cycles=options["cycles"],
        dataset=DatasetName(options["dataset"]),
        data_dir=options["data_dir"],
    )
    with console.progress_bar("plan") as progress:
        plan = show_plan(request, progress)
    with console.wide_enough(170):
        console.show(plan_screen(plan), aside=is_stdout(json_file))
    write_json(to_json(plan), json_file, hint="the table above says the same")
