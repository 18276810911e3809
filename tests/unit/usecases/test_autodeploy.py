import fcntl
import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from serial.tools import list_ports

from ectopy.autodeploy import Limits, Settings, Transport, inside_checkout
from ectopy.boards.lock import board_lock, probe_key
from ectopy.errors import EctopyError, InputError, LinkError, ToolError
from ectopy.graph.costs import graph_macs, op_macs
from ectopy.graph.reader import load_tflite
from ectopy.protocol import InputFormat
from ectopy.records import to_json as record_to_json
from ectopy.usecases import autodeploy as module
from ectopy.usecases.autodeploy import autodeploy
from ectopy.usecases.autodeploy_types import AutodeployReport, AutodeployRequest, to_json
from ectopy.usecases.bench_stream import encode_windows
from ectopy.usecases.runs import list_runs
from ectopy.vocab import DatasetName, Split
from ectopy.windows import WindowRequest, load_windows
from ectopy.zoo import class_labels, open_bundle
from support.fake_ns_autodeploy import stats_text
from support.invented_record import invented_record

FAKE = Path(__file__).parents[2] / "support" / "fake_ns_autodeploy.py"
MODEL = "beat-3-eff-sm"
TFLITE = Path(__file__).parents[3] / "models" / MODEL / "model.tflite"
GRAPH = load_tflite(TFLITE)
LAYERS = [(str(op.kind), 100 + op.index, op_macs(GRAPH, op)) for op in GRAPH.ops]
PLAIN = "beat_3_eff_sm"
QUICK = Limits(timeout_s=30, silence_s=2.5)


