"""Geometry of the pictures of a page, in the units of their SVG view boxes. No colours here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ectopy import metrics
from ectopy.graph.types import Graph
from ectopy.report.content import count
from ectopy.report.material import CompiledModel
from ectopy.vocab import FRAME_SAMPLES, R_PEAK_SAMPLE, SAMPLING_HZ

WIDTH, HEIGHT = 960.0, 320.0
LEFT, RIGHT, TOP, BOTTOM = 74.0, 8.0, 10.0, 34.0
TRACE_WIDTH, TRACE_HEIGHT = 320.0, 130.0
MOST_BARS = 40
BODY_PERCENT = 95
LABEL_WIDTH, LABEL_HEIGHT = 44.0, 15.0
INPUT_KIND = "INPUT"
SMALLEST_RANGE_MV = 2.0
"""So that a flat lead does not look like a tall one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle.

    Attributes:
        style: What it stands for, a name for the style sheet.
        text: Written inside; empty if there is no room.
        title: Shown when pointed at.
    """

    x: float
    y: float
    width: float
    height: float
    style: str
    title: str
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A mark on an axis."""

    at: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Boxes between two axes."""

    boxes: tuple[Box, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    x_label: str
    styles: tuple[str, ...] = ()
    width: float = WIDTH
    height: float = HEIGHT
    left: float = LEFT
    right: float = WIDTH - RIGHT
    bottom: float = HEIGHT - BOTTOM


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A window of ECG.

    Attributes:
        points: ``x,y`` pairs of a polyline.
        seconds: x of every whole second from the R peak.
        half_millivolts: y of every half millivolt.
        beat_x: Where the classified beat begins.
        beat_width: How long it is shaded.
        peak: x and y of the sample at the R peak.
    """

    points: str
    seconds: tuple[float, ...]
    half_millivolts: tuple[float, ...]
    beat_x: float
    beat_width: float
    peak: tuple[float, float]
    width: float = TRACE_WIDTH
    height: float = TRACE_HEIGHT


