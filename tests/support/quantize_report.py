"""A quantization report with invented numbers."""

import numpy as np

from ectopy.metrics import score
from ectopy.quantize.report import LayerError, QuantizeReport, f1_drop
from ectopy.records import AccuracyRecord

NAMES = ("N", "PAC", "PVC")


def scores(*rows: tuple[int, int, int]) -> AccuracyRecord:
    return score(np.array(rows), NAMES)[0]


BEFORE = scores((90, 5, 5), (2, 8, 0), (1, 0, 9))
AFTER = scores((90, 5, 5), (4, 6, 0), (1, 0, 9))


def report(before: AccuracyRecord = BEFORE, after: AccuracyRecord = AFTER) -> QuantizeReport:
    layer = LayerError(op=0, kind="RESHAPE", layer="r", sqnr_db=None, saturated=None, elements=0)
    return QuantizeReport(
        model="beat-3-eff-sm",
        tool_version="0",
        float_runtime="Keras 3",
        keras_sha256="aa",
        tflite_sha256="bb",
        tflite_bytes=100_000,
        seed=0,
        calibration_windows=512,
        calibration_sha256="cc",
        scored_split="ds1",
        scored_windows=120,
        scored_sha256="dd",
        interpreter="tflite-micro",
        layer_windows=64,
        float_scores=before,
        int8_scores=after,
        max_f1_drop=f1_drop(before, after),
        layers=(layer,),
    )
