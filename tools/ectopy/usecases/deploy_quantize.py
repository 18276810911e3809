"""Whether a bundle's int8 model is the one that its Keras model gives."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from ectopy.errors import InputError
from ectopy.zoo import Bundle

_REPORT = "quantize.json"
_ANEW = "make quantize MODEL={name} makes it anew"


def reason_to_quantize(bundle: Bundle) -> str:
    """Why ``model.tflite`` must be made, empty if it need not.

    Told by hashes: ``quantize.json`` holds those of the Keras model and of the int8 model made
    from it.

    Raises:
        InputError: ``model.tflite`` was replaced by something else, which is not ours to overwrite.
        ModelError: There is neither an int8 model nor a Keras model.
    """
    if not bundle.tflite_path.is_file():
        bundle.require_keras()
        return "there is no model.tflite"
    recorded = _recorded(bundle.path / _REPORT)
    if recorded is None or not bundle.keras_path.is_file():
        return ""
    keras_sha256, tflite_sha256 = recorded
    if _sha256(bundle.tflite_path) != tflite_sha256:
        raise InputError(
            f"{bundle.tflite_path} is not the file that {_REPORT} beside it tells of",
            hint=f"{_ANEW.format(name=bundle.name)}; --from render takes it as it is",
        )
    if _sha256(bundle.keras_path) != keras_sha256:
        return "model.keras has changed since"
    return ""


def why_not_quantized(bundle: Bundle) -> str:
    """In words, for a bundle that needs no quantizing."""
    if not bundle.keras_path.is_file():
        return "model.tflite as it is; there is no model.keras"
    if _recorded(bundle.path / _REPORT) is None:
        return f"model.tflite as it is; no {_REPORT} tells what it was made from"
    return "model.tflite is that of model.keras, by SHA-256"


def _recorded(report: Path) -> tuple[str, str] | None:
    """Hashes of the Keras and of the int8 model; None if nothing usable is recorded."""
    try:
        tree = json.loads(report.read_text(encoding="utf-8"))
        return str(tree["keras_sha256"]), str(tree["tflite_sha256"])
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
