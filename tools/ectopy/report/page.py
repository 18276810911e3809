"""What the HTML page shows, decided: the templates only lay it out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ectopy.records import RunRecord
from ectopy.report.charts import Chart, Trace, arena_chart, histogram, trace
from ectopy.report.compared import differences, side_by_side
from ectopy.report.content import Grid, Report, Tone, count, describe, percent
from ectopy.report.material import (
    Example,
    ImageMemory,
    MemoryPiece,
    Part,
    RunMaterial,
)
from ectopy.report.operator_charts import ENGINE_KIND, constants_chart, cost_chart
from ectopy.report.profile import Profile

SYMBOLS_SHOWN = 10
MOST_LISTED = 12
"""So few different ticks are listed, a histogram of them would be two blocks; and so many
sections."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """One or two words nobody may overlook."""

    text: str
    tone: Tone = Tone.BAD


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A figure in large type."""

    value: str
    name: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfusionCell:
    """Windows of a true class that were given a class.

    Attributes:
        share: Of the windows of the true class, 0 to 1.
    """

    windows: str
    percentage: str
    share: float
    right: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A quantity as text and as part of the largest, 0 to 100 %."""

    name: str
    value: str
    percentage: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BarGroup:
    """Bars of one scale."""

    title: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """How ticks spread over the windows.

    Attributes:
        summary: In words; says so if there is no spread.
        values: Windows by ticks, where only few ticks are different.
        chart: Where many are.
    """

    name: str
    summary: str
    values: tuple[Bar, ...] = ()
    chart: Chart | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A wrong window, drawn."""

    title: str
    place: str
    trace: Trace
    probabilities: tuple[Bar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    """All of one run.

    Attributes:
        anchor: Identifier within the page.
        missing: Part -> why it is not there; a part that is there has no entry.
    """

    anchor: str
    name: str
    report: Report
    badges: tuple[Badge, ...]
    tiles: tuple[Tile, ...]
    confusion: tuple[tuple[str, tuple[ConfusionCell, ...]], ...]
    classes: tuple[str, ...]
    distributions: tuple[Distribution, ...]
    memory: tuple[BarGroup, ...]
    constants: Chart | None
    arena: Chart | None
    arena_summary: str
    costs: Chart | None
    costs_summary: str
    costs_by_kind: tuple[Bar, ...]
    mistakes: tuple[Mistake, ...]
    mistakes_summary: str
    missing: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The file ``report.html``."""

    title: str
    compared: Grid | None
    differences: tuple[str, ...]
    runs: tuple[RunPage, ...]


def page_of(materials: Sequence[RunMaterial], names: Sequence[str]) -> Page:
    """Everything a page says about these runs.

    Args:
        materials: At least one run.
        names: As many, how to call each.
    """
    records = [material.record for material in materials]
    runs = tuple(
        _run_page(material, name, f"run-{number}")
        for number, (material, name) in enumerate(zip(materials, names, strict=True), 1)
    )
    if len(runs) == 1:
        return Page(title=runs[0].report.title, compared=None, differences=(), runs=runs)
    return Page(
        title=f"{len(runs)} runs side by side",
        compared=side_by_side(records, names),
        differences=differences(records),
        runs=runs,
    )


def _run_page(material: RunMaterial, name: str, anchor: str) -> RunPage:
    record = material.record
    model, image = material.model, material.image
    return RunPage(
        anchor=anchor,
        name=name,
        report=describe(record),
        badges=tuple(_badges(record)),
        tiles=_tiles(record),
        confusion=confusion_cells(record.accuracy.confusion, record.model.classes),
        classes=record.model.classes,
        distributions=_distributions(material),
        memory=_memory(image),
        constants=constants_chart(model, image) if model and image else None,
        arena=arena_chart(model) if model else None,
        arena_summary=_arena_summary(material),
        costs=cost_chart(material.profile) if material.profile else None,
        costs_summary=_costs_summary(material.profile),
        costs_by_kind=_costs_by_kind(material.profile),
        mistakes=tuple(_mistake(example, record) for example in material.examples),
        mistakes_summary=_mistakes_summary(record),
        missing={part.value: material.missing.get(part, "") for part in Part},
    )


def _badges(record: RunRecord) -> Iterator[Badge]:
    if record.partial:
        yield Badge(text="PARTIAL")
    if record.synthetic:
        yield Badge(text="SYNTHETIC")
    if record.board.emulated:
        yield Badge(text="EMULATED")


def _tiles(record: RunRecord) -> tuple[Tile, ...]:
    agreement, link = record.agreement, record.link
    agrees = agreement.windows_compared > 0 and not agreement.output_mismatches
    emulated = " (emulated)" if record.board.emulated else ""
    return (
        Tile(value=percent(record.accuracy.macro_f1), name="macro F1, %"),
        Tile(
            value=count(agreement.output_mismatches),
            name=f"mismatches in {count(agreement.windows_compared)} windows",
            tone=Tone.GOOD if agrees else Tone.BAD,
        ),
        Tile(
            value=count(record.latency.invoke_median),
            name=f"{record.latency.unit} per inference{emulated}",
        ),
        Tile(value=count(record.memory.arena_bytes), name="bytes of arena"),
        Tile(value=count(record.firmware.flash_bytes), name="bytes of flash, whole image"),
        Tile(
            value=count(link.windows_lost),
            name=f"of {count(link.windows_sent)} windows lost",
            tone=Tone.BAD if link.windows_lost else Tone.GOOD,
        ),
    )


def confusion_cells(
    confusion: Sequence[Sequence[int]], classes: Sequence[str]
) -> tuple[tuple[str, tuple[ConfusionCell, ...]], ...]:
    """A confusion matrix as rows of a name and its cells."""
    rows = []
    for true, (name, row) in enumerate(zip(classes, confusion, strict=True)):
        total = sum(row)
        cells = tuple(
            ConfusionCell(
                windows=count(cell),
                percentage=f"{100 * cell / total:.1f} %" if total else "",
                share=round(cell / total, 3) if total else 0.0,
                right=said == true,
            )
            for said, cell in enumerate(row)
        )
        rows.append((name, cells))
    return tuple(rows)


def _distributions(material: RunMaterial) -> tuple[Distribution, ...]:
    outputs, unit = material.outputs, material.record.latency.unit
    if outputs is None or not len(outputs):
        return ()
    shown = [_distribution("Inference", outputs.ticks_invoke, unit)]
    if outputs.ticks_preprocess.any():
        shown.append(_distribution("Preprocess", outputs.ticks_preprocess, unit))
    return tuple(shown)


def _distribution(name: str, ticks: npt.NDArray[np.int64], unit: str) -> Distribution:
    values, counts = np.unique(ticks, return_counts=True)
    total = count(len(ticks))
    if len(values) == 1:
        summary = f"the same for all {total} windows: {count(int(values[0]))} {unit}"
        return Distribution(name=name, summary=summary)
    summary = (
        f"{count(int(values[0]))} to {count(int(values[-1]))} {unit}, {count(len(values))} "
        f"different values in {total} windows"
    )
    if len(values) > MOST_LISTED:
        return Distribution(name=name, summary=summary, chart=histogram(ticks, unit))
    amounts = [(count(int(v)), int(n)) for v, n in zip(values, counts, strict=True)]
    return Distribution(name=name, summary=summary, values=_bars(amounts, len(ticks)))


def _memory(image: ImageMemory | None) -> tuple[BarGroup, ...]:
    if image is None:
        return ()
    groups = []
    for memory in dict.fromkeys(piece.memory for piece in image.sections):
        pieces = [piece for piece in image.sections if piece.memory == memory]
        total = sum(piece.nbytes for piece in pieces)
        capacity = image.capacities_bytes.get(memory)
        of = f", {100 * total / capacity:.1f} % of {count(capacity)}" if capacity else ""
        title = f"{memory}: {count(total)} bytes{of}"
        groups.append(BarGroup(title=title, bars=_bars(_largest(_sizes(pieces)), total)))
        largest = [s for s in image.symbols if s.memory == memory][:SYMBOLS_SHOWN]
        if largest:
            groups.append(
                BarGroup(
                    title=f"Largest symbols in {memory}, bytes", bars=_bars(_sizes(largest), total)
                )
            )
    return tuple(groups)


def _largest(amounts: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """In their order, the small ones taken together where there are many."""
    if len(amounts) <= MOST_LISTED:
        return list(amounts)
    least = sorted(amount for _, amount in amounts)[-MOST_LISTED + 1]
    shown = [each for each in amounts if each[1] >= least][: MOST_LISTED - 1]
    others = sum(amount for _, amount in amounts) - sum(amount for _, amount in shown)
    return [*shown, (f"{len(amounts) - len(shown)} others", others)]


def _sizes(pieces: Sequence[MemoryPiece]) -> list[tuple[str, int]]:
    return [(piece.name, piece.nbytes) for piece in pieces]


def _bars(amounts: Sequence[tuple[str, int]], total: int) -> tuple[Bar, ...]:
    """Amounts by name, as shares of a total."""
    return tuple(
        Bar(
            name=name,
            value=count(amount),
            percentage=round(100 * amount / total, 1) if total else 0.0,
        )
        for name, amount in amounts
    )


def _arena_summary(material: RunMaterial) -> str:
    if material.model is None:
        return ""
    plan, memory = material.model.plan, material.record.memory
    return (
        f"{len(plan.placements)} buffers in {count(plan.arena_bytes)} bytes; "
        f"{count(plan.live_peak_bytes)} bytes are alive at once at the fullest operator, and no "
        f"arena can be smaller. The device says it uses {count(memory.arena_bytes)} bytes."
    )


def _costs_summary(profile: Profile | None) -> str:
    if profile is None:
        return ""
    return (
        f"{count(profile.modelled_cycles)} modelled cycles for {count(profile.macs)} MAC, memory "
        f"with {profile.memory_title}: an estimate by Arm's documented timings over "
        f"{profile.window}, not a measurement."
    )


def _costs_by_kind(profile: Profile | None) -> tuple[Bar, ...]:
    if profile is None:
        return ()
    totals: dict[str, int] = {}
    for each in profile.operators:
        kind = each.kind if each.index is not None else ENGINE_KIND
        totals[kind] = totals.get(kind, 0) + each.modelled_cycles
    largest_first = sorted(totals.items(), key=lambda item: -item[1])
    return _bars(largest_first, sum(totals.values()))


def _mistakes_summary(record: RunRecord) -> str:
    total = sum(map(sum, record.accuracy.confusion))
    right = sum(row[i] for i, row in enumerate(record.accuracy.confusion))
    return f"{count(total - right)} of {count(total)} windows were given a wrong class"


def _mistake(example: Example, record: RunRecord) -> Mistake:
    names = record.model.classes
    return Mistake(
        title=f"{names[example.true_class]}, said {names[example.said]}",
        place=f"record {example.record}, beat at sample {count(example.beat_sample)}",
        trace=trace(example.millivolts),
        probabilities=tuple(
            Bar(name=name, value=f"{100 * p:.1f} %", percentage=round(100 * p, 1))
            for name, p in zip(names, example.probabilities, strict=False)
        ),
    )
