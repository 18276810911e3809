"""Figures from arrays: classification scores, agreement, latency."""

from ectopy.metrics.agreement import TensorDifference, compare_outputs, first_difference
from ectopy.metrics.classification import confusion_matrix, predicted_classes, score
from ectopy.metrics.latency import nearest_rank

__all__ = [
    "TensorDifference",
    "compare_outputs",
    "confusion_matrix",
    "first_difference",
    "nearest_rank",
    "predicted_classes",
    "score",
]
