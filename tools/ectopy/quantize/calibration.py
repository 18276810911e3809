"""Which windows set the ranges of the activations."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ectopy.errors import DataError
from ectopy.windows import WindowSet

CALIBRATION_WINDOWS = 512


def draw_calibration(windows: WindowSet, count: int, seed: int) -> npt.NDArray[np.int64]:
    """Indices of windows drawn patient-balanced: every record gives as many as it can, evenly.

    Records take turns, each giving its next window of a seeded shuffle, until ``count`` are
    drawn; so no patient with many beats decides the ranges alone. Shuffles sort the raw PCG64
    stream, which numpy guarantees never to change.

    Args:
        windows: What to draw from.
        count: How many; fewer if there are not as many.
        seed: Of the shuffles.

    Returns:
        int64 (min(count, n),), ascending.

    Raises:
        DataError: There is no window.
    """
    if not len(windows):
        raise DataError("there are no windows to calibrate with")
    keys = np.random.PCG64(seed).random_raw(len(windows))
    shuffled = np.argsort(keys, kind="stable")
    turn = np.empty(len(windows), dtype=np.int64)
    for record in np.unique(windows.records):
        members = shuffled[windows.records[shuffled] == record]
        turn[members] = np.arange(len(members))
    order = np.argsort(turn[shuffled], kind="stable")
    chosen: npt.NDArray[np.int64] = np.sort(shuffled[order][:count]).astype(np.int64)
    return chosen
