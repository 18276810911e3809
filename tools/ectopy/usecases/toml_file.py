"""TOML files that people write for us."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from ectopy.errors import InputError

LARGEST_FILE_BYTES = 1 << 20

Checked = TypeVar("Checked")


def read_toml(path: Path, check: Callable[[Mapping[str, object]], Checked]) -> Checked:
    """What ``check`` makes of the contents of a file; its errors then name the file.

    Raises:
        InputError: The file cannot be read, is not TOML, or ``check`` refuses it.
    """
    try:
        if path.exists() and not path.is_file():
            raise InputError(f"{path} is not a file")
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise InputError(f"{path} is larger than {LARGEST_FILE_BYTES:,} bytes")
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not TOML: {error}") from error
    try:
        return check(tree)
    except InputError as error:
        raise InputError(f"{path}: {error.message}", hint=error.hint) from error
