"""The screen of ``ectopy monitor``: a heading, the strip, what is counted below it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from ectopy.console import printable
from ectopy.report.content import count
from ectopy.report.monitor.beats import DELAY_S, Beat, Device, Tape
from ectopy.report.monitor.strip import View, class_style, draw_strip
from ectopy.report.monitor.tally import Tally
from ectopy.vocab import SAMPLING_HZ, TickUnit

SMALLEST = (40, 10)
_HEADING_ROWS, _STRIP_FRAME_ROWS, _PANEL_ROWS = 2, 3, 7
_LEAST_TRACE_ROWS = 5
_FLASH_S = 0.15
_DIM = "bright_black"
_LEGENDS = (
    "marks: device, below it annotators · white: window not complete",
    "marks: device, below it annotators",
    "device / annotators",
)
_EIGHTHS = " ▏▎▍▌▋▊▉█"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A moment as it is shown.

    Attributes:
        speed: As it was asked for, in words.
    """

    tape: Tape
    device: Device
    tally: Tally
    clock_s: float
    speed: str


def screen(scene: Scene, columns: int, rows: int) -> RenderableType:
    """Exactly ``rows`` lines of ``columns`` characters."""
    if columns < SMALLEST[0] or rows < SMALLEST[1]:
        return Text(f"ectopy monitor needs {SMALLEST[0]}x{SMALLEST[1]} characters")
    trace_rows = rows - _HEADING_ROWS - _STRIP_FRAME_ROWS - _PANEL_ROWS
    with_panels = trace_rows >= _LEAST_TRACE_ROWS
    view = View(
        tape=scene.tape, device=scene.device, beats=scene.tally.beats, clock_s=scene.clock_s
    )
    strip = draw_strip(view, columns, trace_rows + (0 if with_panels else _PANEL_ROWS))
    panels = (_panels(scene, columns),) if with_panels else ()
    return Group(_heading(scene, columns), _warnings(scene, columns), *strip, *panels)


def clock_text(time_s: float, decimals: int = 1) -> str:
    """Minutes and seconds."""
    tens = 10**decimals
    ticks = int(time_s * tens + 1e-6)
    minutes, rest = divmod(ticks, 60 * tens)
    return f"{minutes}:{rest / tens:0{3 + decimals if decimals else 2}.{decimals}f}"


def record_title(tape: Tape) -> str:
    """Record, source and split; DS1 is what the models here have learned from."""
    split = f" {tape.split.upper()}" if tape.split else ""
    return printable(f"record {tape.record} · {tape.source}{split}")


def _heading(scene: Scene, columns: int) -> Text:
    tape, device = scene.tape, scene.device
    left = Text(no_wrap=True, overflow="ellipsis")
    left.append("ectopy ", style="bold")
    left.append(f"{record_title(tape)} · {printable(device.model)} on {printable(device.board)}")
    right = f"{clock_text(scene.clock_s)} / {clock_text(tape.end_s, 0)}  {scene.speed} "
    left.truncate(max(0, columns - len(right) - 1), overflow="ellipsis", pad=True)
    left.append(f" {right}", style="bold cyan")
    return left


def _warnings(scene: Scene, columns: int) -> Text:
    words = []
    if scene.tape.synthetic:
        words.append("SYNTHETIC ECG: no heart was involved")
    if scene.device.emulated:
        words.append("EMULATED board")
    elif scene.device.tick_unit is TickUnit.NANOSECONDS:
        words.append("NATIVE process, no board")
    left = Text(" · ".join([*words, "not a medical device"]), style="yellow", no_wrap=True)
    left.truncate(columns, overflow="ellipsis")
    room = columns - left.cell_len - 2
    for legend in _LEGENDS:
        if len(legend) <= room:
            left.append(" " * (room - len(legend) + 1) + legend, style=_DIM)
            break
    return left


def _panels(scene: Scene, columns: int) -> Table:
    """As many as there is room for, the most telling ones first."""
    shown: list[tuple[int, str, Callable[[Scene, int], Text]]] = [
        (18, "Heart", _heart),
        (22, "Beats", _beats),
        (22, "Last beat", _last_beat),
        (18, "Device", _device),
        (36, "Against the annotations", _against),
    ]
    while sum(width for width, _, _ in shown) > columns:
        shown.pop()
    spare, widths = columns - sum(width for width, _, _ in shown), [w for w, _, _ in shown]
    for index in range(len(widths)):
        widths[index] += spare // len(widths) + (index < spare % len(widths))
    grid = Table.grid(padding=0)
    for width in widths:
        grid.add_column(width=width, no_wrap=True)
    grid.add_row(
        *(
            Panel(
                draw(scene, width - 4),
                title=Text(title, style="bold"),
                title_align="left",
                border_style=_DIM,
                box=box.ROUNDED,
                height=_PANEL_ROWS,
            )
            for width, (_, title, draw) in zip(widths, shown, strict=True)
        )
    )
    return grid


