"""A training that needs neither records nor TensorFlow, and the recipe it follows."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ectopy.progress import Progress
from ectopy.training.batches import BatchSource
from ectopy.usecases import train as train_usecase
from ectopy.usecases import training_set
from ectopy.vocab import Split
from ectopy.windows import WindowSet
from ectopy.windows.strips import Strips
from ectopy.zoo import Configuration, open_bundle
from support.ecg import bump_widths, made_up_windows
from support.strips import made_up_strips

RECORDS = ("101", "106", "108", "109", "201")
"""Those of DS1 that exist here; 201 is the man of 202."""

FOLDS = {"1": ["101", "106"], "2": ["108"]}
STRIPS = made_up_strips(dict.fromkeys(RECORDS, "NNNN" * 8 + "NNVNNA" * 6 + "NNNN" * 4))
WINDOWS = made_up_windows(dict.fromkeys(RECORDS, (12, 4, 4)))

TINY = {
    "input_filters": 8,
    "input_kernel_size": [1, 9],
    "input_strides": [1, 4],
    "blocks": [
        {
            "filters": 8,
            "depth": 2,
            "kernel_size": [1, 9],
            "strides": [1, 4],
            "ex_ratio": 1,
            "se_ratio": 2,
        }
    ],
    "dropout": 0.3,
    "drop_connect_rate": 0.3,
    "output_filters": 0,
    "include_top": True,
    "use_logits": True,
}
"""A network of the shipped kind, as small as it gets, with all that draws at random in it."""


def use_made_up_records(monkeypatch: pytest.MonkeyPatch) -> None:
    """DS1 is five made-up records."""

    def windows(split: Split, _: Path | None) -> WindowSet:
        assert split is Split.DS1, "training reads DS1 only"
        return WINDOWS

    def strips(records: Iterable[str], _: Path | None) -> Strips:
        return STRIPS.keep(records)

    monkeypatch.setattr(training_set, "load_split", windows)
    monkeypatch.setattr(training_set, "load_strips", strips)


def write_recipe(folder: Path, **changes: object) -> Path:
    """A folder with a configuration that trains in seconds.

    Args:
        folder: To be made.
        changes: Keys of configuration.json with other values; None takes a key out.
    """
    shipped = (open_bundle("beat-3-eff-sm").path / "configuration.json").read_text()
    document: dict[str, Any] = json.loads(shipped) | {
        "name": "tiny",
        "architecture": {"name": "efficientnetv2", "params": TINY},
        "augmentations": [{"name": "noise", "params": {"sigma_mv": 0.02}}],
        "batch_shares": {"n": 0.5, "pac": 0.2, "pvc": 0.2, "made_pac": 0.1},
        "folds": FOLDS,
        "excluded_records": [],
        "epochs": 3,
        "steps_per_epoch": 4,
        "batch_size": 16,
        "lr_rate": 0.01,
        "weight_decay": 0.01,
        "ema_momentum": 0.9,
        "label_smoothing": 0.05,
    }
    document |= changes
    folder.mkdir(exist_ok=True)
    kept = {key: value for key, value in document.items() if value is not None}
    (folder / "configuration.json").write_text(json.dumps(kept))
    return folder


class FakeModel:
    """Logits by the width of a bump, shifted against N; keeps a bias as a Keras model does."""

    def __init__(self) -> None:
        self.bias = SimpleNamespace(value=np.zeros(3, np.float32))
        self.bias.assign = lambda value: setattr(self.bias, "value", value)

    def __call__(self, inputs: np.ndarray, training: bool) -> np.ndarray:
        width = bump_widths(inputs)
        logits = -3 * np.abs(width[:, np.newaxis] - np.arange(3)) + (0, 4, 4)
        return logits.astype(np.float32)

    def get_layer(self, name: str) -> Any:
        assert name == "top"
        return SimpleNamespace(bias=_Array(self.bias))

    def save(self, path: Path) -> None:
        path.write_text(json.dumps({"bias": np.asarray(self.bias.value).tolist()}))


class _Array:
    def __init__(self, bias: Any) -> None:
        self._bias = bias

    def assign(self, value: np.ndarray) -> None:
        self._bias.assign(value)

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        return np.asarray(self._bias.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeEpoch:
    number: int


@dataclass(slots=True, kw_only=True)
class Trainings:
    """What was trained.

    Attributes:
        learnt: Per training its checkpoint's name and the records whose beats it learns from.
        validated: Per training the records it is looked at with.
        interrupt_at: Name of the checkpoint at which Ctrl-C comes.
    """

    learnt: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    validated: list[tuple[str, ...]] = field(default_factory=list)
    seeds: list[int] = field(default_factory=list)
    interrupt_at: str = ""

    def train(
        self,
        _: Configuration,
        batches: BatchSource,
        seed: int,
        *,
        checkpoint: Path,
        validation: WindowSet | None,
        progress: Progress,
    ) -> Any:
        strips = batches._strips
        names = tuple(strips.names[i] for i in np.unique(strips.record_of))
        self.learnt.append((checkpoint.name, names))
        looked = () if validation is None else tuple(np.unique(validation.records).tolist())
        self.validated.append(looked)
        self.seeds.append(seed)
        progress(1, 2, "")
        if checkpoint.name == self.interrupt_at:
            raise KeyboardInterrupt
        checkpoint.touch()
        return SimpleNamespace(model=FakeModel(), epochs=(FakeEpoch(number=1),))


def fake_trainings(monkeypatch: pytest.MonkeyPatch) -> Trainings:
    """Puts them in the place of TensorFlow's, on made-up records."""
    trainings = Trainings()
    for name, content in (
        ("ectopy.training.trainer", {"train": trainings.train}),
        ("ectopy.quantize.convert", {"runtime_name": lambda: "no runtime"}),
    ):
        module = ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(train_usecase, "require_tensorflow", lambda *_: None)
    use_made_up_records(monkeypatch)
    return trainings
