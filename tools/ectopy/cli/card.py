"""``ectopy card``."""

from __future__ import annotations

from pathlib import Path

import click

from ectopy import console
from ectopy.usecases.card import CardRequest, write_card
from ectopy.zoo import open_bundle

_HELP = """Write card.md of a model and its pictures, from the files in its folder.

\b
  configuration.json      recipe, split                    written by hand
  training.json           seed, records, class bias        ectopy train
  cross_validation.json   scores inside DS1                ectopy train
  quantize.json           what int8 costs                  ectopy quantize
  metrics.json            scores on ds2, with noise        ectopy evaluate
  mistakes.json           rhythms, examples                ectopy evaluate --split ds2
  seeds.json              other seeds                      ectopy card --seeds
  model.tflite            size, work                       ectopy quantize

Scores on ds2 must be there; where something else is missing, the card says which
command makes it. MIT-BIH is read to draw wrong answers, nothing is computed anew.

\b
Examples:
  ectopy card --model beat-3-eff-sm
  ectopy card --model beat-3-eff-sm --seeds runs/a --seeds runs/b --seeds runs/c
"""


@click.command(help=_HELP)
@click.option("--model", default="beat-3-eff-sm", show_default=True, help="Bundle name or folder.")
@click.option(
    "--seeds",
    multiple=True,
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="FOLDER",
    help="A bundle trained by the same recipe with another seed, and evaluated on ds2; give all "
    "of them, the shipped one too. Writes seeds.json: F1 of each, for mean and spread.",
)
@click.option("--data-dir", type=click.Path(path_type=Path), help="Directory that holds mitdb/.")
def command(model: str, seeds: tuple[Path, ...], data_dir: Path | None) -> None:
    """Thin: one request, one call."""
    request = CardRequest(bundle=open_bundle(model), seeds=seeds, data_dir=data_dir)
    for path in write_card(request):
        console.say(f"wrote {path}")
