"""The folder of a training: whose it is, and what other trainings may take from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ectopy.errors import InputError
from ectopy.zoo import CONFIGURATION, Configuration

CROSS_VALIDATION = "cross_validation.json"
_IDENTITY = "request.json"


def require_same_training(
    folder: Path, identity: Mapping[str, object], configuration: Path, *, resume: bool
) -> None:
    """Refuses to mix two trainings in one folder, and marks the folder.

    Raises:
        InputError: The folder holds a training that was not to be resumed, or none or another
            one where it was.
    """
    path = folder / _IDENTITY
    if not path.exists():
        if resume:
            raise InputError(
                f"{folder} holds no training to resume", hint="leave --resume out to begin one"
            )
        write_json(path, dict(identity))
        return
    if not resume:
        raise InputError(
            f"{folder} holds a training already",
            hint="go on with it by --resume, or choose another folder with --out",
        )
    own = folder / CONFIGURATION
    changed = own.exists() and own.read_bytes() != configuration.read_bytes()
    if changed or read_json(path) != dict(identity):
        raise InputError(
            f"{folder} holds a training of another model, seed or configuration",
            hint="resume it with the same --model and --seed, or choose another folder",
        )


def read_bias(folder: Path, configuration: Configuration) -> tuple[float, ...]:
    """The class bias that another training chose.

    Raises:
        InputError: There is none for this model.
    """
    path = folder / CROSS_VALIDATION
    document = read_json(path)
    bias = document.get("bias")
    if document.get("model") != configuration.name or not isinstance(bias, list):
        raise InputError(f"{path} holds no class bias for {configuration.name}")
    if len(bias) != configuration.num_classes or not all(
        isinstance(b, int | float) and abs(b) < 1e3 for b in bias
    ):
        raise InputError(f"{path}: {bias!r} is no class bias")
    return tuple(map(float, bias))


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object.

    Raises:
        InputError: The file cannot be read or holds something else.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    if not isinstance(document, dict):
        raise InputError(f"{path} is no JSON object")
    return document


def write_json(path: Path, document: Mapping[str, object]) -> None:
    """Writes a JSON object.

    Raises:
        InputError: The file cannot be written.
    """
    try:
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error
