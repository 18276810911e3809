import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ectopy.boards import jlink as subject
from ectopy.boards.jlink import JLink, Probe, choose_probe, jlink_from_environment
from ectopy.errors import EctopyError, InputError, LinkError, ToolError
from support.fake_jlink import ONE, TWO, FakeJLink, make_jlink
from unit.boards.test_process import is_alive

PROBE = Probe(serial_number="1160003881", product="J-Link-OB-Apollo4-CortexM")
OTHER = Probe(serial_number="1160002965", product="J-Link-OB-Apollo4-CortexM")
IMAGE = bytes(range(256)) * 8
ADDRESS = 0x18000


@pytest.fixture
def jlink(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeJLink:
    return make_jlink(tmp_path, monkeypatch)


def test_probes_are_listed_with_their_serial_numbers(jlink: FakeJLink) -> None:
    jlink.set(probes=TWO)
    assert JLink().list_probes() == (PROBE, OTHER)
    jlink.set(probes={})
    assert JLink().list_probes() == ()


def test_an_image_is_written_verified_and_started(jlink: FakeJLink) -> None:
    assert JLink().flash(PROBE, IMAGE, ADDRESS)
    assert jlink.flash.read_bytes() == IMAGE
    (call,) = jlink.calls
    assert call["commands"] == [
        "ExitOnError 1",
        "r",
        "loadbin image.bin, 0x00018000",
        "verifybin image.bin, 0x00018000",
        "r",
        "g",
        "exit",
        "",
    ]
    assert call["options"] == {
        "-nogui": "1",
        "-ExitOnError": "1",
        "-device": "AMAP42KK-KBR",
        "-if": "SWD",
        "-speed": "4000",
        "-autoconnect": "1",
        "-SelectEmuBySN": PROBE.serial_number,
        "-commandfile": "commands.jlink",
    }


def test_an_image_that_is_there_already_is_a_success_without_writing(jlink: FakeJLink) -> None:
    assert JLink().flash(PROBE, IMAGE, ADDRESS)
    assert not JLink().flash(PROBE, IMAGE, ADDRESS)
    assert JLink().flash(PROBE, IMAGE[1:], ADDRESS)


def test_a_second_attempt_of_jlink_to_connect_is_no_failure(jlink: FakeJLink) -> None:
    jlink.set("second-try")
    assert JLink().flash(PROBE, IMAGE, ADDRESS)


@pytest.mark.parametrize(
    ("how", "kind", "words"),
    [
        ("dll", ToolError, "cannot load its own library"),
        ("held", LinkError, "cannot open the J-Link.*Cannot connect to J-Link"),
        ("dead", LinkError, r"no power \(VTref 0.000 V\)"),
        ("low", LinkError, "no power.*voltage too low"),
        ("cannot-connect", LinkError, "cannot connect to the chip.*Cannot connect to target"),
        ("connect-lie", LinkError, "cannot connect to the chip"),
        ("locked", LinkError, "locked against debugging"),
        ("unknown-device", ToolError, "does not know the chip.*AMAP42KK-KBR"),
        ("program-fails", ToolError, "cannot write the flash.*Programming failed @"),
        ("program-lie", ToolError, "cannot write the flash"),
        ("verify-fails", ToolError, "does not hold what was written.*0x00018004"),
        ("verify-lie", ToolError, "does not hold what was written"),
        ("ram", ToolError, "does not say that it wrote to 0x00018000"),
        ("cut", ToolError, "does not say that it wrote"),
        ("mute", ToolError, "does not say that it found the J-Link"),
        ("exit-1", ToolError, "exit code 1.*Script processing completed"),
    ],
)
def test_a_failing_flash_is_one_error_with_its_cause_and_a_hint(
    jlink: FakeJLink, how: str, kind: type[EctopyError], words: str
) -> None:
    jlink.set(how)
    with pytest.raises(kind, match=words) as caught:
        JLink().flash(PROBE, IMAGE, ADDRESS)
    assert caught.value.hint
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("how", ["held", "dead", "connect-lie", "locked", "mute", "exit-1"])
def test_a_failing_reset_is_an_error(jlink: FakeJLink, how: str) -> None:
    jlink.set(how)
    with pytest.raises(EctopyError):
        JLink().reset(PROBE)


def test_a_reset_writes_nothing(jlink: FakeJLink) -> None:
    JLink().reset(PROBE)
    assert jlink.resets == 1
    assert not jlink.flash.exists()
    assert jlink.calls[0]["commands"] == ["ExitOnError 1", "r", "g", "exit", ""]


@pytest.mark.parametrize(("how", "task"), [("hang", "_FLASH_S"), ("hang-list", "_LIST_S")])
def test_a_hanging_program_is_ended_and_quoted(
    jlink: FakeJLink, monkeypatch: pytest.MonkeyPatch, how: str, task: str
) -> None:
    monkeypatch.setattr(subject, task, 0.6)
    jlink.set(how)
    began = time.monotonic()
    with pytest.raises(ToolError, match=r"did not end within 1 s; its last words") as caught:
        if how == "hang":
            JLink().flash(PROBE, IMAGE, ADDRESS)
        else:
            JLink().list_probes()
    assert "unplug" in caught.value.hint
    assert time.monotonic() - began < 10


def test_a_helper_that_stays_behind_is_ended_and_not_waited_for(
    jlink: FakeJLink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = tmp_path / "shell"
    shell.write_text(f'#!/bin/sh\nsleep 60 & echo $! > {tmp_path}/pid\nexec JLinkExe "$@"\n')
    shell.chmod(0o755)
    monkeypatch.setenv("JLINK", str(shell))
    began = time.monotonic()  # the helper holds our output open for a minute
    jlink_from_environment().reset(PROBE)
    assert time.monotonic() - began < 10
    helper = int((tmp_path / "pid").read_text())
    while is_alive(helper) and time.monotonic() - began < 10:
        time.sleep(0.02)
    assert not is_alive(helper)


def test_ctrl_c_ends_the_program(jlink: FakeJLink, tmp_path: Path) -> None:
    jlink.set("hang")
    script = (
        "from ectopy.boards.jlink import *;"
        f"JLink().reset(Probe(serial_number='{PROBE.serial_number}', product=''))"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE)
    deadline = time.monotonic() + 20
    while not jlink.calls and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert b"KeyboardInterrupt" in errors
    with pytest.raises(ProcessLookupError):
        os.kill(jlink.calls[0]["pid"], 0)  # type: ignore[arg-type]


def test_an_absent_program_is_a_tool_error_with_a_hint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match="JLinkExe is not installed") as caught:
        JLink().list_probes()
    assert "JLINK=" in caught.value.hint
    (tmp_path / "JLinkExe").write_bytes(b"\x7fELF nonsense")
    (tmp_path / "JLinkExe").chmod(0o755)
    with pytest.raises(ToolError, match="cannot be started"):
        JLink().list_probes()


def test_a_full_disk_is_a_tool_error(
    jlink: FakeJLink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    with pytest.raises(ToolError, match="No such file") as caught:
        JLink().reset(PROBE)
    assert "TMPDIR" in caught.value.hint


def test_words_that_the_disk_does_not_take_are_not_taken_for_no_jlink(jlink: FakeJLink) -> None:
    jlink.set("no-words")
    with pytest.raises(ToolError, match="J-Links failed: JLinkExe said nothing") as caught:
        JLink().list_probes()
    assert "TMPDIR" in caught.value.hint


def test_program_and_device_are_set_by_environment(
    jlink: FakeJLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = jlink.folder / "OtherJLink"
    os.link(jlink.folder / "JLinkExe", other)
    monkeypatch.setenv("JLINK", str(other))
    monkeypatch.setenv("JLINK_DEVICE", "AMAP42KP-KBR")
    monkeypatch.setenv("PATH", "/nowhere")
    jlink_from_environment().reset(PROBE)
    assert jlink.calls[0]["options"]["-device"] == "AMAP42KP-KBR"  # type: ignore[index]
    assert jlink_from_environment("MY-CHIP").device == "MY-CHIP"
    with pytest.raises(InputError, match="no device of J-Link"):
        jlink_from_environment("a chip\nerase")


def test_the_only_probe_is_chosen_and_of_several_the_one_that_is_named() -> None:
    assert choose_probe([PROBE], None) == PROBE
    assert choose_probe([PROBE, OTHER], OTHER.serial_number) == OTHER
    assert choose_probe([PROBE, OTHER], "00" + OTHER.serial_number) == OTHER


def test_no_probe_several_probes_and_a_wrong_one_are_told_apart() -> None:
    with pytest.raises(LinkError, match="no J-Link is connected") as none:
        choose_probe([], None)
    assert "99-jlink.rules" in none.value.hint
    with pytest.raises(InputError, match=r"2 J-Links.*1160003881.*1160002965") as two:
        choose_probe([PROBE, OTHER], None)
    assert "PROBE=" in two.value.hint
    with pytest.raises(LinkError, match=r"serial number 99 .*1160003881"):
        choose_probe([PROBE], "99")
    assert set(ONE) == {PROBE.serial_number}
