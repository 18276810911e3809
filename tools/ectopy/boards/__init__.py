"""Ways to boards. Every one opens a :class:`ectopy.protocol.Link` and ends what it started."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ectopy.boards.cable import Cable, find_cable
from ectopy.boards.host import open_host
from ectopy.boards.links import BAUD, SerialLink
from ectopy.boards.lock import board_lock, port_key
from ectopy.boards.virt import open_virt
from ectopy.errors import InputError
from ectopy.progress import Progress, silent
from ectopy.protocol import Link
from ectopy.vocab import BoardName, LinkKind

__all__ = ["Board", "BoardRequest", "choose_link", "open_board"]

FAST_FROM_WINDOWS = 2000
"""Above this the emulated serial port (some 60 kB/s) would take more than half a minute."""


_LINKS: dict[BoardName, tuple[LinkKind, ...]] = {
    BoardName.VIRT: (LinkKind.UART, LinkKind.FAST),
    BoardName.APOLLO4P: (LinkKind.UART,),
    BoardName.HOST: (LinkKind.PIPE,),
}
"""Links of each board, the slowest and most real first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRequest:
    """Which board, and how to reach it.

    Attributes:
        elf: Image to run; needed for ``virt`` and ``host`` unless ``port`` is given.
        link: For ``virt``: ``uart`` or ``fast``; ``auto`` is ``uart``.
        port: A serial port that already leads to a running board; nothing is started then.
            ``apollo4p`` is always such a board; None looks for its port.
        probe: Serial number of the J-Link of ``apollo4p``, if there are several. Its baud rate is
            that of the image: $BAUD, or the default.
    """

    board: BoardName
    elf: Path | None = None
    link: LinkKind = LinkKind.AUTO
    port: str | None = None
    probe: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """An open board."""

    name: BoardName
    link: Link


def choose_link(board: BoardName, wanted: LinkKind, windows: int) -> LinkKind:
    """What ``auto`` means for a run of so many windows.

    Raises:
        InputError: The board has no such link.
    """
    kinds = _LINKS[board]
    if wanted is LinkKind.AUTO:
        return kinds[-1] if windows > FAST_FROM_WINDOWS else kinds[0]
    if wanted not in kinds:
        raise InputError(
            f"board {board} has no link {wanted}", hint=f"it has: auto, {', '.join(kinds)}"
        )
    return wanted


@contextmanager
def open_board(request: BoardRequest, progress: Progress = silent) -> Iterator[Board]:
    """Starts the board where it is a process, opens its link, and ends both with the block.

    Args:
        request: Which board.
        progress: Told whom a board on a cable is waited for.

    Raises:
        InputError: No image, or a link that the board does not have.
        ToolError: QEMU or the image cannot be started.
        LinkError: The port is missing, or somebody else has the board and keeps it.
    """
    if request.port is not None or request.board is BoardName.APOLLO4P:
        cable = _cable(request)
        with board_lock(port_key(cable.port), progress=progress):
            serial = SerialLink(cable.port, baud=cable.baud)
            try:
                yield Board(name=request.board, link=serial)
            finally:
                serial.close()
        return
    if request.elf is None or not request.elf.is_file():
        raise InputError(f"no firmware image {request.elf or ''}", hint="build it: make firmware")
    kind = choose_link(request.board, request.link, windows=0)
    opened = (
        open_host(request.elf) if request.board is BoardName.HOST else open_virt(request.elf, kind)
    )
    with opened as link:
        yield Board(name=request.board, link=link)


def _cable(request: BoardRequest) -> Cable:
    if request.board is BoardName.APOLLO4P:
        return find_cable(request.port, request.probe)
    assert request.port is not None
    return Cable(port=request.port, probe=None, baud=BAUD)
