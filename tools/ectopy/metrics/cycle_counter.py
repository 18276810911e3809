"""Whether a processor's cycle counter is to be believed.

On a Cortex-M4 it lies in the debug unit, which may have no power when no debugger is connected:
then it stands, or stops in the middle of a run. A timer runs beside it at a known rate, so every
inference tells by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ectopy.metrics.latency import nearest_rank
from ectopy.vocab import CycleCounter

TOLERANCE = 1 / 8
"""A counter that loses power loses all; oscillators of one chip differ by a few percent at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What counts how fast.

    Attributes:
        counter: What the board's own test says.
        ticks_hz: Of the timer, 0 where ticks are not time.
        cpu_hz: Of the processor, 0 unknown.
    """

    counter: CycleCounter
    ticks_hz: int
    cpu_hz: int


def median_cycles(
    ticks: npt.NDArray[np.int64], cycles: npt.NDArray[np.int64], rates: Rates
) -> tuple[int | None, str]:
    """The median of the counted cycles, if every inference's fit its ticks.

    Args:
        ticks: (n,) ticks of inferences.
        cycles: (n,) cycles counted beside them.
        rates: Of both.

    Returns:
        The median by nearest rank or None, and a note: how far it can be believed, or why not.
    """
    if rates.counter is CycleCounter.NONE:
        return None, "this board has no cycle counter"
    if not len(cycles) or not cycles.any():
        return None, "stalled: the cycle counter stands, as it may without a debugger"
    if not rates.ticks_hz or not rates.cpu_hz:
        return None, "there is no clock to compare the cycle counter with"
    expected = ticks * (rates.cpu_hz / rates.ticks_hz)
    apart = np.abs(cycles - expected)
    strange = int(np.count_nonzero(apart > TOLERANCE * expected))
    if strange:
        return None, (
            f"stalled: in {strange} of {len(cycles)} inferences the cycle counter does not fit the "
            "timer: it stopped or ran at another rate"
        )
    largest = 100.0 * float(np.max(apart / np.maximum(expected, 1.0)))
    return nearest_rank(cycles, 50), (
        f"DWT cycles measured beside the timer, apart by {largest:.1f} % at most at "
        f"{rates.cpu_hz / 1e6:g} MHz"
    )
