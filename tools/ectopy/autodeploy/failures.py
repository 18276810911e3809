"""What the last words of ns_autodeploy mean, and what to do about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ectopy.autodeploy.locate import PROGRAM
from ectopy.autodeploy.process import Ending, Finished, Limits
from ectopy.errors import EctopyError, LinkError, ToolError

_QUOTED_LINES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """A thing that it says when it fails.

    Attributes:
        pattern: In one line of its output.
        meaning: In our words; ``{0}`` is the first group of the pattern.
        link: Whether the board is out of reach, rather than a tool at fault.
        over: In a later line: that trouble passed, whatever came then.
    """

    pattern: re.Pattern[str]
    meaning: str
    hint: str
    link: bool = False
    over: re.Pattern[str] | None = None


# Source: the messages in tools/ns_autodeploy.py, tools/ns_utils.py and
# tools/autodeploy/validator.py of neuralSPOT 1.3.0.
SYMPTOMS = (
    Symptom(
        pattern=re.compile(r"Model Configuration Send Status = (\d+)"),
        meaning="the board refused the model (configuration status {0}): the arena is too small, "
        "because arena_used_bytes() forgets scratch buffers",
        hint="more room: --padding 16; with --zoo-settings the whole arena is 80 KB and padding 0",
    ),
    Symptom(
        pattern=re.compile(r"Make failed, return code (\d+)"),
        meaning="its make failed (return code {0}): the build, or the flash programmer",
        hint="it hides what make says: run again with --show-make and read the console file; "
        "is the board plugged in and switched on?",
    ),
    Symptom(
        pattern=re.compile(r"Couldn't find tty device on (\w+)"),
        meaning="it found no serial port for {0}",
        hint="name it with --port; UART is the J-Link's own port, USB the board's second connector",
        link=True,
    ),
    Symptom(
        pattern=re.compile(r"could not open serial port (\S+?)\.?(?:\s|$)"),
        meaning="it cannot open serial port {0}",
        hint="close other programs on that port; on Linux join the group of the port: "
        "usermod -aG dialout USER, then log in again",
        link=True,
    ),
    Symptom(
        pattern=re.compile(r"PermissionError: .*: '(/\S+)'"),
        meaning="it may not open {0}",
        hint="a serial port: on Linux join the group of the port: usermod -aG dialout USER, then "
        "log in again; a file: whose is it?",
    ),
    Symptom(
        pattern=re.compile(r"TTY (\S+) not found, retrying"),
        meaning="it waits for serial port {0}, which does not come",
        hint="ports that are there: ls /dev/tty*; leave --port out to let it search",
        link=True,
        over=re.compile(r"TTY \S+ is available"),
    ),
    Symptom(
        pattern=re.compile(r"EVB invoke returned (\d+)|EVB invoke failed"),
        meaning="the inference failed on the board",
        hint="more room for scratch buffers: --padding 16",
        link=True,
    ),
    Symptom(
        pattern=re.compile(r"RPC call failed, retrying after reset"),
        meaning="the board does not answer after flashing; its retry resets another kind of board",
        hint="press the reset button and run again; else try --transport USB or UART and --port",
        link=True,
        over=re.compile(r"Calling invoke on EVB"),
    ),
    Symptom(
        pattern=re.compile(r"No module named '?([\w.]+)"),
        meaning="its installation is incomplete: Python module {0} is missing",
        hint="run `pip install .` in the checkout again, in the environment of ns_autodeploy",
    ),
    Symptom(
        pattern=re.compile(r"unrecognized arguments: (.+)"),
        meaning="this ns_autodeploy does not know the options {0}",
        hint="ectopy speaks to the one of neuralSPOT 1.3.0: update the checkout, install it again",
    ),
    Symptom(
        pattern=re.compile(r"neuralSPOT root directory not found"),
        meaning="it does not find its own root folder",
        hint="NEURALSPOT must name the root of the checkout that it was installed from",
    ),
)

_AFTER_FLASH = re.compile(
    r"Connecting to EVB|TTY \S+ is available|Calling invoke on EVB|Calling EVB invoke|Found TTY"
)
_BUILDING = re.compile(r"Compiling and deploying")


def failure_of(finished: Finished, limits: Limits) -> EctopyError | None:
    """The error for a run that did not end well.

    Args:
        finished: How it ended.
        limits: Under which it ran.

    Returns:
        None if it ended by itself with exit code 0.
    """
    if finished.ending is not Ending.EXITED:
        return _hung(finished, limits)
    if finished.exit_code == 0:
        return None
    code = finished.exit_code or 0
    how = f"was ended by signal {-code}" if code < 0 else f"failed with exit code {code}"
    symptom = _find_symptom(finished)
    meaning = f": {symptom[1]}" if symptom else ""
    hint = symptom[0].hint if symptom else "run again with --show-make to see what make says"
    kind = LinkError if symptom and symptom[0].link else ToolError
    return kind(f"{PROGRAM} {how}{meaning}; its last words:\n{quote(finished)}", hint=hint)


def _hung(finished: Finished, limits: Limits) -> EctopyError:
    if finished.ending is Ending.SILENT:
        how = f"said nothing new for {limits.silence_s:g} s"
    else:
        how = f"was not done after {limits.timeout_s:g} s"
    symptom = _find_symptom(finished)
    if symptom is not None:
        meaning, hint, link = symptom[1], symptom[0].hint, symptom[0].link
    else:
        meaning, hint, link = _stage_of(finished)
    kind = LinkError if link else ToolError
    return kind(
        f"{PROGRAM} {how} and was ended: {meaning}; its last words:\n{quote(finished)}", hint=hint
    )


def _find_symptom(finished: Finished) -> tuple[Symptom, str] | None:
    """The first cause in the table, whatever it said afterwards; and its meaning."""
    for symptom in SYMPTOMS:
        for line in reversed(finished.last_lines):
            if symptom.over is not None and symptom.over.search(line):
                break
            match = symptom.pattern.search(line)
            if match:
                return symptom, symptom.meaning.format(*(match.groups() or ("",)))
    return None


def _stage_of(finished: Finished) -> tuple[str, str, bool]:
    """Where it hung: meaning, hint, and whether the board is out of reach."""
    for line in reversed(finished.last_lines):
        if _AFTER_FLASH.search(line):
            return (
                "the board does not answer since it was flashed (it waits for the answer for ever)",
                "press the reset button and run again; else try the other --transport, and --port",
                True,
            )
        if _BUILDING.search(line):
            return (
                "it was building or flashing, which it does in silence",
                "the first build compiles the whole SDK: allow more with --silence, "
                "or watch it with --show-make",
                False,
            )
    if not finished.last_lines:
        return (
            "it may search its root folder without end, as it does outside of a checkout",
            "NEURALSPOT must name the root of the checkout that it was installed from",
            False,
        )
    return "it is not known at what", "run again with --show-make to see what make says", False


def no_stats(finished: Finished, stats: Path) -> EctopyError:
    """The error for a run that claims success and left no statistics."""
    return ToolError(
        f"{PROGRAM} ended with exit code 0 but wrote no {stats.name}; its last words:\n"
        f"{quote(finished)}",
        hint="run again with --show-make; its profile stage is what writes the file",
    )


def quote(finished: Finished) -> str:
    """The end of what it printed, indented."""
    lines = finished.last_lines[-_QUOTED_LINES:] or ("(nothing)",)
    return "\n".join(f"  {line[:200]}" for line in lines)
