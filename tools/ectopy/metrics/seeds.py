"""``seeds.json``: the same recipe trained with several seeds, and how far the scores spread."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from ectopy.errors import InputError
from ectopy.typed_json import read_value
from ectopy.vocab import EvaluationSplit

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedScores:
    """One training.

    Attributes:
        seed: Of its weights and batches.
        tflite_sha256: Of its int8 model.
        class_f1: For ``int8``, and ``float`` if that was scored: F1 of each class; null where
            undefined.
    """

    seed: int
    tflite_sha256: str
    class_f1: Mapping[str, Mapping[str, float | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedsFile:
    """The file.

    Attributes:
        model: Name of the bundle.
        seeds: At least two, ascending.
    """

    schema_version: int = SCHEMA_VERSION
    model: str
    split: EvaluationSplit
    seeds: tuple[SeedScores, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A score over trainings.

    Attributes:
        deviation: Standard deviation of the sample (n - 1).
    """

    mean: float
    deviation: float
    low: float
    high: float


def spread(file: SeedsFile, source: str, class_name: str) -> Spread | None:
    """F1 of a class over all trainings; None unless each of them has it."""
    scores = [each.class_f1.get(source, {}).get(class_name) for each in file.seeds]
    values = [score for score in scores if score is not None]
    if len(values) < len(scores):
        return None
    return Spread(
        mean=statistics.fmean(values),
        deviation=statistics.stdev(values),
        low=min(values),
        high=max(values),
    )


def to_json(file: SeedsFile) -> str:
    """The file's text."""
    return json.dumps(asdict(file), indent=2, allow_nan=False) + "\n"


def from_json(document: object) -> SeedsFile:
    """The file in decoded JSON.

    Raises:
        InputError: An unknown or missing key, a value of wrong type, or less than two seeds.
    """
    try:
        file: SeedsFile = read_value(document, SeedsFile)
    except ValueError as error:
        raise InputError(str(error)) from error
    if file.schema_version != SCHEMA_VERSION or len(file.seeds) < 2:
        raise InputError(f"schema version {SCHEMA_VERSION} with two seeds or more is expected")
    return file
