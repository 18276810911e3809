"""Probes, flashing and reset through SEGGER's JLinkExe.

It ends with exit code 0 after many failures, and prints words such as "error" on its way to a
success. So both must be right: the exit code, and its own words about probe, target and flash.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ectopy.boards.jlink_words import connected, failure_in, flashed_at, last_lines
from ectopy.boards.ports import plain_serial
from ectopy.errors import InputError, LinkError, ToolError

PROGRAM_VARIABLE = "JLINK"
DEVICE_VARIABLE = "JLINK_DEVICE"
DEFAULT_PROGRAM = "JLinkExe"
DEFAULT_DEVICE = "AMAP42KK-KBR"

_LIST_S, _RESET_S, _FLASH_S, _GRACE_S = 20.0, 30.0, 120.0, 2.0
_IMAGE = "image.bin"
_COMMANDS = "commands.jlink"
_PROBE = re.compile(r"J-Link\[\d+\]: .*?Serial number: (\d+), ProductName: ([^,\r\n]+)")
_BY_HAND = "run JLinkExe by hand to see more"
_INSTALL = (
    "install SEGGER's J-Link Software Pack (segger.com) so that JLinkExe is in PATH, or name it: "
    "JLINK=/path/to/JLinkExe"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A J-Link on USB.

    Attributes:
        serial_number: Decimal digits without padding.
        product: Such as ``J-Link-OB-Apollo4-CortexM``.
    """

    serial_number: str
    product: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """What JLinkExe is to do.

    Attributes:
        task: In words.
        image: Lies beside the command file, under the name of :data:`_IMAGE`.
    """

    task: str
    commands: tuple[str, ...]
    timeout_s: float
    image: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JLink:
    """How JLinkExe is run.

    Attributes:
        device: Name by which SEGGER knows the chip.
        speed_khz: Of SWD.
    """

    program: str = DEFAULT_PROGRAM
    device: str = DEFAULT_DEVICE
    speed_khz: int = 4000

    def list_probes(self) -> tuple[Probe, ...]:
        """The J-Links on USB.

        Raises:
            ToolError: JLinkExe is absent, hangs or fails.
        """
        said = self._run(
            _Job(task="looking for J-Links", commands=("ShowEmuList USB",), timeout_s=_LIST_S)
        )
        return tuple(
            Probe(serial_number=plain_serial(number), product=product.strip())
            for number, product in _PROBE.findall(said)
        )

    def flash(self, probe: Probe, image: bytes, address: int) -> bool:
        """Writes an image, reads it back, resets and starts it.

        Args:
            probe: Through which J-Link.
            image: Raw bytes from ``address`` on.
            address: Where flash takes them.

        Returns:
            Whether anything was written: J-Link skips what is there already.

        Raises:
            ToolError: JLinkExe is absent, hangs, or could not write or read back.
            LinkError: No such probe, or no target behind it.
        """
        where = f"{_IMAGE}, 0x{address:08X}"
        said = self._run_on(
            probe,
            _Job(
                task="flashing",
                commands=("r", f"loadbin {where}", f"verifybin {where}", "r", "g"),
                timeout_s=_FLASH_S,
                image=image,
            ),
        )
        written = flashed_at(said, address)
        if written is None:
            raise ToolError(
                f"flashing failed: JLinkExe does not say that it wrote to 0x{address:08X}; "
                f"{last_lines(said)}",
                hint=f"is {self.device} the right device? {DEVICE_VARIABLE}= names another",
            )
        return written

    def reset(self, probe: Probe) -> None:
        """Resets the chip and lets it run.

        Raises:
            ToolError: JLinkExe is absent, hangs or fails.
            LinkError: No such probe, or no target behind it.
        """
        job = _Job(task="resetting the board", commands=("r", "g"), timeout_s=_RESET_S)
        self._run_on(probe, job)

    def _run_on(self, probe: Probe, job: _Job) -> str:
        options = (
            *("-ExitOnError", "1", "-device", self.device, "-if", "SWD"),
            *("-speed", str(self.speed_khz), "-autoconnect", "1"),
            *("-SelectEmuBySN", probe.serial_number),
        )
        said = self._run(job, options)
        if not connected(said):
            raise ToolError(
                f"{job.task} failed: JLinkExe does not say that it found the J-Link; "
                f"{last_lines(said)}",
                hint=_BY_HAND,
            )
        return said

    def _run(self, job: _Job, options: Sequence[str] = ()) -> str:
        """What JLinkExe printed, when it ended well."""
        program = shutil.which(self.program)
        if program is None:
            raise ToolError(
                f"{self.program} is not installed; boards are flashed and reset by it",
                hint=_INSTALL,
            )
        # In a folder of its own, so that the command file names no path: blanks would part it.
        command = (program, "-nogui", "1", *options, "-commandfile", _COMMANDS)
        try:
            with tempfile.TemporaryDirectory(prefix="ectopy-jlink-") as name:
                lines = ("ExitOnError 1", *job.commands, "exit", "")
                Path(name, _COMMANDS).write_text("\n".join(lines))
                if job.image is not None:
                    Path(name, _IMAGE).write_bytes(job.image)
                code, said = _finish(command, Path(name), job)
        except OSError as error:
            raise ToolError(
                f"{job.task} failed: JLinkExe cannot be started: {error}",
                hint="is it made for this computer, and is there room in $TMPDIR?",
            ) from error
        if not said.strip():
            # Not even its name and version: to be told from a J-Link that is not there.
            raise ToolError(
                f"{job.task} failed: JLinkExe said nothing and ended with exit code {code}",
                hint=f"is there room in {tempfile.gettempdir()} ($TMPDIR)? {_BY_HAND}",
            )
        failure = failure_in(said, job.task, ended_badly=code != 0)
        if failure is not None:
            raise failure
        if code:
            raise ToolError(
                f"{job.task} failed: JLinkExe ended with exit code {code}; {last_lines(said)}",
                hint=_BY_HAND,
            )
        return said


