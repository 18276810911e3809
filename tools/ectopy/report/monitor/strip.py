"""The scrolling ECG as lines of text: marks above, braille dots, an axis of time below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from rich.text import Text

from ectopy.report.monitor.beats import DELAY_S, Annotation, Beat, Device, Tape
from ectopy.report.monitor.braille import DOTS_ACROSS, DOTS_DOWN, Floats, band, text_rows
from ectopy.vocab import SAMPLING_HZ

SAMPLES_PER_DOT = 4
"""Places on the grid of dots are counted from the beginning of the record, so that the picture
moves and does not change."""

CELL_S = SAMPLES_PER_DOT * DOTS_ACROSS / SAMPLING_HZ
SCALE_MEMORY_S = 20.0
SCALE_STEP_MV = 0.25
SMALLEST_RANGE_MV = 1.5
BEFORE_R_S, AFTER_R_S = 0.24, 0.44
"""What of an ectopic beat is coloured."""

PENDING, NO_WINDOW = "...", "?"
PENDING_STYLE, TRACE_STYLE, WRONG_STYLE = "bright_white", "green", "bold reverse"
_STYLES = {"N": "green", "PAC": "yellow", "PVC": "red"}


def class_style(name: str) -> str:
    """Colour of a class."""
    return _STYLES.get(name, "magenta")


def class_letters(name: str) -> str:
    """What stands above a beat."""
    return name if len(name) <= 3 else name.replace("/", "")[:3]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What is to be seen.

    Attributes:
        tape: The ECG.
        device: Whose classes.
        beats: Beats whose class is known, or for certain never will be, in order of time.
        clock_s: The right edge of the picture, in seconds of the record.
    """

    tape: Tape
    device: Device
    beats: Sequence[Beat]
    clock_s: float


def draw_strip(view: View, columns: int, rows: int) -> list[Text]:
    """Two lines of marks, ``rows`` lines of ECG, and the axis, ``columns`` characters each."""
    trace = _trace(view, columns, rows)
    return [*_marks(view, columns), *trace, _axis(view, columns)]


def envelope(tape: Tape, clock_s: float, dots: int) -> tuple[Floats, Floats]:
    """Lowest and highest millivolts under each column of dots, NaN where there is no ECG.

    Each column reaches to the first sample of the next, so that steep lines have no gaps.

    Returns:
        Two of float64 (dots,); the last column is that of ``clock_s``.
    """
    last = int(clock_s * SAMPLING_HZ) // SAMPLES_PER_DOT
    first = (last - dots + 1) * SAMPLES_PER_DOT
    place = first + np.arange(dots * SAMPLES_PER_DOT + 1)
    begin, end = round(tape.start_s * SAMPLING_HZ), int(clock_s * SAMPLING_HZ)
    known = (place >= begin) & (place < min(end, tape.millivolts.size))
    samples = np.where(known, tape.millivolts[np.where(known, place, 0)], np.nan)
    frames = np.lib.stride_tricks.sliding_window_view(samples, SAMPLES_PER_DOT + 1)
    columns = frames[::SAMPLES_PER_DOT].astype(np.float64)
    # fmin and fmax leave out what is not a number.
    return np.fmin.reduce(columns, axis=1), np.fmax.reduce(columns, axis=1)


def limits_mv(tape: Tape, clock_s: float) -> tuple[float, float]:
    """Millivolts at the lower and upper edge: all of the last seconds fits, in coarse steps."""
    end = max(int(clock_s * SAMPLING_HZ), 1)
    begin = max(round(tape.start_s * SAMPLING_HZ), end - int(SCALE_MEMORY_S * SAMPLING_HZ))
    seen = tape.millivolts[min(begin, end - 1) : end]
    low = SCALE_STEP_MV * np.floor(seen.min() / SCALE_STEP_MV)
    high = SCALE_STEP_MV * np.ceil(seen.max() / SCALE_STEP_MV)
    lacking = max(0.0, SMALLEST_RANGE_MV - (high - low)) / 2
    return float(low - lacking), float(high + lacking)


def _trace(view: View, columns: int, rows: int) -> list[Text]:
    low, high = envelope(view.tape, view.clock_s, columns * DOTS_ACROSS)
    dots = band(low, high, limits_mv(view.tape, view.clock_s), rows * DOTS_DOWN)
    styles = _trace_styles(view, columns)
    lines = []
    for row in text_rows(dots):
        line = Text(no_wrap=True)
        for style, first, end in _runs(styles):
            line.append(row[first:end], style=style)
        lines.append(line)
    return lines


