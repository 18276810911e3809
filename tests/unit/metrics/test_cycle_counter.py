"""A cycle counter is believed only where it fits the timer, inference by inference."""

import numpy as np
import pytest

from ectopy.metrics import Rates, median_cycles
from ectopy.vocab import CycleCounter

HP = Rates(counter=CycleCounter.RUNNING, ticks_hz=24_000_000, cpu_hz=192_000_000)
TICKS = np.array([600_000, 601_000, 640_000], dtype=np.int64)


def test_a_counter_that_fits_the_timer_gives_its_median() -> None:
    cycles, note = median_cycles(TICKS, TICKS * 8 + 5, HP)
    assert cycles == 601_000 * 8 + 5
    assert "0.0 % at most at 192 MHz" in note


def test_a_counter_of_a_slow_oscillator_still_fits() -> None:
    cycles, note = median_cycles(TICKS, TICKS * 8 * 103 // 100, HP)
    assert cycles is not None and "3.0 % at most" in note


@pytest.mark.parametrize(
    ("cycles", "words"),
    [
        (TICKS * 0, "stalled: the cycle counter stands"),
        (TICKS * 4, "stalled: in 3 of 3 inferences"),
        (np.array([4_800_000, 4_808_000, 17], dtype=np.int64), "stalled: in 1 of 3 inferences"),
        (TICKS[:0], "stalled"),
    ],
    ids=["stands", "half the rate", "stopped in the middle", "nothing measured"],
)
def test_a_counter_that_does_not_fit_gives_the_reason(cycles: np.ndarray, words: str) -> None:
    median, note = median_cycles(TICKS[: len(cycles)], cycles, HP)
    assert median is None and words in note


def test_a_counter_that_its_own_test_called_stalled_is_believed_once_it_runs() -> None:
    # A debugger was connected after the board had started.
    rates = Rates(counter=CycleCounter.STALLED, ticks_hz=HP.ticks_hz, cpu_hz=HP.cpu_hz)
    assert median_cycles(TICKS, TICKS * 8, rates)[0] == 601_000 * 8


@pytest.mark.parametrize(
    ("rates", "words"),
    [
        (Rates(counter=CycleCounter.NONE, ticks_hz=0, cpu_hz=0), "no cycle counter"),
        (Rates(counter=CycleCounter.RUNNING, ticks_hz=0, cpu_hz=1), "no clock to compare"),
        (Rates(counter=CycleCounter.RUNNING, ticks_hz=1, cpu_hz=0), "no clock to compare"),
    ],
)
def test_without_counter_or_clock_there_is_no_figure(rates: Rates, words: str) -> None:
    assert median_cycles(TICKS, TICKS, rates)[0] is None
    assert words in median_cycles(TICKS, TICKS, rates)[1]
