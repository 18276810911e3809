"""The claim of ectopy.aot.rounding, at every tie where they can all be visited."""

import numpy as np
import pytest

from ectopy.aot.rounding import MAX_BITS, MIN_BITS, rounding_constant, rounds_exactly
from ectopy.fixedpoint import rounding_divide_by_pot

VISITED = 1 << 21
"""Ties of one shift; where there are more, those at both ends and around zero, and a sample."""


def divided(x: np.ndarray, bits: int) -> np.ndarray:
    """SMMULR(x, constant): 64-bit arithmetic, as the product is below 2^63."""
    return (x * rounding_constant(-bits) + 2**31) >> 32


def ties(bits: int) -> np.ndarray:
    """Every x = (k + 1/2) * 2^bits within the claim, or a sample."""
    count = 2 ** (33 - 2 * bits) if bits <= 16 else 0
    if count <= VISITED:
        ks = np.arange(-(count // 2), count // 2, dtype=np.int64)
    else:
        middle = np.arange(-VISITED // 4, VISITED // 4)
        ends = np.arange(VISITED // 4)
        random = np.random.default_rng(bits).integers(-(count // 2), count // 2, VISITED // 4)
        ks = np.concatenate([middle, ends - count // 2, count // 2 - 1 - ends, random])
    return (ks << bits) + (1 << (bits - 1))


@pytest.mark.parametrize("bits", range(MIN_BITS, MAX_BITS + 1))
def test_ties_their_neighbours_and_the_ends_of_the_claim_round_away_from_zero(bits: int) -> None:
    limit = 2 ** (32 - bits)
    ends = np.arange(-3, 4, dtype=np.int64)
    near = [ties(bits) + d for d in (-1, 0, 1)]
    x = np.concatenate([*near, ends, ends - limit, ends + limit])
    x = x[(x >= -limit) & (x < limit) & (np.abs(x) < 2**31)]
    assert x.size
    np.testing.assert_array_equal(divided(x, bits), rounding_divide_by_pot(x, bits))


@pytest.mark.parametrize("bits", [9, 11, 14])
def test_the_first_tie_outside_the_claim_is_wrong(bits: int) -> None:
    """So the bound cannot be widened."""
    step, limit = 2**bits, 2 ** (32 - bits)
    below, above = -limit - step // 2, limit + step - 1 + step // 2
    assert divided(np.array(below - step), bits) == rounding_divide_by_pot(below - step, bits)
    last_before_tie = limit + step // 2 - 1
    assert divided(np.array(last_before_tie), bits) != rounding_divide_by_pot(last_before_tie, bits)
    assert above > limit


@pytest.mark.parametrize(("bound", "multiplier", "shift", "exact"), [
    (2**22 - 1, 2**31 - 1, -10, True),
    (2**22, 2**31 - 1, -10, False),
    (2**23 - 2, 2**30, -10, True),
    (2**23, 2**30, -10, False),
    (100, 2**30, -1, False),
    (100, 2**30, 0, False),
    (100, 2**30, -2, True),
    (0, 2**30, -31, True),
])  # fmt: skip
def test_accumulators_beyond_the_claim_are_told(
    bound: int, multiplier: int, shift: int, exact: bool
) -> None:
    assert rounds_exactly(bound, multiplier, shift) is exact
