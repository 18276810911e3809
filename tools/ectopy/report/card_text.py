"""How a model card writes figures, and what it says where there are none."""

from __future__ import annotations

from collections.abc import Iterable

from ectopy.metrics.evaluation import Interval

NOTHING = "-"


def percent(share: float | None) -> str:
    """A share in percent, without the sign."""
    return NOTHING if share is None else f"{100 * share:.1f}"


def points(change: float) -> str:
    """A difference of shares in points, with its sign."""
    return f"{round(100 * change, 1) + 0.0:+.1f}"  # never -0.0


def with_interval(share: float | None, interval: Interval | None) -> str:
    """A share in percent and its interval."""
    if share is None or interval is None:
        return percent(share)
    return f"{percent(share)} ({percent(interval.low)}-{percent(interval.high)})"


def not_measured(*commands: str) -> str:
    """Instead of figures that are not there."""
    return f"Not measured: run {' and '.join(f'`{command}`' for command in commands)}."


def listed(items: Iterable[str]) -> str:
    """Items in a row: ``a, b and c``."""
    *first, last = items
    return f"{', '.join(first)} and {last}" if first else last
