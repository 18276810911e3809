"""``ectopy train``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from ectopy import console
from ectopy.usecases.train import TrainRequest, train_bundle
from ectopy.zoo import open_bundle


@click.command()
@click.option("--model", default="beat-3-eff-sm", show_default=True, help="Bundle name or folder.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Directory that holds mitdb/.")
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Of weights, dropout and batches.",
)
@click.option(
    "--out",
    "out_dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the new bundle.  [default: runs/<time>-train-<model>]",
)
def command(model: str, data_dir: Path | None, seed: int, out_dir: Path | None) -> None:
    """Train a model on DS1 of MIT-BIH, chosen on patients held out inside DS1."""
    bundle = open_bundle(model)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    request = TrainRequest(
        bundle=bundle,
        data_dir=data_dir,
        seed=seed,
        out_dir=out_dir or Path("runs") / f"{stamp}-train-{bundle.name}",
    )
    with console.progress_bar(f"training {bundle.name}") as progress:
        outcome = train_bundle(request, progress)
    names = bundle.configuration.class_names
    scores = ", ".join(f"{n} {f1:.3f}" for n, f1 in zip(names, outcome.class_f1, strict=True))
    console.say(
        f"epoch {outcome.best_epoch} is best on the validation patients: "
        f"macro F1 {outcome.macro_f1:.3f} ({scores})"
    )
    console.say(f"wrote {outcome.bundle.keras_path}")
    if outcome.interrupted:
        console.say("the training was interrupted; this is the best epoch until then")
        raise click.Abort
    console.say(f"next: ectopy quantize --model {request.out_dir}")
