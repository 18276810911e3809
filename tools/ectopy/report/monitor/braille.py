"""Drawing with braille characters: each has two columns of four dots. No terminal is needed."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

DOTS_ACROSS, DOTS_DOWN = 2, 4
_BLANK = 0x2800
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], dtype=np.uint16)
"""Unicode's numbering of the dots of a character, by row and column."""

Dots: TypeAlias = npt.NDArray[np.bool_]
Floats: TypeAlias = npt.NDArray[np.float64]


def band(low: Floats, high: Floats, limits: tuple[float, float], rows: int) -> Dots:
    """Dots of a line that covers ``low`` to ``high`` in each column.

    Args:
        low: float64 (columns,), not a number where nothing is to be drawn.
        high: float64 (columns,), at least ``low``.
        limits: Values at the lowest and the highest dot; what lies beyond is drawn at the edge.
        rows: Of dots.

    Returns:
        bool (rows, columns), the first row is the highest.
    """
    bottom, top = limits
    drawn = ~(np.isnan(low) | np.isnan(high))
    per_mv = (rows - 1) / (top - bottom)

    def row_of(values: Floats) -> npt.NDArray[np.int64]:
        place = np.rint((top - np.where(drawn, values, top)) * per_mv)
        return np.clip(place, 0, rows - 1).astype(np.int64)

    row = np.arange(rows)[:, None]
    dots: Dots = (row >= row_of(high)) & (row <= row_of(low)) & drawn
    return dots


def text_rows(dots: Dots) -> list[str]:
    """Lines of braille characters; a character without dots is a space.

    Args:
        dots: bool (4 * lines, 2 * characters).
    """
    down, across = dots.shape
    if down % DOTS_DOWN or across % DOTS_ACROSS:
        raise ValueError(f"{down} x {across} dots are no whole characters")
    cells = dots.reshape(down // DOTS_DOWN, DOTS_DOWN, across // DOTS_ACROSS, DOTS_ACROSS)
    codes = (cells * _BITS[None, :, None, :]).sum(axis=(1, 3))
    return ["".join(chr(_BLANK + code) if code else " " for code in row) for row in codes.tolist()]
