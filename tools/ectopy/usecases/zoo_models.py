"""What the model files of a bundle are, and whether they are what its configuration promises."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ectopy.errors import EctopyError, ModelError
from ectopy.graph.kind import KIND_WORDS, TfliteFacts, TfliteKind, identify
from ectopy.graph.reader import read_model_bytes, read_tflite
from ectopy.quantize.host import check_shapes
from ectopy.usecases.zoo_types import Check, Verdict
from ectopy.zoo import Bundle, Configuration, require_tensorflow
from ectopy.zoo.archive import FLOAT_BYTES, KerasArchive, read_archive
from ectopy.zoo.efficientnet import first_difference, promised_layers
from ectopy.zoo.fields import JsonValue
from ectopy.zoo.libraries import EDGE_LIBRARIES
from ectopy.zoo.origin import KERAS, TFLITE, sha256_of
from ectopy.zoo.remarks import expected_kind, softmax_is_appended


def keras_checks(bundle: Bundle, _: Mapping[str, JsonValue]) -> Iterator[Check]:
    """Looks into ``model.keras``; loads it only where TensorFlow is installed."""
    if not bundle.keras_path.is_file():
        yield Check(
            subject=KERAS,
            verdict=Verdict.NOTE,
            finding="it is not there, so the model cannot be quantized again",
        )
        return
    try:
        archive = read_archive(bundle.keras_path)
    except ModelError as error:
        yield Check(subject=KERAS, verdict=Verdict.FAILED, finding=error.message, advice=error.hint)
        return
    yield _packages(archive)
    yield _architecture(archive, bundle.configuration)
    yield _in_tensorflow(bundle)


def _packages(archive: KerasArchive) -> Check:
    strangers = set(archive.packages) - set(EDGE_LIBRARIES)
    if archive.runs_code or strangers:
        others = f"layers of {', '.join(sorted(strangers))}"
        what = "a Lambda layer or function" if archive.runs_code else others
        return Check(
            subject=KERAS,
            verdict=Verdict.FAILED,
            finding=f"it holds {what[:200]}: code that we do not run",
            advice="rebuild the model with layers of Keras",
        )
    made_of = ", ".join(("Keras", *archive.packages))
    return Check(
        subject=KERAS,
        verdict=Verdict.OK,
        finding=f"layers of {made_of}; written by Keras {archive.keras_version}; runs no code",
    )


def _architecture(archive: KerasArchive, configuration: Configuration) -> Check:
    try:
        promised = promised_layers(configuration)
    except ModelError as error:
        return Check(
            subject="architecture",
            verdict=Verdict.FAILED,
            finding=error.message,
            advice="repair configuration.json: " + error.hint,
        )
    count = archive.parameters
    shown = "an unknown number of" if count is None else f"{count:,}"
    finding, verdict = f"{shown} parameters in {len(archive.layers)} layers", Verdict.OK
    problem = ""
    if archive.input_shape is not None and archive.input_shape != (configuration.frame_size, 1):
        problem = f"its input is {archive.input_shape}, not {(configuration.frame_size, 1)}"
    elif promised is None:
        verdict = Verdict.SKIPPED
        finding += f"; what {configuration.architecture.name[:40]!r} should have is not known here"
    elif archive.unknown:
        verdict = Verdict.SKIPPED
        finding += f"; layers that are not counted here: {', '.join(archive.unknown)[:200]}"
    elif difference := first_difference(promised, archive.layers):
        problem = difference
    elif count is not None and archive.weights_bytes < count * FLOAT_BYTES:
        problem = f"its weights are {archive.weights_bytes:,} B, too few for {count:,} parameters"
    else:
        finding += ", as the configuration makes them"
    if problem:
        return Check(
            subject="architecture",
            verdict=Verdict.FAILED,
            finding=problem,
            advice="model and configuration do not belong together, or another version of the "
            "library made the model; nothing here depends on the two being equal but input and "
            "output",
        )
    return Check(subject="architecture", verdict=verdict, finding=finding)


def _in_tensorflow(bundle: Bundle) -> Check:
    subject = "architecture in TensorFlow"
    try:
        require_tensorflow("neuralspot_edge")
    except EctopyError as error:
        return Check(
            subject=subject,
            verdict=Verdict.SKIPPED,
            finding=f"the model was not loaded: {error.message}",
            advice=f".venv-train/bin/ectopy zoo verify {bundle.target} does it; `make quantize` "
            "sets that environment up",
        )
    from ectopy.quantize.convert import load_keras  # noqa: PLC0415 - TensorFlow is optional
    from ectopy.training.architecture import EFFICIENTNET, build_network  # noqa: PLC0415

    try:
        model = load_keras(bundle)
        if bundle.configuration.architecture.name == EFFICIENTNET:
            finding = _compare(model, build_network(bundle.configuration))
        else:
            finding = "it loads, and its input and output are those of the configuration"
    except ModelError as error:
        return Check(
            subject=subject, verdict=Verdict.FAILED, finding=error.message, advice=error.hint
        )
    return Check(subject=subject, verdict=Verdict.OK, finding=finding)


def _compare(found: Any, promised: Any) -> str:
    """Weights of a loaded Keras model beside those of a freshly built one, in one sentence."""
    weights = [(weight.path, tuple(weight.shape)) for weight in found.weights]
    wanted = [(weight.path, tuple(weight.shape)) for weight in promised.weights]
    for (name, shape), (other, other_shape) in zip(weights, wanted, strict=False):
        if shape != other_shape:
            raise ModelError(
                f"weight {name} is {shape}; the configuration builds {other}, {other_shape}"
            )
    if len(weights) != len(wanted):
        raise ModelError(f"it has {len(weights)} weights; the configuration builds {len(wanted)}")
    return f"it loads, and all {len(weights)} weights have the shapes that the configuration builds"


def tflite_checks(bundle: Bundle, document: Mapping[str, JsonValue]) -> Iterator[Check]:
    """Says what ``model.tflite`` is and what to do with it."""
    quantize = f"ectopy quantize --model {bundle.target}"
    if not bundle.tflite_path.is_file():
        yield Check(
            subject=TFLITE, verdict=Verdict.NOTE, finding="it is not there", advice=quantize
        )
        return
    try:
        data = read_model_bytes(bundle.tflite_path)
        facts = identify(data)
    except ModelError as error:
        yield Check(
            subject=TFLITE, verdict=Verdict.FAILED, finding=error.message, advice=error.hint
        )
        return
    yield _kind_check(facts, quantize)
    made_here = quantize_report(bundle.path).get(TFLITE) == sha256_of(bundle.tflite_path)
    wanted = expected_kind(document)
    if not made_here and wanted not in {None, facts.kind}:
        yield Check(
            subject=TFLITE,
            verdict=Verdict.NOTE,
            finding=f"heartKIT's export makes {wanted} of this configuration, the file is "
            f"{facts.kind}",
        )
    ends_in_logits = bundle.configuration.use_logits
    if not made_here and softmax_is_appended(document, ends_in_logits):
        yield Check(
            subject=TFLITE,
            verdict=Verdict.NOTE,
            finding="heartKIT's export appends a softmax (use_logits is false); model.keras ends "
            "in logits, and so does what ectopy quantize makes",
        )
    if facts.kind is TfliteKind.FULL_INT8:
        yield _usable(bundle, data, quantize)


def _kind_check(facts: TfliteFacts, quantize: str) -> Check:
    count = sum(facts.operators.values())
    full = facts.kind is TfliteKind.FULL_INT8
    return Check(
        subject=TFLITE,
        verdict=Verdict.OK if full else Verdict.NOTE,
        finding=f"{KIND_WORDS[facts.kind]}: {facts.input_type.lower()} "
        f"{_shown(facts.input_shape)} to {facts.output_type.lower()} "
        f"{_shown(facts.output_shape)}, {count} operators",
        advice="" if full else f"the device takes int8 throughout; make it: {quantize}",
    )


def _shown(shape: tuple[int, ...]) -> str:
    return "x".join("?" if size < 0 else str(size) for size in shape)


def _usable(bundle: Bundle, data: bytes, quantize: str) -> Check:
    try:
        graph = read_tflite(data, bundle.name)
        check_shapes(graph, bundle.configuration)
    except ModelError as error:
        return Check(
            subject=TFLITE,
            verdict=Verdict.FAILED,
            finding=error.message,
            advice=f"the device cannot run it; make one that it can: {quantize}",
        )
    return Check(
        subject=TFLITE,
        verdict=Verdict.OK,
        finding="the device can run it: operators, quantization and shapes are supported",
    )


def quantize_report(folder: Path) -> dict[str, str]:
    """SHA-256 of both models as quantize wrote them down; empty if it did not."""
    try:
        report = json.loads((folder / "quantize.json").read_text(encoding="utf-8"))
        found = {KERAS: report["keras_sha256"], TFLITE: report["tflite_sha256"]}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}
    here = {name: value for name, value in found.items() if (folder / name).is_file()}
    return here if len(here) == len(found) else {}
