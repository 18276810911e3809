"""One build at a time in a folder."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ectopy.errors import InputError, ToolError

_PATIENCE_S = 300.0
_PAUSE_S = 0.1


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Waits until no other process builds in ``folder``, which is made if it is missing.

    The lock ends with the process, however it ends.

    Raises:
        InputError: The folder cannot be written.
        ToolError: The other process does not come to an end.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("w")
    except OSError as error:
        raise InputError(
            f"cannot build in {folder}: {error.strerror}", hint="check the permissions of build/"
        ) from error
    with lock:
        deadline_s = time.monotonic() + _PATIENCE_S
        while not _taken(lock):
            if time.monotonic() >= deadline_s:
                raise ToolError(
                    f"another process has been building in {folder} for {_PATIENCE_S:.0f} s",
                    hint="end it, or wait for it, and run again",
                )
            time.sleep(_PAUSE_S)
        yield


def _taken(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