def _heart(scene: Scene, width: int) -> Text:
    tape, tally = scene.tape, scene.tally
    rate = tape.heart_rate(scene.clock_s)
    seen = int(np.searchsorted(tape.peaks, scene.clock_s * SAMPLING_HZ, side="right"))
    beating = seen > 0 and scene.clock_s - tape.peaks[seen - 1] / SAMPLING_HZ < _FLASH_S
    text = Text(no_wrap=True)
    text.append("♥ ", style="bold bright_red" if beating else "red")
    text.append("--" if rate is None else f"{rate:.0f}", style="bold")
    text.append(" /min\n")
    rr_s = (tape.peaks[seen - 1] - tape.peaks[seen - 2]) / SAMPLING_HZ if seen > 1 else None
    text.append("RR " + ("--" if rr_s is None else f"{rr_s:.2f} s") + "\n\n", style=_DIM)
    text.append("ectopic burden\n")
    burden = tally.burden
    text.append("--" if burden is None else f"{100 * burden:.1f} %", style="bold magenta")
    return text


def _beats(scene: Scene, width: int) -> Text:
    tally, names = scene.tally, scene.device.classes
    text = Text(no_wrap=True)
    for name, beats in zip(names, tally.counts, strict=True):
        share = beats / tally.classified if tally.classified else 0.0
        text.append_text(_bar(name, share, count(beats), width, 6))
    text.append("\n" * (3 - len(names)))
    without = len(tally.beats) - tally.classified
    text.append(f"{'classified':<{width - 6}}{count(tally.classified):>6}\n", style=_DIM)
    text.append(f"{'no window' if without else ''}", style=_DIM)
    text.append(f"{count(without):>{width - 9}}" if without else "", style=_DIM)
    return text


def _bar(name: str, share: float, value: str, width: int, value_width: int) -> Text:
    """A line: name, bar, value."""
    style = class_style(name)
    name_width = max(4, len(name) + 1)
    room = width - name_width - value_width - 1
    eighths = round(8 * room * share)
    full, part = divmod(eighths, 8)
    bar = ("█" * full + (_EIGHTHS[part] if part else "")).ljust(room)
    text = Text(no_wrap=True)
    text.append(printable(name).ljust(name_width), style=f"bold {style}")
    text.append(bar, style=style)
    text.append(f" {value:>{value_width}}\n")
    return text


def _last_beat(scene: Scene, width: int) -> Text:
    beat, names = scene.tally.last, scene.device.classes
    if beat is None or beat.verdict is None:
        return Text(f"A window ends\n{DELAY_S:g} s after\nits beat.", style=_DIM)
    said = names[beat.verdict.said]
    text = Text(no_wrap=True)
    text.append(printable(said), style=f"bold {class_style(said)}")
    text.append(f" at {clock_text(beat.time_s, 2)}\n")
    for name, share in zip(names, beat.verdict.probabilities, strict=True):
        text.append_text(_bar(name, share, f"{100 * share:.1f} %", width, 7))
    text.append("\n" * (3 - len(names)))
    text.append_text(_annotators(beat, names))
    return text


def _annotators(beat: Beat, names: tuple[str, ...]) -> Text:
    if beat.annotation is None:
        return Text("annotated: no beat", style="bright_red" if beat.judged else _DIM)
    known = beat.annotation.symbol if beat.annotated is None else names[beat.annotated]
    style = {True: "green", False: "bright_red", None: _DIM}[beat.right]
    return Text(f"annotated: {printable(known)}", style=style)


def _device(scene: Scene, width: int) -> Text:
    device, last = scene.device, scene.tally.last
    text = Text(no_wrap=True)
    if last is not None and last.verdict is not None:
        ticks = last.verdict.invoke_ticks
        text.append(f"{count(ticks)}\n", style="bold")
        text.append(f"{device.tick_unit}\n")
        text.append(f"{latency_note(device, ticks)}\n", style="yellow" if device.emulated else "")
    else:
        text.append("--\n\n\n", style=_DIM)
    text.append(f"{printable(device.engine)}\n", style=_DIM)
    text.append("per inference", style=_DIM)
    return text


def latency_note(device: Device, ticks: int) -> str:
    """Milliseconds where ticks are time; what they are where they are not."""
    if device.emulated:
        return "EMULATED"
    return f"{1000 * ticks / device.clock_hz:.2f} ms" if device.clock_hz else ""


def _against(scene: Scene, width: int) -> Text:
    tally, names = scene.tally, scene.device.classes
    detector = tally.detector(scene.clock_s - DELAY_S)
    text = Text(no_wrap=True)
    text.append(f"{'R peaks':<9}Se {_percent(detector.sensitivity)}  ")
    text.append(f"+P {_percent(detector.ppv)}\n")
    for index, name in enumerate(names):
        right = int(tally.confusion[index, index])
        true, said = (int(tally.confusion.sum(axis=axis)[index]) for axis in (1, 0))
        text.append(printable(name).ljust(9), style=f"bold {class_style(name)}")
        text.append(f"Se {_percent(right / true if true else None)}  ")
        text.append(f"+P {_percent(right / said if said else None)}\n")
    text.append(f"of {count(int(tally.confusion.sum()))} beats with a class", style=_DIM)
    return text


def _percent(ratio: float | None) -> str:
    return "   -- %" if ratio is None else f"{100 * ratio:5.1f} %"
