"""``ectopy build``."""

from __future__ import annotations

import click

from ectopy import console
from ectopy.usecases.build import BuildRequest, build_firmware
from ectopy.vocab import BoardName, EngineName
from ectopy.zoo import open_bundle


@click.command()
@click.option(
    "--board",
    type=click.Choice([b.value for b in BoardName]),
    default=BoardName.VIRT.value,
    show_default=True,
    help="Where the firmware will run.",
)
@click.option(
    "--engine",
    type=click.Choice([e.value for e in EngineName]),
    default=EngineName.AOT.value,
    show_default=True,
    help="Inference engine.",
)
@click.option("--model", default="beat-3-eff-sm", show_default=True, help="Bundle name or folder.")
def command(board: str, engine: str, model: str) -> None:
    """Build a firmware image for a board, an engine and a model."""
    request = BuildRequest(
        board=BoardName(board), engine=EngineName(engine), bundle=open_bundle(model)
    )
    with console.progress_bar(f"building {request.bundle.name} for {board}") as progress:
        image = build_firmware(request, progress)
    console.say(
        f"flash {image.flash_bytes:,} bytes, RAM {image.ram_bytes:,} bytes, of that arena "
        f"{image.arena_predicted_bytes:,}; build {image.build_id} by {image.toolchain}"
    )
    console.say(f"wrote {image.elf}")