def histogram(ticks: npt.NDArray[np.int64], unit: str) -> Chart:
    """Windows by their ticks.

    Bars of equal width from the smallest value to the 95th percentile; a last bar holds all
    beyond, which would otherwise squeeze the rest together.
    """
    low, high = int(ticks.min()), int(ticks.max())
    body_end = metrics.nearest_rank(ticks, BODY_PERCENT)
    assert body_end is not None
    step = max(1, -(-(body_end - low + 1) // MOST_BARS))
    bars = (body_end - low) // step + 1
    # Clipping puts everything beyond into the bar after the last.
    position = np.minimum((ticks - low) // step, bars)
    counts = np.bincount(position, minlength=bars + 1)
    slots = bars + (1 if counts[bars] else 0)
    slot = (WIDTH - LEFT - RIGHT) / slots
    tallest = int(counts.max())
    boxes = [
        _bar(LEFT + i * slot, slot, int(counts[i]), tallest, _bin_title(low, step, i, bars, high))
        for i in range(slots)
    ]
    marks = sorted({0, bars // 2, bars - 1})
    x_ticks = [Tick(at=LEFT + (i + 0.5) * slot, text=count(low + i * step)) for i in marks]
    return Chart(
        boxes=tuple(boxes),
        x_ticks=tuple(x_ticks),
        y_ticks=y_ticks(tallest),
        x_label=f"{unit} of one window (height: windows"
        + (f"; the last bar holds all beyond p{BODY_PERCENT})" if slots > bars else ")"),
    )


def _bin_title(low: int, step: int, index: int, bars: int, high: int) -> str:
    first = low + index * step
    if index == bars:
        return f"{count(first)} to {count(high)}"
    return count(first) if step == 1 else f"{count(first)} to {count(first + step - 1)}"


def _bar(x: float, width: float, number: int, tallest: int, title: str) -> Box:
    height = (HEIGHT - TOP - BOTTOM) * number / tallest
    return Box(
        x=rounded(x + 1),
        y=rounded(HEIGHT - BOTTOM - height),
        width=rounded(max(1.0, width - 2)),
        height=rounded(height),
        style="bar",
        title=f"{title}: {count(number)} windows",
    )


def arena_chart(model: CompiledModel) -> Chart:
    """Which tensors live when: operators from left to right, addresses from bottom to top."""
    graph, plan = model.graph, model.plan
    columns = len(graph.ops) + 2
    column = (WIDTH - LEFT - RIGHT) / columns
    room = HEIGHT - TOP - BOTTOM
    producers = {op.outputs[0]: op for op in graph.ops}
    boxes, styles = [], []
    for placement in sorted(plan.placements, key=lambda p: (p.buffer.first, p.offset)):
        buffer = placement.buffer
        maker = producers.get(buffer.tensors[0])
        style = maker.kind.value if maker else INPUT_KIND
        styles.append(style)
        width = column * (buffer.last - buffer.first + 1)
        height = room * buffer.nbytes / plan.arena_bytes
        fits = width >= LABEL_WIDTH and height >= LABEL_HEIGHT
        boxes.append(
            Box(
                x=rounded(LEFT + column * (buffer.first + 1)),
                y=rounded(HEIGHT - BOTTOM - room * placement.offset / plan.arena_bytes - height),
                width=rounded(width),
                height=rounded(height),
                style=style,
                title=_life(graph, buffer.tensors, placement.offset, buffer.nbytes),
                text=count(buffer.nbytes) if fits else "",
            )
        )
    return Chart(
        boxes=tuple(boxes),
        x_ticks=operator_ticks(len(graph.ops), LEFT + column, column),
        y_ticks=y_ticks(plan.arena_bytes),
        x_label="operator (height: bytes of the arena)",
        styles=tuple(dict.fromkeys(styles)),
    )


def operator_ticks(operators: int, left: float, slot: float) -> tuple[Tick, ...]:
    """A mark at every tenth operator, fewer where there are hundreds."""
    every = max(1, -(-operators // 100)) * 10
    return tuple(
        Tick(at=rounded(left + slot * (index + 0.5)), text=str(index))
        for index in range(0, operators, every)
    )


def _life(graph: Graph, tensors: Sequence[int], offset: int, nbytes: int) -> str:
    producers = {op.outputs[0]: op for op in graph.ops}
    lines = [f"{count(nbytes)} bytes at {count(offset)}"]
    for tensor in tensors:
        maker = producers.get(tensor)
        shape = "x".join(map(str, graph.tensors[tensor].shape))
        lines.append(f"{f'{maker.index} {maker.kind}' if maker else 'input'}: {shape}")
    return "\n".join(lines)


def y_ticks(top: int) -> tuple[Tick, ...]:
    """At most six round marks between 0 and ``top``."""
    steps = (leading * 10**zeros for zeros in range(20) for leading in (1, 2, 5))
    step = next(step for step in steps if top <= 5 * step)
    room = HEIGHT - TOP - BOTTOM
    return tuple(
        Tick(at=rounded(HEIGHT - BOTTOM - room * value / top), text=count(value))
        for value in range(0, top + 1, step)
    )


def trace(millivolts: npt.NDArray[np.float32]) -> Trace:
    """A window of 512 samples as a line over paper of 1 s and 0.5 mV.

    Args:
        millivolts: float32 (512,) at 100 Hz.
    """
    low, high = float(millivolts.min()), float(millivolts.max())
    middle, half = (low + high) / 2, max(1.1 * (high - low), SMALLEST_RANGE_MV) / 2
    per_sample = TRACE_WIDTH / (FRAME_SAMPLES - 1)

    def y_of(value: float) -> float:
        return rounded(TRACE_HEIGHT * (middle + half - value) / (2 * half))

    points = [f"{rounded(i * per_sample)},{y_of(float(v))}" for i, v in enumerate(millivolts)]
    first, last = int(np.ceil(2 * (middle - half))), int(np.floor(2 * (middle + half)))
    every = max(1, (last - first) // 12)
    edge = R_PEAK_SAMPLE // SAMPLING_HZ
    peak_x = rounded(R_PEAK_SAMPLE * per_sample)
    return Trace(
        points=" ".join(points),
        seconds=tuple(
            rounded((R_PEAK_SAMPLE + s * SAMPLING_HZ) * per_sample) for s in range(-edge, edge + 1)
        ),
        half_millivolts=tuple(y_of(step / 2) for step in range(first, last + 1, every)),
        beat_x=rounded((R_PEAK_SAMPLE - 0.30 * SAMPLING_HZ) * per_sample),
        beat_width=rounded(0.75 * SAMPLING_HZ * per_sample),
        peak=(peak_x, y_of(float(millivolts[R_PEAK_SAMPLE]))),
    )


def rounded(value: float) -> float:
    """A tenth of a unit is finer than any screen."""
    return round(float(value), 1)
