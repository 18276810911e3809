"""DS1 of MIT-BIH as models may learn from it: without anybody who is also in DS2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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

EVERYBODY = "all-patients"
"""Stage and checkpoint of the last training; those of the folds are called fold-1 and so on."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainingSet:
    """What the stages of a training learn from, and whom they do not.

    Attributes:
        strips: Continuous ECG of all patients that may be learnt from.
        windows: Windows of all patients that a stage holds out, classes as often as they come.
        held_out: Stage -> records that are not learnt from in it, but looked at; the class bias
            is chosen on all of them.
        final: Stage whose model is kept.
        log: What ``training.json`` says of the data.
    """

    strips: Strips
    windows: WindowSet
    held_out: Mapping[str, tuple[str, ...]]
    final: str
    log: Mapping[str, object]

    def strips_of(self, stage: str) -> Strips:
        """Those that a stage learns from."""
        held_out = set(self.held_out.get(stage, ()))
        return self.strips.keep(name for name in self.strips.names if name not in held_out)

    def validation_of(self, stage: str) -> WindowSet | None:
        """Windows of those whom a stage holds out; None if it is nobody."""
        if stage not in self.held_out:
            return None
        chosen = np.isin(self.windows.records, self.held_out[stage])
        return select_windows(self.windows, chosen, stage)


def load_mitdb_set(configuration: Configuration, data_dir: Path | None) -> TrainingSet:
    """DS1: a stage without each of the recipe's folds, and a last one on all patients.

    Raises:
        ModelError: As :func:`training_records`.
        DataError: The records cannot be read.
    """
    windows = load_training_windows(configuration, data_dir)
    folds = configuration.recipe.folds
    return TrainingSet(
        strips=load_training_strips(configuration, data_dir),
        windows=windows,
        held_out={f"fold-{number}": fold for number, fold in enumerate(folds, start=1)},
        final=EVERYBODY,
        log={
            "records": training_records(configuration),
            "windows": len(windows),
            "windows_sha256": windows.info.sha256,
        },
    )


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
