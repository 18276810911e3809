import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from ectopy import console
from ectopy.cli import bench as subject
from ectopy.cli import group, main
from ectopy.errors import EctopyError, InputError, LinkError
from ectopy.protocol import InputFormat
from ectopy.records import from_json
from ectopy.usecases.bench_types import BenchRequest, BenchRun
from ectopy.vocab import BoardName, DatasetName, LinkKind, Split
from support.invented_record import invented_record

SCRIPT = Path(__file__).parents[3] / "tools" / "evb_bench.py"


class FakeBench:
    """Takes requests, answers with an invented run or an error."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.requests: list[BenchRequest] = []
        self.failure: EctopyError | KeyboardInterrupt | None = None
        self.error: BaseException | None = None

    def __call__(self, request: BenchRequest, progress: object) -> BenchRun:
        self.requests.append(request)
        if self.error is not None:
            raise self.error
        record = replace(invented_record(), partial=self.failure is not None)
        return BenchRun(record=record, folder=self.folder, failure=self.failure)


@pytest.fixture
def bench(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> FakeBench:
    folder = tmp_path / "x"
    folder.mkdir()
    for name in ("record.json", "profile.json", "outputs.csv"):
        (folder / name).touch()
    fake = FakeBench(folder)
    monkeypatch.setattr(subject, "bench", fake)
    monkeypatch.setattr(console, "out", console.Console(width=80))
    monkeypatch.setattr(console, "err", console.Console(width=80, stderr=True))
    return fake


def run(*arguments: str) -> int:
    try:
        main(["bench", *arguments])
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_without_options_it_measures_a_thousand_windows_on_the_virtual_board(
    bench: FakeBench, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run() == 0
    (request,) = bench.requests
    assert request == BenchRequest(model="beat-3-eff-sm", command="ectopy bench")
    assert (request.board, request.limit, request.split) == (BoardName.VIRT, 1000, None)
    shown = capsys.readouterr().out
    assert "beat-3-eff-sm on virt" in shown
    assert "outputs.csv · profile.json" in shown


def test_all_options_reach_the_request(bench: FakeBench, tmp_path: Path) -> None:
    line = (
        "--board host --model m --dataset synthetic --data-dir d --split ds1 --limit all --seed 3 "
        "--engine aot --link fast --port /dev/x --format int8 --runs-dir r"
    )
    assert run(*line.split()) == 0
    assert bench.requests[0] == BenchRequest(
        board=BoardName.HOST,
        model="m",
        dataset=DatasetName.SYNTHETIC,
        data_dir=Path("d"),
        split=Split.DS1,
        limit=None,
        seed=3,
        link=LinkKind.FAST,
        port="/dev/x",
        input_format=InputFormat.INT8,
        runs_dir=Path("r"),
        command=f"ectopy bench {line}",
    )


def test_json_dash_gives_programs_the_record_alone(
    bench: FakeBench, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--json", "-") == 0
    streams = capsys.readouterr()
    assert from_json(streams.out) == invented_record()
    assert "on virt" in streams.err


def test_json_to_a_file(bench: FakeBench, tmp_path: Path) -> None:
    assert run("--json", str(tmp_path / "r.json")) == 0
    assert json.loads((tmp_path / "r.json").read_text())["model"]["name"] == "beat-3-eff-sm"


def test_json_to_a_folder_that_is_not_there_is_found_before_the_run(
    bench: FakeBench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--json", str(tmp_path / "no" / "r.json")) == 2
    assert "not a folder" in capsys.readouterr().err
    assert not bench.requests


@pytest.mark.parametrize(
    "arguments",
    [
        ("--limit", "0"),
        ("--limit", "-5"),
        ("--limit", "ten"),
        ("--limit", "1e3"),
        ("--limit", "9" * 5000),
        ("--board", "moon"),
        ("--seed", "-1"),
        ("--format", "int4"),
        ("--nonsense",),
        ("surplus",),
    ],
)
def test_bad_options_are_one_message_and_exit_2(
    bench: FakeBench, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    assert run(*arguments) == 2
    errors = capsys.readouterr().err
    assert "Error:" in errors
    assert "Traceback" not in errors
    assert not bench.requests


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (InputError("bad bundle", hint="take another"), 2, "error: bad bundle\nhint: take another"),
        (LinkError("board is silent", hint="plug it in"), 1, "error: board is silent"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_errors_are_messages_with_their_exit_code(
    bench: FakeBench,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
    text: str,
) -> None:
    bench.error = error
    assert run() == code
    streams = capsys.readouterr()
    assert text in streams.err
    assert not streams.out


@pytest.mark.parametrize(
    ("failure", "code"), [(LinkError("the link was closed"), 1), (KeyboardInterrupt(), 130)]
)
def test_a_partial_run_is_shown_before_it_fails(
    bench: FakeBench,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    failure: EctopyError | KeyboardInterrupt,
    code: int,
) -> None:
    bench.failure = failure
    assert run("--json", str(tmp_path / "r.json")) == code
    assert "PARTIAL" in capsys.readouterr().out
    assert from_json((tmp_path / "r.json").read_text()).partial


def test_help_teaches_with_examples() -> None:
    shown = CliRunner().invoke(group, ["bench", "--help"]).output
    for word in ("Examples:", "--limit all", "--board host", "130", "[default: 1000]"):
        assert word in shown, word


def test_evb_bench_is_the_same_command() -> None:
    done = subprocess.run(
        [sys.executable, SCRIPT, "--help"], capture_output=True, text=True, timeout=60, check=True
    )
    assert "Measure a model on a board" in done.stdout


def test_a_reader_that_leaves_early_causes_no_traceback() -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    done = subprocess.run(
        [sys.executable, SCRIPT, "--help"],
        stdout=theirs,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(theirs)
    assert (done.returncode, done.stderr) == (1, "")


def test_evb_bench_in_a_python_without_dependencies_gives_a_hint(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-S", SCRIPT],  # -S: no site-packages
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": os.environ["PATH"]},
    )
    assert done.returncode == 1
    assert "make bench" in done.stderr
    assert "Traceback" not in done.stderr
