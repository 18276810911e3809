"""``ectopy monitor`` with an invented board: what is said where, and how it ends."""

import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ectopy import console
from ectopy.cli import monitor as subject
from ectopy.cli.monitor_display import can_draw
from ectopy.cli.monitor_picture import picture
from ectopy.cli.monitor_screen import Scene, clock_text, screen
from ectopy.errors import LinkError
from ectopy.report.monitor.beats import Beat, Device, Tape
from ectopy.report.monitor.content import Replay
from ectopy.usecases.monitor import Monitor, MonitorRequest
from ectopy.vocab import BoardName, DatasetName, EngineName, LinkKind, Optimize, TickUnit
from support.command_line import make_wide, run, text_of
from support.invented_replay import (
    invented_beats,
    invented_device,
    invented_replay,
    invented_tape,
)


@dataclass
class FakeMonitor:
    """Opens a board that ends as it is told."""

    tape: Tape = field(default_factory=invented_tape)
    device: Device = field(default_factory=invented_device)
    failure: BaseException | None = None
    requests: list[MonitorRequest] = field(default_factory=list)
    closed: bool = False

    @contextmanager
    def __call__(self, request: MonitorRequest, progress: object) -> Iterator[Monitor]:
        self.requests.append(request)
        try:
            yield Monitor(tape=self.tape, device=self.device, beats=self._beats())
        finally:
            self.closed = True

    def _beats(self) -> Iterator[Beat]:
        for beat in invented_beats(self.tape, 99.0):
            if self.failure is not None and beat.time_s > 9.0:
                raise self.failure
            yield beat


