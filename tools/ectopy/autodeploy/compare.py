"""ns_autodeploy's figures and ours, side by side, one kind of number to a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from ectopy.autodeploy.console_text import ConsoleText
from ectopy.autodeploy.remarks import Remark
from ectopy.autodeploy.resultlog import ResultLog
from ectopy.autodeploy.stats import LayerStats, Stats
from ectopy.graph.costs import graph_macs, op_macs
from ectopy.graph.types import Graph, Op
from ectopy.records import RunRecord
from ectopy.vocab import TickUnit

_TAG_SIGNS = 19
_NO_RUN = "no run given: --run"
_NOT_OF_A_CLOCK = (TickUnit.INSTRUCTIONS, TickUnit.NANOSECONDS)
"""Nanoseconds are those of a computer, not of a microcontroller."""


class Kind(StrEnum):
    """Where a number comes from; never mixed in a line."""

    SILICON = "measured on silicon"
    EMULATED = "counted by an emulator"
    MODELLED = "by the cycle model"
    STATIC = "from the model file"
    REPORTED = "reported by the engine"
    HOST = "int8 outputs compared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A figure, or why there is none."""

    number: float | tuple[float, ...] | None
    reason: str = ""

    def __post_init__(self) -> None:
        if (self.number is None) != bool(self.reason):
            raise ValueError("a figure, or a reason for none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A figure of both.

    Attributes:
        remarks: What to know before comparing.
    """

    figure: str
    unit: str
    kind: Kind
    theirs: Value
    ours: Value
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerLine:
    """A layer of ns_autodeploy beside the operator it is, by order and kind.

    Attributes:
        position: In its file; None if our operator has no layer there.
        index: Of our operator; None if its layer is no operator of ours.
        share: Of its sum of microseconds.
    """

    position: int | None
    tag: str | None
    duration_us: int | None
    share: float | None
    their_macs: int | None
    index: int | None
    kind: str | None
    name: str | None
    our_macs: int | None

    @property
    def matched(self) -> bool:
        """Whether both have it."""
        return self.position is not None and self.index is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Theirs:
    """All that one run of ns_autodeploy left.

    Attributes:
        log: None if there is no result log; ``log_note`` says why. ``console`` likewise.
    """

    stats: Stats
    log: ResultLog | None
    log_note: str
    console: ConsoleText | None
    console_note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """What we know about the model.

    Attributes:
        record: A bench run; None if none was given.
        planned_arena_bytes: By the AOT planner; None if it cannot run the model.
        expected_difference: Per output, LiteRT minus the TFLM reference, mean over the windows;
            None with ``difference_note``.
    """

    graph: Graph
    file_bytes: int
    record: RunRecord | None
    planned_arena_bytes: int | None
    expected_difference: tuple[float, ...] | None
    difference_note: str


def compare_figures(theirs: Theirs, ours: Ours) -> tuple[Line, ...]:
    """The figures of both, in the order in which people ask for them."""
    return (
        *_speed_lines(theirs.stats, ours.record),
        Line(
            figure="multiply-accumulates",
            unit="MAC",
            kind=Kind.STATIC,
            theirs=_value(theirs.stats.total_macs, "its file has no estimates"),
            ours=Value(number=graph_macs(ours.graph)),
            remarks=(Remark.MACS_STATIC,),
        ),
        _arena_line(theirs, ours),
        Line(
            figure="model file",
            unit="KB",
            kind=Kind.STATIC,
            theirs=_logged(theirs, "model_kb"),
            ours=Value(number=-(-ours.file_bytes // 1024)),
            remarks=(Remark.MODEL_ROUNDED,),
        ),
        Line(
            figure="operators",
            unit="",
            kind=Kind.STATIC,
            theirs=Value(number=len(theirs.stats.layers)),
            ours=Value(number=len(ours.graph.ops)),
        ),
        _difference_line(theirs, ours),
        *_power_lines(theirs.log),
    )


def _speed_lines(stats: Stats, record: RunRecord | None) -> tuple[Line, ...]:
    first = (Remark.COLD_FIRST, Remark.RUNTIME)
    emulated = record is not None and record.board.emulated
    lines = [
        Line(
            figure="latency (its first, our median)",
            unit="us",
            kind=Kind.SILICON,
            theirs=Value(number=stats.total_us),
            ours=_silicon_us(record),
            remarks=(*first, Remark.EMULATED_HAS_NO_TIME) if emulated else first,
        ),
        Line(
            figure="cycles of an inference",
            unit="cycles",
            kind=Kind.SILICON,
            theirs=_value(stats.cycles, stats.cycles_note),
            ours=_ticks(record, TickUnit.CYCLES),
            remarks=(Remark.CYCLES_NOT_STARTED,),
        ),
    ]
    if record is not None and emulated:
        latency = record.latency
        lines += [
            Line(
                figure="instructions of an inference",
                unit="instructions",
                kind=Kind.EMULATED,
                theirs=Value(number=None, reason="it runs on silicon only"),
                ours=_ticks(record, TickUnit.INSTRUCTIONS),
            ),
            Line(
                figure="cycles of an inference",
                unit="cycles",
                kind=Kind.MODELLED,
                theirs=Value(number=None, reason="it runs on silicon only"),
                ours=_value(latency.estimated_cycles, "not in the record"),
            ),
        ]
    return tuple(lines)


def _silicon_us(record: RunRecord | None) -> Value:
    if record is None:
        return Value(number=None, reason=_NO_RUN)
    if record.board.emulated:
        return Value(number=None, reason=f"board {record.board.name} is emulated")
    clock_hz, median = record.board.clock_hz, record.latency.invoke_median
    if record.latency.unit in _NOT_OF_A_CLOCK or not clock_hz or median is None:
        reason = f"board {record.board.name} counts {record.latency.unit}, no ticks of a clock"
        return Value(number=None, reason=reason)
    return Value(number=round(median * 1e6 / clock_hz, 1))


def _ticks(record: RunRecord | None, unit: TickUnit) -> Value:
    if record is None:
        return Value(number=None, reason=_NO_RUN)
    silicon = unit is TickUnit.CYCLES
    if record.latency.unit is not unit or record.board.emulated is silicon:
        return Value(number=None, reason=f"board {record.board.name} counts {record.latency.unit}")
    return _value(record.latency.invoke_median, "not in the record")


def _arena_line(theirs: Theirs, ours: Ours) -> Line:
    record = ours.record
    used = record.memory.arena_bytes if record is not None else ours.planned_arena_bytes
    source = f"{record.engine.name} on {record.board.name}" if record else "aot, as planned"
    return Line(
        figure=f"arena (ours: {source})",
        unit="KB",
        kind=Kind.REPORTED,
        theirs=_logged(theirs, "arena_kb"),
        ours=_value(None if used is None else used // 1024 + 1, "no engine of ours says"),
        remarks=(Remark.ARENA_ONE_SHOT, Remark.ARENA_OF_ENGINES),
    )


def _difference_line(theirs: Theirs, ours: Ours) -> Line:
    console = theirs.console
    if console is None:
        value = Value(number=None, reason=theirs.console_note)
    elif not console.compared:
        value = Value(number=None, reason="it had no LiteRT to compare with")
    else:
        value = _value(console.mean_difference, "its console does not say")
    return Line(
        figure="mean output difference from LiteRT",
        unit="int8 steps",
        kind=Kind.HOST,
        theirs=value,
        ours=_value(ours.expected_difference, ours.difference_note),
        remarks=(Remark.OUTPUT_ORACLE, Remark.INPUT_TRUNCATED),
    )


def _power_lines(log: ResultLog | None) -> list[Line]:
    """Only where somebody had a Joulescope."""
    if log is None:
        return []
    figures = [
        ("warm latency, 192 MHz", "ms", log.hp_ms),
        ("warm latency, 96 MHz", "ms", log.lp_ms),
        ("energy, 192 MHz", "uJ", log.hp_uj),
        ("energy, 96 MHz", "uJ", log.lp_uj),
    ]
    return [
        Line(
            figure=figure,
            unit=unit,
            kind=Kind.SILICON,
            theirs=Value(number=number),
            ours=Value(number=None, reason="ectopy has no instrument"),
            remarks=(Remark.POWER_BY_JOULESCOPE,),
        )
        for figure, unit, number in figures
        if number is not None
    ]


def _logged(theirs: Theirs, field: str) -> Value:
    """From the result log, or else from the console."""
    for source in (theirs.log, theirs.console):
        number = getattr(source, field, None)
        if number is not None:
            return Value(number=number)
    return Value(number=None, reason=f"{theirs.log_note}; {theirs.console_note}".strip("; "))


def _value(number: float | tuple[float, ...] | None, reason: str) -> Value:
    return Value(number=number, reason=reason if number is None else "")


def match_layers(stats: Stats, graph: Graph, names: Sequence[str]) -> tuple[LayerLine, ...]:
    """Its layers beside our operators, aligned by kind where the two lists differ.

    Args:
        stats: Its layers.
        graph: Our operators.
        names: Of their layers, for people.
    """
    tags = [layer.tag for layer in stats.layers]
    kinds = [str(op.kind)[:_TAG_SIGNS] for op in graph.ops]
    whole = stats.total_us
    lines = []
    for same, a0, a1, b0, b1 in SequenceMatcher(None, tags, kinds, autojunk=False).get_opcodes():
        layers, ops = stats.layers[a0:a1], graph.ops[b0:b1]
        if same == "equal":
            pairs = list(zip(layers, ops, strict=True))
            lines += [
                _layer_line(layer, (graph, op, names[op.index]), whole) for layer, op in pairs
            ]
        else:
            lines += [_layer_line(layer, None, whole) for layer in layers]
            lines += [_layer_line(None, (graph, op, names[op.index]), whole) for op in ops]
    return tuple(lines)


def _layer_line(
    layer: LayerStats | None, ours: tuple[Graph, Op, str] | None, whole: int
) -> LayerLine:
    us = layer.duration_us if layer else None
    return LayerLine(
        position=layer.index if layer else None,
        tag=layer.tag if layer else None,
        duration_us=us,
        share=us / whole if us is not None and whole else None,
        their_macs=layer.macs if layer else None,
        index=ours[1].index if ours else None,
        kind=ours[1].kind if ours else None,
        name=ours[2] if ours else None,
        our_macs=op_macs(ours[0], ours[1]) if ours else None,
    )
