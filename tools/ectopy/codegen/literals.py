"""C literals: exact, range-checked, and refusing what C cannot say."""

from __future__ import annotations

import math
import struct

import numpy as np

from ectopy.graph.types import ConstArray

ROW_CHARACTERS = 92
"""Longest row of array elements, without indentation."""

INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1
FLOAT32_MAX = 2.0**128 - 2.0**104


def c_int(value: int) -> str:
    """A decimal int32 literal.

    Raises:
        ValueError: It does not fit.
    """
    if not INT32_MIN <= value <= INT32_MAX:
        raise ValueError(f"{value} is not an int32")
    # In C, -2147483648 is the negation of a number that does not fit an int.
    return "INT32_MIN" if value == INT32_MIN else str(value)


def c_int64(value: int) -> str:
    """An int64 literal for a value that is not the smallest one.

    Raises:
        ValueError: It does not fit.
    """
    if not -(2**63) < value < 2**63:
        raise ValueError(f"{value} is not an int64")
    return f"INT64_C({value})"


def c_float(value: float) -> str:
    """A hexadecimal float literal, which names one float32 exactly.

    Raises:
        ValueError: Not finite, or not a float32.
    """
    if not math.isfinite(value):
        raise ValueError(f"{value} is not a finite number")
    if abs(value) > FLOAT32_MAX or struct.unpack("<f", struct.pack("<f", value))[0] != value:
        raise ValueError(f"{value!r} is not a float32")
    mantissa, exponent = value.hex().split("p")
    return f"{mantissa.rstrip('0').rstrip('.')}p{exponent}f"


def c_string(text: str) -> str:
    """A quoted string; everything but plain ASCII is escaped byte by byte."""
    parts = []
    for byte in text.encode():
        character = chr(byte)
        if character in '"\\?' or not 32 <= byte < 127:
            parts.append(f"\\{byte:03o}")
        else:
            parts.append(character)
    return f'"{"".join(parts)}"'


def c_type(values: ConstArray) -> str:
    """The C element type of an array.

    Raises:
        ValueError: There is none in our kernels.
    """
    if values.dtype == np.int8:
        return "int8_t"
    if values.dtype == np.int32:
        return "int32_t"
    raise ValueError(f"no C type for {values.dtype}")


def c_rows(values: ConstArray) -> tuple[str, ...]:
    """The elements in memory order as rows of text, each ending in a comma."""
    rows: list[str] = []
    row = ""
    for value in values.ravel().tolist():
        item = f"{c_int(value)},"
        if row and len(row) + 1 + len(item) > ROW_CHARACTERS:
            rows.append(row)
            row = item
        else:
            row = f"{row} {item}" if row else item
    return (*rows, row) if row else tuple(rows)
