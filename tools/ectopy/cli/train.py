"""``ectopy train``."""

from __future__ import annotations

import shlex
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import click

from ectopy import console
from ectopy.progress import Progress
from ectopy.usecases.train import TrainRequest, train_bundle
from ectopy.usecases.train_folder import holds_training
from ectopy.zoo import open_bundle


@click.command()
@click.option("--model", default="beat-3-eff-sm", show_default=True, help="Bundle name or folder.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Where the ECG records are.")
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
    help="Folder of the run and new bundle.  [default: runs/<time>-train-<model>]",
)
@click.option(
    "--bias-from",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Folder of another training of the same recipe: take its class bias and skip the "
    "cross-validation, which is most of the time.",
)
@click.option("--resume", is_flag=True, help="Go on with the training in --out.")
def command(
    model: str,
    data_dir: Path | None,
    seed: int,
    out_dir: Path | None,
    bias_from: Path | None,
    resume: bool,
) -> None:
    """Train a model on DS1 of MIT-BIH, or on icentia11k.

    First once without the patients of each fold of configuration.json, to see each patient with
    a model that does not know him and to choose the class bias; then on all patients. DS2 is
    not read. After Ctrl-C, or a power cut, --resume goes on from the last epoch.

    Where datasets in configuration.json names icentia11k, its training patients are divided: on
    some the class bias is chosen, and the model that was trained on the others is the final one.
    """
    bundle = open_bundle(model)
    if resume and out_dir is None:
        raise click.UsageError("--resume needs --out, the folder of the training")
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    folder = out_dir or Path("runs") / f"{stamp}-train-{bundle.name}"
    request = TrainRequest(
        bundle=bundle,
        data_dir=data_dir,
        seed=seed,
        out_dir=folder,
        bias_from=bias_from,
        resume=resume,
    )
    with ExitStack() as bars:

        def stage(name: str) -> Progress:
            bars.close()
            return bars.enter_context(console.progress_bar(f"training {name}"))

        try:
            outcome = train_bundle(request, stage)
        except KeyboardInterrupt:
            bars.close()
            if holds_training(folder):
                console.say(f"go on with: {_resume_command(model, request)}")
            raise
    names = bundle.configuration.class_names
    if outcome.class_f1 is not None:
        scores = ", ".join(f"{n} {f1:.3f}" for n, f1 in zip(names, outcome.class_f1, strict=True))
        console.say(f"F1 of patients that the models had not seen: {scores}")
    bias = ", ".join(f"{n} {b:+.1f}" for n, b in zip(names, outcome.class_bias, strict=True))
    console.say(f"class bias in the last layer: {bias}")
    console.say(f"wrote {outcome.bundle.keras_path}")
    console.say(f"next: ectopy quantize --model {request.out_dir}")


def _resume_command(model: str, request: TrainRequest) -> str:
    words = ["ectopy", "train", "--model", model, "--seed", str(request.seed)]
    words += ["--out", str(request.out_dir), "--resume"]
    if request.data_dir is not None:
        words += ["--data-dir", str(request.data_dir)]
    return shlex.join(words)
