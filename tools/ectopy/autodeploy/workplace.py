"""A place in the neuralSPOT checkout for one run of ns_autodeploy."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ectopy.errors import ToolError
from ectopy.filelock import take_lock

PROJECTS = Path("projects", "autodeploy")
"""Where it puts its own projects by default."""


@contextmanager
def inside_checkout(root: Path, folder: Path) -> Iterator[Path]:
    """A name below the checkout for a folder elsewhere, and the checkout for us alone.

    Its make appends the way from the root to the destination to its build folder: a `..` in it
    would put object files outside of that. And it replaces .c and .s anywhere in the way.

    Args:
        root: Of the checkout.
        folder: What the name leads to.

    Yields:
        The name; it is gone after the block.

    Raises:
        ToolError: The checkout cannot be written, or another process of ours works in it.
    """
    link = root / PROJECTS / f"ectopy_{re.sub(r'[^A-Za-z0-9]', '_', folder.name)}"
    with _unwritable(link.parent):
        link.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(link.parent, os.O_RDONLY)
    try:
        _take(descriptor, root)
        with _unwritable(link.parent):
            link.symlink_to(folder, target_is_directory=True)
        try:
            yield link
        finally:
            with suppress(OSError):
                link.unlink()
    finally:
        os.close(descriptor)


@contextmanager
def _unwritable(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ToolError(
            f"cannot work in {folder}: {error.strerror}",
            hint="ns_autodeploy builds inside the checkout, which must be writable",
        ) from error


def _take(descriptor: int, root: Path) -> None:
    """Locks the folder until it is closed: each run empties the build folder of the checkout."""
    if not take_lock(descriptor, patience_s=0):
        raise ToolError(
            f"another `ectopy autodeploy` works in {root}",
            hint="wait for its end, or give each its own checkout and its own board",
        )
