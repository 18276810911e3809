"""A profile as a picture: where the cycles of an inference go, operator by operator."""

from __future__ import annotations

from pathlib import Path

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from ectopy.errors import InputError
from ectopy.report.profile import OperatorProfile, Profile

_INK, _FAINT = "#22262b", "#6b7280"
_COLOURS = {
    "CONV_2D": "#2f6db3",
    "DEPTHWISE_CONV_2D": "#c77700",
    "ADD": "#1b7f5c",
    "MUL": "#7a4fa3",
    "MAX_POOL_2D": "#b3203b",
    "MEAN": "#0f8b9d",
    "FULLY_CONNECTED": "#8a6d3b",
}
_OTHER = "#9aa1ab"
_BAR_FROM = 0.002
_LEGEND_FROM = 0.0005
_LABEL_FROM = 0.025
"""Share from which a piece of the flame has room for its name."""


def draw_profile(profile: Profile, path: Path) -> None:
    """Writes an SVG: the inference as one strip in the order of execution, then its operators.

    Raises:
        InputError: The file cannot be written.
    """
    rows = list(profile.operators)
    large = [row for row in rows if row.share >= _BAR_FROM] or rows
    height = 2.4 + 0.19 * len(large)
    with rc_context(
        {"svg.hashsalt": "ectopy", "svg.fonttype": "none", "font.family": "sans-serif"}
    ):
        figure = Figure(figsize=(11.5, height), facecolor="white")
        FigureCanvasSVG(figure)
        strip = figure.add_axes((0.03, 1 - 1.25 / height, 0.94, 0.5 / height))
        bars = figure.add_axes((0.26, 0.65 / height, 0.55, 1 - 2.05 / height))
        _strip(strip, profile, rows)
        _bars(bars, large)
        _legend(bars, rows)
        _rest(figure, [row for row in rows if row not in large], height)
        _title(figure, profile, height)
        try:
            figure.savefig(path, format="svg", metadata={"Date": None})
        except OSError as error:
            raise InputError(
                f"cannot write the picture {path}: {error.strerror}", hint="choose another file"
            ) from error


def _colour(row: OperatorProfile) -> str:
    return _COLOURS.get(row.kind, _OTHER)


def _strip(ax: Axes, profile: Profile, rows: list[OperatorProfile]) -> None:
    begin = 0
    for row in rows:
        ax.barh(
            0, row.modelled_cycles, left=begin, color=_colour(row), edgecolor="white", linewidth=0.5
        )
        if row.share >= _LABEL_FROM:
            ax.text(
                begin + row.modelled_cycles / 2,
                0,
                f"{row.index}\n{100 * row.share:.0f} %",
                ha="center",
                va="center",
                fontsize=7.5,
                color="white",
            )
        begin += row.modelled_cycles
    ax.set_xlim(0, profile.modelled_cycles)
    ax.set_ylim(-0.4, 0.4)
    ax.set_axis_off()


def _bars(ax: Axes, rows: list[OperatorProfile]) -> None:
    places = range(len(rows))
    ax.barh(
        places, [r.modelled_cycles for r in rows], color=[_colour(r) for r in rows], height=0.74
    )
    widest = max(r.modelled_cycles for r in rows)
    for place, row in zip(places, rows, strict=True):
        per_cycle = row.macs_per_cycle
        density = f"   {per_cycle:.2f} MAC/cycle" if per_cycle else ""
        text = f"{row.modelled_cycles:,}  {100 * row.share:.1f} %{density}"
        ax.text(
            row.modelled_cycles + widest / 100, place, text, va="center", fontsize=7.5, color=_INK
        )
    ax.set_yticks(places, [_label(r) for r in rows], fontsize=7.5, color=_INK)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_xlim(0, widest)
    ax.xaxis.set_major_formatter(lambda value, _: f"{value / 1000:,.0f} k")
    ax.tick_params(axis="both", length=0, labelsize=7.5, colors=_FAINT)
    ax.tick_params(axis="y", colors=_INK)
    ax.grid(axis="x", color="#e5e7eb", linewidth=0.7)
    ax.set_axisbelow(True)
    ax.set_xlabel("modelled cycles", fontsize=8.5, color=_FAINT)
    for spine in ax.spines.values():
        spine.set_visible(False)


def _legend(ax: Axes, rows: list[OperatorProfile]) -> None:
    shares: dict[str, float] = {}
    for row in rows:
        shares[row.kind] = shares.get(row.kind, 0.0) + row.share
    entries = [
        Patch(color=_COLOURS.get(kind, _OTHER), label=f"{kind.lower()}  {100 * share:.1f} %")
        for kind, share in sorted(shares.items(), key=lambda item: -item[1])
        if share >= _LEGEND_FROM
    ]
    ax.legend(
        handles=entries, loc="lower right", bbox_to_anchor=(1.33, 0.0), fontsize=9, frameon=False
    )


def _rest(figure: Figure, rows: list[OperatorProfile], height: float) -> None:
    if not rows:
        return
    cycles, share = sum(r.modelled_cycles for r in rows), sum(r.share for r in rows)
    figure.text(
        0.03,
        0.12 / height,
        f"{len(rows)} more with less than {100 * _BAR_FROM:g} % each: together {cycles:,} cycles, "
        f"{100 * share:.1f} %",
        fontsize=8.5,
        color=_FAINT,
    )


def _label(row: OperatorProfile) -> str:
    number = "" if row.index is None else f"{row.index}  "
    return f"{number}{row.name}  {row.shape}".strip()


def _title(figure: Figure, profile: Profile, height: float) -> None:
    figure.text(
        0.03,
        1 - 0.32 / height,
        f"{profile.model}: {profile.modelled_cycles / 1e6:.2f} million modelled Cortex-M4 cycles "
        f"an inference",
        fontsize=14,
        fontweight="bold",
        color=_INK,
    )
    figure.text(
        0.03,
        1 - 0.58 / height,
        f"engine {profile.engine}, {profile.emulated_instructions:,} instructions emulated, "
        f"{profile.macs:,} MACs; {profile.modelled_ms:.1f} ms at {profile.clock_hz / 1e6:g} MHz; "
        f"memory: {profile.memory_title}; not measured on silicon",
        fontsize=9,
        color=_FAINT,
    )
