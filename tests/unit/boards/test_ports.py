import errno
from pathlib import Path
from types import SimpleNamespace

import pytest
import serial
from serial.tools import list_ports

from ectopy.boards import BoardRequest, open_board
from ectopy.boards.cable import find_cable
from ectopy.boards.ports import choose_port, list_serial_ports, plain_serial, probe_behind
from ectopy.errors import InputError, LinkError
from ectopy.protocol import Session
from ectopy.vocab import BoardName
from unit.boards.test_links import HASTY, answer_with, port_with


def plugged(device: str, serial_number: str | None, vid: int | None = 0x1366) -> SimpleNamespace:
    """As pyserial describes a port."""
    return SimpleNamespace(
        device=device,
        description="J-Link - CDC",
        vid=vid,
        pid=None if vid is None else 0x1024,
        serial_number=serial_number,
    )


FIRST = plugged("/dev/ttyACM0", "001160003881")
SECOND = plugged("/dev/ttyACM1", "001160002965")
FOREIGN = plugged("/dev/ttyUSB0", "A50285BI", 0x0403)
BUILT_IN = plugged("/dev/ttyS0", None, None)


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("PROBE", "BAUD"):
        monkeypatch.delenv(variable, raising=False)


def plug(monkeypatch: pytest.MonkeyPatch, *ports: SimpleNamespace) -> None:
    monkeypatch.setattr(list_ports, "comports", lambda: list(ports))


def test_the_port_of_the_only_jlink_is_found_among_others(monkeypatch: pytest.MonkeyPatch) -> None:
    plug(monkeypatch, FOREIGN, FIRST, BUILT_IN)
    assert find_cable(None, None).port == "/dev/ttyACM0"
    assert [port.device for port in list_serial_ports()] == [
        "/dev/ttyACM0",
        "/dev/ttyS0",
        "/dev/ttyUSB0",
    ]


def test_a_probe_tells_its_port_and_a_port_its_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    plug(monkeypatch, FIRST, SECOND)
    for probe in ("1160002965", "001160002965"):
        assert choose_port(probe, list_serial_ports()) == "/dev/ttyACM1"
    assert probe_behind("/dev/ttyACM0", list_serial_ports()) == "1160003881"
    assert probe_behind("/dev/ttyUSB7", list_serial_ports()) is None
    cable = find_cable("/dev/ttyACM1", None)
    assert (cable.probe, cable.baud) == ("1160002965", 921_600)


def test_a_link_to_a_port_tells_its_probe_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ttyACM9").touch()
    (tmp_path / "by-id").symlink_to(tmp_path / "ttyACM9")
    plug(monkeypatch, plugged(str(tmp_path / "ttyACM9"), "0042"))
    assert probe_behind(str(tmp_path / "by-id"), list_serial_ports()) == "42"


def test_a_port_and_a_probe_of_two_boards_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    plug(monkeypatch, FIRST, SECOND)
    assert find_cable("/dev/ttyACM0", "001160003881").port == "/dev/ttyACM0"
    with pytest.raises(InputError, match="belongs to J-Link 1160003881, not to 1160002965"):
        find_cable("/dev/ttyACM0", "1160002965")


def test_two_boards_without_a_choice_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    plug(monkeypatch, FIRST, SECOND, FOREIGN)
    with pytest.raises(InputError, match=r"ttyACM0 .*1160003881.*ttyACM1 .*1160002965") as caught:
        find_cable(None, None)
    assert "PORT=" in caught.value.hint and "PROBE=" in caught.value.hint
    assert "ttyUSB0" not in caught.value.message


def test_the_environment_chooses_probe_and_baud(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plug(monkeypatch, FIRST, SECOND)
    monkeypatch.setenv("PROBE", "1160002965")
    monkeypatch.setenv("BAUD", "115200")
    cable = find_cable(None, None)
    assert (cable.port, cable.baud) == ("/dev/ttyACM1", 115_200)
    assert find_cable(None, "1160003881").port == "/dev/ttyACM0"
    monkeypatch.setenv("PROBE", "")  # as make exports a variable that is not set
    monkeypatch.setenv("BAUD", "")
    assert find_cable("/dev/x", None).baud == 921_600


@pytest.mark.parametrize("baud", ["fast", "0", "-9600", "99999999999", "1e6", "²"])
def test_a_baud_rate_that_is_none_is_refused(baud: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAUD", baud)
    with pytest.raises(InputError, match="no baud rate"):
        find_cable("/dev/x", None)


def test_no_board_is_an_error_that_says_where_the_cable_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plug(monkeypatch)
    with pytest.raises(LinkError, match=r"no serial port of a J-Link is there$") as caught:
        find_cable(None, None)
    assert "J-Link USB connector" in caught.value.hint
    plug(monkeypatch, FOREIGN)
    with pytest.raises(LinkError, match="others are there: /dev/ttyUSB0"):
        find_cable(None, None)


def test_a_probe_without_a_port_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    plug(monkeypatch, FIRST)
    with pytest.raises(LinkError, match="belongs to a J-Link 42; there are: /dev/ttyACM0"):
        find_cable(None, "42")


def test_the_apollo4_is_opened_by_discovery_at_its_baud_rate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with port_with(lambda master: None) as port:
        plug(monkeypatch, plugged(port, "0042"))
        with open_board(BoardRequest(board=BoardName.APOLLO4P)) as board:
            assert board.link.name == f"{port} at 921600 baud"
        monkeypatch.setenv("BAUD", "115200")
        with open_board(BoardRequest(board=BoardName.APOLLO4P)) as board:
            assert board.link.name == f"{port} at 115200 baud"
        monkeypatch.delenv("BAUD")
        with open_board(BoardRequest(board=BoardName.VIRT, port=port)) as board:
            assert board.link.name == f"{port} at 115200 baud"


def test_a_stale_port_is_an_error_that_leads_to_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    plug(monkeypatch, FIRST)
    request = BoardRequest(board=BoardName.APOLLO4P, port="/dev/ttyACM99")
    with (
        pytest.raises(LinkError, match="no serial port /dev/ttyACM99") as caught,
        open_board(request),
    ):
        pass
    assert "ectopy ports" in caught.value.hint


def test_a_forbidden_port_leads_to_its_group(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise serial.SerialException(errno.EACCES, "Permission denied")

    plug(monkeypatch, FIRST)
    monkeypatch.setattr(serial, "Serial", forbidden)
    with (
        pytest.raises(LinkError, match="no permission to open /dev/ttyACM0") as caught,
        open_board(BoardRequest(board=BoardName.APOLLO4P)),
    ):
        pass
    assert "dialout" in caught.value.hint


@pytest.mark.parametrize("answer", [b"", b"\xff\xfe\x00\x9c"], ids=["silence", "noise"])
def test_at_a_wrong_baud_rate_the_error_suspects_it(
    answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The board gets noise and keeps quiet; what it says itself would be noise here.
    with port_with(answer_with(answer)) as port:
        plug(monkeypatch, plugged(port, "0042"))
        monkeypatch.setenv("BAUD", "115200")
        with (
            open_board(BoardRequest(board=BoardName.APOLLO4P)) as board,
            pytest.raises(LinkError, match=f"bytes on {port} at 115200 baud") as caught,
        ):
            Session(board.link, HASTY).hello()
    assert "BAUD=" in caught.value.hint


def test_serial_numbers_are_compared_without_their_padding() -> None:
    assert plain_serial(" 001160003881") == "1160003881"
    assert plain_serial("") == ""
