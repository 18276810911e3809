"""DS1 of MIT-BIH as models may learn from it: without anybody who is also in DS2."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ectopy.errors import ModelError
from ectopy.vocab import Split
from ectopy.windows import (
    SPLITS,
    WindowSet,
    load_split,
    load_strips,
    patient_of,
    select_windows,
)
from ectopy.windows.strips import Strips
from ectopy.zoo import Configuration


def training_records(configuration: Configuration) -> tuple[str, ...]:
    """Records of DS1 that a model may learn from.

    Left out are those that the configuration excludes, and those whose patient is also in DS2
    (201 is the man of 202): who helps to make a model must not test it.

    Raises:
        ModelError: The configuration excludes a record, or puts one into a fold, that is not
            among them.
    """
    recipe = configuration.recipe
    ds1 = SPLITS[Split.DS1]
    named = {*recipe.excluded_records, *(r for fold in recipe.folds for r in fold)}
    if strangers := sorted(named - set(ds1)):
        raise ModelError(
            f"{configuration.name}: not records of DS1: {', '.join(strangers)}",
            hint=f"DS1 is {' '.join(ds1)}",
        )
    tested = {patient_of(record) for record in SPLITS[Split.DS2]}
    usable = tuple(
        r for r in ds1 if r not in recipe.excluded_records and patient_of(r) not in tested
    )
    for fold in recipe.folds:
        if lost := sorted(set(fold) - set(usable)):
            raise ModelError(
                f"{configuration.name}: folds name {', '.join(lost)}, not to be learnt from",
                hint="its patient is also in DS2, or it is under excluded_records",
            )
    return usable


def load_training_strips(configuration: Configuration, data_dir: Path | None) -> Strips:
    """Continuous ECG of the training records, all leads.

    Raises:
        ModelError: As :func:`training_records`.
        DataError: The records cannot be read.
    """
    return load_strips(training_records(configuration), data_dir)


def load_training_windows(configuration: Configuration, data_dir: Path | None) -> WindowSet:
    """The windows of the training records at natural prevalence.

    Raises:
        ModelError: As :func:`training_records`.
        DataError: The records cannot be read.
    """
    windows = load_split(Split.DS1, data_dir)
    chosen = np.isin(windows.records, training_records(configuration))
    return select_windows(windows, chosen, "ds1")
