"""Serial ports of this computer, and which of them belong to a J-Link."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from serial.tools import list_ports

from ectopy.errors import InputError, LinkError

SEGGER_VID = 0x1366
"""USB vendor of every J-Link, the one on the EVB included."""

_CABLE_HINT = (
    "plug the cable into the EVB's J-Link USB connector, not the Apollo4's own; "
    "`ectopy ports` lists what is there"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialPort:
    """A serial port that the system offers.

    Attributes:
        device: What to open: ``/dev/ttyACM0``.
        vid: USB vendor, None where the port is not USB; so is ``pid``.
        serial_number: As USB tells it, empty if it does not.
    """

    device: str
    description: str
    vid: int | None
    pid: int | None
    serial_number: str

    @property
    def is_jlink(self) -> bool:
        """Whether it is the virtual COM port of a J-Link."""
        return self.vid == SEGGER_VID

    def __str__(self) -> str:
        """For messages."""
        return f"{self.device} (J-Link {plain_serial(self.serial_number) or 'without a number'})"


def list_serial_ports() -> tuple[SerialPort, ...]:
    """All serial ports, sorted by name."""
    found = [
        SerialPort(
            device=port.device,
            description=port.description or "",
            vid=port.vid,
            pid=port.pid,
            serial_number=port.serial_number or "",
        )
        for port in list_ports.comports()
    ]
    return tuple(sorted(found, key=lambda port: port.device))


def plain_serial(number: str) -> str:
    """A serial number as JLinkExe writes it; USB pads the same number with zeros."""
    return number.strip().lstrip("0")


def choose_port(probe: str | None, ports: Sequence[SerialPort]) -> str:
    """The one port that leads to an EVB.

    Args:
        probe: Serial number of its J-Link; None if there is only one.
        ports: From :func:`list_serial_ports`.

    Raises:
        LinkError: There is none.
        InputError: There are several, and nothing says which.
    """
    jlinks = [port for port in ports if port.is_jlink]
    wanted = None if probe is None else plain_serial(probe)
    chosen = [p for p in jlinks if wanted is None or plain_serial(p.serial_number) == wanted]
    if len(chosen) == 1:
        return chosen[0].device
    shown = ", ".join(str(port) for port in chosen or jlinks)
    if chosen:
        raise InputError(
            f"{len(chosen)} serial ports of J-Links are there: {shown}",
            hint="choose one: PORT= or --port; or one J-Link by its serial number: PROBE= or "
            "--probe",
        )
    if jlinks:
        raise LinkError(
            f"no serial port belongs to a J-Link {probe}; there are: {shown}",
            hint="check PROBE= or --probe; a J-Link can also be configured to have no serial port",
        )
    others = f"; others are there: {', '.join(p.device for p in ports)}" if ports else ""
    raise LinkError(f"no serial port of a J-Link is there{others}", hint=_CABLE_HINT)


def probe_behind(port: str, ports: Sequence[SerialPort]) -> str | None:
    """Serial number of the J-Link that a port belongs to, None if the system does not tell.

    Args:
        port: As the user wrote it; may be a link such as those in ``/dev/serial/by-id``.
        ports: From :func:`list_serial_ports`.
    """
    real = os.path.realpath(port)
    for each in ports:
        if each.is_jlink and os.path.realpath(each.device) == real:
            return plain_serial(each.serial_number) or None
    return None
