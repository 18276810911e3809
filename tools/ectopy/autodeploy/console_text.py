"""What ns_autodeploy says on its console and writes nowhere else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ectopy.autodeploy.process import LARGEST_CONSOLE_BYTES
from ectopy.errors import InputError

_NUMBER = re.compile(r"[-+]?(?:\d{1,17}\.?\d{0,17}|\.\d{1,17})(?:[eE][-+]?\d{1,2})?")
"""As numpy prints it; short enough to be finite."""

_DIFFERENCE = re.compile(r"Mean difference per output label in tensor\(0\): array\(\[([^\]]*)\]")
_NO_DIFFERENCE = re.compile(r"No differences for tensor\(0\)")
_TOTAL = re.compile(r"Total Inference Time (\d{1,12}) us, total estimated MACs (\d{1,12})")
_ARENA = re.compile(r"\[Profile\] Arena Size:\s+(\d{1,9}) KB")
_MODEL = re.compile(r"\[Profile\] Model Size:\s+(\d{1,9}) KB")
_TUNED = re.compile(
    r"Tuned image:\s+arena size = \d+k, arena location = (\w+) model_location = (\w+)"
)
_RUNTIME = re.compile(r"Using TensorFlow Version: (\S+)")
_TRUNCATED = re.compile(r"Statistics will be truncated to (\d{1,6}) events")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleText:
    """Figures from the text; None for what is not in it.

    Attributes:
        mean_difference: Per output, LiteRT on the computer minus the board, in int8 steps.
        compared: False if it says that it had no runtime on the computer to compare with.
        runtime: TensorFlow Lite Micro release, by the name of its folder in the checkout.
        truncated_to: Layers it kept because its buffer held no more.
    """

    mean_difference: tuple[float, ...] | None
    compared: bool
    total_us: int | None
    arena_kb: int | None
    model_kb: int | None
    arena_location: str | None
    model_location: str | None
    runtime: str | None
    truncated_to: int | None


def read_console(path: Path) -> ConsoleText:
    """Reads what was printed.

    Raises:
        InputError: It cannot be read, or is too large.
    """
    try:
        if path.stat().st_size > LARGEST_CONSOLE_BYTES:
            raise InputError(f"{path} is larger than {LARGEST_CONSOLE_BYTES:,} bytes")
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    tuned = _TUNED.search(text)
    return ConsoleText(
        mean_difference=_difference(text),
        compared=not _NO_DIFFERENCE.search(text),
        total_us=_number(_TOTAL, text),
        arena_kb=_number(_ARENA, text),
        model_kb=_number(_MODEL, text),
        arena_location=tuned[1] if tuned else None,
        model_location=tuned[2] if tuned else None,
        runtime=match[1] if (match := _RUNTIME.search(text)) else None,
        truncated_to=_number(_TRUNCATED, text),
    )


def _number(pattern: re.Pattern[str], text: str) -> int | None:
    match = pattern.search(text)
    return int(match[1]) if match else None


def _difference(text: str) -> tuple[float, ...] | None:
    match = _DIFFERENCE.search(text)
    if match is None:
        return None
    cells = [cell.strip() for cell in match[1].split(",") if cell.strip()]
    if not all(_NUMBER.fullmatch(cell) for cell in cells):
        return None
    return tuple(float(cell) for cell in cells) or None
