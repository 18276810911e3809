"""Runs firmware/Makefile and turns its failures into errors for people."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ectopy.errors import EctopyError, ToolError
from ectopy.progress import Progress, silent
from ectopy.toolchain.budget import overflow_error
from ectopy.toolchain.options import BoardOptions
from ectopy.toolchain.runtime import Runtime
from ectopy.toolchain.sdk import SUITE_VERSION
from ectopy.toolchain.sources import FIRMWARE_DIR, image_sources
from ectopy.vocab import BoardName, EngineName, Optimize

ELF_NAME = "firmware.elf"

_OVERFLOW = re.compile(r"region `(\w+)' overflowed by (\d+) bytes")
_TELLING = re.compile(
    r"error:|undefined reference|multiple definition|cannot find|fatal|No such|No space"
)
_SHOWN_LINES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeRequest:
    """One image.

    Attributes:
        generated: Folder of generated sources.
        out: Folder for objects and the ELF file.
        optimize: What the compiler of C shall aim at.
        runtime: For engine tflm.
        options: Of the board ``apollo4p``; their SDK must have been checked.
    """

    board: BoardName
    engine: EngineName
    generated: Path
    out: Path
    build_id: str
    optimize: Optimize = Optimize.SPEED
    runtime: Runtime | None = None
    options: BoardOptions | None = None


def make_firmware(request: MakeRequest, progress: Progress = silent) -> Path:
    """Compiles and links; does nothing where nothing changed.

    Args:
        request: What to build.
        progress: Told of every file that is compiled.

    Returns:
        The ELF file.

    Raises:
        BudgetError: The image does not fit the board.
        ToolError: A file does not compile or make itself failed.
    """
    runtime = request.runtime
    runtime_paths = () if runtime is None else (*runtime.include_dirs, runtime.library)
    _require_plain_paths(FIRMWARE_DIR, request.generated, request.out, *runtime_paths)
    command = [
        *("make", "--no-print-directory", "-C", str(FIRMWARE_DIR)),
        *(f"BOARD={request.board}", f"ENGINE={request.engine}", f"BUILD_ID={request.build_id}"),
        f"OPTIMIZE={request.optimize}",
        *(f"GEN={request.generated.resolve()}", f"OUT={request.out.resolve()}"),
        *(_runtime_variables(runtime) if runtime is not None else ()),
        *(_variables(request.options) if request.options is not None else ()),
    ]
    lines: list[str] = []
    done, total = 0, _steps(request)
    try:
        with subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=os.environ | {"LC_ALL": "C"},  # _failure reads English
        ) as process:
            assert process.stdout is not None
            try:
                for line in process.stdout:
                    lines.append(line.rstrip())
                    if line.startswith(("compile ", "link ")):
                        done += 1
                        progress(done, total, lines[-1])
            except BaseException:
                process.terminate()  # or it would go on in a folder that is no longer locked
                raise
    except OSError as error:
        raise ToolError(f"make cannot be started: {error}", hint="install make") from error
    if process.returncode:
        raise _failure(request, lines)
    return request.out / ELF_NAME


def _runtime_variables(runtime: Runtime) -> tuple[str, ...]:
    return (
        f"RUNTIME_INCLUDES={' '.join(map(str, runtime.include_dirs))}",
        f"RUNTIME_DEFINES={' '.join(runtime.defines)}",
        f"RUNTIME_LIBRARY={runtime.library}",
        f"RUNTIME_VERSION={runtime.version}",
        f"RUNTIME_EMULATION={'' if runtime.emulation_refusal else 'allowed'}",
    )


def _variables(options: BoardOptions) -> tuple[str, ...]:
    assert options.neuralspot is not None
    _require_plain_paths(options.neuralspot)
    return (
        f"NEURALSPOT={options.neuralspot.resolve()}",
        f"AMBIQSUITE={SUITE_VERSION}",
        f"CLOCK={options.clock}",
        f"BAUD={options.baud}",
        f"MODEL_IN={options.model_in}",
    )


def _steps(request: MakeRequest) -> int:
    """Files to compile if none is up to date, and the link."""
    sources = image_sources(request.board, request.engine)
    generated = [*request.generated.glob("*.c"), *request.generated.glob("*.cc")]
    return len([path for path in sources if path.suffix in {".c", ".cc"}]) + len(generated) + 1


def _require_plain_paths(*paths: Path) -> None:
    """Make splits words at blanks and expands some signs.

    Raises:
        ToolError: A path has one of them.
    """
    for path in paths:
        if re.search(r"[\s'\"$#:%;&|<>()*?\\]", str(path.resolve())):
            raise ToolError(
                f"make cannot handle the path {path.resolve()}",
                hint="move it to a folder whose path has no blanks and no special signs",
            )


def _failure(request: MakeRequest, lines: list[str]) -> EctopyError:
    """The most telling error in what make printed."""
    for line in lines:
        match = _OVERFLOW.search(line)
        if match:
            return overflow_error(request.board, match[1], int(match[2]))
    telling = [line for line in lines if _TELLING.search(line)] or lines
    shown = "\n  ".join(telling[:_SHOWN_LINES])
    return ToolError(
        f"the firmware for board {request.board} does not build:\n  {shown}",
        hint=_hint(telling),
    )


def _hint(lines: list[str]) -> str:
    if any("new: No such file" in line or "-lstdc++" in line for line in lines):
        return (
            "the C++ library for engine tflm is missing: `make toolchain ENGINE=tflm` installs it "
            "(310 MB); that is, on Debian and Ubuntu: apt install libstdc++-arm-none-eabi-newlib"
        )
    if any("undefined reference to `end'" in line for line in lines):
        return "something needs a heap, and images have none: see which in firmware.map"
    if any("No space left" in line for line in lines):
        return "make room on that disk, and build again"
    if any("nano.specs" in line or "string.h" in line for line in lines):
        return "newlib is missing; Debian, Ubuntu: apt install libnewlib-arm-none-eabi"
    return "`ectopy build` again after the repair; for all commands run make with V=1"
