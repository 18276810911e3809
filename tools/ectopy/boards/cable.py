"""The cable to an Apollo4 Plus EVB: one USB connector with a J-Link and its serial port behind."""

from __future__ import annotations

import os
from dataclasses import dataclass

from ectopy.boards.ports import choose_port, list_serial_ports, probe_behind
from ectopy.errors import InputError

BAUD_VARIABLE = "BAUD"
PROBE_VARIABLE = "PROBE"
DEFAULT_BAUD = 921_600
"""Of the firmware, unless it was built with ``BAUD=``; the same variable is read here."""

SLOWEST_BAUD, FASTEST_BAUD = 9_600, 3_000_000
"""The Apollo4's UART divides 48 MHz by at least 16."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cable:
    """Where an EVB is.

    Attributes:
        port: Of the J-Link.
        probe: Serial number of the J-Link, None if the port does not tell.
        baud: Of the port.
    """

    port: str
    probe: str | None
    baud: int


def find_cable(port: str | None, probe: str | None, baud: int | None) -> Cable:
    """Completes what the user said: a port tells its J-Link, a J-Link its port.

    Args:
        port: Device name; None looks for it.
        probe: Serial number; None is $PROBE, or the only J-Link.
        baud: None is $BAUD, or :data:`DEFAULT_BAUD`.

    Raises:
        InputError: Several boards and nothing that says which, or no usable baud rate.
        LinkError: No board.
    """
    wanted = wanted_probe(probe)
    speed = _baud(baud)
    ports = list_serial_ports()
    if port is None:
        port = choose_port(wanted, ports)
    behind = probe_behind(port, ports)
    return Cable(port=port, probe=wanted or behind, baud=speed)


def wanted_probe(probe: str | None) -> str | None:
    """The J-Link that was asked for, by option or by $PROBE."""
    return probe or os.environ.get(PROBE_VARIABLE) or None


def _baud(baud: int | None) -> int:
    text = str(baud) if baud is not None else os.environ.get(BAUD_VARIABLE) or str(DEFAULT_BAUD)
    if not (text.isdecimal() and len(text) < 9 and SLOWEST_BAUD <= int(text) <= FASTEST_BAUD):
        raise InputError(
            f"{text!r} is no baud rate of this board",
            hint=f"a number from {SLOWEST_BAUD:,} to {FASTEST_BAUD:,}; the image must be built "
            "with the same BAUD=",
        )
    return int(text)
