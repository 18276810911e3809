"""Options of the commands that reach for a board on a cable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from ectopy.boards.cable import FASTEST_BAUD, SLOWEST_BAUD

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

port_option: Decorator = click.option(
    "--port", help="Serial port of the board.  [default: that of the J-Link]"
)
probe_option: Decorator = click.option(
    "--probe", envvar="PROBE", metavar="SERIAL", help="Serial number of the J-Link, or $PROBE."
)
baud_option: Decorator = click.option(
    "--baud",
    envvar="BAUD",
    type=click.IntRange(SLOWEST_BAUD, FASTEST_BAUD),
    help="Of the serial port, or $BAUD; the image must be built with the same.",
)
device_option: Decorator = click.option(
    "--device", envvar="JLINK_DEVICE", help="J-Link's name of the chip, or $JLINK_DEVICE."
)
