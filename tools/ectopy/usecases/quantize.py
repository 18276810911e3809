"""Quantizing a bundle's model, with the price."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import ectopy
from ectopy.errors import InputError
from ectopy.graph.reader import read_tflite
from ectopy.graph.types import Graph
from ectopy.metrics import confusion_matrix, predicted_classes, score
from ectopy.preprocess import normalize
from ectopy.progress import Progress, silent
from ectopy.quantize.calibration import CALIBRATION_WINDOWS, draw_calibration
from ectopy.quantize.host import check_shapes, predict_int8, quantized_inputs
from ectopy.quantize.report import QuantizeReport, f1_drop, to_json
from ectopy.records import AccuracyRecord
from ectopy.reference import HostInterpreter, open_reference
from ectopy.usecases.training_set import load_training_windows
from ectopy.windows import WindowSet
from ectopy.zoo import Bundle, Configuration, class_labels, predict_float, require_tensorflow

LAYER_WINDOWS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizeRequest:
    """What to quantize.

    Attributes:
        bundle: With ``model.keras``.
        data_dir: Directory of the records; None looks where ``load_windows`` looks.
        seed: Of the calibration draw; None takes that of the configuration.
        out_dir: Gets ``model.tflite`` and ``quantize.json``.
    """

    bundle: Bundle
    data_dir: Path | None
    seed: int | None = None
    out_dir: Path


def quantize_bundle(request: QuantizeRequest, progress: Progress = silent) -> QuantizeReport:
    """Converts to int8, measures what it costs on DS1, writes both.

    Args:
        request: What to quantize, with what, to where.
        progress: Counts validation windows.

    Returns:
        The report; :func:`ectopy.quantize.report.check_gate` judges it.

    Raises:
        ToolError: TensorFlow is not installed or refuses.
        ModelError: The bundle has no readable Keras model, or the result is not full-integer.
        DataError: The records cannot be read.
        InputError: ``out_dir`` cannot be written.
    """
    require_tensorflow()
    from ectopy.quantize.convert import convert_to_int8, load_keras  # noqa: PLC0415 - optional

    bundle, configuration = request.bundle, request.bundle.configuration
    windows = load_training_windows(configuration, request.data_dir)
    chosen = draw_calibration(windows, CALIBRATION_WINDOWS, _seed(request))
    samples = windows.samples[chosen]
    model = load_keras(bundle)
    tflite = convert_to_int8(model, normalize(samples, configuration.preprocess.epsilon_mv2))
    graph = read_tflite(tflite, bundle.name)
    check_shapes(graph, configuration)
    _write(request.out_dir, "model.tflite", tflite)
    report = _report(request, windows, model, tflite, graph, progress)
    _write(request.out_dir, "quantize.json", to_json(report).encode())
    return report


def _seed(request: QuantizeRequest) -> int:
    own = request.bundle.configuration.recipe.calibration_seed
    return own if request.seed is None else request.seed


def _report(
    request: QuantizeRequest,
    windows: WindowSet,
    model: Any,
    tflite: bytes,
    graph: Graph,
    progress: Progress,
) -> QuantizeReport:
    from ectopy.quantize.convert import runtime_name  # noqa: PLC0415 - TensorFlow is optional
    from ectopy.quantize.layers import measure_layers  # noqa: PLC0415

    configuration = request.bundle.configuration
    interpreter = open_reference(tflite, graph)
    before = _float_scores(model, configuration, windows)
    after = _int8_scores(interpreter, graph, configuration, windows, progress)
    chosen = draw_calibration(windows, CALIBRATION_WINDOWS, _seed(request))
    compared = draw_calibration(windows, LAYER_WINDOWS, _seed(request))
    return QuantizeReport(
        model=request.bundle.name,
        tool_version=ectopy.__version__,
        float_runtime=runtime_name(),
        keras_sha256=hashlib.sha256(request.bundle.keras_path.read_bytes()).hexdigest(),
        tflite_sha256=graph.sha256,
        tflite_bytes=len(tflite),
        seed=_seed(request),
        calibration_windows=len(chosen),
        calibration_sha256=hashlib.sha256(windows.samples[chosen].tobytes()).hexdigest(),
        scored_split=windows.info.split,
        scored_windows=len(windows),
        scored_sha256=windows.info.sha256,
        interpreter=interpreter.name,
        layer_windows=len(compared),
        float_scores=before,
        int8_scores=after,
        max_f1_drop=f1_drop(before, after),
        layers=measure_layers(model, configuration, graph, interpreter, windows.samples[compared]),
    )


def _float_scores(model: Any, configuration: Configuration, windows: WindowSet) -> AccuracyRecord:
    outputs = predict_float(model, configuration, windows.samples)
    classes = class_labels(configuration, windows.labels)
    confusion = confusion_matrix(classes, np.argmax(outputs, axis=1), configuration.num_classes)
    return score(confusion, configuration.class_names)[0]


def _int8_scores(
    interpreter: HostInterpreter,
    graph: Graph,
    configuration: Configuration,
    windows: WindowSet,
    progress: Progress,
) -> AccuracyRecord:
    inputs = quantized_inputs(graph, configuration, windows.samples)
    outputs = predict_int8(interpreter, inputs, configuration.num_classes, progress)
    classes = class_labels(configuration, windows.labels)
    confusion = confusion_matrix(classes, predicted_classes(outputs), configuration.num_classes)
    return score(confusion, configuration.class_names)[0]


def _write(folder: Path, name: str, content: bytes) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    except OSError as error:
        raise InputError(f"{folder / name} cannot be written: {error.strerror}") from error
