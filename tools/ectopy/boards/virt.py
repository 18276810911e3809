"""The virtual EVB: QEMU's mps2-an386, reached by a real serial path or by fast pipes.

``-icount shift=6`` ties virtual time to instructions, which is what the board's ticks count.
"""

from __future__ import annotations

import os
import re
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ectopy.boards.links import PipeLink, SerialLink
from ectopy.boards.process import Child
from ectopy.errors import ToolError
from ectopy.protocol import Link
from ectopy.vocab import LinkKind

QEMU = "qemu-system-arm"
_START_S = 20.0
_PTY = re.compile(rb"redirected to (\S+)")
_INSTALL = "install it: apt install qemu-system-arm (Debian, Ubuntu), brew install qemu (macOS)"


@contextmanager
def open_virt(elf: Path, kind: LinkKind) -> Iterator[Link]:
    """Boots ``elf`` in QEMU and yields the link; QEMU ends with the block, however it ends.

    Args:
        elf: Firmware image of the board ``virt``.
        kind: ``LinkKind.FAST``, or the serial port for any other.

    Raises:
        ToolError: QEMU is absent or does not start.
    """
    opened = _open_fast(elf) if kind is LinkKind.FAST else _open_uart(elf)
    with opened as link:
        try:
            yield link
        finally:
            link.close()


def _command(elf: Path, arguments: list[str], serial: str) -> list[str]:
    program = shutil.which(QEMU)
    if program is None:
        raise ToolError(f"{QEMU} is not installed", hint=_INSTALL)
    words = "".join(f",arg={word}" for word in ["ectopy", *arguments])
    return [
        program,
        *("-M", "mps2-an386"),
        *("-icount", "shift=6"),
        *("-display", "none", "-monitor", "none", "-nic", "none"),
        *("-serial", serial),
        *("-semihosting-config", f"enable=on,target=native{words}"),
        *("-kernel", str(elf)),
    ]


@contextmanager
def _open_uart(elf: Path) -> Iterator[Link]:
    # QEMU hands each serial byte from its main loop to its CPU thread: on two processors that is
    # a wake-up each time, and a fifth of the speed.
    with Child(_command(elf, ["uart"], "pty"), name="QEMU", one_cpu=True) as child:
        yield SerialLink(_pty_of(child), child.obituary)


@contextmanager
def _open_fast(elf: Path) -> Iterator[Link]:
    # The guest opens the pipes by their names under /dev/fd; nothing is left on any disk.
    to_guest, our_write = os.pipe()
    our_read, from_guest = os.pipe()
    try:
        child = Child(
            _command(elf, ["fast", f"/dev/fd/{to_guest}", f"/dev/fd/{from_guest}"], "null"),
            name="QEMU",
            stdout=subprocess.DEVNULL,
            pass_fds=(to_guest, from_guest),
        )
    except ToolError:
        os.close(our_read)
        os.close(our_write)
        raise
    finally:
        os.close(to_guest)
        os.close(from_guest)
    with child:
        yield PipeLink(LinkKind.FAST, our_read, our_write, child.obituary)


def _pty_of(child: Child) -> str:
    """The pseudo terminal that QEMU announces on its stdout."""
    assert child.popen.stdout is not None
    out = child.popen.stdout.fileno()
    heard = b""
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        ready, _, _ = select.select([out], [], [], 0.5)
        if not ready:
            continue
        data = os.read(out, 4096)
        heard += data
        if found := _PTY.search(heard):
            return found[1].decode()
        if not data:
            break
    words = child.last_words() or heard.decode(errors="replace").strip() or "nothing"
    raise ToolError(f"QEMU did not start; it said: {words}", hint="is it version 6 or newer?")
