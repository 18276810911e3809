"""A board at the other end of a pseudo terminal, as a serial port shows it."""

import os
import pty
import select
import subprocess
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

_PAUSE_S = 0.02


class Firmware(Protocol):
    """What runs on the board; a :class:`ectopy.protocol.Link` turned round."""

    def write(self, data: bytes) -> None: ...

    def read(self, max_bytes: int, timeout_s: float) -> bytes: ...

    def close(self) -> None: ...


class NativeFirmware:
    """The firmware of the board ``host``, as a process."""

    def __init__(self, elf: Path) -> None:
        self._process = subprocess.Popen([elf], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def write(self, data: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(data)
        self._process.stdin.flush()

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], timeout_s)
        return os.read(self._process.stdout.fileno(), max_bytes) if ready else b""

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@contextmanager
def board_on_port(boot: Callable[[], Firmware | None], boots: Callable[[], int]) -> Iterator[str]:
    """A board's serial port.

    Args:
        boot: What the board runs after a reset; None is a board that stays silent.
        boots: How many resets there were; one more boots anew.

    Yields:
        Name of the port.
    """
    master, slave = pty.openpty()
    tty.setraw(slave)
    over = threading.Event()
    thread = threading.Thread(target=_run, args=(master, boot, boots, over), daemon=True)
    thread.start()
    try:
        yield os.ttyname(slave)
    finally:
        over.set()
        thread.join(10)
        os.close(slave)
        os.close(master)


def _run(
    master: int,
    boot: Callable[[], Firmware | None],
    boots: Callable[[], int],
    over: threading.Event,
) -> None:
    seen = boots()
    firmware = boot()
    try:
        while not over.is_set():
            if boots() != seen:
                seen = boots()
                if firmware is not None:
                    firmware.close()
                firmware = boot()
            ready, _, _ = select.select([master], [], [], _PAUSE_S)
            heard = os.read(master, 4096) if ready else b""
            if firmware is None:
                continue
            if heard:
                firmware.write(heard)
            while said := firmware.read(4096, _PAUSE_S):
                os.write(master, said)
    finally:
        if firmware is not None:
            firmware.close()
