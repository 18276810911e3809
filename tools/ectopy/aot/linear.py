"""One multiplication instead of two for outputs whose least value stands for zero.

For an accumulator ``acc``, TFLite's multiplier ``m`` and shift ``-s``, TFLite rounds twice:
``x = floor(acc * m / 2**31 + 1/2)``, then ``y = x / 2**s`` to nearest. With an output zero point of
-128 (a ReLU) only outputs ``k - 128``, ``k = 1 .. 255``, are told apart; what is below saturates.

Claim: the output is at least ``k - 128`` exactly if ``acc >= T(k)``, where

    ``T(k) = ceil(((k * 2**s - 2**(s - 1)) * 2**31 - 2**30) / m)``.

Proof: ``x`` is positive where ``y >= 1``, and there ties of the second rounding go up, so
``y >= k`` is ``x >= k * 2**s - 2**(s - 1)``. The right side is whole (``s >= 1``), so this is
``acc * m / 2**31 + 1/2 >= k * 2**s - 2**(s - 1)``: divide by ``m > 0``.

The kernels compute ``SSAT8(SMMULR(gain * acc + offset, factor) >> SHIFT)``, where the gain is part
of the weights and the offset of the bias. Both are monotonic in ``acc``, so they agree everywhere
if they agree at the last accumulator before each T(k) and at T(k) itself, as far as an accumulator
can get there. Constants for which they do are looked for here; the gain, for which 16 bits of a
weight leave room, is what makes the offset fine enough, and trying several gains finds one.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from ectopy.fixedpoint import INT8_MIN

SHIFT = 10
"""``ECT_M4_LINEAR_SHIFT``."""

INT16_MAX = 2**15 - 1
INT32_MAX = 2**31 - 1
MAX_GAIN = 1024
MAX_BITS = 20
"""Largest s: beyond it 64 bits would not hold the thresholds."""

FACTOR_STEPS = (0, -1, 1, -2, 2)
"""Units by which a factor is moved away from its nearest integer."""

LEVELS = np.arange(1, 256, dtype=np.int64)

Int64Array = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Linear:
    """Requantization of one channel: ``SSAT8(SMMULR(gain * acc + offset, factor) >> SHIFT)``."""

    gain: int
    offset: int
    factor: int


def thresholds(multiplier: int, shift: int) -> Int64Array:
    """T(1) to T(255).

    Args:
        multiplier: TFLite's.
        shift: TFLite's, negative.
    """
    half = 1 << (-shift - 1)
    numerator = ((LEVELS << -shift) - half) * 2**31 - 2**30
    return -(-numerator // multiplier)


def find_linear(multiplier: int, shift: int, bound: int, weight: int) -> Linear | None:
    """Constants that give every output of a channel whose zero point is -128.

    Args:
        multiplier: TFLite's.
        shift: TFLite's.
        bound: Largest magnitude of the accumulator and of its partial sums.
        weight: Largest magnitude among the weights.

    Returns:
        None if none were found.
    """
    if not 1 <= -shift <= MAX_BITS or multiplier <= 0:
        return None
    points = _Points.of(thresholds(multiplier, shift), bound)
    room = min(INT16_MAX // max(weight, 1), MAX_GAIN)
    for gain in range(room, room // 2, -1):
        exact = Fraction(multiplier, gain) * Fraction(2) ** (SHIFT + shift + 1)
        for step in FACTOR_STEPS:
            factor = round(exact) + step
            offset = points.offset(gain, factor) if 0 < factor <= INT32_MAX else None
            if offset is not None and gain * bound + abs(offset) <= INT32_MAX:
                return Linear(gain=gain, offset=offset, factor=factor)
    return None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Points:
    """Accumulators at which constants show whether they are right.

    Attributes:
        first: Those that must reach ``first_level``.
        last: Those that must stay below ``last_level``.
    """

    first: Int64Array
    first_level: Int64Array
    last: Int64Array
    last_level: Int64Array

    @classmethod
    def of(cls, steps: Int64Array, bound: int) -> _Points:
        reached, left = steps <= bound, steps > -bound
        return cls(
            first=np.maximum(steps[reached], -bound),
            first_level=LEVELS[reached],
            last=np.minimum(steps[left] - 1, bound),
            last_level=LEVELS[left],
        )

    def offset(self, gain: int, factor: int) -> int | None:
        """The middle of the offsets that are right at all points."""
        least = (_needed(self.first_level, factor) - gain * self.first).max(initial=-INT32_MAX)
        most = (_needed(self.last_level, factor) - 1 - gain * self.last).min(initial=INT32_MAX)
        return int(least + most) // 2 if least <= most else None


def _needed(levels: Int64Array, factor: int) -> Int64Array:
    """Least sum that gives an output of ``level - 128``: ``floor`` of its product is a level."""
    return -(-(((levels + INT8_MIN) << (SHIFT + 32)) - 2**31) // factor)
