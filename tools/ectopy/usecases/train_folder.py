"""The folder of a training: whose it is, and what other trainings may take from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ectopy.errors import InputError
from ectopy.usecases.text_file import write_text
from ectopy.zoo import CONFIGURATION, Configuration
from ectopy.zoo.configuration import parse_configuration

CROSS_VALIDATION = "cross_validation.json"
_REQUEST = "request.json"
_MAKE_ROOM = "make room, or choose another folder with --out"


def holds_training(folder: Path) -> bool:
    """Whether a training was begun there, so that it can be resumed."""
    return (folder / _REQUEST).is_file()


def require_new(folder: Path) -> None:
    """Refuses to mix two trainings in one folder.

    Raises:
        InputError: The folder holds a training.
    """
    if holds_training(folder) or any(folder.glob("*.checkpoint.npz")):
        raise InputError(
            f"{folder} holds a training already",
            hint="go on with it by --resume, or choose another folder with --out",
        )


def mark(folder: Path, request: Mapping[str, object]) -> None:
    """Says in the folder whose training it holds.

    Raises:
        InputError: The file cannot be written.
    """
    write_json(folder / _REQUEST, request)


def require_same(folder: Path, request: Mapping[str, object], configuration: Path) -> Path:
    """Refuses to go on with another training than the folder's.

    Args:
        folder: Of the run.
        request: What is asked for; None stands for whatever was asked for at the beginning.
        configuration: File of the recipe.

    Returns:
        The file with what was asked for.

    Raises:
        InputError: The folder holds none, or that of another request or recipe.
    """
    path = folder / _REQUEST
    if not holds_training(folder):
        raise InputError(
            f"{folder} holds no training to resume", hint="leave --resume out to begin one"
        )
    begun, own = read_json(path), folder / CONFIGURATION
    changed = not own.is_file() or own.read_bytes() != configuration.read_bytes()
    if changed or any(v is not None and begun.get(k) != v for k, v in request.items()):
        raise InputError(
            f"{folder} holds a training of another model, seed, class bias or configuration",
            hint="resume it with the --model, --seed and --bias-from of its beginning, or choose "
            "another folder",
        )
    return path


def read_chosen_bias(folder: Path, configuration: Configuration) -> tuple[float, ...]:
    """The class bias that the cross-validation of another training chose.

    Raises:
        InputError: There is none, or it is of another recipe.
    """
    recipe = folder / CONFIGURATION
    if parse_configuration(read_json(recipe), str(recipe)) != configuration:
        raise InputError(
            f"{recipe} is another recipe than that of {configuration.name}",
            hint="a class bias belongs to its recipe: leave --bias-from out to choose one",
        )
    bias = read_bias(folder / CROSS_VALIDATION, "bias", configuration)
    if bias is None:
        raise InputError(f"{folder / CROSS_VALIDATION} holds no class bias")
    return bias


def read_bias(path: Path, key: str, configuration: Configuration) -> tuple[float, ...] | None:
    """A class bias in a JSON file, None where the file says null or nothing.

    Raises:
        InputError: It holds something else.
    """
    bias = read_json(path).get(key)
    if bias is None:
        return None
    if (
        not isinstance(bias, list)
        or len(bias) != configuration.num_classes
        or not all(type(b) in (int, float) and abs(b) < 1e3 for b in bias)
    ):
        raise InputError(f"{path}: {repr(bias)[:60]} is no class bias of {configuration.name}")
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
    """Writes a JSON object; what was there before stays until the new one is whole.

    Raises:
        InputError: The file cannot be written.
    """
    write_text(path, json.dumps(document, indent=2) + "\n", hint=_MAKE_ROOM)


def cannot_write(path: Path, error: OSError) -> InputError:
    """The error for a file of a run."""
    return InputError(
        f"{path} cannot be written: {error.strerror or error}",
        hint=_MAKE_ROOM,
    )
