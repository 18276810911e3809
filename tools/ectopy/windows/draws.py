"""Draws that are the same in every run, on every machine and with every version of numpy.

They sort the raw PCG64 stream, which numpy guarantees never to change.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def ranking(total: int, *seed: int) -> npt.NDArray[np.int64]:
    """The numbers below ``total`` in random order, int64 (total,)."""
    keys = np.random.PCG64(seed).random_raw(total)
    return np.argsort(keys, kind="stable").astype(np.int64)


def draw(total: int, limit: int | None, *seed: int) -> npt.NDArray[np.int64]:
    """Indices of a draw without replacement, ascending, int64 (min(limit, total),).

    A larger limit contains a smaller one.
    """
    if limit is None or limit >= total:
        return np.arange(total, dtype=np.int64)
    return np.sort(ranking(total, *seed)[:limit])


def rank_key(*seed: int) -> int:
    """A random number by which one thing is put in order, whatever other things there are."""
    return int(np.random.PCG64(seed).random_raw())