def _trace_styles(view: View, columns: int) -> list[str]:
    """One a character: ectopic beats in their colour, what is not decided yet in white."""
    decided = _column(view, view.clock_s - DELAY_S, columns)
    styles = [TRACE_STYLE if i <= decided else PENDING_STYLE for i in range(columns)]
    for beat in _visible(view, columns):
        if beat.verdict is not None and beat.verdict.said != view.device.normal:
            first = _column(view, beat.time_s - BEFORE_R_S, columns)
            end = _column(view, beat.time_s + AFTER_R_S, columns)
            style = class_style(view.device.classes[beat.verdict.said])
            for column in range(max(first, 0), min(end, columns)):
                styles[column] = style
    return styles


def _runs(styles: list[str]) -> list[tuple[str, int, int]]:
    edges = [0, *(i for i in range(1, len(styles)) if styles[i] != styles[i - 1]), len(styles)]
    return [(styles[a], a, b) for a, b in pairwise(edges)]


def _visible(view: View, columns: int) -> list[Beat]:
    """Beats from just beyond the left edge on."""
    oldest_s = view.clock_s - columns * CELL_S - 1.0
    visible = []
    for beat in reversed(view.beats):
        if beat.time_s < oldest_s:
            break
        visible.append(beat)
    return visible[::-1]


def _column(view: View, time_s: float, columns: int) -> int:
    """Where a time is; may lie outside."""
    dot = int(time_s * SAMPLING_HZ // SAMPLES_PER_DOT)
    edge = int(view.clock_s * SAMPLING_HZ) // SAMPLES_PER_DOT
    return columns - 1 - (edge - dot + (DOTS_ACROSS - 1)) // DOTS_ACROSS


def _marks(view: View, columns: int) -> tuple[Text, Text]:
    """What the device said of each beat, and below it what the annotators had said."""
    said, known = _Line(columns), _Line(columns)
    beats = _visible(view, columns)
    for beat in beats:
        column = _column(view, beat.time_s, columns)
        if beat.verdict is None:
            said.put(column, NO_WINDOW, "bright_black")
        else:
            name = view.device.classes[beat.verdict.said]
            said.put(column, class_letters(name), f"bold {class_style(name)}")
        if beat.annotation is not None:
            style = WRONG_STYLE if beat.right is False else "bright_black"
            known.put(column, _annotated(view.device, beat), style)
    _put_pending(view, said, columns)
    until_s = view.clock_s - DELAY_S
    for missed in view.tape.missed:
        if missed.time_s <= until_s:
            known.put(_column(view, missed.time_s, columns), _missed(missed), WRONG_STYLE)
    return said.text(), known.text()


def _put_pending(view: View, said: _Line, columns: int) -> None:
    counted = len(view.beats)
    for peak in view.tape.peaks[counted:]:
        if peak >= view.clock_s * SAMPLING_HZ:
            break
        said.put(_column(view, peak / SAMPLING_HZ, columns), PENDING, "bright_black")


def _annotated(device: Device, beat: Beat) -> str:
    assert beat.annotation is not None
    if beat.annotated is None:
        return beat.annotation.symbol
    return class_letters(device.classes[beat.annotated])


def _missed(annotation: Annotation) -> str:
    return f"{annotation.symbol}!"


def _axis(view: View, columns: int) -> Text:
    """Seconds; from where on windows are not complete; the scale."""
    line = _Line(columns, fill="─", style="bright_black")
    low, high = limits_mv(view.tape, view.clock_s)
    scale = f" {low:.2f} to {high:.2f} mV"
    line.put_at(columns - len(scale), scale, "bright_black")
    second = int(view.clock_s)
    while second >= view.tape.start_s and (column := _column(view, second, columns)) >= 0:
        line.put(column, "┬", "bright_black")
        if second % 2 == 0:
            line.put(column + 3, f"{second // 60}:{second % 60:02d}", "white")
        second -= 1
    return line.text()


class _Line:
    """A line of characters into which words are put; what was there first keeps its place."""

    def __init__(self, columns: int, fill: str = " ", style: str = "") -> None:
        self._cells = [(fill, style)] * columns
        self._taken = [False] * columns

    def put(self, centre: int, word: str, style: str) -> None:
        self.put_at(centre - (len(word) - 1) // 2, word, style)

    def put_at(self, first: int, word: str, style: str) -> None:
        places = range(first, first + len(word))
        if first < 0 or places.stop > len(self._cells) or any(self._taken[i] for i in places):
            return
        for place, letter in zip(places, word, strict=True):
            self._cells[place], self._taken[place] = (letter, style), True

    def text(self) -> Text:
        line = Text(no_wrap=True)
        for style, first, end in _runs([style for _, style in self._cells]):
            line.append("".join(letter for letter, _ in self._cells[first:end]), style=style)
        return line
