"""Scores of a classifier from its confusion matrix.

Source: sensitivity and positive predictivity as in ANSI/AAMI EC57; F1 is their harmonic mean.
A ratio of zero to zero is None with a note, never 0 or 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ectopy.records import AccuracyRecord, ClassScores

IntArray = npt.NDArray[np.integer]


def predicted_classes(outputs: npt.NDArray[np.int8]) -> npt.NDArray[np.intp]:
    """Class of each output vector (n, classes): the largest output, the first one in a tie."""
    largest: npt.NDArray[np.intp] = np.argmax(outputs, axis=1)
    return largest


def confusion_matrix(
    labels: IntArray, predictions: IntArray, classes: int
) -> npt.NDArray[np.int64]:
    """Counts (classes, classes): row = true class, column = predicted class.

    Args:
        labels: (n,), true classes 0 to classes - 1.
        predictions: (n,), predicted classes 0 to classes - 1.
        classes: How many there are.

    Raises:
        ValueError: Lengths differ, or a value is outside the classes.
    """
    if labels.shape != predictions.shape:
        raise ValueError(f"{labels.size} labels for {predictions.size} predictions")
    both = np.concatenate([labels, predictions])
    if both.size and not 0 <= both.min() <= both.max() < classes:
        raise ValueError(f"a class is outside 0 to {classes - 1}")
    cells = labels.astype(np.int64) * classes + predictions.astype(np.int64)
    return np.bincount(cells, minlength=classes * classes).reshape(classes, classes)


def confusion_by_group(
    labels: IntArray, predictions: IntArray, groups: npt.NDArray[np.str_], classes: int
) -> tuple[list[str], npt.NDArray[np.int64]]:
    """A confusion matrix for each record, or each patient.

    Args:
        labels: (n,), as of :func:`confusion_matrix`.
        predictions: (n,), as of :func:`confusion_matrix`.
        groups: (n,), name of the group of each window.
        classes: How many there are.

    Returns:
        Names of the groups, sorted, and their matrices (groups, classes, classes).

    Raises:
        ValueError: Lengths differ, or a value is outside the classes.
    """
    names, members = np.unique(groups, return_inverse=True)
    matrices = [
        confusion_matrix(labels[members == i], predictions[members == i], classes)
        for i in range(len(names))
    ]
    return [str(name) for name in names], np.stack(matrices)


def specificity(
    confusion: npt.NDArray[np.int64], class_names: Sequence[str]
) -> dict[str, float | None]:
    """TN / (TN + FP) of each class: how many of the other windows are left alone.

    Args:
        confusion: (k, k) as of :func:`confusion_matrix`.
        class_names: k names.
    """
    total = int(confusion.sum())
    found: dict[str, float | None] = {}
    for index, name in enumerate(class_names):
        others = total - int(confusion[index].sum())
        false = int(confusion[:, index].sum()) - int(confusion[index, index])
        found[name] = _ratio(others - false, others)
    return found


def score(
    confusion: npt.NDArray[np.int64], class_names: Sequence[str]
) -> tuple[AccuracyRecord, dict[str, str]]:
    """All scores of a confusion matrix.

    Args:
        confusion: (k, k) as of :func:`confusion_matrix`.
        class_names: k names.

    Returns:
        The scores, and notes (path in the run record -> reason) for those that are None.
    """
    per_class: dict[str, ClassScores] = {}
    notes: dict[str, str] = {}
    for index, name in enumerate(class_names):
        right = int(confusion[index, index])
        support = int(confusion[index].sum())
        predicted = int(confusion[:, index].sum())
        scores = ClassScores(
            sensitivity=_ratio(right, support),
            ppv=_ratio(right, predicted),
            f1=_ratio(2 * right, support + predicted),
        )
        per_class[name] = scores
        notes |= _notes_of(name, scores)
    total = int(confusion.sum())
    f1 = [scores.f1 for scores in per_class.values()]
    missing = [name for name, scores in per_class.items() if scores.f1 is None]
    if missing:
        notes["accuracy.macro_f1"] = f"no F1 for {', '.join(missing)}"
    if not total:
        notes["accuracy.weighted_f1"] = notes["accuracy.accuracy"] = "no window was measured"
    supports = [int(row.sum()) for row in confusion]
    weighted = sum(each * n for each, n in zip(f1, supports, strict=True) if each is not None)
    record = AccuracyRecord(
        confusion=tuple(tuple(int(cell) for cell in row) for row in confusion),
        per_class=per_class,
        macro_f1=None if missing else sum(each for each in f1 if each is not None) / len(f1),
        weighted_f1=_ratio(weighted, total),
        accuracy=_ratio(int(np.trace(confusion)), total),
    )
    return record, notes


def _ratio(part: float, whole: int) -> float | None:
    return part / whole if whole else None


def _notes_of(name: str, scores: ClassScores) -> dict[str, str]:
    path = f"accuracy.per_class.{name}"
    notes = {}
    if scores.sensitivity is None:
        notes[f"{path}.sensitivity"] = f"no window of class {name}"
    if scores.ppv is None:
        notes[f"{path}.ppv"] = f"no window was classified as {name}"
    if scores.f1 is None:
        notes[f"{path}.f1"] = f"no window of class {name}, and none classified as {name}"
    return notes
