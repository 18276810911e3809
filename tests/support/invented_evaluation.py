"""An entry of metrics.json with invented numbers."""

import numpy as np

from ectopy import metrics
from ectopy.metrics.evaluation import (
    DeviceRecord,
    Evaluation,
    NoiseRecord,
    RecordScores,
    ThresholdRecord,
    WithoutRecords,
)
from ectopy.vocab import EvaluationSplit, ScoreSource
from support.invented_record import CLASSES, CONFUSION

SECOND = np.array([[40, 2, 0], [30, 10, 0], [0, 0, 0]])


def invented_evaluation(*, noisy: bool = False, on_device: bool = False) -> Evaluation:
    first = np.array(CONFUSION)
    both = np.stack([first, SECOND])
    accuracy, notes = metrics.score(both.sum(axis=0), CLASSES)
    alone, _ = metrics.score(first, CLASSES)
    second, _ = metrics.score(SECOND, CLASSES)
    confidences = np.linspace(0.4, 0.99, int(both.sum()))
    return Evaluation(
        split=EvaluationSplit.DS2,
        source=ScoreSource.DEVICE if on_device else ScoreSource.INT8,
        noise=NoiseRecord(names=("bw", "ma"), snr_db=6.0, seed=0, half="second") if noisy else None,
        device=DeviceRecord(
            board="virt", emulated=True, engine="aot 1, for speed", build_id="5f0e", run="run"
        )
        if on_device
        else None,
        model_sha256="cd" * 32,
        runtime="tflite-micro 1",
        dataset="mitdb",
        windows=int(both.sum()),
        windows_sha256="ef" * 32,
        label_map="N=NLRej PAC=AaJS PVC=VE",
        accuracy=accuracy,
        specificity=metrics.specificity(both.sum(axis=0), CLASSES),
        bootstrap=metrics.patient_bootstrap(both, CLASSES),
        without=(
            WithoutRecords(
                records=("232",),
                accuracy=alone,
                bootstrap=metrics.patient_bootstrap(both[:1], CLASSES),
            ),
        ),
        per_record={
            name: RecordScores(
                patient=patient,
                confusion=scores.confusion,
                f1={each: values.f1 for each, values in scores.per_class.items()},
            )
            for name, patient, scores in (("202", "201", alone), ("232", "232", second))
        },
        reliability=metrics.reliability(confidences, confidences > 0.5),
        threshold=ThresholdRecord(confidence=0.5, windows=900, coverage=0.9, accuracy=alone),
        notes=notes,
        tool_version="1",
    )
