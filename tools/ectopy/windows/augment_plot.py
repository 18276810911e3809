"""What each augmentation does to a window, as pictures: one per family, before and after."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from PIL import Image

from ectopy.errors import DataError, InputError
from ectopy.vocab import FRAME_SAMPLES, R_PEAK_SAMPLE, SAMPLING_HZ, BeatClass
from ectopy.windows import augment, rhythm
from ectopy.windows.augment import Retimed
from ectopy.windows.plot import CLASS_COLOURS, INK, paper
from ectopy.windows.rhythm import BEATS, NEIGHBOURS
from ectopy.windows.strips import Strips

Samples: TypeAlias = npt.NDArray[np.float32]

_GREY = "#b4bac2"
_COLOURS = 64
"""Of a picture: lines on paper need no more, and the repository stays small."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Panel:
    """One window.

    Attributes:
        after: float32 (512,), millivolts.
        before: The window it was made of, drawn in grey; None to draw none.
        beats: R peaks to be marked, samples.
        label: Class of the beat in the middle.
        close: Shows the three middle beats, their R peaks cut off, so that P waves can be seen.
    """

    title: str
    after: Samples
    before: Samples | None = None
    beats: Sequence[float] = ()
    label: BeatClass = BeatClass.N
    close: bool = False


class _Window:
    """The normal beat in the middle of a record, and what is made of it.

    Args:
        strips: One record.
        seed: Of all draws.
    """

    def __init__(self, strips: Strips, seed: int) -> None:
        self._strips, self._seed = strips, seed
        around = np.lib.stride_tricks.sliding_window_view(strips.labels, BEATS)
        normal = np.flatnonzero((around == BeatClass.N).all(axis=1) & self._fits())
        if not normal.size:
            raise DataError(f"record {strips.names[0]}: no beat among {BEATS} normal ones")
        self.centre = np.array([normal[normal.size // 2] + NEIGHBOURS])
        self.intervals = augment.intervals_around(strips, self.centre)
        self.plain = self.retime(self.intervals)

    def _fits(self) -> npt.NDArray[np.bool_]:
        return self._strips.fits()[NEIGHBOURS:-NEIGHBOURS]

    @property
    def random(self) -> np.random.Generator:
        """The same draws for everybody who asks."""
        return np.random.default_rng(self._seed)

    def retime(self, intervals: npt.NDArray[np.float64], stretch: float = 1.0) -> Retimed:
        has_p = np.ones((1, BEATS), dtype=bool)
        return augment.retime(self._strips, self.centre, intervals, np.array([stretch]), has_p)

    def with_early(self, *beats: int) -> Retimed:
        """Beats of these numbers, counted from the middle, come early."""
        early = np.zeros((1, BEATS), dtype=bool)
        early[0, NEIGHBOURS + np.array(beats)] = True
        return self.retime(rhythm.make_early(self.intervals, early, self.random))

    @property
    def lead(self) -> Samples:
        """Its first lead, float32 (1, 512)."""
        first: Samples = self.plain.leads_mv[0]
        return first


def plot_augmentations(
    strips: Strips, traces: Samples, out_dir: Path, source: str, seed: int = 0
) -> tuple[Path, ...]:
    """Draws ``augment-<family>.png`` for rhythm, waves, leads and disturbances.

    Args:
        strips: One record with two leads.
        traces: float32 (k, m), recorded noise at 100 Hz.
        out_dir: Where to.
        source: Caption: what the record is, and whose.
        seed: Of all draws.

    Returns:
        The pictures.

    Raises:
        DataError: The record has no run of normal beats.
        InputError: A picture cannot be written.
    """
    window = _Window(strips, seed)
    families: Mapping[str, Callable[[], Sequence[_Panel]]] = {
        "rhythm": lambda: _rhythm(window),
        "waves": lambda: _waves(window),
        "leads": lambda: _leads(window),
        "disturbances": lambda: _disturbances(window, traces),
    }
    paths = []
    for name, panels in families.items():
        paths.append(out_dir / f"augment-{name}.png")
        _draw(panels(), paths[-1], source)
    return tuple(paths)


def _rhythm(window: _Window) -> Sequence[_Panel]:
    fibrillating = window.retime(rhythm.fibrillate(window.intervals, window.random))
    flat = augment.scale_p_waves(fibrillating.leads_mv[0], fibrillating.beats, np.ones((1, BEATS)))
    waves = augment.fibrillatory_waves(1, (0.08, 0.08), window.random)

    def panel(title: str, cut: Retimed, label: BeatClass = BeatClass.N) -> _Panel:
        return _Panel(title=title, after=cut.leads_mv[0, 0], beats=cut.beats[0], label=label)

    return (
        panel("as recorded", window.plain),
        panel("one premature beat", window.with_early(0), BeatClass.PAC),
        panel("couplet", window.with_early(-1, 0), BeatClass.PAC),
        panel("bigeminy", window.with_early(-4, -2, 0, 2, 4), BeatClass.PAC),
        panel("the next one is early, this one is not", window.with_early(1)),
        _Panel(title="fibrillation", after=(flat + waves)[0], beats=fibrillating.beats[0]),
        panel("rate: intervals 1.3 times as long", window.retime(1.3 * window.intervals)),
        panel("time scale: 1.16 times as fast", window.retime(window.intervals, 1.16)),
    )


def _waves(window: _Window) -> Sequence[_Panel]:
    beats = window.plain.beats

    def p_waves(title: str, strength: float) -> _Panel:
        after = augment.scale_p_waves(window.lead, beats, np.full((1, BEATS), strength))
        return _Panel(title=title, after=after[0], before=window.lead[0], close=True)

    gain = 1 + 0.2 * window.random.standard_normal((1, BEATS))
    scaled = augment.scale_beats(window.lead, beats, gain)[0]
    return (
        p_waves("P waves gone (strength 1)", 1.0),
        p_waves("P waves upside down (strength 2)", 2.0),
        p_waves("P waves larger (strength -1)", -1.0),
        _Panel(
            title="each beat has a gain of its own",
            after=scaled,
            before=window.lead[0],
            beats=beats[0],
        ),
    )


def _leads(window: _Window) -> Sequence[_Panel]:
    def mixed(title: str, degrees: float) -> _Panel:
        after = augment.mix_leads(window.plain.leads_mv, np.array([np.deg2rad(degrees)]))
        return _Panel(title=title, after=after[0], before=window.lead[0])

    return (
        mixed("first lead (0°)", 0),
        mixed("second lead (90°)", 90),
        mixed("between them (45°)", 45),
        mixed("beyond the first (-30°)", -30),
    )


def _disturbances(window: _Window, traces: Samples) -> Sequence[_Panel]:
    lead = window.lead
    added = {
        "baseline wander": augment.baseline_wander(1, 0.4, window.random),
        "white noise": augment.white_noise(1, 0.08, window.random),
        "tilt": augment.tilt(1, 0.5, window.random),
        "recorded noise, 6 dB": augment.recorded_noise(lead, traces, (6.0, 6.0), window.random),
    }
    everything = 1.5 * lead + sum(added.values())
    changed = {
        "gain 1.5": 1.5 * lead,
        **{title: lead + noise for title, noise in added.items()},
        "all of them": everything,
    }
    return tuple(
        _Panel(title=title, after=after[0], before=lead[0]) for title, after in changed.items()
    )


def _draw(panels: Sequence[_Panel], path: Path, source: str) -> None:
    rows = (len(panels) + 1) // 2
    layout = ConstrainedLayoutEngine(h_pad=0.05, w_pad=0.05)
    figure = Figure(figsize=(9.6, 1.25 * rows + 0.5), facecolor="white", layout=layout)
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, 2).ravel()
    shown = np.concatenate([panel.after for panel in panels])
    for ax, panel in zip(axes, panels, strict=True):
        _draw_one(ax, panel)
        low, high = np.percentile(shown, (4, 95) if panel.close else (0.1, 99.9))
        ax.set_ylim(low - 0.25 * (high - low), high + 0.1 * (high - low))
        if panel.close:
            ax.set_xlim(-1.2, 1.2)
    text = f"Grid 0.2 s and 0.5 mV; the classified beat shaded in the colour of its label. {source}"
    figure.supxlabel(text, x=0.01, ha="left", fontsize=6.5, color="#5a6068", wrap=True)
    drawn = BytesIO()
    figure.savefig(drawn, dpi=100, format="png")
    picture = Image.open(drawn).convert("RGB")
    try:
        picture.quantize(_COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    except OSError as error:
        raise InputError(
            f"cannot write the picture {path}: {error.strerror or error}",
            hint="name a directory of yours",
        ) from error


def _draw_one(ax: Axes, panel: _Panel) -> None:
    seconds = (np.arange(FRAME_SAMPLES) - R_PEAK_SAMPLE) / SAMPLING_HZ
    paper(ax)
    ax.tick_params(labelbottom=False, labelleft=False)
    ax.set_title(panel.title, loc="left", fontsize=9, color=INK, pad=3)
    colour = CLASS_COLOURS[panel.label]
    ax.set_title(panel.label.name, loc="right", fontsize=9, color=colour, weight="bold", pad=3)
    ax.axvspan(-0.3, 0.45, color=colour, alpha=0.10, lw=0)
    if panel.before is not None:
        ax.plot(seconds, panel.before, color=_GREY, lw=0.9)
    ax.plot(seconds, panel.after, color=INK, lw=0.9)
    times = (np.asarray(panel.beats) - R_PEAK_SAMPLE) / SAMPLING_HZ
    ax.plot(
        times, np.full(len(times), 0.04), "|", ms=5, color=INK, transform=ax.get_xaxis_transform()
    )
