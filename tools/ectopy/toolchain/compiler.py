"""Which compiler builds for which board."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass

from ectopy.errors import ToolError
from ectopy.vocab import BoardName

_ARM_HINT = (
    "Debian, Ubuntu: apt install gcc-arm-none-eabi libnewlib-arm-none-eabi; "
    "elsewhere: the Arm GNU Toolchain from developer.arm.com, in PATH"
)
_HOST_HINT = "Debian, Ubuntu: apt install gcc make; macOS: xcode-select --install"
_MAKE_HINT = "Debian, Ubuntu: apt install make"
_VERSION_TIMEOUT_S = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiler:
    """A C compiler that was found.

    Attributes:
        program: Name, to be looked up in PATH.
        version: As it says itself, e.g. ``12.2.1``.
    """

    program: str
    version: str

    def __str__(self) -> str:
        """For records."""
        return f"{self.program} {self.version}"


def find_compiler(board: BoardName) -> Compiler:
    """The compiler of a board, asked for its version.

    Raises:
        ToolError: It or make is not installed.
    """
    program, hint = (
        ("gcc", _HOST_HINT) if board is BoardName.HOST else ("arm-none-eabi-gcc", _ARM_HINT)
    )
    for name, advice in (("make", _MAKE_HINT), (program, hint)):
        if shutil.which(name) is None:
            raise ToolError(f"{name} is not installed; firmware cannot be built", hint=advice)
    try:
        answer = subprocess.run(
            [program, "-dumpfullversion"],
            capture_output=True,
            text=True,
            check=True,
            timeout=_VERSION_TIMEOUT_S,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ToolError(f"{program} does not run: {error}", hint=hint) from error
    return Compiler(program=program, version=answer.stdout.strip())
