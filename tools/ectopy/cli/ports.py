"""``ectopy ports``."""

from __future__ import annotations

import json
from dataclasses import asdict

import click
from rich.table import Table
from rich.text import Text

from ectopy import console
from ectopy.boards.ports import SerialPort, plain_serial
from ectopy.usecases.flash import Desk, look_around


@click.command(name="ports")
@click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout instead of tables.")
def command(as_json: bool) -> None:
    """List serial ports, and the J-Links that JLinkExe sees."""
    desk = look_around()
    if as_json:
        console.write(json.dumps(_as_json(desk), indent=2) + "\n")
        return
    with console.wide_enough():
        console.show(_ports_table(desk))
        if desk.probes is not None:
            console.show(_probes_table(desk))
    if desk.problem:
        console.say(f"J-Links are not known: {desk.problem}")


def _as_json(desk: Desk) -> dict[str, object]:
    return {
        "ports": [{**asdict(port), "jlink": port.is_jlink} for port in desk.ports],
        "probes": None if desk.probes is None else [asdict(probe) for probe in desk.probes],
        "problem": desk.problem,
    }


def _ports_table(desk: Desk) -> Table:
    table = Table(title="Serial ports")
    for column in ("port", "J-Link", "serial number", "USB", "description"):
        table.add_column(column)
    for port in desk.ports:
        number = plain_serial(port.serial_number) if port.is_jlink else port.serial_number
        jlink = "yes" if port.is_jlink else ""
        cells = (port.device, jlink, number, _usb(port), port.description)
        table.add_row(*map(Text, cells))  # what devices say of themselves is no markup
    return table


def _usb(port: SerialPort) -> str:
    return "" if port.vid is None or port.pid is None else f"{port.vid:04x}:{port.pid:04x}"


def _probes_table(desk: Desk) -> Table:
    table = Table(title="J-Links")
    table.add_column("serial number")
    table.add_column("product")
    for probe in desk.probes or ():
        table.add_row(Text(probe.serial_number), Text(probe.product))
    return table
