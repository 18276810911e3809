"""Scores of a bundle's model on the host: the one writer of ``metrics.json``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import numpy.typing as npt

import ectopy
from ectopy.errors import InputError
from ectopy.graph.reader import load_tflite
from ectopy.metrics import confusion_matrix, predicted_classes, score
from ectopy.progress import Progress, silent
from ectopy.quantize.host import check_shapes, predict_int8, quantized_inputs
from ectopy.records import AccuracyRecord
from ectopy.reference import open_reference
from ectopy.usecases.holdout import foreign_holdout, load_holdout
from ectopy.vocab import DatasetName, Split
from ectopy.windows import CITATION, WindowRequest, WindowSet, icentia11k, load_windows
from ectopy.zoo import Bundle, class_labels, label_map, predict_float, require_tensorflow

SCHEMA_VERSION = 1

ICENTIA11K_WINDOWS = 50_000
"""Of icentia11k's test patients: 50 beats of each, where all 1,000 are there."""


class EvaluationSplit(StrEnum):
    """What a model may be scored on: patients that did not train it."""

    DS1_VAL = "ds1-val"
    DS2 = "ds2"
    ICENTIA11K_TEST = "icentia11k-test"


_CITATIONS = {EvaluationSplit.ICENTIA11K_TEST.value: icentia11k.CITATION}
"""Of the splits that are not MIT-BIH's."""


class Precision(StrEnum):
    """Which of a bundle's models."""

    INT8 = "int8"
    FLOAT = "float"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateRequest:
    """What to score.

    Attributes:
        data_dir: Directory of the records; None looks where ``load_windows`` looks.
        out_path: The metrics file; entries of other splits and precisions stay if they are of
            the same model file.
    """

    bundle: Bundle
    split: EvaluationSplit
    precision: Precision
    data_dir: Path | None
    out_path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Scores of one model on one split.

    Attributes:
        model_sha256: Of the model file that was run.
        runtime: What ran it.
        label_map: Annotation symbols of each class of the model.
        notes: Why a score is null.
    """

    split: EvaluationSplit
    precision: Precision
    model_sha256: str
    runtime: str
    dataset: str
    windows: int
    windows_sha256: str
    label_map: str
    accuracy: AccuracyRecord
    notes: Mapping[str, str]
    tool_version: str

    @property
    def citation(self) -> str:
        """Whom to name for the data."""
        return _CITATIONS.get(self.split, CITATION)


def evaluate_bundle(request: EvaluateRequest, progress: Progress = silent) -> Evaluation:
    """Scores a model and writes its entry into the metrics file.

    The int8 model runs in tflite-micro where it is installed, with the device's preprocess, so
    that its scores are those of the device; the float model runs in Keras.

    Args:
        request: What to score.
        progress: Counts windows.

    Raises:
        ModelError: The bundle lacks the model, or it is not the one its configuration describes.
        DataError: The records cannot be read.
        ToolError: The float model was asked for and TensorFlow is not installed.
        InputError: The metrics file cannot be read or written.
    """
    # Before reading records, which takes a while: what the user can repair at once.
    _require_model(request)
    earlier = _earlier(request)
    windows = _windows(request)
    run = _run_int8 if request.precision is Precision.INT8 else _run_float
    result = run(request.bundle, windows, progress)
    configuration = request.bundle.configuration
    classes = class_labels(configuration, windows.labels)
    confusion = confusion_matrix(classes, result.predictions, configuration.num_classes)
    accuracy, notes = score(confusion, configuration.class_names)
    evaluation = Evaluation(
        split=request.split,
        precision=request.precision,
        model_sha256=result.sha256,
        runtime=result.runtime,
        dataset=windows.info.name,
        windows=len(windows),
        windows_sha256=windows.info.sha256,
        label_map=label_map(configuration),
        accuracy=accuracy,
        notes=notes,
        tool_version=ectopy.__version__,
    )
    _write(request, evaluation, earlier)
    return evaluation


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Result:
    predictions: npt.NDArray[np.intp]
    sha256: str
    runtime: str


def _require_model(request: EvaluateRequest) -> None:
    if request.precision is Precision.INT8:
        request.bundle.require_tflite()
    else:
        request.bundle.require_keras()
        require_tensorflow()


def _windows(request: EvaluateRequest) -> WindowSet:
    if request.split is EvaluationSplit.DS1_VAL:
        configuration = foreign_holdout(request.bundle.configuration)
        return load_holdout(configuration, request.data_dir).validation
    if request.split is EvaluationSplit.ICENTIA11K_TEST:
        return load_windows(
            WindowRequest(
                dataset=DatasetName.ICENTIA11K,
                split=Split.TEST,
                data_dir=request.data_dir,
                limit=ICENTIA11K_WINDOWS,
            )
        )
    return load_windows(
        WindowRequest(dataset=DatasetName.MITDB, split=Split.DS2, data_dir=request.data_dir)
    )


def _run_int8(bundle: Bundle, windows: WindowSet, progress: Progress) -> _Result:
    configuration = bundle.configuration
    path = bundle.require_tflite()
    graph = load_tflite(path)
    check_shapes(graph, configuration)
    interpreter = open_reference(path.read_bytes(), graph)
    inputs = quantized_inputs(graph, configuration, windows.samples)
    outputs = predict_int8(interpreter, inputs, configuration.num_classes, progress)
    return _Result(
        predictions=predicted_classes(outputs), sha256=graph.sha256, runtime=interpreter.name
    )


def _run_float(bundle: Bundle, windows: WindowSet, progress: Progress) -> _Result:
    from ectopy.quantize.convert import load_keras, runtime_name  # noqa: PLC0415 - optional

    model = load_keras(bundle)
    outputs = predict_float(model, bundle.configuration, windows.samples, progress)
    return _Result(
        predictions=np.argmax(outputs, axis=1),
        sha256=hashlib.sha256(bundle.keras_path.read_bytes()).hexdigest(),
        runtime=runtime_name(),
    )


def _write(
    request: EvaluateRequest, evaluation: Evaluation, earlier: list[dict[str, object]]
) -> None:
    entry = asdict(evaluation)
    kept = [other for other in earlier if not _replaced(other, entry)]
    entries = sorted([*kept, entry], key=lambda e: (str(e["split"]), str(e["precision"])))
    document = {
        "schema_version": SCHEMA_VERSION,
        "model": request.bundle.name,
        "data": " ".join(sorted({_CITATIONS.get(str(e["split"]), CITATION) for e in entries})),
        "evaluations": entries,
    }
    text = json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False) + "\n"
    try:
        request.out_path.parent.mkdir(parents=True, exist_ok=True)
        request.out_path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{request.out_path} cannot be written: {error.strerror}") from error


def _replaced(other: Mapping[str, object], entry: Mapping[str, object]) -> bool:
    """Whether ``entry`` makes ``other`` obsolete: the same thing again, or of an older model."""
    if other["precision"] != entry["precision"]:
        return False
    return other["split"] == entry["split"] or other["model_sha256"] != entry["model_sha256"]


def _earlier(request: EvaluateRequest) -> list[dict[str, object]]:
    path = request.out_path
    if not path.exists():
        return []
    if not path.is_file():  # a device can be read for ever
        raise InputError(f"{path} is not a file")
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))["evaluations"]
        for entry in entries:
            if not {"split", "precision", "model_sha256"} <= set(entry):
                raise KeyError("split, precision, model_sha256")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(
            f"{path} is not a metrics file of ectopy: {error}",
            hint="move it away; ectopy evaluate writes a new one",
        ) from error
    found: list[dict[str, object]] = entries
    return found
