"""Is a bundle what it says it is? Everything that can be told without running its model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ectopy.errors import ModelError
from ectopy.usecases.zoo_models import keras_checks, quantize_report, tflite_checks
from ectopy.usecases.zoo_types import Check, Verdict, Verification
from ectopy.zoo import Bundle, open_bundle
from ectopy.zoo.bundle import read_json
from ectopy.zoo.fields import JsonValue
from ectopy.zoo.origin import (
    CONFIGURATION,
    KERAS,
    METRICS,
    TFLITE,
    FileState,
    file_states,
    sha256_of,
)
from ectopy.zoo.remarks import mode_without_format, unknown_keys


def verify_bundle(target: str) -> Verification:
    """Checks a bundle.

    Args:
        target: Name or folder.

    Raises:
        ModelError: There is no such bundle, or its configuration cannot be used.
    """
    bundle = open_bundle(target)
    document = read_json(bundle.path / CONFIGURATION)
    keys = document if isinstance(document, Mapping) else {}
    checks: list[Check] = []
    for part in (_configuration, _hashes, keras_checks, tflite_checks, _metrics):
        checks += part(bundle, keys)
    return Verification(name=bundle.name, path=str(bundle.path), checks=tuple(checks))


def _configuration(bundle: Bundle, document: Mapping[str, JsonValue]) -> Iterator[Check]:
    configuration = bundle.configuration
    yield Check(
        subject=CONFIGURATION,
        verdict=Verdict.OK,
        finding=f"{configuration.num_classes} classes ({', '.join(configuration.class_names)}), "
        f"{configuration.frame_size} samples at {configuration.sampling_rate} Hz, "
        f"{configuration.architecture.name}",
    )
    if remark := mode_without_format(document):
        yield Check(
            subject=CONFIGURATION,
            verdict=Verdict.NOTE,
            finding=remark,
            advice="go by what is said about model.tflite below, not by this key",
        )
    for remark in unknown_keys(document):
        yield Check(subject=CONFIGURATION, verdict=Verdict.NOTE, finding=remark)


def _hashes(bundle: Bundle, _: Mapping[str, JsonValue]) -> Iterator[Check]:
    """Files beside what was written down when they came, or when they were made."""
    made_here = quantize_report(bundle.path)
    try:
        if bundle.origin is not None:
            states = file_states(bundle.path, bundle.origin)
            for name, state in states.items():
                yield _hash_check(bundle, name, state, made_here)
        elif made_here:
            for name, recorded in made_here.items():
                same = sha256_of(bundle.path / name) == recorded
                yield Check(
                    subject="sha256",
                    verdict=Verdict.OK if same else Verdict.FAILED,
                    finding=f"{name} is {'' if same else 'not '}the one of quantize.json",
                    advice="" if same else f"ectopy quantize --model {bundle.target}",
                )
        else:
            yield Check(
                subject="sha256",
                verdict=Verdict.SKIPPED,
                finding="nothing was written down: the bundle was neither fetched nor imported",
            )
    except OSError as error:
        yield Check(
            subject="sha256",
            verdict=Verdict.FAILED,
            finding=f"a file cannot be read: {error.strerror or error}",
        )


def _hash_check(bundle: Bundle, name: str, state: FileState, made_here: dict[str, str]) -> Check:
    origin = bundle.origin
    since = "" if origin is None else f", {origin.kind} {origin.files[name].obtained_utc}"
    if state is FileState.SAME:
        return Check(subject="sha256", verdict=Verdict.OK, finding=f"{name} is unchanged{since}")
    gone = state is FileState.MISSING
    if name == TFLITE and not gone and made_here.get(name) == sha256_of(bundle.path / name):
        same = made_here[KERAS] == sha256_of(bundle.path / KERAS)
        return Check(
            subject="sha256",
            verdict=Verdict.OK if same else Verdict.NOTE,
            finding=f"{name} was made here by ectopy quantize"
            + (f" from this {KERAS}" if same else f", from another {KERAS}"),
            advice="" if same else f"ectopy quantize --model {bundle.target}",
        )
    return Check(
        subject="sha256",
        verdict=Verdict.FAILED,
        finding=f"{name} {'is gone' if gone else 'changed'} (it was{since.removeprefix(',')})",
        advice="fetch or import it again with --force",
    )


def _metrics(bundle: Bundle, _: Mapping[str, JsonValue]) -> Iterator[Check]:
    path = bundle.path / METRICS
    if not path.is_file():
        yield Check(subject=METRICS, verdict=Verdict.NOTE, finding="it is not there")
        return
    try:
        document = read_json(path)
        if not isinstance(document, Mapping):
            raise ModelError(f"{path} is no JSON object")
    except ModelError as error:
        yield Check(subject=METRICS, verdict=Verdict.FAILED, finding=error.message)
        return
    if "evaluations" in document:
        yield Check(subject=METRICS, verdict=Verdict.OK, finding="written by ectopy evaluate")
        return
    shown = [
        f"{key} {value:g}"
        for key, value in document.items()
        if key in {"f1", "acc", "loss", "parameters"} and _is_number(value)
    ]
    yield Check(
        subject=METRICS,
        verdict=Verdict.NOTE,
        finding=f"heartKIT's own: {', '.join(shown) or 'no figure that we know'}",
        advice="heartKIT scores a class-balanced sample of its validation patients and drops beats "
        "under its threshold: not comparable with ectopy evaluate",
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12
