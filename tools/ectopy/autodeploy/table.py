"""The CSV files of ns_autodeploy, read with suspicion."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from ectopy.errors import InputError

LARGEST_FILE_BYTES = 4 * 1024 * 1024
LARGEST_COUNT = 2**32 - 1
"""All figures of the board are 32-bit."""

HINT = "run ns_autodeploy again; --from takes a folder in which the file is whole"


def read_table(path: Path) -> list[list[str]]:
    """Rows of a CSV file whose last line is whole; the header first, never empty.

    Raises:
        InputError: It cannot be read, is empty, too large, not text, cut off or ragged.
    """
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise InputError(f"{path} is larger than {LARGEST_FILE_BYTES:,} bytes", hint=HINT)
        text = path.read_text(encoding="utf-8")
        rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}", hint=HINT) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} is not a CSV file: {error}", hint=HINT) from error
    if not rows:
        raise InputError(f"{path} is empty", hint=HINT)
    if not text.endswith("\n"):
        raise InputError(f"{path} is cut off: its last line has no end", hint=HINT)
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(rows[0]):
            raise InputError(
                f"{path} is damaged at line {number}: {len(row)} cells under a header of "
                f"{len(rows[0])}",
                hint=HINT,
            )
    return rows


def read_count(column: str, text: str) -> int:
    """A cell that counts something.

    Raises:
        ValueError: It is no count of 32 bits.
    """
    # A table with gaps makes floats of all its numbers.
    digits = text.strip().removesuffix(".0")
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > 10:
        raise ValueError(f"{column} is {text[:20]!r}, not a count")
    if int(digits) > LARGEST_COUNT:
        raise ValueError(f"{column} is {digits}, more than the board can count")
    return int(digits)
