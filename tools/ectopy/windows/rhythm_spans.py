"""Rhythm annotations as spans of a record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

AFIB, AFL = "AFIB", "AFL"
"""Atrial fibrillation and flutter, as annotation files spell them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RhythmSpan:
    """A stretch of one rhythm.

    Attributes:
        start: First sample, at the record's own rate.
        end: One past the last sample.
        rhythm: As the annotation spells it, without its parenthesis: ``N``, ``AFIB``, ``AFL``.
    """

    start: int
    end: int
    rhythm: str


def rhythm_spans(notes: Iterable[tuple[int, str]], samples: int) -> tuple[RhythmSpan, ...]:
    """Spans from the notes of the ``+`` annotations of a record, in order of time.

    ``(AFIB`` begins a rhythm and ends the one before, ``)`` ends a rhythm with the beat it stands
    at, ``(AFIB)`` is a rhythm of a single beat; what nothing ends lasts to the end of the record.
    Between ``)`` and the next beginning no rhythm is annotated, and no span is made.

    Args:
        notes: Sample and text of each, in order of time.
        samples: Length of the record.
    """
    spans: list[RhythmSpan] = []
    begun: tuple[int, str] | None = None
    for sample, note in notes:
        begins, ends = note.startswith("("), note.endswith(")")
        if begun and (begins or ends):
            start, rhythm = begun
            end = sample if begins else sample + 1
            spans.append(RhythmSpan(start=start, end=end, rhythm=rhythm))
            begun = None
        if begins and ends:
            spans.append(RhythmSpan(start=sample, end=sample + 1, rhythm=note[1:-1]))
        elif begins:
            begun = sample, note[1:]
    if begun:
        spans.append(RhythmSpan(start=begun[0], end=samples, rhythm=begun[1]))
    return tuple(span for span in spans if span.start < span.end)


def clipped(spans: Iterable[RhythmSpan], start: int, end: int) -> tuple[RhythmSpan, ...]:
    """The parts of spans in [start, end), counted from ``start``."""
    return tuple(
        RhythmSpan(
            start=max(span.start, start) - start, end=min(span.end, end) - start, rhythm=span.rhythm
        )
        for span in spans
        if span.start < end and start < span.end
    )
