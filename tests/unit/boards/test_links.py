import os
import pty
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ectopy.boards import BoardRequest, choose_link, open_board
from ectopy.boards.links import PipeLink, SerialLink
from ectopy.errors import InputError, LinkError
from ectopy.protocol import Session, Timing
from ectopy.vocab import BoardName, LinkKind

HASTY = Timing(boot_s=0.1, boot_attempts=3, reply_s=0.1, attempts=3)


@contextmanager
def port_with(device: Callable[[int], None]) -> Iterator[str]:
    """A pseudo terminal whose other side ``device`` plays with the master's descriptor."""
    master, slave = pty.openpty()
    tty.setraw(master)
    thread = threading.Thread(target=device, args=(master,), daemon=True)
    thread.start()
    yield os.ttyname(slave)
    os.close(slave)
    thread.join(2)


def answer_with(data: bytes) -> Callable[[int], None]:
    def device(master: int) -> None:
        try:
            while os.read(master, 100):
                os.write(master, data)
        except OSError:
            pass

    return device


def open_port(port: str) -> BoardRequest:
    return BoardRequest(board=BoardName.VIRT, port=port)


def test_a_silent_port_is_named_silent_in_bounded_time() -> None:
    began = time.monotonic()
    with (
        port_with(lambda master: None) as port,
        open_board(open_port(port)) as board,
        pytest.raises(LinkError, match="silent") as caught,
    ):
        Session(board.link, HASTY).hello()
    assert caught.value.hint
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    "noise", [b"\xff\x00\xa5", b"ets Jun  8 2016\r\n", b"\0" * 50], ids=["baud", "text", "break"]
)
def test_a_noisy_port_is_named_noisy_in_bounded_time(noise: bytes) -> None:
    began = time.monotonic()
    with (
        port_with(answer_with(noise)) as port,
        open_board(open_port(port)) as board,
        pytest.raises(LinkError, match="none a valid frame") as caught,
    ):
        Session(board.link, HASTY).hello()
    assert caught.value.hint
    assert time.monotonic() - began < 3


def test_an_echo_is_not_taken_for_a_device() -> None:
    def echo(master: int) -> None:
        try:
            while data := os.read(master, 100):
                os.write(master, data)
        except OSError:
            pass

    with (
        port_with(echo) as port,
        open_board(open_port(port)) as board,
        pytest.raises(LinkError, match="without an answer"),
    ):
        Session(board.link, HASTY).hello()


def test_a_port_that_vanishes_is_a_link_error() -> None:
    def vanish(master: int) -> None:
        os.read(master, 100)
        os.close(master)

    with (
        port_with(vanish) as port,
        open_board(open_port(port)) as board,
        pytest.raises(LinkError, match="went away"),
    ):
        Session(board.link, HASTY).hello()


def test_a_busy_port_is_named_busy() -> None:
    with port_with(lambda master: None) as port, open_board(open_port(port)):
        with pytest.raises(LinkError, match="busy") as caught:
            SerialLink(port)
        assert caught.value.hint


def test_a_missing_port_a_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LinkError, match="no serial port"):
        SerialLink(str(tmp_path / "ttyNone"))
    (tmp_path / "file").touch()
    (tmp_path / "lock").mkdir()  # a name that is part of the message, and means nothing
    for name in ("file", "lock"):
        with pytest.raises(LinkError, match=r"^cannot open ") as caught:
            SerialLink(str(tmp_path / name))
        assert "PORT=" in caught.value.hint


def test_a_port_that_takes_nothing_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ectopy.boards.links._WRITE_TIMEOUT_S", 0.2)
    with (
        port_with(lambda master: time.sleep(1)) as port,
        open_board(open_port(port)) as board,
        pytest.raises(LinkError, match="taken no bytes"),
    ):
        board.link.write(b"x" * 100_000)
    read_fd, write_fd = os.pipe()
    link = PipeLink(LinkKind.PIPE, read_fd, write_fd, lambda: LinkError("gone"))
    with pytest.raises(LinkError, match="taken no bytes"):
        link.write(b"x" * 1_000_000)
    link.close()
    link.close()


def test_closed_pipes_tell_the_obituary() -> None:
    from_board, board_out = os.pipe()
    board_in, to_board = os.pipe()
    link = PipeLink(LinkKind.FAST, from_board, to_board, lambda: LinkError("gone"))
    assert link.read(10, 0.01) == b""
    os.write(board_out, b"abc")
    assert link.read(2, 1) == b"ab"
    os.close(board_out)
    os.close(board_in)
    assert link.read(10, 1) == b"c"
    with pytest.raises(LinkError, match="gone"):
        link.read(10, 1)
    with pytest.raises(LinkError, match="gone"):
        link.write(b"x")
    link.close()


def test_auto_is_the_real_serial_path_for_short_runs_only() -> None:
    assert choose_link(BoardName.VIRT, LinkKind.AUTO, 1000) is LinkKind.UART
    assert choose_link(BoardName.VIRT, LinkKind.AUTO, 49_175) is LinkKind.FAST
    assert choose_link(BoardName.HOST, LinkKind.AUTO, 49_175) is LinkKind.PIPE
    with pytest.raises(InputError, match="no link fast"):
        choose_link(BoardName.HOST, LinkKind.FAST, 1)


def test_a_missing_image_is_an_input_error(tmp_path: Path) -> None:
    for elf in (None, tmp_path / "none.elf"):
        with (
            pytest.raises(InputError, match="no firmware image"),
            open_board(BoardRequest(board=BoardName.VIRT, elf=elf)),
        ):
            pass
