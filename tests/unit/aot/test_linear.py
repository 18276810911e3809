"""One product for TFLite's two roundings: the claims of ectopy.aot.linear, one by one.

What the kernels compute is restated here in 64 bits.
"""

from dataclasses import replace

import numpy as np
import pytest

from ectopy.aot.linear import SHIFT, Linear, find_linear, thresholds
from ectopy.fixedpoint import multiply_by_quantized_multiplier
from firmware.aot_host import FIRMWARE

BOUND = 1 << 17
"""About the largest accumulator of nine taps."""


def wanted(acc: np.ndarray, multiplier: int, shift: int) -> np.ndarray:
    y = multiply_by_quantized_multiplier(acc, multiplier, shift).astype(np.int64)
    return np.clip(y - 128, -128, 127)


def computed(acc: np.ndarray, linear: Linear) -> np.ndarray:
    high = ((linear.gain * acc + linear.offset) * linear.factor + 2**31) >> 32
    return np.clip(high >> SHIFT, -128, 127)


def channels() -> list[tuple[int, int]]:
    """Multipliers and shifts: both ends, powers of two, and random ones."""
    random = np.random.default_rng(5)
    ends = [(m, s) for m in (2**30, 2**30 + 1, 2**31 - 1) for s in (-1, -4, -5, -8, -11)]
    return ends + [
        (int(random.integers(2**30, 2**31)), -int(random.integers(3, 10))) for _ in range(40)
    ]


@pytest.mark.parametrize("shift", [-1, -2, -6, -9, -20])
@pytest.mark.parametrize("multiplier", [2**30, 2**31 - 1, 1_234_567_891])
def test_an_output_is_reached_at_its_threshold_and_not_before(multiplier: int, shift: int) -> None:
    first = thresholds(multiplier, shift)
    levels = np.arange(1, 256) - 128
    fits = first < 2**30
    np.testing.assert_array_equal(
        wanted(first[fits], multiplier, shift) >= levels[fits], np.ones(fits.sum(), bool)
    )
    assert (wanted(first[fits] - 1, multiplier, shift) < levels[fits]).all()


def test_every_accumulator_of_a_channel_gives_the_byte_of_the_reference() -> None:
    acc = np.arange(-BOUND, BOUND + 1, dtype=np.int64)
    found = 0
    for multiplier, shift in channels():
        linear = find_linear(multiplier, shift, BOUND, 127)
        if linear is not None:
            found += 1
            np.testing.assert_array_equal(computed(acc, linear), wanted(acc, multiplier, shift))
    assert found > 0.9 * len(channels())


def test_constants_fit_the_registers_of_the_kernel() -> None:
    for multiplier, shift in channels():
        for weight in (1, 90, 128):
            linear = find_linear(multiplier, shift, BOUND, weight)
            if linear is not None:
                assert linear.gain * weight < 2**15
                assert linear.gain * BOUND + abs(linear.offset) < 2**31
                assert 0 < linear.factor < 2**31


def test_offsets_are_not_just_near_enough() -> None:
    """As far aside as the next accumulator is, bytes differ."""
    acc = np.arange(-BOUND, BOUND + 1, dtype=np.int64)
    linear = find_linear(1_500_000_000, -6, BOUND, 127)
    assert linear is not None
    for aside in (-linear.gain, linear.gain):
        moved = replace(linear, offset=linear.offset + aside)
        assert (computed(acc, moved) != wanted(acc, 1_500_000_000, -6)).any()


@pytest.mark.parametrize(
    ("multiplier", "shift", "bound"),
    [(2**30, 0, 1000), (2**30, 3, 1000), (2**30, -21, 1000), (0, -6, 1000), (2**30, -6, 2**30)],
)
def test_what_the_kernel_cannot_do_is_turned_down(multiplier: int, shift: int, bound: int) -> None:
    assert find_linear(multiplier, shift, bound, 127) is None


def test_the_shift_is_that_of_the_kernel() -> None:
    header = (FIRMWARE / "include" / "ectopy" / "kernels.h").read_text()
    assert f"#define ECT_M4_LINEAR_SHIFT {SHIFT}" in " ".join(header.split())
    assembly = (FIRMWARE / "kernels" / "m4" / "filter.c").read_text()
    assert f"asr #{SHIFT}" in assembly
