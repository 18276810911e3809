"""Scores of a model as pictures: what its confidence is worth, and how records differ."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from ectopy.errors import InputError
from ectopy.metrics.evaluation import Evaluation, ReliabilityRecord

_INK, _SOFT, _BAR, _BELOW = "#22262b", "#5a6068", "#2f6f9f", "#c8d8e4"


def draw_scores(title: str, evaluation: Evaluation, directory: Path) -> tuple[Path, Path]:
    """Draws the reliability curve and F1 by record.

    Args:
        title: Above both.
        evaluation: What to draw.
        directory: Gets two PNG files named after the entry; made if it is not there.

    Raises:
        InputError: They cannot be written.
    """
    name = re.sub(r"[^a-z0-9]+", "-", evaluation.title.lower()).strip("-")
    paths = (directory / f"reliability-{name}.png", directory / f"records-{name}.png")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _reliability(title, evaluation.reliability).savefig(paths[0], dpi=130)
        _records(title, evaluation).savefig(paths[1], dpi=130)
    except OSError as error:
        raise InputError(
            f"cannot draw into {directory}: {error.strerror}", hint="name a folder of yours"
        ) from error
    return paths


def draw_reliability(title: str, reliability: ReliabilityRecord, path: Path) -> None:
    """Draws the reliability curve into one PNG file, small enough for a page.

    Raises:
        InputError: It cannot be written.
    """
    try:
        _reliability(title, reliability).savefig(path, dpi=80, metadata={"Title": title})
    except OSError as error:
        raise InputError(f"cannot draw {path}: {error.strerror}") from error


def _figure(title: str, width: float, height: float) -> Figure:
    figure = Figure(
        figsize=(width, height), facecolor="white", layout=ConstrainedLayoutEngine(h_pad=0.08)
    )
    FigureCanvasAgg(figure)
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold", color=_INK)
    return figure


def _reliability(title: str, reliability: ReliabilityRecord) -> Figure:
    figure = _figure(title, 6.4, 6.4)
    curve, counts = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    filled = [each for each in reliability.bins if each.windows]
    middle = [(each.low + each.high) / 2 for each in filled]
    width = reliability.bins[0].high - reliability.bins[0].low
    accuracy = [each.accuracy or 0.0 for each in filled]
    curve.plot([0, 1], [0, 1], color=_SOFT, lw=1, ls="--")
    curve.bar(middle, accuracy, width=0.94 * width, color=_BELOW)
    curve.plot([each.confidence or 0.0 for each in filled], accuracy, "o-", color=_BAR)
    curve.set(ylim=(0, 1.02), ylabel="share classified right")
    curve.set_title(
        f"expected calibration error {reliability.ece:.4f}; on the dashed line, confidence is "
        "honest",
        loc="left",
        fontsize=9,
        color=_SOFT,
    )
    counts.bar(middle, [each.windows for each in filled], width=0.94 * width, color=_BAR)
    counts.set_yscale("log")
    counts.set(xlim=(0, 1), xlabel="confidence of the predicted class", ylabel="windows")
    for axes in (curve, counts):
        _plain(axes)
    return figure


def _records(title: str, evaluation: Evaluation) -> Figure:
    names, scores = list(evaluation.accuracy.per_class), evaluation.per_record
    figure = _figure(title, 2.2 + 0.52 * len(scores), 1.5 + 0.75 * len(names))
    axes = figure.subplots()
    # A record without beats of a class has no F1 worth a colour, only false ones.
    confusions = np.array([record.confusion for record in scores.values()])
    beats, said = confusions.sum(axis=2).T, confusions.sum(axis=1).T
    f1 = np.array(
        [[record.f1[name] for record in scores.values()] for name in names], dtype=np.float64
    )
    axes.set_facecolor("#f4f5f6")
    axes.imshow(
        np.where(beats > 0, f1, np.nan), vmin=0, vmax=1, cmap="RdYlGn", aspect="auto", alpha=0.5
    )
    for row, column in np.ndindex(f1.shape):
        if beats[row, column]:
            _cell(axes, (column, row), f"{f1[row, column]:.2f}", f"{beats[row, column]:,}")
        elif said[row, column]:
            _cell(axes, (column, row), "", f"{said[row, column]:,} false")
    axes.set_xticks(range(len(scores)), list(scores))
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("record", fontsize=9, color=_SOFT)
    axes.set_title(
        "F1 by record, below it the beats of the class; grey: no such beat",
        loc="left",
        fontsize=9,
        color=_SOFT,
    )
    axes.tick_params(length=0, labelsize=8, colors=_INK)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return figure


def _cell(axes: Axes, place: tuple[int, int], upper: str, lower: str) -> None:
    x, y = place
    axes.text(x, y - 0.12, upper, ha="center", va="center", fontsize=9.5, color=_INK)
    axes.text(x, y + 0.24, lower, ha="center", va="center", fontsize=7, color=_INK)


def _plain(axes: Axes) -> None:
    axes.grid(color="#e6e8eb", lw=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(which="both", length=0, labelsize=8, colors=_INK)
    for spine in axes.spines.values():
        spine.set_color("#d5d8dc")
