"""What a report says about a run, before any layout: warnings, two tables, named facts.

Markdown and the console lay out the same content, so they cannot disagree.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ectopy.records import EngineRecord, RunRecord
from ectopy.vocab import DatasetName, TickUnit
from ectopy.windows import CITATION

UNKNOWN = "n/a"
CITATIONS = {DatasetName.MITDB.value: CITATION}
"""For the first records, which do not name the makers of their data themselves."""

SYNTHETIC_WARNING = (
    "SYNTHETIC data: no heart was involved, accuracy here says nothing about real ECG"
)

SHOWN_NOTES = ("dataset", "dataset.name")
"""Notes that stand among the facts."""


class Tone(StrEnum):
    """How a fact should strike the eye."""

    PLAIN = "plain"
    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A name and what is to be said under it, in pieces that may wrap between each other."""

    name: str
    pieces: tuple[str, ...]
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table; the first column names the row."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A run, said in words and numbers.

    Attributes:
        warnings: What a reader must know before believing any number below.
        results: What the run was made for.
        origin: Where the numbers come from.
        notes: Path in the record and remark.
    """

    title: str
    warnings: tuple[str, ...]
    scores: Grid
    confusion: Grid
    results: tuple[Fact, ...]
    origin: tuple[Fact, ...]
    notes: tuple[tuple[str, str], ...]


def describe(record: RunRecord) -> Report:
    """All that reports show of ``record``."""
    return Report(
        title=f"{record.model.name} on {record.board.name}",
        warnings=_warnings(record),
        scores=_scores(record),
        confusion=_confusion(record),
        results=(
            _totals(record),
            _agreement(record),
            _latency(record),
            *_modelled(record),
            _memory(record),
            *_energy(record),
            _link(record),
        ),
        origin=(
            _dataset(record),
            *_citation(record),
            *_artefacts(record),
            *_provenance(record),
        ),
        notes=tuple(item for item in record.notes.items() if item[0] not in SHOWN_NOTES),
    )


def _warnings(record: RunRecord) -> tuple[str, ...]:
    warnings = []
    if record.partial:
        reason = record.notes.get("partial", "the run ended early")
        warnings.append(f"PARTIAL: {reason}; figures are over what was measured until then")
    if record.synthetic:
        warnings.append(SYNTHETIC_WARNING)
    warnings += board_warnings(record.board.emulated, record.latency.unit)
    return tuple(warnings)


def board_warnings(emulated: bool, unit: TickUnit) -> tuple[str, ...]:
    """What to know of a board's ticks before believing them; at most one sentence."""
    if emulated:
        return (f"EMULATED board: {unit} counted by the emulator, not time on silicon",)
    if unit is TickUnit.NANOSECONDS:
        return ("NATIVE process on this computer: its times are not those of a board",)
    return ()


def _scores(record: RunRecord) -> Grid:
    rows = []
    for index, name in enumerate(record.model.classes):
        scores = record.accuracy.per_class[name]
        support = sum(record.accuracy.confusion[index])
        ratios = (scores.sensitivity, scores.ppv, scores.f1)
        rows.append((name, *(percent(each) for each in ratios), count(support)))
    return Grid(
        title="Per class, %",
        header=("class", "Se", "+P", "F1", "windows"),
        rows=tuple(rows),
    )


def _confusion(record: RunRecord) -> Grid:
    names = record.model.classes
    return Grid(
        title="Confusion, windows",
        header=("true \\ said", *names),
        rows=tuple(
            (name, *(count(cell) for cell in row))
            for name, row in zip(names, record.accuracy.confusion, strict=True)
        ),
    )


def _totals(record: RunRecord) -> Fact:
    accuracy = record.accuracy
    return Fact(
        name="All classes, %",
        pieces=(
            f"macro F1 {percent(accuracy.macro_f1)}",
            f"weighted F1 {percent(accuracy.weighted_f1)}",
            f"accuracy {percent(accuracy.accuracy)}",
        ),
    )


def _agreement(record: RunRecord) -> Fact:
    agreement = record.agreement
    if not agreement.windows_compared:
        return Fact(name="Agreement", pieces=("no window was compared",), tone=Tone.BAD)
    pieces = [
        f"{count(agreement.output_mismatches)} mismatches in "
        f"{count(agreement.windows_compared)} windows",
        f"byte for byte with {agreement.reference}",
    ]
    if agreement.output_mismatches:
        pieces.append(f"largest difference {agreement.max_abs_lsb} LSB")
    return Fact(
        name="Agreement",
        pieces=tuple(pieces),
        tone=Tone.BAD if agreement.output_mismatches else Tone.GOOD,
    )


def _latency(record: RunRecord) -> Fact:
    latency = record.latency
    pieces = [
        *(["EMULATED"] if record.board.emulated else []),
        f"median {count(latency.invoke_median)}",
        f"p99 {count(latency.invoke_p99)}",
        f"max {count(latency.invoke_max)}",
        f"preprocess {count(latency.preprocess_median)}",
    ]
    if record.board.clock_hz and latency.invoke_median is not None:
        milliseconds = 1000.0 * latency.invoke_median / record.board.clock_hz
        pieces.append(f"median {milliseconds:.3f} ms")
    if latency.cycles_median is not None:
        pieces.append(f"measured cycles {count(latency.cycles_median)}")
    return Fact(name=f"Inference, {latency.unit}", pieces=tuple(pieces))


