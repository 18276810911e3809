"""The cable to an Apollo4 Plus EVB: one USB connector with a J-Link and its serial port behind."""

from __future__ import annotations

import os
from dataclasses import dataclass

from ectopy.boards.ports import choose_port, list_serial_ports, plain_serial, probe_behind
from ectopy.errors import InputError
from ectopy.vocab import DEFAULT_BAUD, FASTEST_BAUD, SLOWEST_BAUD

BAUD_VARIABLE = "BAUD"
PROBE_VARIABLE = "PROBE"


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


def find_cable(port: str | None, probe: str | None) -> Cable:
    """Completes what the user said: a port tells its J-Link, a J-Link its port.

    The baud rate is $BAUD, which the build of the image reads too, or :data:`DEFAULT_BAUD`.

    Args:
        port: Device name; None looks for it.
        probe: Serial number; None is $PROBE, or the only J-Link.

    Raises:
        InputError: Several boards and nothing that says which, or no usable baud rate.
        LinkError: No board.
    """
    wanted = wanted_probe(probe)
    speed = _baud()
    ports = list_serial_ports()
    if port is None:
        port = choose_port(wanted, ports)
    behind = probe_behind(port, ports)
    if wanted and behind and plain_serial(wanted) != behind:
        raise InputError(
            f"port {port} belongs to J-Link {behind}, not to {wanted}",
            hint="leave out PORT= or PROBE=: one tells the other",
        )
    return Cable(port=port, probe=wanted or behind, baud=speed)


def wanted_probe(probe: str | None) -> str | None:
    """The J-Link that was asked for, by option or by $PROBE."""
    return probe or os.environ.get(PROBE_VARIABLE) or None


def _baud() -> int:
    text = os.environ.get(BAUD_VARIABLE) or str(DEFAULT_BAUD)
    if not (text.isdecimal() and len(text) < 9 and SLOWEST_BAUD <= int(text) <= FASTEST_BAUD):
        raise InputError(
            f"{text!r} is no baud rate of this board",
            hint=f"a number from {SLOWEST_BAUD:,} to {FASTEST_BAUD:,}; the image must be built "
            "with the same BAUD=",
        )
    return int(text)
