"""A JLinkExe for tests: a program on PATH that prints what the real one prints.

The transcripts follow J-Link Commander 7.9x. The probe list, the line about the flash bank and its
"Skipped" form are as captured by others from an Apollo4 Plus EVB; the rest is assembled from public
transcripts of other boards.
"""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ONE = {"1160003881": "J-Link-OB-Apollo4-CortexM"}
TWO = {**ONE, "1160002965": "J-Link-OB-Apollo4-CortexM"}

SCRIPT = r"""
import json, os, shutil, sys, time
from pathlib import Path

here = Path(__file__).resolve().parent
setting = json.loads((here / "setting.json").read_text())
how, probes = setting["how"], setting["probes"]
options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
commands = Path(options["-commandfile"]).read_text().split("\n")
with (here / "calls.jsonl").open("a") as log:
    log.write(json.dumps({"pid": os.getpid(), "options": options, "commands": commands}) + "\n")


def say(text):
    print(text, flush=True)


if how == "no-words":
    sys.exit(0)
say("SEGGER J-Link Commander V7.98h (Compiled Sep 11 2024 14:26:16)")
say("DLL version V7.98h, compiled Sep 11 2024 14:25:50\n\n")
if how == "dll":
    say("Connecting to J-Link via USB...FAILED: Failed to open DLL")
    sys.exit(1)
say("J-Link Command File read successfully.\nProcessing script file...")
if "ShowEmuList USB" in commands:
    if how == "hang-list":
        time.sleep(60)
    say("J-Link>ShowEmuList USB")
    for at, (number, product) in enumerate(probes.items()):
        say(f"J-Link[{at}]: Connection: USB, Serial number: {number}, ProductName: {product}, "
            "Nickname: <not set>")
    say("J-Link>exit\n\nScript processing completed.")
    sys.exit(0)
if how == "mute":
    sys.exit(0)
if how == "held":
    say("J-Link connection not established yet but required for command.")
    say("Connecting to J-Link via USB...FAILED: Cannot connect to J-Link.")
    sys.exit(1)
say("Connecting to J-Link via USB...O.K.")
say("Firmware: J-Link OB-Apollo4-CortexM compiled Mar 15 2024 10:01:02")
say(f"S/N: {options['-SelectEmuBySN']}")
say({"dead": "VTref=0.000V", "low": "VTref=0.530V"}.get(how, "VTref=1.806V"))
if how == "hang":
    time.sleep(60)
if how == "unknown-device":
    say(f'The selected device "{options["-device"]}" is unknown to this version.')
    sys.exit(1)
say(f'Device "{options["-device"]}" selected.\n\n\nConnecting to target via SWD')
if how == "low":
    say("Target voltage too low. Please check the target connection.")
    say("Error occurred: Could not connect to the target device.")
    sys.exit(1)
if how in ("dead", "cannot-connect", "connect-lie"):
    say("Cannot connect to target.")
    sys.exit(0 if how == "connect-lie" else 1)
if how == "locked":
    say("The target device is locked. Debug access is not possible.")
    sys.exit(1)
if how == "second-try":
    say("Failed to attach to CPU. Trying connect under reset.")
say("Found SW-DP with ID 0x2BA01477\nCortex-M4 identified.")
load = [line for line in commands if line.startswith("loadbin ")]
if load:
    name, address = load[0].removeprefix("loadbin ").split(", ")
    say(f"J-Link>{load[0]}\nDownloading file [{name}]...")
    image = Path(name).read_bytes()
    bank = f"J-Link: Flash download: Bank 0 @ {address}: "
    if how == "ram":
        say("O.K.")
        sys.exit(0)
    if how in ("program-fails", "program-lie"):
        say("****** Error: Programming failed @ address 0x00018000 (program error)")
        say("Writing target memory failed.")
        sys.exit(0 if how == "program-lie" else 1)
    flash = here / "flash.bin"
    same = how == "same" or flash.is_file() and flash.read_bytes() == image
    did = f"1 range affected ({len(image)} bytes)"
    say(bank + ("Skipped. Contents already match" if same else did))
    if how == "cut":
        sys.exit(0)
    say("O.K.")
    if how in ("verify-fails", "verify-lie"):
        say("Verify failed @ address 0x00018004.\nExpected 12 read 34")
        sys.exit(0 if how == "verify-lie" else 1)
    flash.write_bytes(image)
    say(f"Reading {len(image)} bytes data from target memory @ 0x00018000.\nVerify successful.")
say("J-Link>r\nReset: Reset device via AIRCR.SYSRESETREQ.\nJ-Link>g")
(here / "resets").open("a").write("r")
say("J-Link>exit\n\nScript processing completed.")
sys.exit(1 if how == "exit-1" else 0)
"""


@dataclass
class FakeJLink:
    """The program's folder, and what it was asked to do."""

    folder: Path

    def set(self, how: str = "ok", probes: dict[str, str] = ONE) -> None:
        """What it does from now on; ``SCRIPT`` has the names."""
        setting = {"how": how, "probes": probes}
        (self.folder / "setting.json").write_text(json.dumps(setting))

    @property
    def calls(self) -> list[dict[str, object]]:
        """Options and command lines of each start, oldest first."""
        log = self.folder / "calls.jsonl"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    @property
    def flash(self) -> Path:
        """What was written last, if anything."""
        return self.folder / "flash.bin"

    @property
    def resets(self) -> int:
        log = self.folder / "resets"
        return len(log.read_text()) if log.exists() else 0


def make_jlink(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeJLink:
    """Puts a JLinkExe in front of PATH, which finds one probe and does all that it is told."""
    folder = tmp_path / "jlink"
    folder.mkdir()
    program = folder / "JLinkExe"
    program.write_text(f"#!{sys.executable} -SE\n{SCRIPT}")
    program.chmod(0o755)
    for variable in ("JLINK", "JLINK_DEVICE", "PROBE", "BAUD"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    fake = FakeJLink(folder=folder)
    fake.set()
    return fake
