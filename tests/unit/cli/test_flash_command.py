"""``ectopy flash``, ``reset`` and ``ports`` with a JLinkExe of our own."""

import json
from pathlib import Path

import pytest
from serial.tools import list_ports

from ectopy import console
from ectopy.cli import main
from ectopy.toolchain import RawImage
from ectopy.usecases import flash as subject
from support.fake_jlink import TWO, FakeJLink, make_jlink
from unit.boards.test_ports import FIRST, FOREIGN, SECOND, plug, plugged

DATA = b"firmware" * 100


@pytest.fixture
def jlink(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> FakeJLink:
    monkeypatch.setattr(console, "out", console.Console(width=120))
    monkeypatch.setattr(console, "err", console.Console(width=120, stderr=True))
    plug(monkeypatch, FIRST, SECOND, FOREIGN)
    return make_jlink(tmp_path, monkeypatch)


@pytest.fixture
def elf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "firmware.elf"
    path.touch()
    raw = RawImage(address=0x18000, data=DATA)
    monkeypatch.setattr(subject, "read_raw_image", lambda _: raw)
    return path


def run(*arguments: str) -> int:
    try:
        main(list(arguments))
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_flash_writes_the_image_and_says_so(
    jlink: FakeJLink, elf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("flash", "--elf", str(elf)) == 0
    assert jlink.flash.read_bytes() == DATA
    assert "wrote 800 bytes, verified, running" in capsys.readouterr().err
    assert run("flash", "--elf", str(elf)) == 0
    assert "found the same bytes in flash: 800" in capsys.readouterr().err


def test_a_failing_flash_fails_the_command(
    jlink: FakeJLink, elf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    jlink.set("program-lie")
    assert run("flash", "--elf", str(elf)) == 1
    assert "error: flashing failed: J-Link cannot write the flash" in capsys.readouterr().err


@pytest.mark.parametrize("option", [("--probe", "1160002965"), ("--port", SECOND.device)])
def test_of_two_boards_the_named_one_is_flashed(
    jlink: FakeJLink, elf: Path, option: tuple[str, str]
) -> None:
    jlink.set(probes=TWO)
    assert run("flash", "--elf", str(elf), *option) == 0
    assert jlink.calls[-1]["options"]["-SelectEmuBySN"] == "1160002965"  # type: ignore[index]


def test_of_two_boards_none_is_flashed_by_guess(
    jlink: FakeJLink, elf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    jlink.set(probes=TWO)
    assert run("flash", "--elf", str(elf)) == 2
    assert "2 J-Links are connected" in capsys.readouterr().err
    assert not jlink.flash.exists()


def test_a_jlink_that_only_its_serial_port_shows_is_a_matter_of_permissions(
    jlink: FakeJLink,
    elf: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    jlink.set(probes={})
    assert run("flash", "--elf", str(elf)) == 1
    errors = capsys.readouterr().err
    assert "sees no J-Link, though a serial port of one is there: /dev/ttyACM0" in errors
    assert "99-jlink.rules" in errors
    plug(monkeypatch, FOREIGN)
    assert run("reset") == 1
    assert "no J-Link is connected" in capsys.readouterr().err


def test_the_image_of_another_board_is_refused_before_jlink_is_asked(
    jlink: FakeJLink, elf: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(subject, "read_raw_image", lambda _: RawImage(address=0, data=DATA))
    assert run("flash", "--elf", str(elf)) == 2
    assert "begins at 0x00000000, flash of board apollo4p at 0x00018000" in capsys.readouterr().err
    assert not jlink.calls


def test_an_image_that_is_not_there_is_refused(
    jlink: FakeJLink, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("flash", "--elf", str(tmp_path / "none.elf")) == 2
    assert "no firmware image" in capsys.readouterr().err


def test_the_device_can_be_named(jlink: FakeJLink, elf: Path) -> None:
    assert run("flash", "--elf", str(elf), "--device", "AMAP42KP-KBR") == 0
    assert jlink.calls[-1]["options"]["-device"] == "AMAP42KP-KBR"  # type: ignore[index]


def test_a_board_that_is_a_process_has_nothing_to_flash_or_reset(
    jlink: FakeJLink, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in ("flash", "reset"):
        assert run(command, "--board", "virt") == 0
        assert f"nothing to {command}" in capsys.readouterr().err
    assert not jlink.calls


def test_reset_goes_through_the_jlink(jlink: FakeJLink, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("reset") == 0
    assert jlink.resets == 1
    assert "behind J-Link 1160003881 was reset and runs" in capsys.readouterr().err
    jlink.set("cannot-connect")
    assert run("reset") == 1


def test_ports_lists_ports_and_probes(jlink: FakeJLink, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("ports") == 0
    shown = capsys.readouterr().out
    for text in ("/dev/ttyACM0", "1160003881", "1366:1024", "A50285BI", "J-Link-OB-Apollo4"):
        assert text in shown


def test_ports_shows_what_devices_say_of_themselves_as_it_is(
    jlink: FakeJLink, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = plugged("/dev/ttyACM0", "[/1]")
    odd.description = "cable [/red] of mine"
    plug(monkeypatch, odd)
    jlink.set(probes={"1160003881": "J-Link [/OB]"})
    assert run("ports") == 0
    shown = capsys.readouterr().out
    assert "cable [/red] of mine" in shown and "[/1]" in shown and "J-Link [/OB]" in shown


def test_ports_as_json(jlink: FakeJLink, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("ports", "--json") == 0
    desk = json.loads(capsys.readouterr().out)
    assert [port["jlink"] for port in desk["ports"]] == [True, True, False]
    assert desk["probes"][0]["serial_number"] == "1160003881"
    assert desk["problem"] == ""


def test_ports_without_jlink_software_still_lists_ports(
    jlink: FakeJLink, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(list_ports, "comports", lambda: [FOREIGN])
    assert run("ports") == 0
    streams = capsys.readouterr()
    assert "/dev/ttyUSB0" in streams.out
    assert "J-Links are not known: JLinkExe is not installed" in streams.err
    assert run("ports", "--json") == 0
    assert json.loads(capsys.readouterr().out)["probes"] is None
