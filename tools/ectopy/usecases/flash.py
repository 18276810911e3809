"""Getting an image onto a board, resetting it, and finding out what boards there are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ectopy.boards.cable import wanted_probe
from ectopy.boards.jlink import JLink, Probe, choose_probe, jlink_from_environment
from ectopy.boards.lock import board_lock, probe_key
from ectopy.boards.ports import SerialPort, list_serial_ports, probe_behind
from ectopy.errors import EctopyError, InputError, LinkError
from ectopy.progress import Progress, silent
from ectopy.toolchain import read_raw_image
from ectopy.vocab import BoardName

FLASH_ADDRESS = 0x18000
"""Of the Apollo4 Plus; the MRAM below belongs to its secure boot loader."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Which board, and through which J-Link.

    Attributes:
        port: Its serial port; tells the J-Link where there are several.
        probe: Serial number of the J-Link.
        device: Name of the chip for J-Link, None for $JLINK_DEVICE or the usual one.
    """

    board: BoardName = BoardName.APOLLO4P
    port: str | None = None
    probe: str | None = None
    device: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flashed:
    """What flashing did.

    Attributes:
        written: False where the flash held the same bytes already.
        image_bytes: From the first to the last byte of the image.
    """

    probe: Probe
    written: bool
    image_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What is connected to this computer.

    Attributes:
        probes: None if JLinkExe could not be asked.
        problem: Why it could not, empty if it could.
    """

    ports: tuple[SerialPort, ...]
    probes: tuple[Probe, ...] | None
    problem: str


def has_flash(board: BoardName) -> bool:
    """Whether images are flashed to this board; the others boot theirs when they are started."""
    return board is BoardName.APOLLO4P


def flash_image(elf: Path, target: Target, progress: Progress = silent) -> Flashed:
    """Writes an image to a board's flash, reads it back, and starts it.

    Raises:
        InputError: The image is missing or not of this board, or it is unclear which J-Link.
        ToolError: JLinkExe is absent, hangs, or cannot write.
        LinkError: No J-Link, or no board behind it.
    """
    _require_flash(target.board)
    if not elf.is_file():
        raise InputError(f"no firmware image {elf}", hint="build it: make firmware")
    raw = read_raw_image(elf)
    if raw.address != FLASH_ADDRESS:
        raise InputError(
            f"{elf} begins at 0x{raw.address:08X}, flash of board {target.board} at "
            f"0x{FLASH_ADDRESS:08X}",
            hint=f"it is the image of another board; build one with BOARD={target.board}",
        )
    jlink, probe = _reach(target, progress)
    progress(0, 0, f"flashing {len(raw.data):,} bytes through J-Link {probe.serial_number}")
    with board_lock(probe_key(probe.serial_number), progress=progress):
        written = jlink.flash(probe, raw.data, raw.address)
    return Flashed(probe=probe, written=written, image_bytes=len(raw.data))


def reset_board(target: Target, progress: Progress = silent) -> Probe:
    """Resets a board through its J-Link and lets it run.

    Raises:
        InputError: A board that is no hardware, or it is unclear which J-Link.
        ToolError: JLinkExe is absent, hangs or fails.
        LinkError: No J-Link, or no board behind it.
    """
    _require_flash(target.board)
    jlink, probe = _reach(target, progress)
    progress(0, 0, f"resetting through J-Link {probe.serial_number}")
    with board_lock(probe_key(probe.serial_number), progress=progress):
        jlink.reset(probe)
    return probe


def look_around() -> Desk:
    """Serial ports, and J-Links if JLinkExe can be asked."""
    ports = list_serial_ports()
    try:
        return Desk(ports=ports, probes=jlink_from_environment().list_probes(), problem="")
    except EctopyError as error:
        return Desk(ports=ports, probes=None, problem=error.message)


def _require_flash(board: BoardName) -> None:
    if not has_flash(board):
        raise InputError(
            f"board {board} is a process of this computer: there is nothing to flash or reset",
            hint="it boots its image whenever a command starts it: make bench",
        )


def _reach(target: Target, progress: Progress) -> tuple[JLink, Probe]:
    jlink = jlink_from_environment(target.device)
    ports = list_serial_ports()
    wanted = wanted_probe(target.probe)
    if wanted is None and target.port is not None:
        wanted = probe_behind(target.port, ports)
    progress(0, 0, "looking for J-Links")
    probes = jlink.list_probes()
    unseen = [str(port) for port in ports if port.is_jlink]
    if unseen and not probes:
        raise LinkError(
            f"JLinkExe sees no J-Link, though a serial port of one is there: {', '.join(unseen)}",
            hint="you may not open it, or something holds it: on Linux J-Link's package brings "
            "99-jlink.rules (plug in again afterwards); close OpenOCD and virtual machines",
        )
    return jlink, choose_probe(probes, wanted)
