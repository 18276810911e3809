"""Training a bundle's model: a class bias chosen on patients held out, and the final weights."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import ectopy
from ectopy.progress import Progress, silent
from ectopy.usecases.train_folder import (
    CROSS_VALIDATION,
    cannot_write,
    mark,
    read_bias,
    read_chosen_bias,
    require_new,
    require_same,
    write_json,
)
from ectopy.usecases.training_set import TrainingSet
from ectopy.usecases.training_source import load_training_set, require_trainable
from ectopy.windows import NoiseHalf, WindowSet, read_noise
from ectopy.zoo import CONFIGURATION, Bundle, Configuration, open_bundle, require_tensorflow

if TYPE_CHECKING:
    from ectopy.training.batches import BatchSource
    from ectopy.training.cross_validation import CrossValidation
    from ectopy.training.trainer import Trained

READING = "patients"
"""Stage in which icentia11k is read."""

Stage = Callable[[str], Progress]
"""Announces a stage of the training and gives what its steps are told to."""


def _silent_stage(_: str) -> Progress:
    return silent


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainRequest:
    """What to train.

    Attributes:
        bundle: Whose configuration is the recipe.
        data_dir: Directory of the records; None looks where ``load_windows`` looks.
        out_dir: Becomes a bundle itself, and the run folder: configuration.json, request.json,
            model.keras, training.json, cross_validation.json, oof.npz (what the models of the
            folds answered) and checkpoints.
        bias_from: Folder of another training of the same recipe, whose class bias is taken
            instead of cross-validating again.
        resume: Whether ``out_dir`` holds a training that was interrupted, to go on with; it
            remembers a class bias that was taken.
    """

    bundle: Bundle
    data_dir: Path | None
    seed: int
    out_dir: Path
    bias_from: Path | None = None
    resume: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainOutcome:
    """What a training left behind.

    Attributes:
        bundle: In ``out_dir``.
        class_bias: Folded into the last layer.
        class_f1: Of the cross-validation with that bias, per class; None where the bias was
            taken from another training.
    """

    bundle: Bundle
    class_bias: tuple[float, ...]
    class_f1: tuple[float, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Material:
    """All that the stages of one training share."""

    request: TrainRequest
    configuration: Configuration
    data: TrainingSet
    noise: Any
    stage: Stage


def train_bundle(request: TrainRequest, stage: Stage = _silent_stage) -> TrainOutcome:
    """Trains from scratch and writes a bundle without an int8 model.

    On MIT-BIH, patients are divided into the recipe's folds; a model is trained without each fold
    and classifies it, and the class bias is chosen on all these windows. The last model learns
    from all patients; the bias is added to its last layer.

    On icentia11k, where patients are many, a share of them takes the part of the folds: one model
    is trained without them and classifies them, the class bias is chosen on that, and the same
    model is the last one. Its F1 is that of the very model, then, but of patients that the bias
    was chosen on.

    Args:
        request: What to train, on what, to where.
        stage: Told of each training; gives what counts its steps.

    Raises:
        ToolError: TensorFlow is not installed.
        ModelError: The configuration cannot be trained.
        DataError: The records cannot be read.
        InputError: ``out_dir`` cannot be written, or cannot be resumed.
    """
    require_tensorflow("neuralspot_edge")
    from ectopy.training.class_bias import fold_bias  # noqa: PLC0415 - TensorFlow is optional

    configuration = request.bundle.configuration
    # Complains before anything is read; a training that is resumed had its bias, or folds.
    choose_bias = request.bias_from is None and not request.resume
    require_trainable(configuration, choose_bias=choose_bias)
    given = _begin(request)
    material = _load(request, stage)
    if given is None:
        choice = _cross_validate(material).choice
        bias, class_f1 = choice.bias, choice.class_f1
    else:
        bias, class_f1 = given, None
    # If that stage was one of those that chose the bias, its checkpoint is complete: it is opened.
    trained = _train(material, material.data.final)
    fold_bias(trained.model, bias)
    _write(request, material, trained, bias)
    return TrainOutcome(bundle=open_bundle(request.out_dir), class_bias=bias, class_f1=class_f1)


def _begin(request: TrainRequest) -> tuple[float, ...] | None:
    """Makes the folder, or finds it as it was left; the class bias that is not to be chosen."""
    configuration, source = request.bundle.configuration, request.bundle.path / CONFIGURATION
    given = None
    if request.bias_from is not None:
        given = read_chosen_bias(request.bias_from, configuration)
    asked = {
        "model": request.bundle.name,
        "seed": request.seed,
        "class_bias": None if given is None else list(given),
    }
    try:
        if request.resume:
            path = require_same(request.out_dir, asked, source)
            return read_bias(path, "class_bias", configuration)
        require_new(request.out_dir)
        request.out_dir.mkdir(parents=True, exist_ok=True)
        if request.out_dir.resolve() != request.bundle.path.resolve():
            shutil.copyfile(source, request.out_dir / CONFIGURATION)
        mark(request.out_dir, asked)
    except OSError as error:
        raise cannot_write(request.out_dir, error) from error
    return given


def _load(request: TrainRequest, stage: Stage) -> _Material:
    configuration = request.bundle.configuration
    wants_noise = any(a.name == "recorded_noise" for a in configuration.recipe.augmentations)
    noise = None
    if wants_noise:
        traces = read_noise(request.data_dir, NoiseHalf.FIRST).millivolts
        noise = np.concatenate([traces[name] for name in sorted(traces)])
    return _Material(
        request=request,
        configuration=configuration,
        data=load_training_set(configuration, request.data_dir, lambda: stage(READING)),
        noise=noise,
        stage=stage,
    )


def _train(material: _Material, name: str) -> Trained:
    """One stage; its checkpoint bears the name."""
    from ectopy.training.batches import BatchSource  # noqa: PLC0415 - TensorFlow is optional
    from ectopy.training.trainer import train  # noqa: PLC0415

    seed = material.request.seed
    source: BatchSource = BatchSource(
        material.data.strips_of(name), material.configuration, seed, material.noise
    )
    return train(
        material.configuration,
        source,
        seed,
        checkpoint=material.request.out_dir / f"{name}.checkpoint.npz",
        validation=material.data.validation_of(name),
        progress=material.stage(name),
    )


def _cross_validate(material: _Material) -> CrossValidation:
    from ectopy.training.cross_validation import cross_validate  # noqa: PLC0415 - as above

    configuration = material.configuration
    stages = tuple(material.data.held_out)

    def train_without(number: int, _: WindowSet) -> Any:
        return _train(material, stages[number]).model

    held_out = (material.data.validation_of(stage) for stage in stages)
    sets = tuple(windows for windows in held_out if windows is not None)
    found = cross_validate(configuration, sets, train_without)
    out_dir = material.request.out_dir
    answers = {"logits": found.logits, "classes": found.classes, "records": found.records}
    try:
        np.savez_compressed(out_dir / "oof.npz", **answers)  # type: ignore[arg-type]
    except OSError as error:
        raise cannot_write(out_dir / "oof.npz", error) from error
    write_json(
        out_dir / CROSS_VALIDATION,
        {"model": configuration.name, "seed": material.request.seed, **asdict(found.choice)},
    )
    return found


def _write(
    request: TrainRequest, material: _Material, trained: Trained, bias: tuple[float, ...]
) -> None:
    from ectopy.quantize.convert import runtime_name  # noqa: PLC0415 - TensorFlow is optional

    path = request.out_dir / "model.keras"
    try:
        trained.model.save(path)
    except OSError as error:
        raise cannot_write(path, error) from error
    write_json(
        request.out_dir / "training.json",
        {
            "tool_version": ectopy.__version__,
            "runtime": runtime_name(),
            "model": request.bundle.name,
            "seed": request.seed,
            **material.data.log,
            "class_bias": bias,
            "epochs": [asdict(epoch) for epoch in trained.epochs],
        },
    )
