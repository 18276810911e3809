"""What a model's confidence is worth: reliability curve, and what a threshold would leave."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ectopy.metrics.evaluation import ReliabilityBin, ReliabilityRecord

FloatArray = npt.NDArray[np.float64]
BINS = 10


def probabilities(outputs: npt.NDArray[np.floating], *, use_logits: bool) -> FloatArray:
    """Probabilities of the classes.

    Args:
        outputs: (..., classes), the model's outputs as real numbers.
        use_logits: True if they are logits, False if a softmax was in the model.

    Returns:
        float64 (..., classes).
    """
    values = outputs.astype(np.float64)
    if not use_logits:
        return values
    powers = np.exp(values - values.max(axis=-1, keepdims=True))
    normal: FloatArray = powers / powers.sum(axis=-1, keepdims=True)
    return normal


def reliability(
    confidences: FloatArray, right: npt.NDArray[np.bool_], bins: int = BINS
) -> ReliabilityRecord:
    """Accuracy by confidence, in bins of equal width.

    Args:
        confidences: (n,), probability of the predicted class, 0 to 1; n at least 1.
        right: (n,), whether it is the true class.
        bins: How many.

    Source: Guo C, Pleiss G, Sun Y, Weinberger KQ. On calibration of modern neural networks.
    ICML 2017 (bins open below, expected calibration error).
    """
    edges = np.linspace(0, 1, bins + 1)
    place = np.clip(np.searchsorted(edges, confidences, side="left") - 1, 0, bins - 1)
    windows = np.bincount(place, minlength=bins)
    confidence = _means(place, confidences, windows)
    accuracy = _means(place, right.astype(np.float64), windows)
    gaps = [
        n * abs(sure - true)
        for n, sure, true in zip(windows.tolist(), confidence, accuracy, strict=True)
        if sure is not None and true is not None
    ]
    return ReliabilityRecord(
        bins=tuple(
            ReliabilityBin(
                low=round(float(edges[i]), 9),
                high=round(float(edges[i + 1]), 9),
                windows=int(windows[i]),
                confidence=confidence[i],
                accuracy=accuracy[i],
            )
            for i in range(bins)
        ),
        ece=sum(gaps) / len(confidences),
    )


def _means(
    place: npt.NDArray[np.intp], values: FloatArray, windows: npt.NDArray[np.intp]
) -> list[float | None]:
    """Mean of the values at each place; None where there are none."""
    sums = np.bincount(place, weights=values, minlength=windows.size)
    return [float(each) / int(n) if n else None for each, n in zip(sums, windows, strict=True)]
