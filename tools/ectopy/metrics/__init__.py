"""Figures from arrays: classification scores, agreement, latency."""

from ectopy.metrics.agreement import compare_outputs
from ectopy.metrics.classification import confusion_matrix, predicted_classes, score
from ectopy.metrics.latency import nearest_rank

__all__ = ["compare_outputs", "confusion_matrix", "nearest_rank", "predicted_classes", "score"]
