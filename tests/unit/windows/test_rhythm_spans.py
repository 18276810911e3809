from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ectopy.windows.rhythm_spans import AFIB, RhythmSpan, clipped, rhythm_spans


def span(start: int, end: int, rhythm: str = AFIB) -> RhythmSpan:
    return RhythmSpan(start=start, end=end, rhythm=rhythm)


def test_a_rhythm_that_nothing_ends_lasts_until_the_next_or_the_end() -> None:
    """As MIT-BIH writes it."""
    notes = [(10, "(N"), (50, "(AFIB"), (90, "(N")]
    assert rhythm_spans(notes, 100) == (span(10, 50, "N"), span(50, 90), span(90, 100, "N"))


def test_a_closed_rhythm_holds_its_last_beat_and_leaves_a_gap() -> None:
    assert rhythm_spans([(10, "(AFIB"), (50, ")"), (70, "(N")], 100) == (
        span(10, 51),
        span(70, 100, "N"),
    )


def test_an_end_without_a_beginning_makes_no_span() -> None:
    assert rhythm_spans([(10, ")"), (20, "None"), (30, "")], 100) == ()


def test_a_single_beat_ends_what_goes_on() -> None:
    assert rhythm_spans([(10, "(N"), (20, "(AFIB)")], 100) == (span(10, 20, "N"), span(20, 21))


@given(st.lists(st.tuples(st.integers(0, 99), st.sampled_from(["(N", "(AFIB", ")", "(AFL)", ""]))))
def test_spans_are_in_order_and_share_one_beat_at_most(notes: list[tuple[int, str]]) -> None:
    spans = rhythm_spans(sorted(notes), 100)
    assert all(0 <= s.start < s.end <= 100 for s in spans)
    assert all(one.end - 1 <= next_one.start for one, next_one in pairwise(spans))


def test_clipping_counts_from_the_start_of_the_excerpt() -> None:
    spans = (span(0, 10), span(20, 40, "N"), span(50, 60))
    assert clipped(spans, 25, 55) == (span(0, 15, "N"), span(25, 30))
    assert clipped(spans, 10, 20) == ()
