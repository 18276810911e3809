"""A model's answers to windows, from Keras, from the int8 model on the host, or from a run."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ectopy.errors import InputError, ModelError
from ectopy.graph.reader import load_tflite
from ectopy.graph.types import Graph
from ectopy.metrics import predicted_classes
from ectopy.metrics.evaluation import DeviceRecord
from ectopy.progress import Progress
from ectopy.quantize.host import check_shapes, predict_int8, quantized_inputs
from ectopy.reference import open_reference
from ectopy.usecases.run_folder import RunFolder, open_run
from ectopy.vocab import DatasetName
from ectopy.windows import WindowSet
from ectopy.zoo import Bundle, class_labels, label_map, predict_float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answers:
    """What a model said.

    Attributes:
        outputs: float64 (n, classes), as real numbers.
        predictions: (n,), classes.
        runtime: What ran the model.
        device: None if it ran on the host.
    """

    outputs: npt.NDArray[np.float64]
    predictions: npt.NDArray[np.intp]
    runtime: str
    device: DeviceRecord | None = None


def float_answers(bundle: Bundle, windows: WindowSet, progress: Progress) -> Answers:
    """Of ``model.keras``.

    Raises:
        ModelError: It cannot be read, or is not the one its configuration describes.
    """
    from ectopy.quantize.convert import load_keras, runtime_name  # noqa: PLC0415 - optional

    outputs = predict_float(load_keras(bundle), bundle.configuration, windows.samples, progress)
    return Answers(
        outputs=outputs.astype(np.float64),
        predictions=np.argmax(outputs, axis=1),
        runtime=runtime_name(),
    )


def int8_answers(bundle: Bundle, windows: WindowSet, progress: Progress) -> Answers:
    """Of ``model.tflite`` in tflite-micro where it is installed, with the device's preprocess.

    Raises:
        ModelError: It cannot be read, or is not the one its configuration describes.
    """
    path, configuration = bundle.require_tflite(), bundle.configuration
    graph = load_tflite(path)
    check_shapes(graph, configuration)
    interpreter = open_reference(path.read_bytes(), graph)
    inputs = quantized_inputs(graph, configuration, windows.samples)
    outputs = predict_int8(interpreter, inputs, configuration.num_classes, progress)
    return _answers_in_int8(graph, outputs, interpreter.name)


def _answers_in_int8(
    graph: Graph, outputs: npt.NDArray[np.int8], runtime: str, device: DeviceRecord | None = None
) -> Answers:
    quant = graph.output.quant
    if quant is None:
        raise ModelError(f"{graph.name}: the output is not quantized")
    return Answers(
        outputs=(outputs.astype(np.float64) - quant.zero_point) * quant.scale,
        predictions=predicted_classes(outputs),
        runtime=runtime,
        device=device,
    )


def open_device_run(path: Path, bundle: Bundle) -> RunFolder:
    """A run whose answers can be scored as those of the bundle's model on a whole split.

    Raises:
        InputError: It cannot: another model, not the whole split, or its outputs are not there.
    """
    run = open_run(path)
    record = run.record
    sha256 = hashlib.sha256(bundle.require_tflite().read_bytes()).hexdigest()
    again = f"ectopy bench --model {bundle.target} --split {record.dataset.split} --limit all"
    if record.model.tflite_sha256 != sha256:
        raise InputError(
            f"run {run.name} is of another model: {record.model.name} "
            f"{record.model.tflite_sha256[:12]}, and {bundle.tflite_path} is {sha256[:12]}",
            hint=f"name the run's own model with --model, or measure this one: {again}",
        )
    if record.dataset.label_map != label_map(bundle.configuration):
        raise InputError(
            f"run {run.name} has other classes: {record.dataset.label_map}, and the bundle's "
            f"configuration says {label_map(bundle.configuration)}",
            hint=f"measure again: {again}",
        )
    if record.dataset.name != DatasetName.MITDB:
        raise InputError(
            f"run {run.name} is of {record.dataset.name} ECG",
            hint=f"on MIT-BIH: ectopy bench --model {bundle.target} --split ds2 --limit all",
        )
    if record.partial or record.dataset.limit is not None:
        raise InputError(
            f"run {run.name} measured {record.dataset.windows} windows, not the whole split",
            hint=f"every beat counts: {again}",
        )
    if run.outputs is None:
        raise InputError(
            f"there is no outputs.csv beside the record of run {run.name}",
            hint="name the folder that `ectopy bench` wrote, not a copy of its record",
        )
    return run


def device_answers(run: RunFolder, bundle: Bundle, windows: WindowSet) -> Answers:
    """Of a board, from a run that :func:`open_device_run` accepted.

    Args:
        run: The run.
        bundle: Of its model.
        windows: The whole split, as it is here.

    Raises:
        InputError: The run was over other windows.
    """
    outputs, record = run.outputs, run.record
    assert outputs is not None
    same = (
        record.dataset.sha256 == windows.info.sha256
        and np.array_equal(outputs.windows, np.arange(len(windows)))
        and np.array_equal(outputs.records, windows.records)
        and np.array_equal(outputs.beat_samples, windows.beat_samples)
        and np.array_equal(outputs.true_classes, class_labels(bundle.configuration, windows.labels))
    )
    if not same:
        raise InputError(
            f"run {run.name} is over other windows ({record.dataset.sha256[:12]}) than those of "
            f"{windows.info.split} here ({windows.info.sha256[:12]})",
            hint="name the directory of the same records with --data-dir, or measure again",
        )
    graph = load_tflite(bundle.require_tflite())
    device = _device(run)
    runtime = f"board {device}, engine {device.engine}"
    return _answers_in_int8(graph, outputs.device, runtime, device)


def _device(run: RunFolder) -> DeviceRecord:
    record = run.record
    return DeviceRecord(
        board=record.board.name,
        emulated=record.board.emulated,
        engine=str(record.engine),
        build_id=record.firmware.build_id,
        run=run.name,
    )
