"""Several runs side by side: one table, and what forbids to compare them without a thought."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ectopy.records import RunRecord
from ectopy.report.content import UNKNOWN, Grid, count, percent, rate
from ectopy.vocab import TickUnit

Figure = Callable[[RunRecord], str]

_SAME: tuple[tuple[str, Figure], ...] = (
    ("models", lambda r: r.model.tflite_sha256),
    ("windows", lambda r: r.dataset.sha256),
    ("numbers of windows", lambda r: str(r.dataset.windows)),
    ("classes", lambda r: " ".join(r.model.classes)),
    ("boards", lambda r: r.board.name),
    ("engines", lambda r: str(r.engine)),
    ("compilers", lambda r: r.firmware.toolchain),
)


def side_by_side(records: Sequence[RunRecord], names: Sequence[str]) -> Grid:
    """One column per run, one row per figure; a unit of ticks has a row of its own."""
    rows: list[tuple[str, Figure]] = [
        ("model", lambda r: r.model.name),
        ("board", lambda r: f"{r.board.name}{' (EMULATED)' if r.board.emulated else ''}"),
        ("engine", lambda r: str(r.engine)),
        ("data", lambda r: f"{r.dataset.name}{' (SYNTHETIC)' if r.synthetic else ''}"),
        ("windows", lambda r: count(r.dataset.windows)),
        ("macro F1, %", lambda r: percent(r.accuracy.macro_f1)),
        ("weighted F1, %", lambda r: percent(r.accuracy.weighted_f1)),
        ("accuracy, %", lambda r: percent(r.accuracy.accuracy)),
    ]
    for name in dict.fromkeys(name for r in records for name in r.model.classes):
        rows.append((f"F1 of {name}, %", _class_f1(name)))
    rows.append(("outputs unlike the reference", _mismatches))
    for unit in dict.fromkeys(r.latency.unit for r in records):
        rows.append((f"inference, {unit} (median)", _median(unit)))
    rows += [
        ("estimated cycles", lambda r: count(r.latency.estimated_cycles)),
        ("arena, bytes", lambda r: count(r.memory.arena_bytes)),
        ("stack, bytes", lambda r: count(r.memory.stack_high_water_bytes)),
        ("flash, bytes", lambda r: count(r.firmware.flash_bytes)),
        ("RAM, bytes", lambda r: count(r.firmware.ram_bytes)),
        ("windows lost", lambda r: count(r.link.windows_lost)),
        ("windows/s", lambda r: rate(r.link.windows_per_s)),
    ]
    return Grid(
        title="Side by side",
        header=("", *names),
        rows=tuple((name, *(figure(r) for r in records)) for name, figure in rows),
    )


def differences(records: Sequence[RunRecord]) -> tuple[str, ...]:
    """What the runs do not share, and so may explain any difference between their figures."""
    unlike = [name for name, key in _SAME if len({key(r) for r in records}) > 1]
    remarks = [f"these runs are of different {' and '.join(unlike)}"] if unlike else []
    if len({r.board.emulated for r in records}) > 1:
        remarks.append("some ran on an emulator and some did not")
    if len({r.latency.unit for r in records}) > 1:
        remarks.append("their ticks are of different units, which have rows of their own")
    return tuple(remarks)


def _class_f1(name: str) -> Figure:
    def figure(record: RunRecord) -> str:
        scores = record.accuracy.per_class.get(name)
        return UNKNOWN if scores is None else percent(scores.f1)

    return figure


def _median(unit: TickUnit) -> Figure:
    return lambda r: count(r.latency.invoke_median) if r.latency.unit is unit else UNKNOWN


def _mismatches(record: RunRecord) -> str:
    agreement = record.agreement
    return f"{count(agreement.output_mismatches)} of {count(agreement.windows_compared)}"
