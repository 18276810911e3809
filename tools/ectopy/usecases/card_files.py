"""Reads a bundle's files for its card; old ones count as absent or are named."""

from __future__ import annotations

from typing import TypeVar, get_type_hints

from ectopy.errors import InputError
from ectopy.graph.costs import graph_macs, graph_parameters
from ectopy.graph.reader import load_tflite
from ectopy.graph.types import Tensor
from ectopy.metrics import evaluation as metrics_json
from ectopy.metrics import seeds as seeds_json
from ectopy.metrics.evaluation import Evaluation
from ectopy.metrics.mistakes import MistakesFile
from ectopy.report.card_material import (
    MISTAKES_PICTURE,
    RELIABILITY_PICTURE,
    CardMaterial,
    CrossValidationLog,
    ModelFile,
    QuantizeLog,
    TrainingLog,
)
from ectopy.typed_json import read_value
from ectopy.usecases.metrics_file import model_hashes
from ectopy.usecases.mistakes_file import read_mistakes
from ectopy.usecases.train_folder import CROSS_VALIDATION, read_json
from ectopy.vocab import Split
from ectopy.windows import SPLITS
from ectopy.zoo import Bundle

SEEDS = "seeds.json"

Log = TypeVar("Log", TrainingLog, CrossValidationLog, QuantizeLog)


def read_material(bundle: Bundle) -> CardMaterial:
    """What the card of a bundle is made from; no ECG, no TensorFlow.

    Raises:
        ModelError: There is no model.tflite, or it cannot be read.
        InputError: A file cannot be read, or is of another model.
    """
    path = bundle.require_tflite()
    graph = load_tflite(path)
    training = _log(bundle, "training.json", TrainingLog, "train")
    quantize = _log(bundle, "quantize.json", QuantizeLog, "quantize")
    if quantize is not None and quantize.tflite_sha256 != graph.sha256:
        raise InputError(
            f"{bundle.path / 'quantize.json'} is of another model.tflite than the one beside it",
            hint=f"ectopy quantize --model {bundle.target}",
        )
    learnt = SPLITS[Split.DS1] if training is None else training.records
    return CardMaterial(
        configuration=bundle.configuration,
        model=ModelFile(
            sha256=graph.sha256,
            file_bytes=path.stat().st_size,
            macs=graph_macs(graph),
            parameters=graph_parameters(graph),
            input=_quantization(graph.input),
            output=_quantization(graph.output),
        ),
        left_out=tuple(r for r in SPLITS[Split.DS1] if r not in learnt),
        evaluations=current_evaluations(bundle),
        training=training,
        cross_validation=_log(bundle, CROSS_VALIDATION, CrossValidationLog, "train"),
        quantize=quantize,
        mistakes=_mistakes(bundle, graph.sha256),
        seeds=_seeds(bundle),
        pictures=frozenset(
            name
            for name in (RELIABILITY_PICTURE, MISTAKES_PICTURE)
            if (bundle.path / name).is_file()
        ),
    )


def current_evaluations(bundle: Bundle) -> tuple[Evaluation, ...]:
    """Entries of the metrics file that are of the model files as they are now.

    Raises:
        InputError: There is no metrics file, or it cannot be read.
    """
    path = bundle.metrics_path
    again = f"ectopy evaluate --model {bundle.target} --split ds2"
    if not path.is_file():
        raise InputError(f"there is no {path}, and a card without scores is empty", hint=again)
    try:
        file = metrics_json.from_json(read_json(path))
    except InputError as error:
        raise InputError(f"{path}: {error.message}", hint=f"move it away; {again}") from error
    now = model_hashes(bundle)
    return tuple(e for e in file.evaluations if e.model_sha256 == now.get(e.source))


def _log(bundle: Bundle, name: str, kind: type[Log], command: str) -> Log | None:
    """The members of a JSON file that ``kind`` has; None if there is no such file."""
    path = bundle.path / name
    if not path.is_file():
        return None
    document = read_json(path)
    hint = f"ectopy {command} --model {bundle.target}"
    if document.get("model") != bundle.name:
        raise InputError(f"{path} is of {document.get('model')!r}, not {bundle.name}", hint=hint)
    try:
        log: Log = read_value({k: document[k] for k in get_type_hints(kind) if k in document}, kind)
    except ValueError as error:
        raise InputError(
            f"{path}: {error}; an older ectopy wrote it, or somebody by hand", hint=hint
        ) from error
    return log


def _mistakes(bundle: Bundle, sha256: str) -> MistakesFile | None:
    """Those of the model as it is now."""
    file = read_mistakes(bundle.path)
    return file if file is not None and file.model_sha256 == sha256 else None


def _seeds(bundle: Bundle) -> seeds_json.SeedsFile | None:
    path = bundle.path / SEEDS
    if not path.is_file():
        return None
    try:
        file = seeds_json.from_json(read_json(path))
    except InputError as error:
        raise InputError(
            f"{path}: {error.message}", hint="remove it; ectopy card --seeds writes it"
        ) from error
    if file.model != bundle.name:
        raise InputError(f"{path} is of {file.model}, not {bundle.name}")
    return file


def _quantization(tensor: Tensor) -> str:
    quant = tensor.quant
    assert quant is not None  # the reader takes full-integer models only
    return f"{tensor.dtype}, scale {quant.scale:.6g}, zero point {quant.zero_point}"
