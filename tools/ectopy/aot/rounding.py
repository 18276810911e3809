"""When the three-instruction requantization of ``firmware/kernels/m4/channel.h`` is exact.

Claim: for an integer ``x`` with ``-2**(32 - s) <= x < 2**(32 - s)`` and ``2 <= s <= 31``,

    ``floor((x * (2**(32 - s) + 1) + 2**31) / 2**32)``

is ``x / 2**s`` to nearest, ties away from zero.

Proof: the expression is ``floor(n + f + x / 2**32)`` where ``n + f = x / 2**s + 1/2``, n whole, f
in ``[0, 1)`` and a multiple of ``2**-s``. Without the last term it is rounding to nearest with ties
up, and ties are where f = 0.

- ``x >= 0``: ``0 <= x / 2**32 < 2**-s`` and ``f <= 1 - 2**-s``, so the floor stays n.
- ``x < 0``: ``-2**-s <= x / 2**32 < 0``. Where ``f >= 2**-s`` the floor stays n; where ``f = 0``,
  a tie, it becomes n - 1, which is away from zero.
"""

from __future__ import annotations

from ectopy.aot.support import DOUBLED_LIMIT

MIN_BITS, MAX_BITS = 2, 31
"""Divisions whose constant is an int32."""


def rounding_constant(shift: int) -> int:
    """Factor whose rounded high word divides by ``2**-shift``."""
    return (1 << (32 + shift)) + 1


def rounds_exactly(bound: int, multiplier: int, shift: int) -> bool:
    """Whether the claim covers an accumulator, which is doubled before it is multiplied.

    Args:
        bound: Its largest magnitude.
        multiplier: Q31 multiplier, which makes it x.
        shift: TFLite shift.
    """
    if not MIN_BITS <= -shift <= MAX_BITS or bound >= DOUBLED_LIMIT:
        return False
    largest = (bound * multiplier + 2**30) // 2**31
    return largest < 1 << (32 + shift)
