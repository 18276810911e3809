"""``ectopy diff``: the first operator that differs from the reference."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from ectopy import console
from ectopy.cli.diff_screen import hint, screen, verdict
from ectopy.cli.options import choice, engine_options, split_option
from ectopy.errors import GateError
from ectopy.usecases.diff import diff
from ectopy.usecases.diff_types import DiffRequest
from ectopy.vocab import (
    BoardName,
    DatasetName,
    EngineName,
    LinkKind,
    Optimize,
)

EXAMPLES = """
\b
Examples:
  ectopy diff
      builds, runs the virtual EVB, compares 100 windows with the reference
  ectopy diff --board host --window 17
      walks through window 17, even if its outputs agree
  ectopy diff --optimize debug
      an image in which no kernel computes several operators at once
  ectopy diff --elf old/firmware.elf
      an image made elsewhere, beside these sources and this model

\b
Exit codes: 0 no difference, 1 a difference (or the run failed), 2 bad input.
"""

_PATH = click.Path(path_type=Path, dir_okay=False)


@click.command(name="diff", epilog=EXAMPLES, context_settings={"show_default": True})
@click.option("--board", type=choice(BoardName), default="virt", help="Where the firmware runs.")
@click.option("--model", default="beat-3-eff-sm", help="Name or folder of a model bundle.")
@engine_options
@click.option("--elf", type=_PATH, help="Run this image instead of building one.")
@click.option("--port", help="Serial port of a board that already runs.")
@click.option("--link", type=choice(LinkKind), default="auto", help="How frames travel.")
@click.option("--dataset", type=choice(DatasetName), default="auto", help="Source of windows.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Where the ECG records are.")
@split_option
@click.option("--limit", type=click.IntRange(1), default=100, help="Windows to draw.")
@click.option("--seed", type=click.IntRange(0), default=0, help="Seed of the draw.")
@click.option("--window", type=click.IntRange(0), help="Look at this one of the windows drawn.")
@click.option("--json", "as_json", is_flag=True, help="The result as JSON on stdout.")
@click.pass_context
def command(ctx: click.Context, /, as_json: bool, **options: object) -> None:
    """Find the first operator whose output differs from the reference.

    Sends windows until the board answers one differently, then walks through it operator by
    operator and says where the first tensor differs, how much, and the likely cause: the known
    mistake that gives exactly the board's tensor from the same inputs.
    """
    with console.progress_bar("diff") as progress:
        report = diff(_request(ctx), progress)
    if as_json:
        console.write(json.dumps({"differs": report.differs, **asdict(report)}, indent=2) + "\n")
    console.show(screen(report), aside=as_json)
    if report.differs:
        raise GateError(verdict(report), hint=hint(report))


def _request(ctx: click.Context) -> DiffRequest:
    options = ctx.params
    return DiffRequest(
        model=options["model"],
        board=BoardName(options["board"]),
        engine=EngineName(options["engine"]),
        optimize=Optimize(options["optimize"]),
        elf=options["elf"],
        port=options["port"],
        link=LinkKind(options["link"]),
        dataset=DatasetName(options["dataset"]),
        split=options["split"],
        data_dir=options["data_dir"],
        limit=options["limit"],
        seed=options["seed"],
        window=options["window"],
    )