@pytest.fixture
def monitor(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> FakeMonitor:
    fake = FakeMonitor()
    monkeypatch.setattr(subject, "open_monitor", fake)
    make_wide(monkeypatch)
    return fake


def test_without_options_it_replays_at_the_speed_of_life() -> None:
    ctx = subject.command.make_context("monitor", [])
    assert subject._request(ctx) == MonitorRequest(model="beat-3-eff-sm")
    assert MonitorRequest(model="m").speed == 1.0


def test_all_options_reach_the_request() -> None:
    line = (
        "--record 119 --board host --model m --dataset mitdb --data-dir d --engine tflm "
        "--optimize size --link pipe --port /dev/x --speed max --start 3.5 --seconds 20"
    )
    assert subject._request(subject.command.make_context("monitor", line.split())) == (
        MonitorRequest(
            model="m",
            record="119",
            dataset=DatasetName.MITDB,
            data_dir=Path("d"),
            start_s=3.5,
            seconds=20.0,
            speed=None,
            board=BoardName.HOST,
            engine=EngineName.TFLM,
            optimize=Optimize.SIZE,
            link=LinkKind.PIPE,
            port="/dev/x",
        )
    )


def test_where_stdout_is_no_terminal_each_beat_is_a_line(
    monitor: FakeMonitor, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("monitor", "--speed", "max") == 0
    shown = capsys.readouterr().out
    lines = [line for line in shown.splitlines() if " annotated: " in line]
    assert len(lines) == 16
    assert lines[0].split("  ")[-1] == "annotated: N"
    assert "no class" in lines[2] and "no class" not in lines[3]
    assert "PVC" in lines[3] and "97.0 %" in lines[3]
    assert "1,234,567 instructions EMULATED" in lines[3]
    assert "annotated: no beat" in lines[6]
    assert "PAC      N  20.0 % PAC  70.0 % PVC  10.0 %" in lines[8]
    assert lines[8].endswith("annotated: N (differs)")
    assert "\x1b" not in shown
    assert "NOT A MEDICAL DEVICE" in shown and "ectopic burden 30.8 %" in shown
    assert monitor.closed


def test_json_is_one_line_a_beat_and_people_read_stderr(
    monitor: FakeMonitor, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("monitor", "--speed", "max", "--json", "-") == 0
    shown = capsys.readouterr()
    beats = [json.loads(line) for line in shown.out.splitlines()]
    assert len(beats) == 16
    assert beats[3] == {
        "time_s": 3.5,
        "rr_s": 1.0,
        "class": "PVC",
        "probabilities": {"N": 0.02, "PAC": 0.01, "PVC": 0.97},
        "invoke_ticks": 1234567,
        "tick_unit": "instructions",
        "annotated": "PVC",
        "symbol": "V",
        "matched": True,
    }
    assert (beats[0]["class"], beats[0]["probabilities"], beats[0]["matched"]) == (None, None, True)
    assert (beats[6]["symbol"], beats[6]["matched"]) == (None, False)
    assert "ectopic burden" in shown.err


def test_files_are_written(monitor: FakeMonitor, tmp_path: Path) -> None:
    html, svg, lines = (tmp_path / name for name in ("a.html", "a.svg", "a.jsonl"))
    arguments = ("--speed", "max", "--html", html, "--picture", svg, "--json", lines)
    assert run("monitor", *arguments) == 0
    assert html.read_text().startswith("<!DOCTYPE html>")
    assert svg.read_text().startswith("<svg")
    assert len(lines.read_text().splitlines()) == 16


@pytest.mark.parametrize(
    ("failure", "code"), [(KeyboardInterrupt(), 130), (LinkError("the device was lost"), 1)]
)
def test_what_was_seen_until_the_end_came_is_summed_up(
    monitor: FakeMonitor,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    failure: BaseException,
    code: int,
) -> None:
    monitor.failure = failure
    html = tmp_path / "a.html"
    assert run("monitor", "--speed", "max", "--html", html) == code
    shown = capsys.readouterr()
    assert "PARTIAL: ended early, after 11.1 s" in shown.out
    assert "PARTIAL" in html.read_text()
    assert monitor.closed
    if code == 1:
        assert "the device was lost" in shown.err


@pytest.mark.parametrize(
    "option",
    [
        ("--speed", "0"),
        ("--speed", "fast"),
        ("--speed", "nan"),
        ("--start", "-1"),
        ("--seconds", "0"),
        ("--html", "/nowhere/a.html"),
        ("--json", "/nowhere/a.json"),
        ("--picture", "/nowhere/a.svg"),
    ],
)
def test_bad_options_are_refused_before_anything_is_started(
    monitor: FakeMonitor, option: tuple[str, str]
) -> None:
    assert run("monitor", *option) == 2
    assert not monitor.requests


def scene(replay: Replay, speed: str = "x1") -> Scene:
    return Scene(
        tape=replay.tape,
        device=replay.device,
        tally=replay.tally,
        clock_s=replay.clock_s,
        speed=speed,
    )


@pytest.mark.parametrize("size", [(80, 24), (160, 50), (100, 30), (40, 10), (57, 18), (300, 17)])
def test_the_screen_is_as_large_as_the_terminal(size: tuple[int, int]) -> None:
    columns, rows = size
    drawn = text_of(screen(scene(invented_replay(clock_s=13.0)), columns, rows), columns)
    lines = drawn.splitlines()
    assert len(lines) == rows
    assert all(len(line) <= columns for line in lines)
    assert re.search("[\u2801-\u28ff]", drawn)


def test_a_terminal_that_is_too_small_says_so() -> None:
    assert "needs 40x10" in text_of(screen(scene(invented_replay()), 39, 24), 60)


def test_the_screen_says_what_it_must() -> None:
    tape = invented_tape(synthetic=True, source="synthetic")
    drawn = text_of(screen(scene(invented_replay(tape, clock_s=13.0), "x4"), 130, 30), 130)
    for words in (
        "record invented · synthetic DS2 · fake-3 on virt",
        "0:13.0 / 0:20  x4",
        "SYNTHETIC ECG: no heart was involved · EMULATED board · not a medical device",
        "53 /min",
        "1,234,567",
        "Se  88.9 %  +P  88.9 %",
    ):
        assert words in drawn, words


def test_ticks_that_are_time_are_told_in_milliseconds() -> None:
    silicon = invented_device(
        board="apollo4p", emulated=False, tick_unit=TickUnit.CYCLES, clock_hz=192_000_000
    )
    drawn = text_of(screen(scene(invented_replay(device=silicon, clock_s=13.0)), 80, 24), 80)
    assert "6.43 ms" in drawn
    assert "EMULATED" not in drawn


def test_markup_and_escapes_of_a_device_are_not_obeyed() -> None:
    evil = invented_device(model="[red]\x1b[2Jm", classes=("N", "[b]", "\x1bV"))
    drawn = text_of(screen(scene(invented_replay(device=evil, clock_s=13.0)), 80, 24), 80)
    assert "[red]?[2Jm" in drawn
    assert "\x1b" not in drawn


def test_clocks_are_written_in_minutes() -> None:
    assert [clock_text(s) for s in (0.0, 9.96, 61.05, 1805.6)] == [
        "0:00.0",
        "0:09.9",
        "1:01.0",
        "30:05.6",
    ]
    assert clock_text(1805.6, 0) == "30:05"
    assert clock_text(59.996, 2) == "0:59.99"


def test_json_on_a_terminal_does_not_share_it_with_a_screen(
    monitor: FakeMonitor, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(console, "out", console.Console(force_terminal=True))
    monkeypatch.setattr(console, "err", console.Console(stderr=True, force_terminal=True))
    assert run("monitor", "--speed", "max", "--json", "-") == 0
    shown = capsys.readouterr()
    assert "\x1b[?1049h" not in shown.err + shown.out
    assert len(shown.out.splitlines()) == 16


@pytest.mark.parametrize(
    ("facts", "drawn"),
    [
        ({"force_terminal": True, "encoding": "utf-8"}, True),
        ({"force_terminal": True, "encoding": "ascii"}, False),
        ({"force_terminal": False, "encoding": "utf-8"}, False),
    ],
)
def test_a_screen_is_drawn_only_where_it_can_be_seen(
    monkeypatch: pytest.MonkeyPatch, facts: dict[str, object], drawn: bool
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    paper = io.TextIOWrapper(io.BytesIO(), encoding=str(facts["encoding"]))
    target = console.Console(file=paper, force_terminal=bool(facts["force_terminal"]))
    assert can_draw(target) is drawn


def test_a_dumb_terminal_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    paper = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    assert not can_draw(console.Console(file=paper, force_terminal=True))


def test_the_picture_needs_nothing_from_outside() -> None:
    drawn = picture(invented_replay(clock_s=13.0), "x1")
    assert "http" not in drawn.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert "PVC" in drawn and re.search("[\u2801-\u28ff]", drawn)
