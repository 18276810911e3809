"""Where ns_autodeploy and the neuralSPOT checkout are, and what it finds in its environment."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from ectopy.errors import InputError, ToolError

TOOL_VARIABLE = "NS_AUTODEPLOY"
ROOT_VARIABLE = "NEURALSPOT"
PROGRAM = "ns_autodeploy"
MODULE = "neuralspot.tools.ns_autodeploy"

_MARK = Path("neuralspot", "ns-core", "module.mk")
"""By this file the tool itself knows a checkout."""

_NEEDS = {
    "make": "Debian, Ubuntu: apt install make",
    "arm-none-eabi-gcc": "the Arm GNU Toolchain from developer.arm.com, in PATH",
    "JLinkExe": "J-Link Software from segger.com, in PATH",
}

_FOR_MAKE = re.compile(
    r"^(GNUMAKEFLAGS|MAKE\w*|MFLAGS|PLATFORM|TOOLCHAIN|EXAMPLE|TARGET|AS_VERSION|TF_VERSION"
    r"|BOOTLOADER|MLDEBUG|STACK_SIZE_IN_32B_WORDS|NS_MALLOC_HEAP_SIZE_IN_K|LINKER_FILE)$"
)
_UNSAFE = re.compile(r"[^\w./+@=-]", flags=re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """A neuralSPOT checkout.

    Attributes:
        version: As its pyproject.toml says; None if that cannot be read.
    """

    root: Path
    version: str | None


def find_tool(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Program and first arguments of an installed ns_autodeploy.

    Raises:
        ToolError: There is none.
    """
    named = environ.get(TOOL_VARIABLE)
    if named:
        return _named_tool(named, environ)
    program = shutil.which(PROGRAM, path=environ.get("PATH"))
    if program is not None:
        return (str(Path(program).absolute()),)
    if find_spec("neuralspot") is not None:
        return (sys.executable, "-m", MODULE)
    raise ToolError(
        f"{PROGRAM} is not installed",
        hint="`pip install .` in the neuralSPOT checkout, in an environment of its own with Python "
        f"3.11 or 3.12; then put it in PATH or name it: {TOOL_VARIABLE}=/path/to/{PROGRAM}",
    )


def _named_tool(named: str, environ: Mapping[str, str]) -> tuple[str, ...]:
    try:
        words = shlex.split(named)
    except ValueError as error:
        raise InputError(f"{TOOL_VARIABLE}={named} is not a command: {error}") from error
    program = shutil.which(words[0], path=environ.get("PATH")) if words else None
    if program is None:
        raise ToolError(
            f"{TOOL_VARIABLE}={named}: there is no such program",
            hint=f"name the {PROGRAM} script, or a command: '/path/to/python -m {MODULE}'",
        )
    return (str(Path(program).absolute()), *words[1:])


def find_checkout(environ: Mapping[str, str]) -> Checkout:
    """The checkout that ``NEURALSPOT`` names.

    Raises:
        InputError: The variable is not set, or names something else.
    """
    named = environ.get(ROOT_VARIABLE)
    if not named:
        raise InputError(
            f"{ROOT_VARIABLE} is not set: {PROGRAM} builds its images in a neuralSPOT checkout",
            hint=f"clone github.com/AmbiqAI/neuralSPOT and set {ROOT_VARIABLE}=/path/to/it",
        )
    root = Path(named).expanduser().resolve()
    if not (root / _MARK).is_file():
        raise InputError(
            f"{ROOT_VARIABLE}={named} is not a neuralSPOT checkout: it has no {_MARK}",
            hint="name the root of the checkout",
        )
    if _UNSAFE.search(str(root)):
        raise InputError(
            f"{PROGRAM} cannot work in {root}: it hands the path to a shell unquoted",
            hint="move the checkout to a path without blanks and special signs",
        )
    return Checkout(root=root, version=_version(root / "pyproject.toml"))


def _version(path: Path) -> str | None:
    try:
        version = tomllib.loads(path.read_text(encoding="utf-8"))["project"]["version"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return str(version)


def require_programs(environ: Mapping[str, str]) -> None:
    """Programs that it starts unseen; without the compiler it fails only at the very end.

    Raises:
        ToolError: One of them is not installed.
    """
    for program, hint in _NEEDS.items():
        if shutil.which(program, path=environ.get("PATH")) is None:
            raise ToolError(f"{PROGRAM} needs {program}, which is not installed", hint=hint)


def child_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for the tool.

    Variables for make are left out: under `make autodeploy BOARD=virt` its own makes would
    inherit our BOARD. Its output must not wait in buffers, or silence would mean nothing; and
    the folder ``neuralspot`` of the checkout must not hide the installed package.
    """
    kept = {name: value for name, value in environ.items() if not _FOR_MAKE.match(name)}
    return kept | {"PYTHONUNBUFFERED": "1", "PYTHONSAFEPATH": "1", "PYTHONIOENCODING": "utf-8"}
