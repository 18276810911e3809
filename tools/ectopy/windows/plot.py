"""Example windows of each class as a picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MultipleLocator
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ectopy.errors import InputError
from ectopy.vocab import FRAME_SAMPLES, R_PEAK_SAMPLE, SAMPLING_HZ, BeatClass
from ectopy.windows.types import WindowSet

_COLUMNS = 3
_FEW_COLOURS = 64
CLASS_COLOURS = {BeatClass.N: "#1b7f5c", BeatClass.PAC: "#c77700", BeatClass.PVC: "#b3203b"}
_NAMES = {
    BeatClass.N: "N  normal",
    BeatClass.PAC: "PAC  premature atrial",
    BeatClass.PVC: "PVC  premature ventricular",
}
INK = "#22262b"
_PAPER_GRID = "#f3dcdc"


def plot_windows(windows: WindowSet, path: Path, seed: int = 0) -> None:
    """Draws three windows of each class, of different records where there are so many.

    Raises:
        InputError: The picture cannot be written, or its format is unknown.
    """
    layout = ConstrainedLayoutEngine(h_pad=0.09, w_pad=0.09)
    figure = Figure(figsize=(13.5, 8.4), facecolor="white", layout=layout)
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(BeatClass), _COLUMNS, sharex=True)
    for row, beat_class in enumerate(BeatClass):
        examples = choose_examples(windows, beat_class, _COLUMNS, seed)
        for column in range(_COLUMNS):
            _draw_one(axes[row, column], windows, beat_class, examples[column : column + 1])
    for ax in axes[-1]:
        ax.set_xlabel("seconds from the R peak")
    for ax in axes[:, 0]:
        ax.set_ylabel("millivolts")
    _caption(figure, windows)
    try:
        figure.savefig(path, dpi=130)
    except (OSError, ValueError) as error:
        raise InputError(
            f"cannot write the picture {path}: {error}", hint="name a .png in a directory of yours"
        ) from error


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NamedWindow:
    """A window to draw.

    Attributes:
        millivolts: float32 (512,).
        beat_class: Gives the colour.
        left: Above it on the left, in that colour; ``right`` on the right.
    """

    millivolts: npt.NDArray[np.float32]
    beat_class: BeatClass
    left: str
    right: str


def plot_named(windows: Sequence[NamedWindow], title: str, note: str, path: Path) -> None:
    """Draws windows with titles of their own, three in a row, small enough for a page.

    Args:
        windows: At least one.
        title: Above all.
        note: Below all.
        path: A PNG file.

    Raises:
        InputError: The picture cannot be written.
    """
    rows = -(-len(windows) // _COLUMNS)
    layout = ConstrainedLayoutEngine(h_pad=0.06, w_pad=0.06)
    size = (13.5, 0.9 + 2.3 * rows)
    figure = Figure(figsize=size, dpi=84, facecolor="white", layout=layout)
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
    for ax, window in zip(axes, windows, strict=False):
        colour = CLASS_COLOURS[window.beat_class]
        paper(ax)
        _trace(ax, window.millivolts, colour)
        ax.set_title(window.left, loc="left", fontsize=10, color=colour, fontweight="bold")
        ax.set_title(window.right, loc="right", fontsize=9, color=INK)
    for ax in axes[len(windows) :]:
        ax.set_axis_off()
    figure.suptitle(title, x=0.01, ha="left", fontsize=13, fontweight="bold", color=INK)
    figure.supxlabel(note, x=0.01, ha="left", fontsize=8, color="#5a6068", wrap=True)
    save_small(figure, title, path)


def save_small(figure: Figure, title: str, path: Path) -> None:
    """Writes a PNG of few colours: a third of the bytes, and no eye sees it.

    Raises:
        InputError: It cannot be written.
    """
    whole = io.BytesIO()
    figure.savefig(whole)
    about = PngInfo()
    about.add_text("Title", title)
    # By octree: a median cut would sacrifice the colours of the classes to shades of grey.
    picture = Image.open(whole).convert("RGB")
    few = picture.quantize(_FEW_COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    try:
        few.save(path, optimize=True, pnginfo=about)
    except OSError as error:
        raise InputError(
            f"cannot write the picture {path}: {error.strerror or error}",
            hint="name a directory of yours",
        ) from error


def choose_examples(
    windows: WindowSet, beat_class: BeatClass, count: int, seed: int
) -> npt.NDArray[np.int64]:
    """Up to ``count`` indices of windows of a class, one a record first, then any."""
    of_class = np.flatnonzero(windows.labels == beat_class)
    keys = np.random.PCG64([seed, int(beat_class)]).random_raw(of_class.size)
    shuffled = of_class[np.argsort(keys, kind="stable")]
    _, first_of_record = np.unique(windows.records[shuffled], return_index=True)
    later = np.setdiff1d(np.arange(shuffled.size), first_of_record)
    order = np.concatenate((np.sort(first_of_record), later))
    return shuffled[order[:count]].astype(np.int64)


def _draw_one(
    ax: Axes, windows: WindowSet, beat_class: BeatClass, example: npt.NDArray[np.int64]
) -> None:
    colour = CLASS_COLOURS[beat_class]
    ax.set_title(_NAMES[beat_class], loc="left", fontsize=10, color=colour, fontweight="bold")
    paper(ax)
    if example.size == 0:
        ax.text(0.5, 0.5, "no such beat", transform=ax.transAxes, ha="center", color=INK)
        return
    _trace(ax, windows.samples[example[0]], colour)
    ax.set_title(f"record {windows.records[example[0]]}", loc="right", fontsize=9, color=INK)


def _trace(ax: Axes, millivolts: npt.NDArray[np.float32], colour: str) -> None:
    seconds = (np.arange(FRAME_SAMPLES) - R_PEAK_SAMPLE) / SAMPLING_HZ
    ax.axvspan(-0.3, 0.45, color=colour, alpha=0.10, lw=0)
    ax.plot(seconds, millivolts, color=INK, lw=1.0)
    ax.plot([0.0], millivolts[R_PEAK_SAMPLE : R_PEAK_SAMPLE + 1], "o", color=colour, ms=4.5)
    # At least 2 mV, so that a flat lead does not look like a tall one.
    middle, half = _middle_and_half(millivolts)
    ax.set_ylim(middle - half, middle + half)


def _middle_and_half(millivolts: npt.NDArray[np.float32]) -> tuple[float, float]:
    low, high = float(millivolts.min()), float(millivolts.max())
    return (low + high) / 2.0, max(1.12 * (high - low) / 2.0, 1.0)


def paper(ax: Axes) -> None:
    """A grid as on ECG paper: 0.2 s and 0.5 mV."""
    edge = R_PEAK_SAMPLE / SAMPLING_HZ
    ax.set_xlim(-edge, edge)
    ax.xaxis.set_major_locator(MultipleLocator(1.0))
    ax.xaxis.set_minor_locator(MultipleLocator(0.2))
    ax.yaxis.set_major_locator(MultipleLocator(1.0))
    ax.yaxis.set_minor_locator(MultipleLocator(0.5))
    ax.grid(which="both", color=_PAPER_GRID, lw=0.7)
    ax.set_axisbelow(True)
    ax.tick_params(which="both", length=0, labelsize=8, colors=INK)
    for spine in ax.spines.values():
        spine.set_color(_PAPER_GRID)


def _caption(figure: Figure, windows: WindowSet) -> None:
    info = windows.info
    counts = ", ".join(f"{int((windows.labels == c).sum()):,} {c.name}" for c in BeatClass)
    kind = "SYNTHETIC ECG, no patient's heart" if info.synthetic else "MIT-BIH records"
    figure.suptitle(
        f"{kind}: {info.split.upper()}, {len(windows):,} windows ({counts})",
        x=0.01,
        ha="left",
        fontsize=13,
        fontweight="bold",
        color="#b3203b" if info.synthetic else INK,
    )
    text = f"512 samples at 100 Hz, the classified beat shaded, its R peak dotted. {info.citation}"
    figure.supxlabel(text, x=0.01, ha="left", fontsize=7, color="#5a6068", wrap=True)