def _modelled(record: RunRecord) -> tuple[Fact, ...]:
    """A line of its own: modelled cycles are never mixed with what a board counted."""
    cycles, milliseconds = record.latency.estimated_cycles, record.latency.estimated_ms
    if cycles is None or not milliseconds:
        return ()
    clock_mhz = cycles / milliseconds / 1000.0
    pieces = (f"{count(cycles)} cycles", f"{milliseconds:.1f} ms at {clock_mhz:.0f} MHz")
    return (Fact(name="Inference, MODELLED", pieces=(*pieces, "not measured")),)


def _memory(record: RunRecord) -> Fact:
    memory = record.memory
    promised = "at most" if record.arena_is_bound else "planned"
    return Fact(
        name="Memory, bytes",
        pieces=(
            f"arena {count(memory.arena_bytes)} ({promised} {count(memory.arena_predicted_bytes)})",
            f"stack {count(memory.stack_high_water_bytes)}",
            f"flash {count(record.firmware.flash_bytes)}",
            f"RAM {count(record.firmware.ram_bytes)}",
        ),
    )


def _energy(record: RunRecord) -> tuple[Fact, ...]:
    """Only what was measured; the notes say why there is nothing."""
    measured = record.energy.measured_uj_per_inference
    if measured is None:
        return ()
    instrument = record.energy.instrument or "an unnamed instrument"
    return (Fact(name="Energy, uJ", pieces=(f"{measured:g} per inference", instrument)),)


def _link(record: RunRecord) -> Fact:
    link = record.link
    return Fact(
        name=f"Link {link.kind}",
        pieces=(
            f"windows sent {count(link.windows_sent)}",
            f"lost {count(link.windows_lost)}",
            f"repeated {count(link.retries)}",
            f"CRC errors {count(link.crc_errors)}",
            f"{rate(link.windows_per_s)} windows/s",
            f"{rate(link.bytes_per_s)} B/s",
        ),
        tone=Tone.BAD if link.windows_lost else Tone.PLAIN,
    )


def _dataset(record: RunRecord) -> Fact:
    dataset = record.dataset
    name = f"{dataset.name} (no real ECG)" if record.synthetic else dataset.name
    reason = record.notes.get("dataset.name", "")
    limit = "all" if dataset.limit is None else count(dataset.limit)
    return Fact(
        name="Windows",
        pieces=(
            f"{name} {dataset.split}",
            f"{count(dataset.windows)} windows (limit {limit})",
            f"labels {dataset.label_map}",
            f"sha256 {short(dataset.sha256)}",
            *((reason,) if reason else ()),
        ),
    )


def _citation(record: RunRecord) -> tuple[Fact, ...]:
    citation = record.notes.get("dataset") or CITATIONS.get(record.dataset.name)
    return (
        (Fact(name="Data", pieces=tuple(re.split(r"\. (?=[A-Z])", citation))),) if citation else ()
    )


def _artefacts(record: RunRecord) -> tuple[Fact, ...]:
    model, firmware, board = record.model, record.firmware, record.board
    clock: tuple[str, ...] = ()
    if board.cpu_hz:
        clock = (f"processor at {board.cpu_hz / 1e6:g} MHz",)
    elif board.clock_hz and board.tick_unit is TickUnit.CYCLES:
        clock = (f"clock {board.clock_hz / 1e6:g} MHz",)
    return (
        Fact(
            name="Model",
            pieces=(
                model.name,
                f"{count(model.macs)} MAC",
                f"{count(model.parameters)} parameters",
                f"sha256 {short(model.tflite_sha256)}",
            ),
        ),
        Fact(
            name="Firmware",
            pieces=(
                f"engine {record.engine}",
                f"build {firmware.build_id}",
                firmware.toolchain,
                f"ELF sha256 {short(firmware.elf_sha256)}",
            ),
        ),
        Fact(
            name="Board",
            pieces=(
                f"{board.name}, {board.cpu}{', emulated' if board.emulated else ''}",
                *clock,
            ),
        ),
    )


def _provenance(record: RunRecord) -> tuple[Fact, ...]:
    made = record.provenance
    commit, dash, dirty = (made.git or "").partition("-")
    git = f"git {short(commit)}{dash}{dirty}" if made.git else f"git {UNKNOWN}"
    return (
        Fact(
            name="Made",
            pieces=(made.created_utc, f"ectopy {made.tool_version}", git, made.host),
        ),
        Fact(name="Command", pieces=(made.command,)),
    )


def percent(ratio: float | None) -> str:
    """A ratio as a percentage, two decimals."""
    return UNKNOWN if ratio is None else f"{100 * ratio:.2f}"


def count(number: int | None) -> str:
    """A count with thousands separators."""
    return UNKNOWN if number is None else f"{number:,}"


def rate(number: float | None) -> str:
    """A rate, one decimal where it says something."""
    if number is None:
        return UNKNOWN
    return f"{number:,.1f}" if number < 1000 else f"{number:,.0f}"


def short_shape(shape: Sequence[int]) -> str:
    """``64x4`` for 1x1x64x4: shapes of one window's operators all begin with ones."""
    sizes = list(shape)
    while len(sizes) > 1 and sizes[0] == 1:
        del sizes[0]
    return "x".join(map(str, sizes)) or "scalar"


def engine_title(engine: EngineRecord) -> str:
    """Without its version, for where several runs of it are meant."""
    return (
        engine.name if engine.optimized_for is None else f"{engine.name} for {engine.optimized_for}"
    )


def short(digest: str) -> str:
    """The first twelve digits of a hash; the record holds all of them."""
    return digest[:12]
