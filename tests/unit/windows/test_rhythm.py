"""Rhythms: which beats are early, and what that does to the intervals about them."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ectopy.windows import rhythm
from ectopy.windows.rhythm import BEATS, NEIGHBOURS

SEEDS = st.integers(0, 2**32 - 1)
ROWS = 4000


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def early_beats(centre_early: bool) -> np.ndarray:
    return rhythm.draw_early_beats(np.full(ROWS, centre_early), generator())


def longest_run(row: np.ndarray) -> int:
    return max(map(len, "".join("x" if early else " " for early in row).split()), default=0)


@given(centre=st.lists(st.booleans(), max_size=20), seed=SEEDS)
@settings(max_examples=30, deadline=None)
def test_the_beat_in_the_middle_is_what_was_asked_for(centre: list[bool], seed: int) -> None:
    asked = np.array(centre, dtype=bool)
    early = rhythm.draw_early_beats(asked, generator(seed))
    assert early.shape == (len(centre), BEATS)
    np.testing.assert_array_equal(early[:, NEIGHBOURS], asked)


def test_early_beats_come_alone_in_pairs_in_trains_and_in_runs() -> None:
    early = early_beats(centre_early=True)
    around = early[:, NEIGHBOURS - 4 : NEIGHBOURS + 5]

    def share(pattern: str) -> float:
        """Rows that have early beats (x) and others (.) there; a blank is either."""
        rows = np.ones(ROWS, dtype=bool)
        for at, mark in enumerate(pattern):
            if mark != " ":
                rows &= around[:, at] == (mark == "x")
        return float(rows.mean())

    assert 0.2 < share("....x....") < 0.5
    assert 0.05 < share("x.x.x.x.x") < 0.14, "bigeminy, some of it cut"
    assert 0.02 < share(" x..x..x ") < 0.10, "trigeminy"
    assert 0.02 < share("x...x...x") < 0.08, "quadrigeminy"
    assert 0.05 < share("   .xx.  ") + share("  .xx.   ") < 0.2, "couplets"
    lengths = np.array([longest_run(row) for row in early])
    assert 0.12 < (lengths >= 3).mean() < 0.22
    assert set(np.unique(lengths)) == {1, 2, 3, 4, 5, 6}


def test_a_normal_beat_mostly_has_an_early_one_beside_it() -> None:
    early = early_beats(centre_early=False)
    beside = early[:, NEIGHBOURS - 1] | early[:, NEIGHBOURS + 1]
    near = early[:, NEIGHBOURS - 2 : NEIGHBOURS + 3].any(axis=1)
    assert 0.65 < beside.mean() < 0.95
    assert near.mean() > 0.95


@given(seed=SEEDS)
@settings(max_examples=20, deadline=None)
def test_only_intervals_at_early_beats_change_and_as_far_as_documented(seed: int) -> None:
    random = generator(seed)
    intervals = random.uniform(40, 120, (50, BEATS - 1))
    early = rhythm.draw_early_beats(random.random(50) < 0.5, random)
    moved = rhythm.make_early(intervals, early, random)
    factor = moved / intervals
    before, after = early[:, :-1], early[:, 1:]
    untouched = ~before & ~after
    np.testing.assert_array_equal(moved[untouched], intervals[untouched])
    jitter = np.exp(0.09)
    coupling, within, pause = (
        factor[after & ~before],
        factor[after & before],
        factor[before & ~after],
    )
    assert (coupling >= 0.52 / jitter).all() and (coupling <= 0.88 * jitter).all()
    assert (within >= 0.50 / jitter).all() and (within <= 0.85 * jitter).all()
    assert (pause >= 0.95).all() and (pause <= 2 - 0.52 / jitter).all()


def test_a_run_is_faster_than_its_first_beat_is_early() -> None:
    moved = rhythm.make_early(
        np.ones((ROWS, BEATS - 1)), np.ones((ROWS, BEATS), dtype=bool), generator()
    )
    jitter = np.exp(0.09)
    assert 0.50 / jitter <= moved.min() < 0.47
    assert 0.88 < moved.max() <= 0.85 * jitter


def test_a_third_of_the_pauses_is_fully_compensatory() -> None:
    early = np.zeros((ROWS, BEATS), dtype=bool)
    early[:, NEIGHBOURS] = True
    moved = rhythm.make_early(np.full((ROWS, BEATS - 1), 80.0), early, generator())
    coupling, pause = moved[:, NEIGHBOURS - 1] / 80, moved[:, NEIGHBOURS] / 80
    late = pause > 1.31  # no reset of the sinus node is that long
    assert 0.13 < late.mean() < 0.20
    assert (np.abs(coupling + pause - 2)[late] < 0.15).all()
    assert 1.0 < pause[~late].mean() < 1.25


def test_fibrillation_is_irregularly_irregular() -> None:
    drawn = rhythm.fibrillate(np.full((400, 600), 80.0), generator())
    logs = np.log(drawn / 80)
    spread, level = logs.std(axis=1), drawn.mean(axis=1) / 80
    assert 0.14 < spread.min() < 0.16 and 0.38 < spread.max() < 0.43
    assert 0.57 < level.min() < 0.63 and 1.12 < level.max() < 1.21
    centred = logs - logs.mean(axis=1, keepdims=True)
    next_to = (centred[:, 1:] * centred[:, :-1]).mean() / (centred**2).mean()
    assert abs(next_to) < 0.02, "one interval says nothing about the next"


def test_a_race_is_even_and_faster_than_any_made_up_normal_rhythm() -> None:
    drawn = rhythm.race(ROWS, generator())
    assert drawn.shape == (ROWS, BEATS - 1)
    level = np.median(drawn, axis=1)
    assert 31 < level.min() < 34 and 44 < level.max() < 47
    assert 0.015 < (drawn / level[:, np.newaxis]).std() < 0.025


def test_normal_rhythms_are_not_made_faster_than_they_were_beyond_a_limit() -> None:
    recorded = np.full((3, BEATS - 1), [[80.0], [44.0], [60.0]])
    slowed = rhythm.slow_down(recorded * [[0.5], [0.75], [0.9]], recorded)
    np.testing.assert_allclose(slowed[:, 0], [48.0, 44.0, 54.0])


def test_another_rate_is_one_factor_a_row_in_its_range_and_not_always() -> None:
    intervals = generator(1).uniform(50, 100, (ROWS, BEATS - 1))
    factor = rhythm.vary_rate(intervals, (0.75, 1.3), 0.0, generator()) / intervals
    np.testing.assert_allclose(factor, factor[:, :1] * np.ones(BEATS - 1), rtol=1e-12)
    changed = factor[:, 0][factor[:, 0] != 1]
    assert 0.56 < changed.size / ROWS < 0.64
    assert 0.75 <= changed.min() < 0.77 and 1.28 < changed.max() <= 1.3


def test_sinus_arrhythmia_breathes_within_its_amplitude() -> None:
    intervals = np.full((ROWS, BEATS - 1), 80.0)
    factor = rhythm.vary_rate(intervals, (1.0, 1.0), 0.12, generator()) / intervals - 1
    moving = np.abs(factor).max(axis=1) > 0
    assert 0.26 < moving.mean() < 0.34
    assert 0.10 < np.abs(factor).max() <= 0.12
    # A sine of at most two radians a beat: its second difference follows it, noise's does not.
    middle, bend = factor[moving, 1:-1], np.diff(factor[moving], 2, axis=1)
    assert (np.sign(bend) == -np.sign(middle)).mean() > 0.99


def test_nothing_to_vary_changes_nothing() -> None:
    intervals = generator(1).uniform(50, 100, (20, BEATS - 1))
    varied = rhythm.vary_rate(intervals, (1.0, 1.0), 0.0, generator())
    np.testing.assert_array_equal(varied, intervals)


Make = Callable[[np.random.Generator], np.ndarray]
EIGHTY = np.full((9, BEATS - 1), 80.0)


@pytest.mark.parametrize(
    "make",
    [
        lambda random: rhythm.draw_early_beats(np.zeros(99, dtype=bool), random),
        lambda random: rhythm.make_early(EIGHTY, np.eye(9, BEATS, dtype=bool), random),
        lambda random: rhythm.fibrillate(EIGHTY, random),
        lambda random: rhythm.vary_rate(EIGHTY, (0.5, 2.0), 0.3, random),
    ],
    ids=["draw_early_beats", "make_early", "fibrillate", "vary_rate"],
)
def test_the_seed_decides(make: Make) -> None:
    np.testing.assert_array_equal(make(generator(5)), make(generator(5)))
    assert not np.array_equal(make(generator(5)), make(generator(6)))
    np.testing.assert_array_equal(EIGHTY, 80)
