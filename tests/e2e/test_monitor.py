"""A replay on real firmware: detector, windows, device, JSON, page."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from ectopy.graph.reader import load_tflite
from ectopy.preprocess import quantize_windows, to_microvolts
from ectopy.reference import open_reference
from ectopy.usecases.monitor import MonitorRequest, open_monitor
from ectopy.vocab import BoardName, DatasetName
from ectopy.zoo import open_bundle
from support.command_line import run

pytestmark = pytest.mark.e2e

COMMAND = [sys.executable, "-c", "from ectopy.cli import main; main()", "monitor"]
STRETCH = ("--dataset", "synthetic", "--start", "20", "--seconds", "20")


@pytest.mark.parametrize("board", [BoardName.HOST, BoardName.VIRT])
@pytest.mark.parametrize("speed", [1.0, None])
def test_the_board_says_what_the_reference_says(board: BoardName, speed: float | None) -> None:
    bundle = open_bundle("beat-3-eff-sm")
    graph = load_tflite(bundle.tflite_path)
    oracle = open_reference(bundle.tflite_path.read_bytes(), graph)
    quant = graph.input.quant
    assert quant is not None
    wanted = MonitorRequest(
        model="beat-3-eff-sm",
        dataset=DatasetName.SYNTHETIC,
        start_s=20.0,
        seconds=12.0,
        speed=speed,
        board=board,
    )
    with open_monitor(wanted) as monitor:
        beats = list(monitor.beats)
        for index, beat in enumerate(beats):
            window = to_microvolts(monitor.tape.window(index))[None]
            tensor = quantize_windows(
                window, bundle.configuration.preprocess, quant.scale, quant.zero_point
            )
            said = int(np.argmax(oracle.invoke(tensor[0])))
            assert beat.verdict is not None
            assert beat.verdict.said == said
    assert len(beats) > 10
    assert monitor.device.emulated == (board is BoardName.VIRT)


def test_a_replay_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    html, lines = tmp_path / "a.html", tmp_path / "a.jsonl"
    arguments = (*STRETCH, "--board", "host", "--speed", "max", "--html", html, "--json", lines)
    assert run("monitor", *arguments) == 0
    beats = [json.loads(line) for line in lines.read_text().splitlines()]
    assert len(beats) > 15
    assert all(beat["matched"] for beat in beats)
    assert {"N", "PVC"} <= {beat["annotated"] for beat in beats}
    assert sum(beat["class"] == beat["annotated"] for beat in beats) > 0.7 * len(beats)
    shown = capsys.readouterr().out
    assert shown.count("annotated: ") == len(beats)
    assert "SYNTHETIC" in shown and "SYNTHETIC" in html.read_text()


def test_ctrl_c_leaves_a_good_terminal_and_no_process(tmp_path: Path) -> None:
    master, slave = pty.openpty()
    html = tmp_path / "a.html"
    process = subprocess.Popen(
        [*COMMAND, "--dataset", "synthetic", "--board", "virt", "--html", html],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=os.environ | {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"},
        start_new_session=True,
    )
    os.close(slave)
    shown = read_until(master, b"\xe2\xa1", 100.0)  # braille
    assert b"\x1b[?1049h" in shown
    (emulator,) = children_of(process.pid)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    shown += read_until(master, None, 30.0)
    os.close(master)
    assert process.wait(timeout=30) == 130
    assert shown.count(b"\x1b[?1049h") == shown.count(b"\x1b[?1049l") == 1
    assert shown.rindex(b"\x1b[?25h") > shown.rindex(b"\x1b[?25l")
    assert b"PARTIAL" in shown.split(b"\x1b[?1049l")[1]
    assert "PARTIAL" in html.read_text()
    assert not Path(f"/proc/{emulator}").exists()


def read_until(master: int, wanted: bytes | None, patience_s: float) -> bytes:
    """What comes until ``wanted`` has, or until the other side closes."""
    data, deadline = b"", time.monotonic() + patience_s
    while time.monotonic() < deadline and (wanted is None or wanted not in data):
        if not select.select([master], [], [], 0.2)[0]:
            continue
        try:
            piece = os.read(master, 65536)
        except OSError:
            break
        if not piece:
            break
        data += piece
    return data


def children_of(pid: int) -> list[int]:
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for each in lists for child in each.read_text().split()]
