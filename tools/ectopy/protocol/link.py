"""What a session needs from a way to a board."""

from __future__ import annotations

from typing import Protocol

from ectopy.vocab import LinkKind


class Link(Protocol):
    """A byte stream to a board and back."""

    @property
    def kind(self) -> LinkKind:
        """How the bytes travel, for the record."""

    @property
    def name(self) -> str:
        """What messages call it: a port and its baud rate."""

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        """What is there, at most ``max_bytes``, waiting for the first byte up to ``timeout_s``.

        Returns:
            The bytes; empty when the time is over.

        Raises:
            LinkError: The other side is gone.
        """

    def write(self, data: bytes) -> None:
        """Sends all of ``data``.

        Raises:
            LinkError: The other side is gone or takes nothing any more.
        """

    def close(self) -> None:
        """Gives the stream back; may be called twice."""
