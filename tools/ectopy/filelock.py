"""Waiting for a lock on a file. It ends with the process that holds it, however that ends."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable

_PAUSE_S = 0.1


def take_lock(descriptor: int, patience_s: float, busy: Callable[[], None] | None = None) -> bool:
    """Waits until nobody else holds the lock on an open file, and takes it.

    Args:
        descriptor: Of the file; closing it gives the lock back.
        patience_s: How long to wait at most.
        busy: Called once if there is something to wait for.

    Returns:
        False if it is still held when patience ends.
    """
    deadline_s = time.monotonic() + patience_s
    while not _taken(descriptor):
        if busy is not None:
            busy()
            busy = None
        if time.monotonic() >= deadline_s:
            return False
        time.sleep(_PAUSE_S)
    return True


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
