"""``ectopy build``."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

import click

from ectopy import console
from ectopy.toolchain import BoardOptions
from ectopy.usecases.build import BuildRequest, build_firmware
from ectopy.vocab import BoardName, ClockMode, EngineName, ModelPlace
from ectopy.zoo import open_bundle

EXAMPLES = """
\b
Examples:
  ectopy build
  ectopy build --board apollo4p --neuralspot ~/neuralSPOT --clock lp
      neuralspot, clock, baud and model-in are also read from the environment,
      and by make: NEURALSPOT= CLOCK= BAUD= MODEL_IN=
"""


def _choice(kind: type[Enum]) -> click.Choice[str]:
    return click.Choice([str(each.value) for each in kind])


@click.command(epilog=EXAMPLES, context_settings={"show_default": True})
@click.option("--board", type=_choice(BoardName), default="virt", help="Where it will run.")
@click.option("--engine", type=_choice(EngineName), default="aot", help="Inference engine.")
@click.option("--model", default="beat-3-eff-sm", help="Bundle name or folder.")
@click.option(
    "--neuralspot",
    type=click.Path(path_type=Path),
    envvar="NEURALSPOT",
    help="Checkout with the vendor's SDK, for apollo4p; see: ectopy sdk.",
)
@click.option(
    "--clock",
    type=_choice(ClockMode),
    envvar="CLOCK",
    default="hp",
    help="Of apollo4p: 192 MHz (hp) or 96 MHz (lp).",
)
@click.option("--baud", type=int, envvar="BAUD", default=921_600, help="Of apollo4p's port.")
@click.option(
    "--model-in",
    type=_choice(ModelPlace),
    envvar="MODEL_IN",
    default="mram",
    help="Where apollo4p keeps the model's constants.",
)
@click.pass_context
def command(ctx: click.Context, /, **options: object) -> None:
    """Build a firmware image for a board, an engine and a model."""
    chosen = ctx.params
    root: Path | None = chosen["neuralspot"]
    request = BuildRequest(
        board=BoardName(chosen["board"]),
        engine=EngineName(chosen["engine"]),
        bundle=open_bundle(chosen["model"]),
        options=BoardOptions(
            neuralspot=root.expanduser() if root else None,
            clock=ClockMode(chosen["clock"]),
            baud=chosen["baud"],
            model_in=ModelPlace(chosen["model_in"]),
        ),
    )
    with console.progress_bar(f"building {request.bundle.name} for {request.board}") as progress:
        image = build_firmware(request, progress)
    console.say(
        f"flash {image.flash_bytes:,} bytes, RAM {image.ram_bytes:,} bytes, of that arena "
        f"{image.arena_predicted_bytes:,}; build {image.build_id} by {image.toolchain}"
    )
    console.say(f"wrote {image.elf}")
