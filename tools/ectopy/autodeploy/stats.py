"""``<model>_stats.csv``: what its profiler saw of the first inference, layer by layer."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from ectopy.autodeploy.settings import CLOCK_MHZ
from ectopy.errors import InputError

EVENT, TAG, MICROSECONDS, MACS = "Event", "Tag", "uSeconds", "Est MACs"
CYCLES = "cycles"
DWT_COUNTERS = (CYCLES, "cpi", "exc", "sleep", "lsu", "fold")
CACHE_COUNTERS = (
    *("daccess", "dtaglookup", "dhitslookup", "dhitsline"),
    *("iaccess", "itaglookup", "ihitslookup", "ihitsline"),
)
_REQUIRED = (EVENT, TAG, MICROSECONDS)
_KNOWN = (*_REQUIRED, MACS, *DWT_COUNTERS, *CACHE_COUNTERS)

LARGEST_FILE_BYTES = 4 * 1024 * 1024
_LARGEST_COUNT = 2**32 - 1
"""All figures of the board are 32-bit."""

_CYCLES_TOLERANCE = 0.05
_HINT = "run ns_autodeploy again; --from takes the folder in which this file is whole"


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerStats:
    """One line.

    Attributes:
        tag: Operator name of the runtime, at most 19 characters.
        duration_us: Of the first inference; resolution 1 us, the profiler's own time included.
        macs: Its static estimate; None if there is no such column.
        cache: Counters of the cache controller by column.
    """

    index: int
    tag: str
    duration_us: int
    macs: int | None
    cycles: int | None
    cache: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """The file.

    Attributes:
        cycles: Of all layers; None where they cannot be, and ``cycles_note`` says why.
        unknown_columns: That this version of ectopy does not know, in the file's order.
        absent_columns: That a file of the Apollo4 Plus has and this one has not.
    """

    layers: tuple[LayerStats, ...]
    cycles: int | None
    cycles_note: str
    unknown_columns: tuple[str, ...]
    absent_columns: tuple[str, ...]

    @property
    def total_us(self) -> int:
        """Sum over the layers: the first inference as its own console counts it."""
        return sum(layer.duration_us for layer in self.layers)

    @property
    def total_macs(self) -> int | None:
        """Sum of the estimates; None if a layer has none."""
        macs = [layer.macs for layer in self.layers if layer.macs is not None]
        return sum(macs) if len(macs) == len(self.layers) else None


def read_stats(path: Path) -> Stats:
    """Reads the file.

    Raises:
        InputError: It cannot be read, is cut off, or a figure in it is no figure.
    """
    rows = read_table(path)
    columns = [name.strip().strip('"').strip() for name in rows[0]]
    absent = [name for name in _REQUIRED if name not in columns]
    if absent:
        raise InputError(
            f"{path} is not a statistics file of ns_autodeploy: it has no column {absent[0]}, "
            f"only {', '.join(columns)[:120]}",
            hint=_HINT,
        )
    repeated = {name for name in columns if columns.count(name) > 1}
    if repeated:
        raise InputError(f"{path} has two columns {min(repeated)}", hint=_HINT)
    layers = []
    for number, row in enumerate(rows[1:]):
        try:
            layers.append(_layer(number, dict(zip(columns, row, strict=True))))
        except ValueError as error:
            raise InputError(f"{path} is damaged at line {number + 2}: {error}", hint=_HINT) from (
                error
            )
    if not layers:
        raise InputError(f"{path} holds no layers", hint=_HINT)
    cycles, note = _whole_cycles(layers)
    return Stats(
        layers=tuple(layers),
        cycles=cycles,
        cycles_note=note,
        unknown_columns=tuple(name for name in columns if name not in _KNOWN),
        absent_columns=tuple(name for name in _KNOWN if name not in columns),
    )


def read_table(path: Path) -> list[list[str]]:
    """Rows of a CSV file whose last line is whole; the header first, never empty.

    Raises:
        InputError: It cannot be read, is empty, too large, not text or cut off.
    """
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise InputError(f"{path} is larger than {LARGEST_FILE_BYTES:,} bytes", hint=_HINT)
        text = path.read_text(encoding="utf-8")
        rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}", hint=_HINT) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} is not a CSV file: {error}", hint=_HINT) from error
    if not rows:
        raise InputError(f"{path} is empty", hint=_HINT)
    if not text.endswith("\n"):
        raise InputError(f"{path} is cut off: its last line has no end", hint=_HINT)
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(rows[0]):
            raise InputError(
                f"{path} is damaged at line {number}: {len(row)} cells under a header of "
                f"{len(rows[0])}",
                hint=_HINT,
            )
    return rows


def _layer(number: int, cells: dict[str, str]) -> LayerStats:
    if _count(EVENT, cells[EVENT]) != number:
        raise ValueError(f"event {cells[EVENT]} where {number} is due")
    tag = cells[TAG].strip()
    if not tag.isprintable() or not tag:
        raise ValueError(f"tag {tag!r} is no operator name")
    return LayerStats(
        index=number,
        tag=tag,
        duration_us=_count(MICROSECONDS, cells[MICROSECONDS]),
        macs=_count(MACS, cells[MACS]) if cells.get(MACS) else None,
        cycles=_count(CYCLES, cells[CYCLES]) if cells.get(CYCLES) else None,
        cache={name: _count(name, cells[name]) for name in CACHE_COUNTERS if cells.get(name)},
    )


def _count(name: str, text: str) -> int:
    # A table with gaps makes floats of all its numbers.
    digits = text.strip().removesuffix(".0")
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > 10:
        raise ValueError(f"{name} is {text[:20]!r}, not a count")
    if int(digits) > _LARGEST_COUNT:
        raise ValueError(f"{name} is {digits}, more than the board can count")
    return int(digits)


def _whole_cycles(layers: list[LayerStats]) -> tuple[int | None, str]:
    """Cycles of the inference if they can be believed, and why not."""
    counts = [layer.cycles for layer in layers if layer.cycles is not None]
    if len(counts) < len(layers):
        return None, "the file has no column for cycles, or gaps in it"
    total, due = sum(counts), sum(layer.duration_us for layer in layers) * CLOCK_MHZ
    if not total:
        return None, "the board's cycle counter was not started: all zero"
    if abs(total - due) > _CYCLES_TOLERANCE * due:
        return None, (
            f"not to be believed: {total:,} cycles in a time of {due:,} at {CLOCK_MHZ} MHz; "
            "nothing starts the counter on this board"
        )
    return total, ""
