"""Training a bundle's model on DS1."""

from __future__ import annotations

import errno
import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import ectopy
from ectopy.errors import InputError
from ectopy.progress import Progress, silent
from ectopy.usecases.holdout import Holdout, load_holdout
from ectopy.zoo import CONFIGURATION, Bundle, open_bundle, require_tensorflow

if TYPE_CHECKING:
    from ectopy.training.trainer import Training


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainRequest:
    """What to train.

    Attributes:
        bundle: Whose configuration is the recipe.
        data_dir: Directory of the records; None looks where ``load_windows`` looks.
        out_dir: Becomes a bundle itself: configuration.json, model.keras, training.json.
    """

    bundle: Bundle
    data_dir: Path | None
    seed: int
    out_dir: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainOutcome:
    """What a training left behind.

    Attributes:
        bundle: In ``out_dir``.
        macro_f1: Of the kept epoch on the validation records.
        class_f1: Likewise per class, in the order of the class names.
        interrupted: True if Ctrl-C ended it; the best epoch so far was kept.
    """

    bundle: Bundle
    best_epoch: int
    macro_f1: float
    class_f1: tuple[float, ...]
    interrupted: bool


def train_bundle(request: TrainRequest, progress: Progress = silent) -> TrainOutcome:
    """Trains from scratch and writes a bundle without an int8 model.

    Args:
        request: What to train, on what, to where.
        progress: Counts training steps.

    Raises:
        ToolError: TensorFlow is not installed.
        ModelError: The configuration cannot be trained.
        DataError: The records cannot be read.
        InputError: ``out_dir`` cannot be written.
    """
    require_tensorflow("neuralspot_edge")
    from ectopy.training.trainer import train  # noqa: PLC0415 - TensorFlow is optional

    configuration = request.bundle.configuration
    holdout = load_holdout(configuration, request.data_dir)
    _prepare(request)
    training = train(configuration, holdout.training, holdout.validation, request.seed, progress)
    try:
        training.model.save(request.out_dir / "model.keras")
        (request.out_dir / "training.json").write_text(_log(request, holdout, training))
    except OSError as error:
        raise _unwritable(request.out_dir, error) from error
    return TrainOutcome(
        bundle=open_bundle(request.out_dir),
        best_epoch=training.best.number,
        macro_f1=training.best.macro_f1,
        class_f1=training.best.class_f1,
        interrupted=training.interrupted,
    )


def _prepare(request: TrainRequest) -> None:
    source = request.bundle.path / CONFIGURATION
    try:
        request.out_dir.mkdir(parents=True, exist_ok=True)
        if request.out_dir.resolve() != request.bundle.path:
            shutil.copyfile(source, request.out_dir / CONFIGURATION)
        if not os.access(request.out_dir, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise _unwritable(request.out_dir, error) from error


def _unwritable(folder: Path, error: OSError) -> InputError:
    return InputError(
        f"{folder} cannot be written: {error.strerror or error}",
        hint="choose another folder with --out",
    )


def _log(request: TrainRequest, holdout: Holdout, training: Training) -> str:
    document = {
        "tool_version": ectopy.__version__,
        "model": request.bundle.name,
        "seed": request.seed,
        "interrupted": training.interrupted,
        "training_windows": len(holdout.training),
        "training_sha256": holdout.training.info.sha256,
        "validation_windows": len(holdout.validation),
        "validation_sha256": holdout.validation.info.sha256,
        "best_epoch": training.best.number,
        "epochs": [asdict(epoch) for epoch in training.epochs],
    }
    return json.dumps(document, indent=2) + "\n"
