"""What quantization costs: scores before and after, and the error of each layer."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from ectopy.errors import GateError
from ectopy.records import AccuracyRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerError:
    """One operator of the int8 model beside the float layer it stands for.

    Attributes:
        op: Index of the operator.
        kind: TFLite operator.
        layer: Keras layer, or the tensor's name where the operator is inside a layer.
        sqnr_db: Signal to quantization noise, accumulated error included; None where the
            operator has no float twin or no error at all.
        saturated: Elements whose float value is outside what int8 can hold there.
        elements: Elements compared; 0 where there is no float twin.
    """

    op: int
    kind: str
    layer: str
    sqnr_db: float | None
    saturated: int | None
    elements: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizeReport:
    """Report of ``ectopy quantize``.

    Attributes:
        interpreter: Which host interpreter computed the int8 outputs.
        calibration_windows: Windows that set the ranges, drawn patient-balanced.
        scored_split: Windows both models were scored on.
        layer_windows: Of these, how many were compared layer by layer.
        max_f1_drop: Largest loss of F1 of any class; negative if every class gained.
    """

    model: str
    tool_version: str
    float_runtime: str
    keras_sha256: str
    tflite_sha256: str
    tflite_bytes: int
    seed: int
    calibration_windows: int
    calibration_sha256: str
    scored_split: str
    scored_windows: int
    scored_sha256: str
    interpreter: str
    layer_windows: int
    float_scores: AccuracyRecord
    int8_scores: AccuracyRecord
    max_f1_drop: float
    layers: tuple[LayerError, ...]


def f1_drop(before: AccuracyRecord, after: AccuracyRecord) -> float:
    """Largest loss of F1 of any class; an F1 that is undefined afterwards counts as 0."""
    return max(
        scores.f1 - (after.per_class[name].f1 or 0.0)
        for name, scores in before.per_class.items()
        if scores.f1 is not None
    )


def check_gate(report: QuantizeReport, limit: float) -> None:
    """Fails where quantization cost more than the user allows.

    Raises:
        GateError: A class lost more F1 than ``limit``.
    """
    if report.max_f1_drop > limit:
        raise GateError(
            f"{report.model}: quantization costs {report.max_f1_drop:.4f} of F1 in one class; "
            f"at most {limit:g} is allowed",
            hint="the model and its report were written; look at the layers with low SQNR",
        )


def to_json(report: QuantizeReport) -> str:
    """The report as JSON text."""
    return json.dumps(asdict(report), indent=2, allow_nan=False) + "\n"