def program(path: Path, text: str = "#!/bin/sh\n") -> None:
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A computer with a checkout, a fake ns_autodeploy and the programs it needs."""
    mark = tmp_path / "ns" / "neuralspot" / "ns-core" / "module.mk"
    mark.parent.mkdir(parents=True)
    mark.touch()
    (tmp_path / "ns" / "pyproject.toml").write_text('[project]\nversion = "1.3.0"\n')
    bin_dir = tmp_path / "bin"
    bin_dir.mkdir()
    for name in ("make", "arm-none-eabi-gcc", "JLinkExe"):
        program(bin_dir / name)
    program(bin_dir / "ns_autodeploy", f'#!/bin/sh\nexec {sys.executable} {FAKE} "$@"\n')
    quant = GRAPH.input.quant
    assert quant is not None
    monkeypatch.setenv("PATH", str(bin_dir), prepend=":")
    monkeypatch.setenv("NEURALSPOT", str(tmp_path / "ns"))
    monkeypatch.setenv("FAKE_QUANT", json.dumps([quant.scale, quant.zero_point]))
    monkeypatch.setenv("FAKE_LAYERS", json.dumps(LAYERS))
    monkeypatch.delenv("NS_AUTODEPLOY", raising=False)
    monkeypatch.delenv("FAKE_MODE", raising=False)
    return tmp_path


def request_for(desk: Path, **changes: object) -> AutodeployRequest:
    request = AutodeployRequest(
        model=MODEL,
        settings=Settings(runs=3),
        limits=Limits(timeout_s=60, silence_s=60),
        dataset=DatasetName.SYNTHETIC,
        runs_dir=desk / "runs",
    )
    return replace(request, **changes)


def fails(desk: Path, monkeypatch: pytest.MonkeyPatch, mode: str, **changes: object) -> EctopyError:
    monkeypatch.setenv("FAKE_MODE", mode)
    with pytest.raises(EctopyError) as caught:
        autodeploy(request_for(desk, **{"limits": QUICK, **changes}))
    # Whatever happened: nothing stays in the checkout, and all that was said is kept.
    assert list((desk / "ns" / "projects" / "autodeploy").iterdir()) == []
    (folder,) = (desk / "runs").iterdir()
    assert (folder / "console.txt").is_file()
    assert str(folder / "console.txt") in caught.value.hint
    assert not (folder / "autodeploy.json").exists()
    return caught.value


def test_a_run_gives_its_figures_beside_ours_and_writes_them(desk: Path) -> None:
    news: list[str] = []
    report = autodeploy(request_for(desk), lambda done, total, text: news.append(text))
    folder = Path(report.folder)
    figures = {line.figure: line for line in report.lines}
    assert figures["latency (its first, our median)"].theirs.number == sum(
        us for _, us, _ in LAYERS
    )
    macs = figures["multiply-accumulates"]
    assert macs.theirs.number == macs.ours.number == graph_macs(GRAPH)
    difference = figures["mean output difference from LiteRT"]
    assert difference.theirs.number == (0.05, -0.05, 0.0)
    assert all(layer.matched for layer in report.layers)
    assert len(report.layers) == len(GRAPH.ops)
    assert report.runtime == "helia_rt_v1_6_0"
    assert (report.model_location, report.arena_location) == ("TCM", "TCM")
    assert report.notes == ()
    assert any("*** Stage [1/2]" in text for text in news)
    tree = json.loads((folder / "autodeploy.json").read_text())
    assert tree == json.loads(to_json(report))
    assert tree["schema_version"] == 1
    assert tree["tool"]["neuralspot_version"] == "1.3.0"
    assert set(tree["remarks"]) == {each for line in tree["lines"] for each in line["remarks"]}
    assert list((desk / "ns" / "projects" / "autodeploy").iterdir()) == []


def test_the_tool_sees_exactly_our_int8_input(desk: Path) -> None:
    report = autodeploy(request_for(desk))
    wanted = WindowRequest(dataset=DatasetName.SYNTHETIC, split=Split.DS2, limit=3)
    windows, configuration = load_windows(wanted), open_bundle(MODEL).configuration
    ours = encode_windows(
        windows,
        class_labels(configuration, windows.labels),
        GRAPH,
        configuration.preprocess,
        InputFormat.INT8,
    )
    seen = np.load(Path(report.folder) / PLAIN / "seen.npy")
    np.testing.assert_array_equal(seen, ours.quantized.ravel())
    assert report.inputs is not None
    assert (report.inputs.windows, report.inputs.windows_sha256) == (3, windows.info.sha256)


def test_the_tool_runs_in_the_checkout_without_the_variables_of_our_make(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAKEFLAGS", " -- BOARD=virt")
    report = autodeploy(request_for(desk))
    environ = json.loads((Path(report.folder) / PLAIN / "environ.json").read_text())
    assert environ["cwd"] == str(desk / "ns")
    assert "MAKEFLAGS" not in environ
    assert environ["PYTHONUNBUFFERED"] == "1"
    assert report.tool is not None
    place = report.tool.command[report.tool.command.index("--destination-rootdir") + 1]
    assert place.startswith(str(desk / "ns" / "projects" / "autodeploy"))


def test_a_run_of_ours_is_set_beside_only_if_it_is_of_this_model(desk: Path) -> None:
    record = invented_record()
    path = desk / "record.json"
    path.write_text(record_to_json(record))
    with pytest.raises(InputError, match=r"measured another model\.tflite"):
        autodeploy(request_for(desk, run=path))
    record = replace(record, model=replace(record.model, tflite_sha256=GRAPH.sha256))
    path.write_text(record_to_json(record))
    report = autodeploy(request_for(desk, run=path))
    assert report.beside is not None
    assert (report.beside.board, report.beside.emulated) == ("virt", True)
    (line,) = [each for each in report.lines if each.figure.startswith("instructions")]
    assert (line.theirs.number, line.ours.number) == (None, 7_204_311)


def test_the_folder_of_a_cross_check_is_no_damaged_run(desk: Path) -> None:
    autodeploy(request_for(desk))
    index = list_runs(desk / "runs")
    assert (index.runs, index.damaged) == ((), ())


def test_the_files_of_an_earlier_run_are_read_without_running_anything(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = autodeploy(request_for(desk))
    monkeypatch.delenv("NEURALSPOT")
    monkeypatch.setenv("PATH", "/nowhere")
    before = sorted(Path(first.folder).rglob("*"))
    again = autodeploy(request_for(desk, source=Path(first.folder)))
    assert again.layers == first.layers
    assert (again.tool, again.inputs, again.notes) == (None, None, ())
    assert sorted(Path(first.folder).rglob("*")) == before
    with pytest.raises(InputError, match=r"of another model\.tflite"):
        autodeploy(request_for(desk, model="beat-2-eff-sm", source=Path(first.folder)))


def earlier(folder: Path, text: str, name: str = f"{PLAIN}_stats.csv") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return folder


def test_somebody_elses_folder_is_read_with_notes_on_what_it_lacks(tmp_path: Path) -> None:
    source = earlier(tmp_path / "x", stats_text(LAYERS), "other_stats.csv")
    report = autodeploy(AutodeployRequest(model=MODEL, source=source))
    assert any("says which model file was measured" in note for note in report.notes)
    assert "there is no resultlog.csv" in report.notes
    (arena,) = [line for line in report.lines if line.figure.startswith("arena")]
    assert arena.theirs.reason == "there is no resultlog.csv; there is no console.txt"


def test_a_different_number_of_layers_is_said_and_the_rest_matched(tmp_path: Path) -> None:
    source = earlier(tmp_path / "x", stats_text(LAYERS[:60]))
    report = autodeploy(AutodeployRequest(model=MODEL, source=source))
    assert any("60 layers, the model 68 operators; 8 lines" in note for note in report.notes)
    assert sum(layer.matched for layer in report.layers) == 60


def test_unknown_columns_and_a_damaged_log_become_notes(tmp_path: Path) -> None:
    text = stats_text(LAYERS).replace('"""cpi"""', '"""warp"""')
    source = earlier(tmp_path / "x", text)
    (source / "resultlog.csv").write_text("Model Filename, Platform\nbeat_3_eff_sm\n")
    (source / "console.txt").write_text(
        "Total Inference Time 5 us, total estimated MACs 1\n"
        "WARNING: Statistics will be truncated to 68 events\n"
    )
    notes = "\n".join(autodeploy(AutodeployRequest(model=MODEL, source=source)).notes)
    assert "columns that ectopy does not know were left out: warp" in notes
    assert "absent: cpi" in notes
    assert "resultlog.csv is damaged at line 2" in notes
    assert "its console counts 5 us" in notes
    assert "held no more than 68 layers" in notes


@pytest.mark.parametrize(
    ("files", "problem"),
    [({}, "no file"), ({"a_stats.csv": "", "b_stats.csv": ""}, "2 files")],
)
def test_a_folder_without_one_statistics_file_is_refused(
    tmp_path: Path, files: dict[str, str], problem: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=rf"holds {problem} \*_stats\.csv"):
        autodeploy(AutodeployRequest(model=MODEL, source=tmp_path))
    with pytest.raises(InputError, match="is not a folder"):
        autodeploy(AutodeployRequest(model=MODEL, source=tmp_path / "no"))
    with pytest.raises(InputError, match="cannot be read: File name too long"):
        autodeploy(AutodeployRequest(model=MODEL, source=tmp_path / ("x" * 300)))


def test_a_tool_that_is_not_installed_leaves_no_folder(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (desk / "bin" / "ns_autodeploy").unlink()
    monkeypatch.setenv("PATH", str(desk / "bin"))
    with pytest.raises(ToolError, match="ns_autodeploy is not installed"):
        autodeploy(request_for(desk))
    assert not (desk / "runs").exists()


def test_a_checkout_that_is_not_set_leaves_no_folder(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NEURALSPOT")
    with pytest.raises(InputError, match="NEURALSPOT is not set"):
        autodeploy(request_for(desk))
    assert not (desk / "runs").exists()


@pytest.mark.parametrize("name", ["/dev/no-such-port", "/dev/" + "x" * 5000, "\0"])
def test_a_port_that_is_not_there_is_found_before_anything_runs(desk: Path, name: str) -> None:
    settings = Settings(runs=3, tty=name)
    with pytest.raises(InputError, match=f"no serial port {name[:100]}"):
        autodeploy(request_for(desk, settings=settings))
    assert not (desk / "runs").exists()


def test_more_inferences_than_windows_are_refused(desk: Path) -> None:
    with pytest.raises(InputError, match=r"windows for 1000000 inferences"):
        autodeploy(request_for(desk, settings=Settings(runs=1_000_000)))


def test_a_checkout_that_cannot_be_written_is_one_clear_error(desk: Path) -> None:
    (desk / "ns" / "projects").touch()
    with pytest.raises(ToolError, match=r"cannot work in .*projects/autodeploy"):
        autodeploy(request_for(desk))


def test_two_cross_checks_never_work_in_one_checkout(desk: Path) -> None:
    """Each begins with emptying the build folder of the checkout."""
    with inside_checkout(desk / "ns", desk / "other") as link:
        with pytest.raises(ToolError, match="another `ectopy autodeploy` works in"):
            autodeploy(request_for(desk))
        assert link.is_symlink()
    autodeploy(request_for(desk))


def jlink_port(device: Path, serial_number: str) -> SimpleNamespace:
    return SimpleNamespace(
        device=str(device),
        description="J-Link",
        vid=0x1366,
        pid=0x1051,
        serial_number=serial_number,
    )


def is_free(board: str) -> bool:
    """Whether another process could take a board now."""
    digest = hashlib.sha256(os.fsencode(board)).hexdigest()[:16]
    path = Path(os.environ["ECTOPY_LOCK_DIR"]) / f"ectopy-board-{digest}.lock"
    if not path.exists():
        return True
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


@pytest.mark.parametrize("named", [False, True])
def test_no_other_process_gets_a_board_that_the_tool_may_flash(
    desk: Path, monkeypatch: pytest.MonkeyPatch, named: bool
) -> None:
    """Its make leaves the choice of the J-Link to JLinkExe, so any of them."""
    first, second, other = (desk / name for name in ("ttyACM0", "ttyACM1", "ttyUSB0"))
    for each in (first, second, other):
        each.touch()
    ports = [jlink_port(first, "000042"), jlink_port(second, "000007")]
    monkeypatch.setattr(list_ports, "comports", lambda: ports)
    boards = [probe_key("42"), probe_key("7"), *([str(other)] if named else [])]
    during: list[bool] = []

    def listen(done: int, total: int, text: str) -> None:
        if text.startswith("ns_autodeploy begins"):
            during.extend(is_free(board) for board in boards)

    settings = Settings(runs=3, tty=str(other) if named else None)
    autodeploy(request_for(desk, settings=settings), listen)
    assert during == [False] * len(boards)
    assert all(is_free(board) for board in boards)


def test_a_board_that_a_bench_has_is_left_to_it(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "board_lock", partial(board_lock, patience_s=0.2))
    port = desk / "ttyACM0"
    port.touch()
    code = (
        "import sys; from ectopy.boards.lock import board_lock\n"
        "with board_lock(sys.argv[1]): print('held', flush=True); sys.stdin.readline()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as bench:
        try:
            assert bench.stdout is not None
            assert bench.stdout.readline() == "held\n"
            with pytest.raises(LinkError, match=rf"{port} is in use: process {bench.pid} "):
                autodeploy(request_for(desk, settings=Settings(runs=3, tty=str(port))))
        finally:
            bench.kill()
    assert list((desk / "runs").glob("*")) == []


def test_a_file_garbled_by_the_tool_is_a_failure_of_the_tool(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = fails(desk, monkeypatch, "garbled")
    assert isinstance(error, ToolError)
    assert f"{PLAIN}_stats.csv is cut off" in error.message


def test_a_tool_that_says_nothing_is_ended(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    error = fails(desk, monkeypatch, "silent")
    assert "said nothing new for 2.5 s and was ended" in error.message
    assert "search its root folder without end" in error.message


def test_a_build_without_end_is_told_from_a_silent_board(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = fails(desk, monkeypatch, "building")
    assert "building or flashing, which it does in silence" in error.message
    assert "--silence" in error.hint


def test_a_board_silent_after_flashing_is_a_link_error(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = fails(desk, monkeypatch, "hang")
    assert isinstance(error, LinkError)
    assert "does not answer since it was flashed" in error.message
    assert "Connecting to EVB" in error.message


def test_a_port_that_never_comes_ends_by_saying_the_same_again_and_again(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(runs=3, transport=Transport.USB, tty="/dev/ttyACM9")
    error = fails(desk, monkeypatch, "waiting", settings=settings)
    assert isinstance(error, LinkError)
    assert "waits for serial port /dev/ttyACM9, which does not come" in error.message


def test_the_whole_has_a_limit_too(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = Limits(timeout_s=2.5, silence_s=60)
    error = fails(desk, monkeypatch, "building", limits=limits)
    assert "was not done after 2.5 s" in error.message


def test_a_failed_make_is_named_and_the_way_to_see_it(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = fails(desk, monkeypatch, "make")
    assert "failed with exit code 1: its make failed (return code 512)" in error.message
    assert "--show-make" in error.hint


def test_an_arena_too_small_is_named(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    error = fails(desk, monkeypatch, "configuration")
    assert "configuration status 1" in error.message
    assert "--padding" in error.hint


def test_success_without_statistics_is_a_failure(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = fails(desk, monkeypatch, "no_stats")
    assert f"exit code 0 but wrote no {PLAIN}_stats.csv" in error.message
    assert "Total Inference Time" in error.message


def test_figures_that_came_before_a_failure_can_be_read(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = fails(desk, monkeypatch, "late")
    assert "IndexError: list index out of range" in error.message
    (folder,) = (desk / "runs").iterdir()
    assert f"ectopy autodeploy --model {MODEL} --from {folder}" in error.hint
    report: AutodeployReport = autodeploy(request_for(desk, source=folder))
    assert all(layer.matched for layer in report.layers)


def test_ctrl_c_ends_the_tool_and_what_it_started(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_MODE", "grandchild")
    pids: list[int] = []

    def press() -> None:
        deadline_s = time.monotonic() + 30
        while not pids and time.monotonic() < deadline_s:
            said = [p.read_text() for p in (desk / "runs").glob("*/*/grandchild.pid")]
            pids.extend(int(text) for text in said if text)
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    presser = threading.Thread(target=press)
    presser.start()
    with pytest.raises(KeyboardInterrupt):
        autodeploy(request_for(desk))
    presser.join()
    deadline_s = time.monotonic() + 5
    while is_running(pids[0]) and time.monotonic() < deadline_s:
        time.sleep(0.02)
    assert not is_running(pids[0])
    assert list((desk / "ns" / "projects" / "autodeploy").iterdir()) == []


def is_running(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
