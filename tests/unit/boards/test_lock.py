"""A board belongs to one process at a time; the others are told whose it is."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from serial.tools import list_ports

from ectopy.boards import BoardRequest, lock, open_board
from ectopy.boards.lock import FOLDER_VARIABLE, board_lock, port_key, probe_key
from ectopy.errors import InputError, LinkError
from ectopy.vocab import BoardName

HOLD = """
import sys
from ectopy.boards.lock import board_lock
with board_lock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    return tmp_path


@contextmanager
def held_elsewhere(board: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds a board until its stdin ends."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, board],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_board_of_another_process_is_refused_after_a_bounded_wait_naming_it() -> None:
    news: list[str] = []
    with held_elsewhere("/dev/ttyX") as other:
        began = time.monotonic()
        with (
            pytest.raises(LinkError, match="/dev/ttyX is in use") as caught,
            board_lock("/dev/ttyX", patience_s=0.3, progress=lambda *now: news.append(now[2])),
        ):
            raise AssertionError
        assert 0.3 <= time.monotonic() - began < 5
    for text in (caught.value.message, *news):
        assert f"process {other.pid} (-c /dev/ttyX) has it since 20" in text
    assert [each.startswith("waiting up to 0 s for /dev/ttyX") for each in news] == [True]
    assert caught.value.hint


def test_a_board_is_had_once_the_other_process_gives_it_back() -> None:
    with held_elsewhere("b") as other:

        def finish(*_: object) -> None:
            assert other.stdin is not None
            other.stdin.write("\n")
            other.stdin.flush()

        with board_lock("b", patience_s=20, progress=finish):
            assert other.wait(10) == 0


def test_a_process_that_was_killed_leaves_no_lock() -> None:
    with held_elsewhere("b") as other:
        os.kill(other.pid, signal.SIGKILL)
        other.wait(10)
        with board_lock("b", patience_s=0):
            pass


def test_other_boards_are_not_waited_for() -> None:
    with held_elsewhere("b"), board_lock("c", patience_s=0):
        pass


def test_a_process_gets_its_own_board_again_and_keeps_it_until_the_outer_block_ends() -> None:
    with board_lock("b"):
        with board_lock("b", patience_s=0):
            pass
        with pytest.raises(AssertionError), held_elsewhere_in_time("b"):
            pass
    with held_elsewhere_in_time("b"):
        pass


@contextmanager
def held_elsewhere_in_time(board: str) -> Iterator[None]:
    """Fails if the other process must wait."""
    done = subprocess.run(
        [sys.executable, "-c", HOLD.replace("1])", "1], patience_s=0)"), board],
        input="\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    yield


def test_a_lock_ends_with_an_exception() -> None:
    with pytest.raises(KeyboardInterrupt), board_lock("b"):
        raise KeyboardInterrupt
    with held_elsewhere("b"):
        pass


@pytest.mark.parametrize(
    "note", ["", "{", "[]", "7", '{"pid": 1}', "\x1b[2J", "[" * 5000], ids=lambda n: n[:8]
)
def test_a_note_that_says_nothing_still_names_the_board(note: str, folder: Path) -> None:
    with held_elsewhere("b"):
        (file,) = folder.glob("*.lock")
        file.write_text(note)
        with pytest.raises(LinkError, match="b is in use: another process has it"):
            board_lock("b", patience_s=0).__enter__()


def test_a_note_cannot_write_to_the_terminal(folder: Path) -> None:
    with held_elsewhere("b"):
        (file,) = folder.glob("*.lock")
        file.write_text(json.dumps({"pid": 1, "command": "\x1b[2J\n" * 99, "since_utc": "x"}))
        with pytest.raises(LinkError) as caught:
            board_lock("b", patience_s=0).__enter__()
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 400


def test_everybody_may_open_the_lock_file_whatever_the_umask(folder: Path) -> None:
    before = os.umask(0o077)
    try:
        with board_lock("b"):
            (file,) = folder.glob("*.lock")
    finally:
        os.umask(before)
    assert file.stat().st_mode & 0o777 == 0o666
    assert file.read_text() == ""


def test_a_folder_that_is_not_there_is_an_input_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(folder / "none"))
    with pytest.raises(InputError, match="cannot lock b") as caught, board_lock("b"):
        raise AssertionError
    assert FOLDER_VARIABLE in caught.value.hint


def test_a_link_in_place_of_the_lock_file_is_not_followed(folder: Path) -> None:
    with board_lock("b"):
        (file,) = folder.glob("*.lock")
    file.unlink()
    precious = folder / "precious"
    precious.write_text("data")
    file.symlink_to(precious)
    with pytest.raises(InputError, match="cannot lock b"), board_lock("b"):
        raise AssertionError
    assert precious.read_text() == "data"


def test_all_names_of_a_port_are_one_board(tmp_path: Path) -> None:
    (tmp_path / "ttyACM0").touch()
    (tmp_path / "by-id").symlink_to(tmp_path / "ttyACM0")
    assert port_key(str(tmp_path / "by-id")) == port_key(str(tmp_path / "ttyACM0"))


def test_the_port_of_a_j_link_is_the_board_of_that_j_link(monkeypatch: pytest.MonkeyPatch) -> None:
    ports = [
        SimpleNamespace(device=device, vid=vid, pid=None, serial_number=number, description="")
        for device, vid, number in (
            ("/dev/ttyACM7", 0x1366, "000683123456"),
            ("/dev/ttyUSB7", 0x10C4, "0001"),
            ("/dev/ttyS7", None, None),
        )
    ]
    monkeypatch.setattr(list_ports, "comports", lambda: ports)
    assert port_key("/dev/ttyACM7") == probe_key("683123456") == "J-Link 683123456"
    # Cheap adapters all have the same number.
    assert port_key("/dev/ttyUSB7") == "/dev/ttyUSB7"
    assert port_key("/dev/ttyS7") == "/dev/ttyS7"


def test_opening_a_port_waits_for_the_process_that_has_it() -> None:
    master, slave = pty.openpty()
    port = os.ttyname(slave)
    news: list[str] = []
    with held_elsewhere(port) as other:

        def finish(_: int, __: int, text: str) -> None:
            news.append(text)
            other.kill()

        with open_board(BoardRequest(board=BoardName.VIRT, port=port), finish) as board:
            board.link.write(b"hello")
            assert os.read(master, 10) == b"hello"
    assert f"process {other.pid}" in news[0]
    os.close(master)
    os.close(slave)


def test_a_port_that_cannot_be_opened_is_not_kept_locked(tmp_path: Path) -> None:
    port = str(tmp_path / "file")
    Path(port).touch()
    with (
        pytest.raises(LinkError, match="cannot open"),
        open_board(BoardRequest(board=BoardName.VIRT, port=port)),
    ):
        raise AssertionError
    with held_elsewhere(port):
        pass


def test_the_common_folder_is_taken_if_it_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(FOLDER_VARIABLE)
    monkeypatch.setattr(lock, "_COMMON", tmp_path / "common")
    monkeypatch.setattr(lock.tempfile, "gettempdir", lambda: str(tmp_path))
    with board_lock("b"):
        assert list(tmp_path.glob("*.lock"))
    (tmp_path / "common").mkdir()
    with board_lock("b"):
        assert list((tmp_path / "common").glob("*.lock"))
