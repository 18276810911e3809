"""Which data set a configuration is trained on: MIT-BIH, or icentia11k as the zoo is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ectopy.errors import ModelError
from ectopy.progress import Progress
from ectopy.usecases.training_icentia11k import load_icentia11k_set, training_draw
from ectopy.usecases.training_set import TrainingSet, load_mitdb_set, training_records
from ectopy.windows import icentia11k, mitdb
from ectopy.zoo import Configuration, NamedParams


def require_trainable(configuration: Configuration, *, choose_bias: bool) -> None:
    """Complains before anything is read.

    Args:
        configuration: Of the model.
        choose_bias: Whether patients are needed to choose the class bias on.

    Raises:
        ModelError: The data set is none that models are trained on here, or what the
            configuration says of its patients cannot be.
        InputError: The numbers of a draw do not fit together.
    """
    dataset = _dataset(configuration)
    if dataset.name == icentia11k.NAME:
        training_draw(dataset, configuration)
        return
    training_records(configuration)
    if choose_bias and not configuration.recipe.folds:
        raise ModelError(
            f"{configuration.name}: the configuration names no folds to choose the class bias with",
            hint="list records of DS1 under folds in configuration.json, or name another "
            "training with --bias-from",
        )


def load_training_set(
    configuration: Configuration, data_dir: Path | None, counter: Callable[[], Progress]
) -> TrainingSet:
    """What :func:`require_trainable` found nothing wrong with.

    Args:
        configuration: Of the model.
        data_dir: Directory of the records; None looks where ``load_windows`` looks.
        counter: Gives what counts the patients of icentia11k; not called for MIT-BIH.

    Raises:
        ModelError: As there.
        DataError: The records cannot be read.
    """
    dataset = _dataset(configuration)
    if dataset.name == icentia11k.NAME:
        return load_icentia11k_set(training_draw(dataset, configuration), data_dir, counter())
    return load_mitdb_set(configuration, data_dir)


def _dataset(configuration: Configuration) -> NamedParams:
    datasets = configuration.datasets or (NamedParams(name=mitdb.NAME, params={}),)
    known = (mitdb.NAME, icentia11k.NAME)
    if len(datasets) != 1 or datasets[0].name not in known:
        named = ", ".join(repr(dataset.name[:30]) for dataset in datasets[:5])
        raise ModelError(
            f"{configuration.name}: models are not trained on {named}",
            hint=f"name one under datasets in configuration.json: {' or '.join(known)}",
        )
    return datasets[0]
