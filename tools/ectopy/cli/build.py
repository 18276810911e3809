"""``ectopy build``."""

from __future__ import annotations

import os

import click

from ectopy import console
from ectopy.cli.options import choice
from ectopy.toolchain import options_from
from ectopy.usecases.build import BuildRequest, build_firmware
from ectopy.vocab import BoardName, ClockMode, EngineName, ModelPlace
from ectopy.zoo import open_bundle

EXAMPLES = """
\b
Examples:
  ectopy build
  ectopy build --board apollo4p --neuralspot ~/neuralSPOT --clock lp
"""


@click.command(epilog=EXAMPLES, context_settings={"show_default": True})
@click.option("--board", type=choice(BoardName), default="virt", help="Where it will run.")
@click.option("--engine", type=choice(EngineName), default="aot", help="Inference engine.")
@click.option("--model", default="beat-3-eff-sm", help="Bundle name or folder.")
@click.option("--neuralspot", metavar="DIR", help="The vendor's SDK, see ectopy sdk.")
@click.option("--clock", type=choice(ClockMode), help="192 MHz (hp) or 96 MHz (lp).")
@click.option("--baud", type=int, help="Of the serial port.")
@click.option("--model-in", type=choice(ModelPlace), help="Where the model's constants are.")
@click.pass_context
def command(ctx: click.Context, /, **options: object) -> None:
    """Build a firmware image for a board, an engine and a model.

    The last four options are of board apollo4p only, and what is not given is taken from the
    environment: NEURALSPOT, CLOCK, BAUD, MODEL_IN.
    """
    chosen = ctx.params
    board = BoardName(chosen["board"])
    variables = ("neuralspot", "clock", "baud", "model_in")
    given = {name.upper(): str(chosen[name]) for name in variables if chosen[name] is not None}
    request = BuildRequest(
        board=board,
        engine=EngineName(chosen["engine"]),
        bundle=open_bundle(chosen["model"]),
        options=options_from(os.environ | given) if board is BoardName.APOLLO4P else None,
    )
    with console.progress_bar(f"building {request.bundle.name} for {request.board}") as progress:
        image = build_firmware(request, progress)
    at_most = "at most " if image.emulation_refusal else ""
    console.say(
        f"flash {image.flash_bytes:,} bytes, RAM {image.ram_bytes:,} bytes, of that arena "
        f"{at_most}{image.arena_predicted_bytes:,}; build {image.build_id} by {image.toolchain}"
    )
    console.say(f"wrote {image.elf}")
