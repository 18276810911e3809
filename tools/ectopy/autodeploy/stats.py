"""``<model>_stats.csv``: what its profiler saw of the first inference, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ectopy.autodeploy.settings import CLOCK_MHZ
from ectopy.autodeploy.table import HINT, read_count, read_table
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

_CYCLES_TOLERANCE = 0.05


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
            hint=HINT,
        )
    repeated = {name for name in columns if columns.count(name) > 1}
    if repeated:
        raise InputError(f"{path} has two columns {min(repeated)}", hint=HINT)
    layers = []
    for number, row in enumerate(rows[1:]):
        try:
            layers.append(_layer(number, dict(zip(columns, row, strict=True))))
        except ValueError as error:
            raise InputError(f"{path} is damaged at line {number + 2}: {error}", hint=HINT) from (
                error
            )
    if not layers:
        raise InputError(f"{path} holds no layers", hint=HINT)
    cycles, note = _whole_cycles(layers)
    return Stats(
        layers=tuple(layers),
        cycles=cycles,
        cycles_note=note,
        unknown_columns=tuple(name for name in columns if name not in _KNOWN),
        absent_columns=tuple(name for name in _KNOWN if name not in columns),
    )


def _layer(number: int, cells: dict[str, str]) -> LayerStats:
    if read_count(EVENT, cells[EVENT]) != number:
        raise ValueError(f"event {cells[EVENT]} where {number} is due")
    tag = cells[TAG].strip()
    if not tag.isprintable() or not tag:
        raise ValueError(f"tag {tag!r} is no operator name")
    return LayerStats(
        index=number,
        tag=tag,
        duration_us=read_count(MICROSECONDS, cells[MICROSECONDS]),
        macs=read_count(MACS, cells[MACS]) if cells.get(MACS) else None,
        cycles=read_count(CYCLES, cells[CYCLES]) if cells.get(CYCLES) else None,
        cache={name: read_count(name, cells[name]) for name in CACHE_COUNTERS if cells.get(name)},
    )


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
