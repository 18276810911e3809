"""Patient bootstrap: how far scores move if other patients had been drawn.

Beats of one patient are alike, so beats are not drawn, patients are: as many as there are, with
replacement, all their beats each time.

Source: Efron B, Tibshirani RJ. An Introduction to the Bootstrap, 1993, chapters 8 and 13
(the unit that is drawn, percentile interval).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ectopy.metrics.evaluation import BootstrapRecord, ClassIntervals, Interval

RESAMPLES = 2_000
LOW_PERCENT, HIGH_PERCENT = 5, 95


def patient_bootstrap(
    confusions: npt.NDArray[np.int64],
    class_names: Sequence[str],
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> BootstrapRecord:
    """Intervals of all scores, the same on every machine; none from a single patient.

    Args:
        confusions: (patients, k, k), each as of :func:`confusion_matrix`.
        class_names: k names.
        resamples: How often patients are drawn.
        seed: Of the draws.
    """
    patients, classes = confusions.shape[:2]
    # The raw stream is what numpy guarantees never to change.
    raw = np.random.PCG64(seed).random_raw(resamples * patients)
    drawn = (raw % np.uint64(patients)).astype(np.int64).reshape(resamples, patients)
    cells = np.arange(resamples)[:, None] * patients + drawn
    times = np.bincount(cells.ravel(), minlength=resamples * patients)
    sums = times.reshape(resamples, patients) @ confusions.reshape(patients, -1)
    confusion = sums.reshape(resamples, classes, classes)
    right = np.diagonal(confusion, axis1=1, axis2=2)
    support, predicted = confusion.sum(axis=2), confusion.sum(axis=1)
    sensitivity, ppv = _ratio(right, support), _ratio(right, predicted)
    f1 = _ratio(2 * right, support + predicted)
    return BootstrapRecord(
        patients=patients,
        resamples=resamples,
        seed=seed,
        per_class={
            name: ClassIntervals(
                sensitivity=_interval(sensitivity[:, i], patients),
                ppv=_interval(ppv[:, i], patients),
                f1=_interval(f1[:, i], patients),
            )
            for i, name in enumerate(class_names)
        },
        macro_f1=_interval(f1.mean(axis=1), patients),
    )


def _ratio(part: npt.NDArray[np.int64], whole: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Not a number where both are zero."""
    ratio = np.full(part.shape, np.nan)
    np.divide(part, whole, out=ratio, where=whole > 0)
    return ratio


def _interval(scores: npt.NDArray[np.float64], patients: int) -> Interval | None:
    defined = scores[~np.isnan(scores)]
    if not defined.size or patients < 2:
        return None
    low, high = np.percentile(defined, [LOW_PERCENT, HIGH_PERCENT])
    return Interval(low=float(low), high=float(high), resamples=int(defined.size))
