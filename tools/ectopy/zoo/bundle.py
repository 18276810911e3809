"""A model bundle: a folder in the layout of heartKIT's zoo."""

from __future__ import annotations

import difflib
import json
import os
import shlex
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ectopy.errors import InputError, ModelError
from ectopy.user_cache import cache_dir
from ectopy.vocab import LABEL_MAP
from ectopy.zoo.configuration import SAFE_NAME, Configuration, parse_configuration
from ectopy.zoo.fields import JsonValue
from ectopy.zoo.origin import CONFIGURATION, KERAS, METRICS, TFLITE, Origin, read_origin
from ectopy.zoo.published import PREFIX, PUBLISHED

REPOSITORY_MODELS = Path(__file__).resolve().parents[3] / "models"
LARGEST_CONFIGURATION_BYTES = 1 << 20
EVALUATION = "evaluation.json"
"""Our scores of a bundle whose ``metrics.json`` holds the zoo's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """An opened bundle; its configuration is checked, its weights need not be there yet.

    Attributes:
        name: From the configuration, or for a bundle from a zoo what it is called here; safe as
            a file name.
        path: The folder.
        origin: Where a fetched or imported bundle came from; None for one made here.
    """

    name: str
    path: Path
    configuration: Configuration
    origin: Origin | None = None

    @property
    def target(self) -> str:
        """What ``--model`` takes to open this bundle and no other of its name."""
        for root in bundle_roots():
            if (root / self.name).is_dir():
                if (root / self.name).resolve() == self.path.resolve():
                    return self.name
                break
        return shlex.quote(str(self.path))

    @property
    def keras_path(self) -> Path:
        """The trained float model."""
        return self.path / KERAS

    @property
    def tflite_path(self) -> Path:
        """The int8 model."""
        return self.path / TFLITE

    @property
    def metrics_path(self) -> Path:
        """Written by ``ectopy evaluate`` only; the zoo's own ``metrics.json`` is left alone."""
        return self.path / (METRICS if self.origin is None else EVALUATION)

    def require_keras(self) -> Path:
        """``keras_path`` of a file that is there.

        Raises:
            ModelError: It is not.
        """
        return _require(self.keras_path, f"train it: ectopy train --model {self.target}")

    def require_tflite(self) -> Path:
        """``tflite_path`` of a file that is there.

        Raises:
            ModelError: It is not.
        """
        return _require(self.tflite_path, f"make it: ectopy quantize --model {self.target}")


def open_bundle(name_or_path: str | Path) -> Bundle:
    """Opens a bundle.

    Args:
        name_or_path: A name under ``models/`` (of the working directory, then of the repository
            that holds this package) or in the cache of ``ectopy zoo``, or the path of a folder.

    Raises:
        ModelError: No such bundle, or its configuration is absent or cannot be used.
    """
    folder = _find(name_or_path)
    path = folder / CONFIGURATION
    configuration = parse_configuration(read_json(path), str(path))
    origin = read_origin(folder)
    name = configuration.name if origin is None else origin.name
    if not SAFE_NAME.fullmatch(name):
        raise ModelError(f"{folder}: {name[:80]!r} cannot be the name of a bundle")
    return Bundle(name=name, path=folder, configuration=configuration, origin=origin)


def bundle_names() -> list[str]:
    """Names of the bundles that can be opened by name, sorted."""
    return sorted({name for root in bundle_roots() for name in names_in(root)})


def names_in(root: Path) -> list[str]:
    """Names of the bundles in one folder of bundles, sorted; an unfinished fetch is none."""
    return sorted(
        c.parent.name for c in root.glob(f"*/{CONFIGURATION}") if SAFE_NAME.fullmatch(c.parent.name)
    )


def zoo_cache_dir() -> Path:
    """Where fetched and imported bundles are kept, one folder each; may not exist yet."""
    return cache_dir() / "models"


def bundle_roots() -> tuple[Path, ...]:
    """Folders of bundles, in the order in which a name is looked up."""
    return (Path.cwd() / "models", REPOSITORY_MODELS, zoo_cache_dir())


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


def _find(name_or_path: str | Path) -> Path:
    text = str(name_or_path)
    candidates = [Path(name_or_path)]
    if not isinstance(name_or_path, Path) and os.sep not in text and text not in {"", ".", ".."}:
        candidates = [*(root / text for root in bundle_roots()), *candidates]
    for candidate in candidates:
        # os.path.isdir takes any text; Path.is_dir fails on absurdly long names.
        if os.path.isdir(candidate):  # noqa: PTH112
            return candidate.resolve()
    names = bundle_names()
    close = difflib.get_close_matches(text, names, n=1)
    hint = f"did you mean {close[0]}?" if close else f"known bundles: {', '.join(names) or 'none'}"
    if text.removeprefix(PREFIX) in PUBLISHED:
        hint = f"get it: ectopy zoo fetch {text.removeprefix(PREFIX)}"
    shown = text if len(text) <= 200 else f"{text[:200]}..."
    raise ModelError(f"there is no model bundle {shown!r}", hint=hint)


def read_json(path: Path) -> JsonValue:
    """A JSON file of bearable size.

    Raises:
        ModelError: It is absent, too large, or no JSON.
    """
    try:
        if not path.is_file():
            raise ModelError(
                f"{path.parent} has no {path.name}",
                hint="a bundle is a folder in the heartKIT zoo layout",
            )
        if path.stat().st_size > LARGEST_CONFIGURATION_BYTES:
            raise ModelError(f"{path} is larger than {LARGEST_CONFIGURATION_BYTES} bytes")
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
