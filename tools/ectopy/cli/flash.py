"""``ectopy flash``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ectopy import console
from ectopy.cli.options import (
    baud_option,
    choice,
    device_option,
    engine_options,
    port_option,
    probe_option,
)
from ectopy.usecases.build import BuildRequest, build_firmware
from ectopy.usecases.flash import Target, flash_image, has_flash
from ectopy.vocab import BoardName, EngineName, Optimize
from ectopy.zoo import open_bundle

EXAMPLES = """
\b
Examples:
  ectopy flash
      builds what is not up to date and flashes the one EVB on the desk
  ectopy flash --probe 1160001234 --elf firmware.elf
      this image, through this J-Link
"""


@click.command(name="flash", epilog=EXAMPLES, context_settings={"show_default": True})
@click.option("--board", type=choice(BoardName), default="apollo4p", help="Whose image.")
@click.option("--model", default="beat-3-eff-sm", help="Bundle name or folder.")
@engine_options
@click.option(
    "--elf",
    type=click.Path(path_type=Path, dir_okay=False),
    help="This image, instead of one that is built here.",
)
@port_option
@probe_option
@baud_option
@device_option
def command(**options: Any) -> None:
    """Build an image and write it to a board's flash, through its J-Link.

    It is read back, and the board is started. Needs JLinkExe; $JLINK names another one.
    """
    target = Target(
        board=BoardName(options["board"]),
        port=options["port"],
        probe=options["probe"],
        device=options["device"],
    )
    if not has_flash(target.board):
        console.say(f"board {target.board} boots its image when it is started: nothing to flash")
        return
    elf: Path | None = options["elf"]
    with console.progress_bar("flash") as progress:
        if elf is None:
            request = BuildRequest(
                board=target.board,
                engine=EngineName(options["engine"]),
                bundle=open_bundle(options["model"]),
                optimize=Optimize(options["optimize"]),
            )
            elf = build_firmware(request, progress).elf
        flashed = flash_image(elf, target, progress)
    did = "wrote" if flashed.written else "found the same bytes in flash:"
    console.say(f"{did} {flashed.image_bytes:,} bytes, verified, running")
