"""One build at a time in a folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ectopy.errors import InputError, ToolError
from ectopy.filelock import take_lock

_PATIENCE_S = 300.0


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
        if not take_lock(lock.fileno(), _PATIENCE_S):
            raise ToolError(
                f"another process has been building in {folder} for {_PATIENCE_S:.0f} s",
                hint="end it, or wait for it, and run again",
            )
        yield
