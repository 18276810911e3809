"""What to add to each logit: from balanced training batches to natural prevalence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

STEP = 0.1
LOWEST, HIGHEST = -4.0, 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassBias:
    """A choice and its reason.

    Attributes:
        bias: Added to the logits, one per class; 0 for the first.
        class_f1: With it, per class.
        class_f1_without: With none.
    """

    bias: tuple[float, ...]
    class_f1: tuple[float, ...]
    class_f1_without: tuple[float, ...]


def choose_bias(logits: npt.NDArray[np.floating], classes: npt.NDArray[np.integer]) -> ClassBias:
    """The bias with the best macro F1 on windows that the model has not seen.

    Coordinate by coordinate on a grid, from several starts, until none moves: macro F1 is flat
    about its top, and a finer search would fit noise.

    Args:
        logits: (n, classes), from cross-validation.
        classes: int (n,).
    """
    count = logits.shape[1]
    grid = np.round(np.arange(LOWEST, HIGHEST + STEP / 2, STEP), 6)
    best = np.zeros(count)
    for start in (0.0, -1.0, -2.0):
        bias = np.array([0.0] + [start] * (count - 1))
        moved = True
        while moved:
            moved = False
            for index in range(1, count):
                scores = [_macro_f1(logits, classes, _with(bias, index, g)) for g in grid]
                candidate = _with(bias, index, grid[int(np.argmax(scores))])
                if max(scores) > _macro_f1(logits, classes, bias):
                    bias, moved = candidate, True
        if _macro_f1(logits, classes, bias) > _macro_f1(logits, classes, best):
            best = bias
    return ClassBias(
        bias=tuple(map(float, best)),
        class_f1=tuple(map(float, _class_f1(logits, classes, best))),
        class_f1_without=tuple(map(float, _class_f1(logits, classes, np.zeros(count)))),
    )


def fold_bias(model: Any, bias: tuple[float, ...]) -> None:
    """Adds a class bias to that of a Keras model's last layer."""
    layer = model.get_layer("top")
    layer.bias.assign(np.asarray(layer.bias) + np.array(bias, dtype=np.float32))


def _with(bias: npt.NDArray[np.float64], index: int, value: float) -> npt.NDArray[np.float64]:
    changed = bias.copy()
    changed[index] = value
    return changed


def _macro_f1(
    logits: npt.NDArray[np.floating],
    classes: npt.NDArray[np.integer],
    bias: npt.NDArray[np.float64],
) -> float:
    return float(_class_f1(logits, classes, bias).mean())


def _class_f1(
    logits: npt.NDArray[np.floating],
    classes: npt.NDArray[np.integer],
    bias: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    count = logits.shape[1]
    decided = np.argmax(logits + bias, axis=1)
    confusion = np.bincount(classes.astype(np.int64) * count + decided, minlength=count**2)
    confusion = confusion.reshape(count, count)
    both = confusion.sum(axis=0) + confusion.sum(axis=1)
    scores: npt.NDArray[np.float64] = 2 * np.diagonal(confusion) / np.maximum(both, 1)
    return scores
