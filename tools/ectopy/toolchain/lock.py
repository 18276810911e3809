"""One build at a time in a folder."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ectopy.errors import InputError


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Waits until no other process builds in ``folder``, which is made if it is missing.

    The lock ends with the process, however it ends.

    Raises:
        InputError: The folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("w")
    except OSError as error:
        raise InputError(
            f"cannot build in {folder}: {error.strerror}", hint="check the permissions of build/"
        ) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
