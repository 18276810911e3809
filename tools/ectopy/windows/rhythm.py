"""Rhythms of the heart as rows of RR intervals: early beats, fibrillation, other rates.

A rhythm is seen from one beat, with ``NEIGHBOURS`` beats on either side of it: ``BEATS`` beats and
``BEATS - 1`` intervals a row. What these functions make is a timing; :mod:`ectopy.windows.augment`
makes a signal of it.

Coupling and pause of premature atrial beats as in the textbooks (Surawicz B, Knilans TK, "Chou's
Electrocardiography in Clinical Practice": the early atrial wave resets the sinus node, so that
the pause is mostly shorter than compensatory; if it does not, the pause is fully compensatory).
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Flags: TypeAlias = npt.NDArray[np.bool_]
Floats: TypeAlias = npt.NDArray[np.float64]

NEIGHBOURS = 6
"""Beats on either side: at 140 beats a minute they fill a window of 5.12 s."""

BEATS = 2 * NEIGHBOURS + 1

# How early beats come, and how often: alone, in pairs, every second, third or fourth, in runs.
_SINGLE, _COUPLET, _BIGEMINY, _TRIGEMINY, _QUADRIGEMINY, _RUN = range(6)
_KIND_SHARES = (0.40, 0.14, 0.14, 0.08, 0.06, 0.18)
_RUN_BEATS = (3, 6)

_COUPLING = (0.52, 0.88)
"""Interval before an early beat as a part of the normal one."""
_RUN_COUPLING = (0.50, 0.85)
"""Interval between two early beats."""
_PAUSE = (0.95, 1.30)
"""Interval after an early beat that reset the sinus node, in normal ones."""
_COMPENSATORY_SHARE = 0.35

_RACE = (32.0, 46.0)
"""RR intervals of atrial tachycardia: 320 to 460 ms, 130 to 190 beats a minute."""
_FASTEST = 48.0
"""The shortest median RR interval that is made up for a normal rhythm."""


def draw_early_beats(centre_early: Flags, random: np.random.Generator) -> Flags:
    """Which beats of a rhythm are premature, as physiology has them.

    Singles, couplets, bigeminy, trigeminy, quadrigeminy (some of which begin or end within the
    row) and runs of three to six.

    Args:
        centre_early: bool (n,), whether the beat in the middle is one of them. Where it is not,
            one of its neighbours mostly is: what a classifier must not confuse with it.
        random: Source of the draws.

    Returns:
        bool (n, BEATS).
    """
    n = len(centre_early)
    kind = random.choice(len(_KIND_SHARES), n, p=_KIND_SHARES)
    early = np.where(
        ((kind >= _BIGEMINY) & (kind <= _QUADRIGEMINY))[:, np.newaxis],
        _draw_trains(kind, centre_early, random),
        _draw_runs(kind, centre_early, random),
    )
    early[:, NEIGHBOURS] = centre_early
    return early


def _draw_trains(kind: npt.NDArray[np.int64], centre: Flags, random: np.random.Generator) -> Flags:
    """Every second, third or fourth beat."""
    n = len(kind)
    period = np.clip(kind, _BIGEMINY, _QUADRIGEMINY)[:, np.newaxis]
    phase = np.where(centre[:, np.newaxis], 0, 1 + random.integers(0, period - 1))
    at = np.arange(BEATS) - NEIGHBOURS
    train = (at + phase) % period == 0
    edge = random.integers(-NEIGHBOURS, NEIGHBOURS + 1, (n, 1))
    side = np.where(random.random((n, 1)) < 0.5, at < edge, at > edge)
    ends = random.random((n, 1)) < 0.4
    cut: Flags = train & ~(ends & side)
    return cut


def _draw_runs(kind: npt.NDArray[np.int64], centre: Flags, random: np.random.Generator) -> Flags:
    """One, two or several in a row, and sometimes another single one further off."""
    n = len(kind)
    several = random.integers(_RUN_BEATS[0], _RUN_BEATS[1] + 1, n)
    length = np.select([kind == _COUPLET, kind == _RUN], [2, several], 1)
    inside = -random.integers(0, length)
    before_or_after = random.choice(4, n, p=(0.4, 0.1, 0.4, 0.1))
    beside = np.choose(before_or_after, [-length, -length - 1, np.ones(n, int), np.full(n, 2)])
    start = np.where(centre, inside, beside)[:, np.newaxis]
    at = np.arange(BEATS) - NEIGHBOURS
    run = (at >= start) & (at < start + length[:, np.newaxis])
    other = random.integers(0, BEATS, (n, 1))
    second = ((kind == _SINGLE) & (random.random(n) < 0.3))[:, np.newaxis]
    run |= second & (np.arange(BEATS) == other) & (np.abs(other - NEIGHBOURS) > 1)
    result: Flags = run
    return result


def make_early(intervals: Floats, early: Flags, random: np.random.Generator) -> Floats:
    """Moves the early beats of a regular rhythm forward and makes the pauses after them.

    Args:
        intervals: float64 (n, BEATS - 1), RR intervals in any unit.
        early: bool (n, BEATS).
        random: Source of coupling and pause; one of each a row, with little jitter.

    Returns:
        float64 (n, BEATS - 1): 12 to 48 % shorter before an early beat (15 to 50 % between two),
        give or take the jitter; 5 % shorter to 48 % longer after it; others as they are.
    """
    n = len(intervals)

    def jitter() -> Floats:
        jittered: Floats = np.exp(0.03 * np.clip(random.standard_normal(intervals.shape), -3, 3))
        return jittered

    coupling = random.uniform(*_COUPLING, (n, 1)) * jitter()
    within = random.uniform(*_RUN_COUPLING, (n, 1)) * jitter()
    compensatory = random.random((n, 1)) < _COMPENSATORY_SHARE
    pause = np.where(compensatory, 2 - coupling, random.uniform(*_PAUSE, (n, 1)))
    before, after = early[:, :-1], early[:, 1:]
    factor = np.select([after & ~before, after & before, before], [coupling, within, pause], 1.0)
    moved: Floats = intervals * factor
    return moved


def fibrillate(intervals: Floats, random: np.random.Generator) -> Floats:
    """Irregularly irregular intervals, as atrial fibrillation makes them.

    Each is drawn by itself, log-normal with 15 to 40 % deviation; their mean is 60 to 115 % of the
    row's own median.

    Args:
        intervals: float64 (n, BEATS - 1).
        random: Source of the draws.

    Returns:
        float64 (n, BEATS - 1).
    """
    n = len(intervals)
    level = np.median(intervals, axis=1, keepdims=True) * random.uniform(0.60, 1.15, (n, 1))
    spread = random.uniform(0.15, 0.40, (n, 1))
    deviation = spread * random.standard_normal(intervals.shape)
    drawn: Floats = level * np.exp(deviation - spread**2 / 2)  # which has a mean of one level
    return drawn


def race(n: int, random: np.random.Generator) -> Floats:
    """Even intervals of 320 to 460 ms: a run of early beats longer than the row.

    Returns:
        float64 (n, BEATS - 1), samples.
    """
    level = random.uniform(*_RACE, (n, 1))
    even: Floats = level * (1 + 0.02 * random.standard_normal((n, BEATS - 1)))
    return even


def slow_down(intervals: Floats, recorded: Floats) -> Floats:
    """Keeps made-up rates out of where only tachycardia is.

    Args:
        intervals: float64 (n, BEATS - 1), samples.
        recorded: The same rows as they were in the record; what was faster may stay so.

    Returns:
        float64 (n, BEATS - 1), rows longer as a whole where their median was below 480 ms.
    """
    floor = np.minimum(_FASTEST, np.median(recorded, axis=1, keepdims=True))
    slowed: Floats = intervals * np.maximum(1, floor / np.median(intervals, axis=1, keepdims=True))
    return slowed


def vary_rate(
    intervals: Floats, factor: tuple[float, float], arrhythmia: float, random: np.random.Generator
) -> Floats:
    """Another heart rate, and sinus arrhythmia: intervals that breathe.

    Args:
        intervals: float64 (n, BEATS - 1).
        factor: Range of the factor on all intervals of a row, applied to 60 % of the rows.
        arrhythmia: Largest amplitude of the slow wave over the intervals, as a part of them;
            applied to 30 % of the rows.
        random: Source of the draws.

    Returns:
        float64 (n, BEATS - 1).
    """
    n, count = intervals.shape
    rate = np.where(random.random((n, 1)) < 0.6, random.uniform(*factor, (n, 1)), 1.0)
    amplitude = np.where(random.random((n, 1)) < 0.3, random.uniform(0, arrhythmia, (n, 1)), 0.0)
    radians_a_beat = random.uniform(0.5, 2.0, (n, 1))
    phase = random.uniform(0, 2 * np.pi, (n, 1))
    wave = np.sin(radians_a_beat * np.arange(count) + phase)
    varied: Floats = intervals * rate * (1 + amplitude * wave)
    return varied
