"""Bars of operators in their order: what each takes in cycles, and in flash for its constants."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ectopy.report.charts import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Box,
    Chart,
    operator_ticks,
    rounded,
    y_ticks,
)
from ectopy.report.content import count
from ectopy.report.material import CompiledModel, ImageMemory
from ectopy.report.profile import Profile

ENGINE_KIND = "ENGINE"

_CONSTANT = re.compile(r"op(\d+)_")
"""How generated code names the constants of an operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bar:
    style: str
    title: str
    value: int


def cost_chart(profile: Profile) -> Chart:
    """Modelled cycles of every operator; the engine's own work is the last bar."""
    bars = [
        _Bar(
            style=each.kind if each.index is not None else ENGINE_KIND,
            title=f"{'' if each.index is None else each.index} {each.kind} {each.shape}\n"
            f"{each.name}\n{count(each.modelled_cycles)} cycles, {count(each.macs)} MAC",
            value=each.modelled_cycles,
        )
        for each in profile.operators
    ]
    return _chart(bars, "operator (height: modelled cycles)")


def constants_chart(model: CompiledModel, image: ImageMemory) -> Chart | None:
    """Flash that the constants of every operator take; None if the image does not tell."""
    nbytes: Counter[int] = Counter()
    for symbol in image.symbols:
        if symbol.memory == "flash" and (found := _CONSTANT.match(symbol.name)):
            nbytes[int(found[1])] += symbol.nbytes
    if not nbytes:
        return None
    bars = [
        _Bar(
            style=op.kind,
            title=f"{op.index} {op.kind}\n{count(nbytes[op.index])} bytes of constants",
            value=nbytes[op.index],
        )
        for op in model.graph.ops
    ]
    return _chart(bars, "operator (height: bytes of its constants in flash)")


def _chart(bars: Sequence[_Bar], label: str) -> Chart:
    highest = max(1, *(bar.value for bar in bars))
    slot = (WIDTH - LEFT - RIGHT) / len(bars)
    boxes = []
    for position, bar in enumerate(bars):
        height = (HEIGHT - TOP - BOTTOM) * bar.value / highest
        boxes.append(
            Box(
                x=rounded(LEFT + position * slot),
                y=rounded(HEIGHT - BOTTOM - height),
                width=rounded(slot),
                height=rounded(height),
                style=bar.style,
                title=bar.title,
            )
        )
    operators = sum(bar.style != ENGINE_KIND for bar in bars)
    return Chart(
        boxes=tuple(boxes),
        x_ticks=operator_ticks(operators, LEFT, slot),
        y_ticks=y_ticks(highest),
        x_label=label,
        styles=tuple(dict.fromkeys(bar.style for bar in bars if bar.value)),
    )
