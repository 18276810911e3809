"""Every window of the training patients, classified by a model that never saw its patient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ectopy.training.class_bias import ClassBias, choose_bias
from ectopy.windows import WindowSet
from ectopy.zoo import Configuration, class_labels, predict_float

_TINY = np.float32(1e-30)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CrossValidation:
    """What the models of all folds said of the patients they had not seen.

    Attributes:
        logits: float32 (n, classes), of the windows of all folds; logarithms of probabilities
            where the model ends in a softmax, which differ from logits by one number a window.
        classes: uint8 (n,), classes of the model.
        records: str (n,).
        choice: The class bias that fits them best.
    """

    logits: npt.NDArray[np.float32]
    classes: npt.NDArray[np.uint8]
    records: npt.NDArray[np.str_]
    choice: ClassBias


def cross_validate(
    configuration: Configuration,
    folds: tuple[WindowSet, ...],
    train_without: Callable[[int, WindowSet], Any],
) -> CrossValidation:
    """Trains once per fold without its patients and classifies them.

    Args:
        configuration: Of the model.
        folds: Windows of the patients of each fold, at natural prevalence.
        train_without: Given the number of a fold and its windows, a model trained on the
            patients of the others.
    """
    logits = []
    for number, fold in enumerate(folds):
        model = train_without(number, fold)
        outputs = predict_float(model, configuration, fold.samples)
        logits.append(outputs if configuration.use_logits else np.log(outputs + _TINY))
    classes = np.concatenate([class_labels(configuration, fold.labels) for fold in folds])
    joined = np.concatenate(logits)
    return CrossValidation(
        logits=joined,
        classes=classes,
        records=np.concatenate([fold.records for fold in folds]),
        choice=choose_bias(joined, classes),
    )
