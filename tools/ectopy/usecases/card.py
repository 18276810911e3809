"""The card of a bundle: its text, and the pictures beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ectopy.errors import InputError
from ectopy.metrics import seeds as seeds_json
from ectopy.metrics.mistakes import Mistake, MistakesFile
from ectopy.report.card import render_card
from ectopy.report.card_material import MISTAKES_PICTURE, RELIABILITY_PICTURE, CardMaterial
from ectopy.report.card_mistakes import clock, rhythm_words
from ectopy.report.score_pictures import draw_reliability
from ectopy.usecases.card_files import SEEDS, read_material
from ectopy.usecases.seeds import gather_seeds
from ectopy.usecases.text_file import write_text
from ectopy.vocab import BeatClass, Split
from ectopy.windows import CITATION, WindowSet, load_split
from ectopy.windows.plot import NamedWindow, plot_named
from ectopy.zoo import Bundle

CARD = "card.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRequest:
    """Whose card to write.

    Attributes:
        seeds: Trainings of the same recipe with other seeds, to make seeds.json from; empty
            leaves the one that is there.
        data_dir: Directory of the records; None looks where ``load_windows`` looks.
    """

    bundle: Bundle
    seeds: tuple[Path, ...] = ()
    data_dir: Path | None = None


def write_card(request: CardRequest) -> tuple[Path, ...]:
    """Writes card.md and its pictures into the bundle.

    Returns:
        What was written.

    Raises:
        ModelError: There is no model.tflite, or it cannot be read.
        InputError: There are no scores on ds2, a file cannot be read or written, or is of another
            model.
        DataError: There are mistakes to draw, and the records cannot be read.
    """
    folder = request.bundle.path
    written = []
    if request.seeds:
        file = gather_seeds(request.bundle, request.seeds)
        write_text(folder / SEEDS, seeds_json.to_json(file))
        written.append(folder / SEEDS)
    material = read_material(request.bundle)
    headline = material.headline
    draw_reliability(
        picture_title(material, "confidence"),
        headline.reliability,
        folder / RELIABILITY_PICTURE,
    )
    written.append(folder / RELIABILITY_PICTURE)
    if material.mistakes is not None and material.mistakes.examples:
        _draw_mistakes(request, material, material.mistakes)
        written.append(folder / MISTAKES_PICTURE)
    else:
        (folder / MISTAKES_PICTURE).unlink(missing_ok=True)
    write_text(folder / CARD, card_text(request.bundle))
    return (*written, folder / CARD)


def card_text(bundle: Bundle) -> str:
    """The text of a card as the files beside it give it now.

    Raises:
        ModelError: There is no model.tflite, or it cannot be read.
        InputError: There are no scores on ds2, or a file cannot be read.
    """
    return render_card(read_material(bundle))


def picture_title(material: CardMaterial, what: str) -> str:
    """Says of which weights a picture is."""
    return f"{material.name} {material.model.sha256[:12]}, ds2: {what}"


def _draw_mistakes(request: CardRequest, material: CardMaterial, file: MistakesFile) -> None:
    windows = load_split(Split.DS2, request.data_dir)
    if windows.info.sha256 != file.windows_sha256:
        raise InputError(
            f"the mistakes are of other windows ({file.windows_sha256[:12]}) than those of ds2 "
            f"here ({windows.info.sha256[:12]})",
            hint=f"ectopy evaluate --model {request.bundle.target} --split ds2",
        )
    plot_named(
        [_drawn(each, windows) for each in file.examples],
        picture_title(material, "wrong answers"),
        "Seconds from the R peak; a small square is 0.2 s and 0.5 mV; the classified beat is "
        f"shaded. Percent: probability of the answer. {CITATION}",
        request.bundle.path / MISTAKES_PICTURE,
    )


def _drawn(mistake: Mistake, windows: WindowSet) -> NamedWindow:
    (row,) = np.flatnonzero(
        (windows.records == mistake.record) & (windows.beat_samples == mistake.beat_sample)
    )
    return NamedWindow(
        millivolts=windows.samples[row],
        beat_class=BeatClass(int(windows.labels[row])),
        left=f"{mistake.true_class} → {mistake.said} {100 * mistake.probability:.1f} %",
        right=f"{mistake.record} at {clock(mistake)}, {rhythm_words(mistake.rhythm)}",
    )
