"""How long work reports how far it is, without knowing who listens."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called with the amount done so far, the total, and a short text that may change.

    A total of 0 is not known; 0 done of 0 is news, such as the name of the next step.
    """

    def __call__(self, done: int, total: int, text: str) -> None:
        """Shows the state; must be cheap enough to be called per window."""


def silent(done: int, total: int, text: str) -> None:
    """A :class:`Progress` that shows nothing."""
