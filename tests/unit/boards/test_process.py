import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ectopy.boards import BoardRequest, open_board
from ectopy.boards.process import Child
from ectopy.errors import LinkError, ToolError
from ectopy.protocol import Session
from ectopy.vocab import BoardName, LinkKind


def is_alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False


def test_a_child_ends_with_an_exception() -> None:
    with pytest.raises(KeyboardInterrupt), Child(["sleep", "60"], name="sleep") as child:
        raise KeyboardInterrupt
    assert not is_alive(child.popen.pid)


def test_a_child_that_ignores_a_polite_signal_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ectopy.boards.process._GRACE_S", 0.2)
    script = "trap '' TERM; echo ready; while :; do sleep 1; done"
    with Child(["sh", "-c", script], name="deaf") as child:
        assert child.popen.stdout is not None
        child.popen.stdout.readline()
    assert child.popen.returncode == -signal.SIGKILL


def test_a_second_ctrl_c_while_a_child_ends_leaves_no_child(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    child = Child(["sh", "-c", "trap '' TERM; echo ready; exec sleep 60"], name="deaf")
    assert child.popen.stdout is not None
    child.popen.stdout.readline()
    wait = child.popen.wait

    def interrupted(timeout: float | None = None) -> int:
        if timeout is not None:
            raise KeyboardInterrupt
        return wait()

    monkeypatch.setattr(child.popen, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        child.end()
    assert child.popen.returncode == -signal.SIGKILL
    assert child.popen.stdout.closed


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux")
def test_a_child_ends_when_its_parent_dies() -> None:
    script = (
        "import os; from ectopy.boards.process import Child;"
        "c = Child(['sleep', '60'], name='sleep');"
        "os.write(1, str(c.popen.pid).encode()); os._exit(9)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    pid = int(done.stdout)
    deadline = time.monotonic() + 5
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_alive(pid)


def test_a_dead_child_is_quoted() -> None:
    with Child(["sh", "-c", "echo boom >&2; exit 3"], name="QEMU") as child:
        error = child.obituary()
    assert isinstance(error, LinkError)
    assert "exit code 3" in error.message
    assert "boom" in error.message


def test_a_program_that_cannot_start_is_a_tool_error(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="cannot start it") as caught:
        Child([str(tmp_path / "absent")], name="it")
    assert caught.value.hint
    elf = tmp_path / "not-a-program"
    elf.write_bytes(b"\0" * 64)
    with (
        pytest.raises(ToolError, match="cannot start the host board"),
        open_board(BoardRequest(board=BoardName.HOST, elf=elf)),
    ):
        pass


@pytest.fixture
def elf(tmp_path: Path) -> Path:
    path = tmp_path / "firmware.elf"
    path.touch()
    return path


def fake_qemu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    program = tmp_path / "bin" / "qemu-system-arm"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)


@pytest.mark.parametrize("kind", [LinkKind.UART, LinkKind.FAST])
def test_an_absent_qemu_is_a_tool_error_with_a_hint(
    tmp_path: Path, elf: Path, kind: LinkKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    request = BoardRequest(board=BoardName.VIRT, elf=elf, link=kind)
    with pytest.raises(ToolError, match="not installed") as caught, open_board(request):
        pass
    assert "install" in caught.value.hint


def test_a_failing_qemu_is_quoted_on_the_serial_path(
    tmp_path: Path, elf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_qemu(tmp_path, monkeypatch, "echo unknown machine >&2; exit 1")
    request = BoardRequest(board=BoardName.VIRT, elf=elf, link=LinkKind.UART)
    began = time.monotonic()
    with pytest.raises(ToolError, match="unknown machine"), open_board(request):
        pass
    assert time.monotonic() - began < 5  # it is not waited for once it has ended


def test_a_failing_qemu_is_quoted_on_the_fast_path(
    tmp_path: Path, elf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_qemu(tmp_path, monkeypatch, "echo unknown machine >&2; exit 1")
    request = BoardRequest(board=BoardName.VIRT, elf=elf, link=LinkKind.FAST)
    with pytest.raises(LinkError, match="unknown machine"), open_board(request) as board:
        Session(board.link).hello()


def test_a_qemu_that_never_announces_its_port_is_given_up(
    tmp_path: Path, elf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ectopy.boards.virt._START_S", 0.5)
    fake_qemu(tmp_path, monkeypatch, "exec sleep 60")
    request = BoardRequest(board=BoardName.VIRT, elf=elf, link=LinkKind.UART)
    with pytest.raises(ToolError, match="did not start"), open_board(request):
        pass


@pytest.mark.skipif(sys.platform != "linux", reason="processor affinity is Linux")
@pytest.mark.parametrize("one_cpu", [False, True])
def test_a_child_may_be_kept_on_one_processor(one_cpu: bool) -> None:
    script = "import os; print(len(os.sched_getaffinity(0)))"
    with Child([sys.executable, "-c", script], name="child", one_cpu=one_cpu) as child:
        assert child.popen.stdout is not None
        expected = 1 if one_cpu else len(os.sched_getaffinity(0))
        assert int(child.popen.stdout.read()) == expected


@pytest.mark.skipif(sys.platform != "linux", reason="processor affinity is Linux")
def test_a_system_that_forbids_affinity_still_starts_the_child(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def forbidden(pid: int, cpus: set[int]) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setaffinity", forbidden)
    with Child(["true"], name="child", one_cpu=True) as child:
        assert child.popen.wait(10) == 0
