"""``ectopy reset``."""

from __future__ import annotations

import click

from ectopy import console
from ectopy.cli.options import choice, device_option, port_option, probe_option
from ectopy.usecases.flash import Target, has_flash, reset_board
from ectopy.vocab import BoardName


@click.command(name="reset", context_settings={"show_default": True})
@click.option("--board", type=choice(BoardName), default="apollo4p", help="Which kind of board.")
@port_option
@probe_option
@device_option
def command(board: str, port: str | None, probe: str | None, device: str | None) -> None:
    """Reset a board through its J-Link; what is in its flash starts anew."""
    target = Target(board=BoardName(board), port=port, probe=probe, device=device)
    if not has_flash(target.board):
        console.say(f"board {board} starts anew with each command: nothing to reset")
        return
    with console.progress_bar("reset") as progress:
        found = reset_board(target, progress)
    console.say(f"the board behind J-Link {found.serial_number} was reset and runs")
