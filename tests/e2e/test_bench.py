"""The whole way on real firmware: build, boot, stream, compare, record."""

import csv
import os
import signal
import sys
from pathlib import Path

import pytest

from ectopy.aot import compile_graph
from ectopy.errors import LinkError
from ectopy.graph.reader import load_tflite
from ectopy.protocol import InputFormat
from ectopy.records import from_json
from ectopy.report.profile import from_json as profile_from_json
from ectopy.usecases.bench import bench
from ectopy.usecases.bench_types import BenchRequest, BenchRun
from ectopy.vocab import BoardName, DatasetName, LinkKind, TickUnit
from ectopy.zoo import open_bundle
from support.interrupting import run_and_interrupt

pytestmark = pytest.mark.e2e

SCRIPT = Path(__file__).parents[2] / "tools" / "evb_bench.py"
MODEL = "beat-3-eff-sm"


def request(tmp_path: Path, **changes: object) -> BenchRequest:
    wanted = {
        "model": MODEL,
        "dataset": DatasetName.SYNTHETIC,
        "limit": 12,
        "runs_dir": tmp_path / "runs",
    }
    return BenchRequest(**wanted | changes)  # type: ignore[arg-type]


def ticks(run: BenchRun) -> list[tuple[str, str]]:
    assert run.folder is not None
    rows = csv.DictReader((run.folder / "outputs.csv").open())
    return [(row["ticks_preprocess"], row["ticks_invoke"]) for row in rows]


def assert_right(run: BenchRun, windows: int) -> None:
    record = run.record
    assert run.failure is None
    assert record.dataset.windows == record.agreement.windows_compared == windows
    assert record.agreement.output_mismatches == 0
    assert (record.link.windows_sent, record.link.windows_lost) == (windows, 0)
    assert record.memory.arena_bytes == record.memory.arena_predicted_bytes


@pytest.mark.parametrize("model", [MODEL, "beat-2-eff-sm"])
def test_synthetic_windows_on_the_host_board_agree(tmp_path: Path, model: str) -> None:
    run = bench(request(tmp_path, model=model, board=BoardName.HOST, limit=40))
    assert_right(run, 40)
    assert not run.record.board.emulated
    assert run.record.link.kind is LinkKind.PIPE


def test_the_virtual_board_agrees_and_counts_the_same_instructions_every_time(
    tmp_path: Path,
) -> None:
    steps = len(compile_graph(load_tflite(open_bundle(MODEL).tflite_path)).steps)
    serial = bench(request(tmp_path, link=LinkKind.UART))
    fast = bench(request(tmp_path, link=LinkKind.FAST))
    again = bench(request(tmp_path, link=LinkKind.FAST))
    for run, kind in ((serial, LinkKind.UART), (fast, LinkKind.FAST)):
        assert_right(run, 12)
        assert run.record.board.emulated
        latency = run.record.latency
        assert latency.unit is TickUnit.INSTRUCTIONS
        assert latency.estimated_cycles is not None
        assert latency.invoke_median < latency.estimated_cycles < 2 * latency.invoke_median
        assert latency.estimated_ms == pytest.approx(latency.estimated_cycles / 192_000)
        assert "192 MHz" in run.record.notes["latency.estimated_ms"]
        assert run.record.link.kind is kind
        assert (run.record.memory.stack_high_water_bytes or 0) > 0
        assert run.folder is not None
        profile = profile_from_json((run.folder / "profile.json").read_text())
        assert profile.modelled_cycles == latency.estimated_cycles
        assert len(profile.operators) == steps + 1
        assert "Modelled cycles by operator" in (run.folder / "report.html").read_text()
    assert ticks(fast) == ticks(again)
    assert serial.record.latency == fast.record.latency


@pytest.mark.parametrize("fmt", list(InputFormat))
def test_every_input_format_agrees(tmp_path: Path, fmt: InputFormat) -> None:
    assert_right(bench(request(tmp_path, input_format=fmt, link=LinkKind.FAST)), 12)


@pytest.mark.parametrize("board", [BoardName.VIRT, BoardName.HOST])
def test_real_ecg_agrees(tmp_path: Path, ecg_dir: Path, board: BoardName) -> None:
    wanted = request(
        tmp_path,
        board=board,
        dataset=DatasetName.MITDB,
        data_dir=ecg_dir,
        link=LinkKind.AUTO if board is BoardName.HOST else LinkKind.FAST,
        limit=30,
    )
    run = bench(wanted)
    assert_right(run, 30)
    assert not run.record.synthetic
    assert run.folder is not None
    report = (run.folder / "report.md").read_text()
    assert "Moody GB, Mark RG" in report
    assert "Goldberger" in report


def children() -> list[int]:
    lists = Path("/proc/self/task").glob("*/children")
    return [int(pid) for each in lists for pid in each.read_text().split()]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds QEMU through /proc")
def test_an_emulator_that_dies_in_mid_run_leaves_a_partial_run(tmp_path: Path) -> None:
    before = set(children())

    def kill(done: int, total: int, text: str) -> None:
        if (done, total) == (4, 60):
            for pid in set(children()) - before:
                os.kill(pid, signal.SIGKILL)

    run = bench(request(tmp_path, limit=60, link=LinkKind.FAST), kill)
    assert isinstance(run.failure, LinkError)
    assert run.record.partial
    assert 4 <= run.record.dataset.windows < 60
    assert set(children()) == before


@pytest.mark.parametrize("interrupt", [signal.SIGINT, signal.SIGTERM], ids=["ctrl_c", "cancel"])
def test_an_interrupted_command_ends_with_130_and_a_partial_record(
    tmp_path: Path, interrupt: signal.Signals
) -> None:
    record_file = tmp_path / "record.json"
    options = {
        "--model": MODEL,
        "--dataset": "synthetic",
        "--limit": "2000",
        "--link": "uart",
        "--runs-dir": str(tmp_path / "runs"),
        "--json": str(record_file),
    }
    words = (word for pair in options.items() for word in pair)
    done = run_and_interrupt([sys.executable, SCRIPT, *words], once="/2000", how=interrupt)
    assert done.returncode == 130, done.stderr
    assert "PARTIAL: interrupted by the user" in done.stdout
    assert "interrupted" in done.stderr
    assert "Traceback" not in done.stderr
    record = from_json(record_file.read_text())
    assert record.partial
    assert 1 <= record.dataset.windows < 2000
    assert record.agreement.output_mismatches == 0
