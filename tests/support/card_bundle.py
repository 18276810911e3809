"""A bundle with all the files a card is made from: real model, invented scores."""

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from ectopy.metrics.evaluation import MetricsFile
from ectopy.metrics.evaluation import to_json as metrics_text
from ectopy.metrics.mistakes import Mistake, MistakesFile
from ectopy.metrics.mistakes import to_json as mistakes_text
from ectopy.vocab import EvaluationSplit, ScoreSource
from ectopy.windows import CITATION
from ectopy.zoo import Bundle, open_bundle
from support.invented_evaluation import invented_evaluation
from support.invented_record import CONFUSION

NAME = "beat-3-eff-sm"
WINDOWS_SHA256 = "ef" * 32
EXAMPLE = Mistake(
    record="232",
    beat_sample=46_850,
    rhythm="SBR",
    true_class="PAC",
    said="N",
    probability=0.98765,
)


def write_json(path: Path, document: Any) -> None:
    path.write_text(json.dumps(document))


def card_bundle(folder: Path, *, seed: int = 0, on_device: bool = True) -> Bundle:
    """Writes the bundle."""
    folder.mkdir(parents=True, exist_ok=True)
    shipped = open_bundle(NAME)
    for path in (shipped.path / "configuration.json", shipped.require_tflite()):
        shutil.copy(path, folder)
    (folder / "model.keras").write_bytes(b"float weights")
    tflite = hashlib.sha256((folder / "model.tflite").read_bytes()).hexdigest()
    keras = hashlib.sha256(b"float weights").hexdigest()
    int8 = replace(invented_evaluation(), model_sha256=tflite)
    entries = [
        int8,
        replace(int8, source=ScoreSource.FLOAT, model_sha256=keras),
        replace(invented_evaluation(noisy=True), model_sha256=tflite),
    ]
    if on_device:
        entries.append(replace(invented_evaluation(on_device=True), model_sha256=tflite))
    file = MetricsFile(model=NAME, data=CITATION, evaluations=tuple(entries))
    (folder / "metrics.json").write_text(metrics_text(file))
    _write_logs(folder, tflite, seed)
    (folder / "mistakes.json").write_text(mistakes_text(mistakes(tflite)))
    return open_bundle(folder)


def mistakes(tflite_sha256: str) -> MistakesFile:
    return MistakesFile(
        model=NAME,
        data=CITATION,
        split=EvaluationSplit.DS2,
        source=ScoreSource.INT8,
        model_sha256=tflite_sha256,
        windows_sha256=WINDOWS_SHA256,
        rhythms={"N": CONFUSION, "SBR": ((40, 2, 0), (30, 10, 0), (0, 0, 0))},
        records={"202": {"N": 1000}, "232": {"SBR": 81, "": 1}},
        examples=(EXAMPLE,),
    )


def _write_logs(folder: Path, tflite_sha256: str, seed: int) -> None:
    training = {
        "tool_version": "1",
        "runtime": "Keras 3, TensorFlow 2",
        "model": NAME,
        "seed": seed,
        "records": ["101", "106"],
        "windows": 4321,
        "windows_sha256": "00",
        "class_bias": [0.0, -0.7, -0.4],
        "epochs": [],
    }
    write_json(folder / "training.json", training)
    cross_validation = {
        "model": NAME,
        "seed": seed,
        "bias": [0.0, -0.7, -0.4],
        "class_f1": [0.987, 0.654, 0.876],
        "class_f1_without": [0.981, 0.543, 0.868],
    }
    write_json(folder / "cross_validation.json", cross_validation)
    quantize = {
        "model": NAME,
        "float_runtime": "Keras 3, TensorFlow 2",
        "tflite_sha256": tflite_sha256,
        "seed": 0,
        "calibration_windows": 512,
        "scored_split": "ds1",
        "scored_windows": 4321,
        "max_f1_drop": 0.0123,
    }
    write_json(folder / "quantize.json", quantize)
