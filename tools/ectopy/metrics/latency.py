"""Statistics of ticks per window."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ticks = npt.NDArray[np.integer]


def nearest_rank(ticks: Ticks, percent: int) -> int | None:
    """The smallest observed value that at least ``percent`` % of the values do not exceed.

    An observed value, so exact in the unit of the ticks; no interpolation.

    Args:
        ticks: (n,), in any order.
        percent: 1 to 100; 50 is the (lower) median, 100 the maximum.

    Returns:
        None if there are no values.

    Raises:
        ValueError: ``percent`` is outside its range.
    """
    if not 1 <= percent <= 100:
        raise ValueError(f"{percent} is not a percentile")
    if not ticks.size:
        return None
    rank = -(-percent * ticks.size // 100)  # rounded up
    return int(np.partition(ticks, rank - 1)[rank - 1])
