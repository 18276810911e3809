"""The strip without a terminal: dots, marks, the axis."""

import numpy as np
import pytest
from rich.text import Text

from ectopy.report.monitor.braille import band, text_rows
from ectopy.report.monitor.strip import View, draw_strip, envelope, limits_mv
from support.invented_replay import invented_beats, invented_device, invented_tape


def dots(*rows: str) -> np.ndarray:
    return np.array([[letter == "#" for letter in row] for row in rows])


def test_each_dot_of_a_character_has_its_bit() -> None:
    places = {(0, 0): "⠁", (1, 0): "⠂", (2, 0): "⠄", (3, 0): "⡀"}
    places |= {(0, 1): "⠈", (1, 1): "⠐", (2, 1): "⠠", (3, 1): "⢀"}
    for place, letter in places.items():
        canvas = np.zeros((4, 2), dtype=bool)
        canvas[place] = True
        assert text_rows(canvas) == [letter]
    assert text_rows(np.ones((4, 2), dtype=bool)) == ["⣿"]
    assert text_rows(np.zeros((8, 4), dtype=bool)) == ["  ", "  "]


def test_half_characters_are_refused() -> None:
    with pytest.raises(ValueError, match="no whole characters"):
        text_rows(np.zeros((5, 2), dtype=bool))


def test_a_band_reaches_from_its_lowest_to_its_highest() -> None:
    low, high = np.array([0.0, 1.0, np.nan, 3.0]), np.array([0.0, 3.0, np.nan, 3.0])
    drawn = band(low, high, (0.0, 3.0), 4)
    assert (drawn == dots(".#.#", ".#..", ".#..", "#...")).all()


def test_what_lies_beyond_the_limits_is_drawn_at_the_edge() -> None:
    drawn = band(np.array([-9.0, 9.0]), np.array([-9.0, 9.0]), (0.0, 3.0), 4)
    assert (drawn == dots(".#", "..", "..", "#.")).all()


def view(clock_s: float, known_s: float | None = None, **changes: object) -> View:
    tape = invented_tape(**changes)
    beats = invented_beats(tape, clock_s if known_s is None else known_s)
    return View(tape=tape, device=invented_device(), beats=beats, clock_s=clock_s)


def lines(seen: View, columns: int = 100, rows: int = 8) -> list[str]:
    return [line.plain for line in draw_strip(seen, columns, rows)]


def column(time_s: float, clock_s: float, columns: int) -> int:
    """A dot is 40 ms; the last character ends with the dot of the clock."""
    dots = int(clock_s * 25) - int(time_s * 25)
    return columns - 1 - -(-dots // 2)


def style_at(line: Text, column: int) -> str:
    return next(str(span.style) for span in line.spans if span.start <= column < span.end)


@pytest.mark.parametrize(("columns", "rows"), [(40, 4), (80, 11), (160, 37)])
def test_all_lines_are_as_long_as_the_screen_is_wide(columns: int, rows: int) -> None:
    drawn = lines(view(12.0), columns, rows)
    assert [len(line) for line in drawn] == [columns] * (rows + 3)


def test_marks_stand_above_the_peaks() -> None:
    said, known, *trace, _axis = lines(view(13.0))
    for time_s, letters in ((8.5, "N"), (9.5, "PAC"), (10.5, "...")):
        at = column(time_s, 13.0, 100)
        around = slice(at - 2, at + 3)
        assert letters in said[around]
        peak = min(i for i, row in enumerate(trace) if row[around].strip())
        assert peak <= 1, "the peak is at the top"
    assert "..." not in known


def test_a_beat_is_pending_until_its_window_is_complete() -> None:
    said, *_ = lines(view(13.05))
    assert said.split()[-3:] == ["...", "...", "..."]
    said, *_ = lines(view(13.07))  # 2.56 s after the beat at 10.5 s
    assert said.split()[-3:] == ["N", "...", "..."]


def test_a_slow_board_leaves_beats_pending_for_longer() -> None:
    said, *_ = lines(view(13.0, known_s=11.0))
    assert said.split().count("...") == 5


def test_annotations_that_differ_and_beats_that_were_missed_stand_out() -> None:
    _, known, *_ = draw_strip(view(13.0), 110, 8)
    right, wrong, missed = (column(time_s, 13.0, 110) for time_s in (8.5, 9.5, 5.5))
    assert known.plain[right] == known.plain[wrong] == "N"
    assert known.plain[missed : missed + 2] == "N!"
    assert [style_at(known, at) for at in (right, wrong, missed)] == [
        "bright_black",
        "bold reverse",
        "bold reverse",
    ]


def test_ectopic_beats_are_coloured_and_the_undecided_is_white() -> None:
    drawn = draw_strip(view(13.0), 120, 8)
    row = drawn[2]
    styles = [style_at(row, column(time_s, 13.0, 120)) for time_s in (7.5, 9.5, 11.5)]
    assert styles == ["green", "yellow", "bright_white"]
    assert style_at(draw_strip(view(10.0), 120, 8)[2], column(3.5, 10.0, 120)) == "red"


def test_beats_at_the_beginning_of_a_record_have_no_class() -> None:
    said, *_ = lines(view(6.0))
    assert said.split()[:3] == ["?", "?", "?"]


def test_nothing_is_drawn_before_the_start() -> None:
    low, high = envelope(invented_tape(start_s=10.0), 11.0, 100)
    assert np.isnan(low[:73]).all() and np.isnan(high[:73]).all()
    assert not np.isnan(low[74:99]).any()


def test_the_picture_moves_and_does_not_change() -> None:
    tape = invented_tape()
    before, _ = envelope(tape, 8.00, 60)
    after, _ = envelope(tape, 8.041, 60)
    assert np.array_equal(before[1:-2], after[:-3])


def test_steep_lines_have_no_gaps() -> None:
    low, high = (edge[:-1] for edge in envelope(invented_tape(), 8.0, 150))
    assert (low[1:] <= high[:-1]).all() and (low[:-1] <= high[1:]).all()


def test_all_of_the_last_seconds_fits_the_scale_in_coarse_steps() -> None:
    low, high = limits_mv(invented_tape(), 12.0)
    assert low <= 0.0 and high >= 1.0
    assert high - low == 1.5
    tall = invented_tape(millivolts=np.where(np.arange(2000) == 1000, 3.1, 0).astype(np.float32))
    assert limits_mv(tall, 12.0) == (0.0, 3.25)
