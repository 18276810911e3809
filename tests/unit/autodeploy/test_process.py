import os
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from ectopy.autodeploy import Job, Limits, process, run_watched
from ectopy.autodeploy.process import Ending
from ectopy.errors import ToolError

PATIENT = Limits(timeout_s=30, silence_s=30)


def python(code: str, folder: Path) -> Job:
    return Job(
        command=(sys.executable, "-u", "-c", code),
        cwd=folder,
        environ=dict(os.environ),
        console=folder / "console.txt",
    )


def is_alive(pid: int) -> bool:
    """Whether it still runs after a moment; a zombie that nobody reaps does not."""
    deadline_s = time.monotonic() + 5
    with suppress(OSError):
        while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
            if time.monotonic() > deadline_s:
                return True
            time.sleep(0.02)
    return False


def wait_for(path: Path) -> str:
    """Text of a file as soon as it has any."""
    deadline_s = time.monotonic() + 20
    while time.monotonic() < deadline_s:
        if path.is_file() and path.read_text():
            return path.read_text()
        time.sleep(0.02)
    raise AssertionError(f"{path} never came")


def test_lines_of_both_streams_are_heard_and_kept(tmp_path: Path) -> None:
    heard: list[str] = []
    code = (
        "import sys; print('one'); print(' 50%\\r100%', file=sys.stderr); print('\\n'); "
        "sys.stdout.buffer.write(b'br\\xff'); sys.exit(3)"
    )
    finished = run_watched(python(code, tmp_path), PATIENT, heard.append)
    assert (finished.ending, finished.exit_code) == (Ending.EXITED, 3)
    assert heard == ["one", " 50%", "100%", "br�"]
    assert finished.last_lines == tuple(heard)
    assert (tmp_path / "console.txt").read_bytes() == b"one\n 50%\r100%\n\n\nbr\xff"


def test_a_silent_program_is_ended_after_the_time_of_silence(tmp_path: Path) -> None:
    code = "import time; print('begin'); time.sleep(60)"
    limits = Limits(timeout_s=30, silence_s=0.5)
    finished = run_watched(python(code, tmp_path), limits, lambda _: None)
    assert (finished.ending, finished.exit_code) == (Ending.SILENT, None)
    assert finished.last_lines == ("begin",)
    assert finished.duration_s < 10


def test_the_same_line_again_is_no_news(tmp_path: Path) -> None:
    code = "import time\nwhile True: print('not found, retrying...'); time.sleep(0.05)"
    limits = Limits(timeout_s=30, silence_s=0.7)
    finished = run_watched(python(code, tmp_path), limits, lambda _: None)
    assert finished.ending is Ending.SILENT
    assert finished.duration_s < 10


def test_a_program_that_always_has_news_is_ended_after_the_whole_time(tmp_path: Path) -> None:
    code = "import time, itertools\nfor i in itertools.count(): print(i); time.sleep(0.05)"
    limits = Limits(timeout_s=1, silence_s=30)
    finished = run_watched(python(code, tmp_path), limits, lambda _: None)
    assert finished.ending is Ending.OVERTIME
    assert finished.duration_s < 10


def test_a_program_that_ignores_a_polite_signal_is_killed(tmp_path: Path) -> None:
    code = (
        "import signal, time, os; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "print(os.getpid()); time.sleep(60)"
    )
    limits = Limits(timeout_s=30, silence_s=0.5)
    finished = run_watched(python(code, tmp_path), limits, lambda _: None)
    assert not is_alive(int(finished.last_lines[0]))


def test_what_it_started_is_ended_too_though_it_holds_the_pipe(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys; "
        "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid)"
    )
    finished = run_watched(python(code, tmp_path), PATIENT, lambda _: None)
    assert (finished.ending, finished.exit_code) == (Ending.EXITED, 0)
    assert finished.duration_s < 20
    assert not is_alive(int(finished.last_lines[0]))


def test_an_interrupt_ends_the_program(tmp_path: Path) -> None:
    def interrupt(line: str) -> None:
        raise KeyboardInterrupt

    code = "import os, time; print(os.getpid()); time.sleep(60)"
    with pytest.raises(KeyboardInterrupt):
        run_watched(python(code, tmp_path), PATIENT, interrupt)
    assert not is_alive(int((tmp_path / "console.txt").read_text()))


def test_ctrl_c_while_it_is_silent_ends_it(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    code = f"import os, time; open({str(pid_file)!r}, 'w').write(str(os.getpid())); time.sleep(60)"

    def press() -> None:
        wait_for(pid_file)
        os.kill(os.getpid(), signal.SIGINT)

    presser = threading.Thread(target=press)
    presser.start()
    with pytest.raises(KeyboardInterrupt):
        run_watched(python(code, tmp_path), PATIENT, lambda _: None)
    presser.join()
    assert not is_alive(int(pid_file.read_text()))


def test_a_line_without_end_does_not_grow_without_end(tmp_path: Path) -> None:
    heard: list[str] = []
    code = "import sys; sys.stdout.write('x' * 200_000)"
    run_watched(python(code, tmp_path), PATIENT, heard.append)
    assert len(heard) > 1
    assert sum(map(len, heard)) == 200_000


def test_what_is_kept_of_a_program_that_prints_for_ever_has_an_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "LARGEST_CONSOLE_BYTES", 100_000)
    code = "for i in range(30_000): print(i)"
    finished = run_watched(python(code, tmp_path), PATIENT, lambda _: None)
    assert finished.last_lines[-1] == "29999"
    assert (tmp_path / "console.txt").stat().st_size == 100_000


def test_a_program_that_not_even_kill_ends_is_not_awaited_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one that hangs in the driver of a serial port."""
    monkeypatch.setattr(process, "_GRACE_S", 0.1)
    monkeypatch.setattr(process, "_signal_group", lambda *_: None)
    limits = Limits(timeout_s=30, silence_s=0.5)
    code = "import os, time; print(os.getpid()); time.sleep(60)"
    finished = run_watched(python(code, tmp_path), limits, lambda _: None)
    os.kill(int(finished.last_lines[0]), signal.SIGKILL)
    assert finished.ending is Ending.SILENT


def test_a_program_that_cannot_be_started_is_one_clear_error(tmp_path: Path) -> None:
    job = Job(
        command=(str(tmp_path / "nothing"),),
        cwd=tmp_path,
        environ={},
        console=tmp_path / "console.txt",
    )
    with pytest.raises(ToolError, match="cannot run nothing: No such file"):
        run_watched(job, PATIENT, lambda _: None)


def test_its_input_is_empty(tmp_path: Path) -> None:
    finished = run_watched(python("print(repr(input()))", tmp_path), PATIENT, lambda _: None)
    assert finished.exit_code == 1
    assert "EOFError" in finished.last_lines[-1]


def test_the_whole_group_of_a_process_is_another_than_ours(tmp_path: Path) -> None:
    finished = run_watched(python("import os; print(os.getpgid(0))", tmp_path), PATIENT, str)
    assert int(finished.last_lines[0]) != os.getpgid(0)
    with pytest.raises(ProcessLookupError):
        os.killpg(int(finished.last_lines[0]), 0)
