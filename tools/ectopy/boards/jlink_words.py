"""What JLinkExe's words mean.

Source: transcripts of J-Link Commander 6.4 to 8.4 in public issues and forums. None was made with
a board of ours; failures in words that are not known here still show by the exit code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ectopy.errors import EctopyError, LinkError, ToolError

_LAST_LINES = 4
_LONGEST = 300
_LOW_V = 1.0
"""The EVB's pins run at 1.8 V or more."""

_VTREF = re.compile(r"VTref\s*=\s*([\d.]+)\s*V")
_NO_POWER = "the board has no power"
_POWER_HINT = "is the board switched on, and are its power jumpers set?"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sign:
    """Words and what they mean.

    Attributes:
        decisive: It is a failure even if JLinkExe ends as if nothing had happened. Others are
            also said on the way to a success, and only explain a failure.
    """

    pattern: str
    error: type[EctopyError]
    what: str
    hint: str
    decisive: bool = True


_CANNOT_CONNECT = "J-Link cannot connect to the chip"
_TARGET_HINT = (
    "press the board's reset button and run again; close a debugger that holds the chip; "
    "JLINK_DEVICE= must name this chip"
)
_WRITE_HINT = (
    "power the board off and on and run again; if it stays, JLINK_DEVICE= may name another chip"
)

_SIGNS = (
    _Sign(
        pattern=r"Failed to open DLL",
        error=ToolError,
        what="JLinkExe cannot load its own library",
        hint="install the J-Link Software Pack again",
    ),
    _Sign(
        pattern=r"Cannot connect to (the )?J-Link|Connecting to J-Link.*FAILED",
        error=LinkError,
        what="JLinkExe cannot open the J-Link",
        hint="close what holds it (debugger, OpenOCD, a run that hangs), check the permissions of "
        "USB devices, unplug the board and plug it in again",
    ),
    _Sign(
        pattern=r"voltage (is )?too low",
        error=LinkError,
        what=_NO_POWER,
        hint=_POWER_HINT,
    ),
    _Sign(
        pattern=r"(device|chip|target|debug port) is (locked|secured|read.?protected)"
        r"|[Uu]nlock\w* .*failed",
        error=LinkError,
        what="the chip is locked against debugging",
        hint="unlock it with the chip vendor's tools, which erase it; J-Link alone cannot",
    ),
    _Sign(
        pattern=r"[Dd]evice \S+ (is )?(unknown|not (known|supported))|[Uu]nknown device",
        error=ToolError,
        what="this version of JLinkExe does not know the chip",
        hint="update the J-Link Software Pack, or name another device: JLINK_DEVICE=AMAP42KP-KBR",
    ),
    _Sign(
        pattern=r"Cannot connect to target|Could not connect to (the )?target",
        error=LinkError,
        what=_CANNOT_CONNECT,
        hint=_TARGET_HINT,
    ),
    _Sign(
        pattern=r"(Failed to|Can not|Cannot) attach to (the )?CPU|Failed to power up DAP"
        r"|Could not find (core|supported CPU)",
        error=LinkError,
        what=_CANNOT_CONNECT,
        hint=_TARGET_HINT,
        decisive=False,
    ),
    _Sign(
        pattern=r"Verify failed|Verification .*failed",
        error=ToolError,
        what="the flash does not hold what was written",
        hint=_WRITE_HINT,
    ),
    _Sign(
        pattern=r"Writing target memory failed|Programming failed|Failed to (program|erase)"
        r"|Failed to (prepare for|download RAMCode|perform RAMCode)|Unspecified error"
        r"|Error while (programming|determining flash)",
        error=ToolError,
        what="J-Link cannot write the flash",
        hint=_WRITE_HINT,
    ),
    _Sign(
        pattern=r"Unknown command|Failed to open file|Could not open file|Syntax error",
        error=ToolError,
        what="JLinkExe did not take our commands",
        hint="its version may be too old; update the J-Link Software Pack",
    ),
)
"""The first that is found counts: a board without power also fails to connect."""


def failure_in(said: str, task: str, *, ended_badly: bool) -> EctopyError | None:
    """The failure that JLinkExe tells of, None if it tells of none.

    Args:
        said: All it printed.
        task: What it was to do, for the message.
        ended_badly: By its exit code, or by not ending at all.
    """
    for sign in _SIGNS:
        found = re.search(f".*({sign.pattern}).*", said)
        if found is None or not (sign.decisive or ended_badly):
            continue
        what, hint = sign.what, sign.hint
        voltage = _VTREF.search(said)
        if hint is _TARGET_HINT and voltage is not None and float(voltage[1]) < _LOW_V:
            what, hint = _NO_POWER, _POWER_HINT
        measured = f" (VTref {voltage[1]} V)" if voltage and hint is _POWER_HINT else ""
        quoted = found[0].strip()[:_LONGEST]
        return sign.error(f"{task} failed: {what}{measured}; JLinkExe said {quoted!r}", hint=hint)
    return None


def connected(said: str) -> bool:
    """Whether JLinkExe reached the probe; its firmware may have been updated on the way."""
    return re.search(r"Connecting to J-Link[\s\S]{0,600}?O\.K\.", said) is not None


def flashed_at(said: str, address: int) -> bool | None:
    """Whether flash at ``address`` was written (or held the bytes already: False); else None.

    The line about the flash bank is what tells a download to flash from one to RAM, and from none.
    """
    begun = said.find("Downloading file")
    if begun < 0 or "O.K." not in said[begun:]:
        return None
    line = re.search(rf"Flash download: Bank \d+ @ 0x0*{address:X}: (.*)", said[begun:], re.I)
    return None if line is None else not line[1].startswith("Skipped")


def last_lines(said: str) -> str:
    """The end of what was printed, short, as one line."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    text = " / ".join(lines[-_LAST_LINES:])
    return f"its last words: {text[-_LONGEST:]}" if text else "it said nothing"