def _finish(command: Sequence[str], folder: Path, job: _Job) -> tuple[int, str]:
    """Runs to the end and gives exit code and words, or raises after the job's time.

    The words go to a file: a helper that JLinkExe leaves behind may keep a pipe open.
    """
    with (folder / "said.txt").open("w+b") as out:
        popen = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=folder,
            start_new_session=True,
        )
        try:
            code: int | None = popen.wait(job.timeout_s)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            _end(popen)
        out.seek(0)
        said = out.read().decode(errors="replace")
    if code is not None:
        return code, said
    # A J-Link in trouble may say so and then wait for somebody to press a key.
    raise failure_in(said, job.task, ended_badly=True) or ToolError(
        f"{job.task} failed: JLinkExe did not end within {job.timeout_s:.0f} s; {last_lines(said)}",
        hint="unplug the board and plug it in again; close a debugger that holds the J-Link",
    )


def _end(popen: subprocess.Popen[bytes]) -> None:
    """Ends the process and its helpers, by force if they do not hear."""
    for way in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(popen.pid, way)
        with suppress(subprocess.TimeoutExpired):
            popen.wait(_GRACE_S)
            return


def jlink_from_environment(device: str | None = None) -> JLink:
    """JLinkExe and chip as $JLINK and $JLINK_DEVICE name them.

    Args:
        device: Goes before the variable.

    Raises:
        InputError: A name that a command line of JLinkExe cannot hold.
    """
    chip = device or os.environ.get(DEVICE_VARIABLE) or DEFAULT_DEVICE
    if not re.fullmatch(r"[\w-]+", chip):
        raise InputError(f"{chip!r} is no device of J-Link", hint=f"such as {DEFAULT_DEVICE}")
    return JLink(program=os.environ.get(PROGRAM_VARIABLE) or DEFAULT_PROGRAM, device=chip)


def choose_probe(probes: Sequence[Probe], wanted: str | None) -> Probe:
    """The J-Link to use.

    Args:
        probes: All there are.
        wanted: Serial number, padded or not; None if there is only one.

    Raises:
        LinkError: There is none, or not that one.
        InputError: There are several, and nothing says which.
    """
    shown = ", ".join(f"{probe.serial_number} ({probe.product})" for probe in probes)
    if not probes:
        raise LinkError(
            "no J-Link is connected",
            hint="plug the cable into the EVB's J-Link USB connector; on Linux J-Link's package "
            "brings the rules that let you open it (99-jlink.rules): plug in again afterwards",
        )
    if wanted is None and len(probes) > 1:
        raise InputError(
            f"{len(probes)} J-Links are connected: {shown}",
            hint="choose one by its serial number: PROBE= or --probe",
        )
    for probe in probes:
        if wanted is None or probe.serial_number == plain_serial(wanted):
            return probe
    raise LinkError(
        f"no J-Link with serial number {wanted} is connected; there are: {shown}",
        hint="check PROBE= or --probe; `ectopy ports` lists what is there",
    )
