"""One process at a time on a board, over all jobs and users of a machine.

The lock is one of the operating system on a file that everybody may open, so it ends with the
process that holds it. The file says who that is; it is never removed, because a lock on a file
that was removed keeps nobody out.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from ectopy.boards.ports import list_serial_ports, plain_serial, probe_behind
from ectopy.errors import InputError, LinkError
from ectopy.filelock import take_lock
from ectopy.progress import Progress, silent

FOLDER_VARIABLE = "ECTOPY_LOCK_DIR"
"""Names another folder, for machines whose jobs do not see the same /run/lock."""

WAIT_S = 120.0

_COMMON = Path("/run/lock")
_LONGEST_NOTE_BYTES = 4096
_LONGEST_COMMAND = 160

_held: set[str] = set()
"""What this process holds already: deploying takes a board, and so does each of its steps."""


def probe_key(serial_number: str) -> str:
    """What stands for the board on the J-Link of that serial number, zeros in front or not."""
    return f"J-Link {plain_serial(serial_number)}"


def port_key(port: str) -> str:
    """What stands for the board on a serial port: its J-Link, or else the device behind links."""
    probe = probe_behind(port, list_serial_ports())
    return os.path.realpath(port) if probe is None else probe_key(probe)


@contextmanager
def board_lock(
    board: str, *, patience_s: float = WAIT_S, progress: Progress = silent
) -> Iterator[None]:
    """Waits until no other process uses a board, and keeps others from it in the block.

    A process that holds the board already gets it again at once.

    Args:
        board: From :func:`probe_key` or :func:`port_key`.
        patience_s: How long to wait.
        progress: Told who is waited for.

    Raises:
        InputError: The lock file cannot be opened.
        LinkError: Somebody else still has the board; says who.
    """
    if board in _held:
        yield
        return
    digest = hashlib.sha256(os.fsencode(board)).hexdigest()[:16]
    path = _folder() / f"ectopy-board-{digest}.lock"
    descriptor = _open(path, board)
    try:
        _wait(descriptor, board, patience_s, progress)
        _note(descriptor, board)
        _held.add(board)
        try:
            yield
        finally:
            _held.discard(board)
            with suppress(OSError):
                os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _wait(descriptor: int, board: str, patience_s: float, progress: Progress) -> None:
    def busy() -> None:
        progress(0, 0, f"waiting up to {patience_s:.0f} s for {board}: {_holder(descriptor)}")

    if not take_lock(descriptor, patience_s, busy):
        raise LinkError(
            f"{board} is in use: {_holder(descriptor)}; waited {patience_s:.0f} s",
            hint="wait for that to end, or end it, and run again",
        )


def _folder() -> Path:
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        return Path(named)
    # Not /tmp if it can be helped: a service may have one of its own.
    if os.access(_COMMON, os.W_OK | os.X_OK):
        return _COMMON
    return Path(tempfile.gettempdir())


def _open(path: Path, board: str) -> int:
    flags = os.O_RDWR | os.O_NOFOLLOW
    try:
        # Without O_CREAT first: in a sticky folder the kernel may refuse it for others' files.
        with suppress(FileNotFoundError):
            return os.open(path, flags)
        with suppress(FileExistsError):
            descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o666)
            os.fchmod(descriptor, 0o666)  # whatever the umask: other users must wait too
            return descriptor
        return os.open(path, flags)
    except OSError as error:
        raise InputError(
            f"cannot lock {board}: {path}: {error.strerror}",
            hint=f"name a folder that all users of the board may write to in ${FOLDER_VARIABLE}",
        ) from error


def _note(descriptor: int, board: str) -> None:
    note = {
        "board": board,
        "pid": os.getpid(),
        "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])[:_LONGEST_COMMAND],
        "since_utc": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
    }
    # The note is for people; without it (a full disk) the lock holds all the same.
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(note).encode(), 0)


def _holder(descriptor: int) -> str:
    """Who holds the lock, as far as the file tells; anybody may have written there."""
    try:
        note = json.loads(os.pread(descriptor, _LONGEST_NOTE_BYTES, 0))
        text = f"process {note['pid']} ({note['command']}) has it since {note['since_utc']}"
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return "another process has it"
    return "".join(c if c.isprintable() else "?" for c in text)[: 2 * _LONGEST_COMMAND]
