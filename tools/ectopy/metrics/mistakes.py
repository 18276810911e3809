"""``mistakes.json``: where a model errs, by rhythm, and a few wrong answers worth looking at.

Written by ``ectopy evaluate`` beside ``metrics.json``, read by ``ectopy card``. The keys are the
attribute names below.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from ectopy.metrics.classification import confusion_by_group
from ectopy.metrics.json_file import read_file
from ectopy.vocab import EvaluationSplit, ScoreSource

SCHEMA_VERSION = 1
MOST_EXAMPLES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A wrong answer.

    Attributes:
        beat_sample: Position of the beat in its record, at the record's own rate.
        rhythm: Annotated there, as MIT-BIH writes it without the bracket.
        probability: Of ``said``, by the model.
    """

    record: str
    beat_sample: int
    rhythm: str
    true_class: str
    said: str
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MistakesFile:
    """The file.

    Attributes:
        model: Name of the bundle.
        data: Whom to name wherever this is shown.
        source: Whose answers they are.
        model_sha256: Of ``model.tflite``.
        rhythms: Confusion in each rhythm; row = true class, column = predicted class.
        records: Beats of each record in each rhythm, most first.
        examples: See :func:`choose_examples`.
    """

    schema_version: int = SCHEMA_VERSION
    model: str
    data: str
    split: EvaluationSplit
    source: ScoreSource
    model_sha256: str
    windows_sha256: str
    rhythms: Mapping[str, tuple[tuple[int, ...], ...]]
    records: Mapping[str, Mapping[str, int]]
    examples: tuple[Mistake, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """Answers beside the truth; all arrays (n,) but ``probabilities``, (n, k).

    Attributes:
        class_names: k names.
        true_classes: Indices of them, as are ``predictions``.
        rhythms: Annotated at each beat.
    """

    class_names: tuple[str, ...]
    true_classes: npt.NDArray[np.integer]
    predictions: npt.NDArray[np.integer]
    probabilities: npt.NDArray[np.float64]
    records: npt.NDArray[np.str_]
    beat_samples: npt.NDArray[np.int32]
    rhythms: npt.NDArray[np.str_]


def confusion_by_rhythm(judged: Judged) -> dict[str, tuple[tuple[int, ...], ...]]:
    """Confusion in each rhythm, most beats first."""
    names, confusions = confusion_by_group(
        judged.true_classes, judged.predictions, judged.rhythms, len(judged.class_names)
    )
    order = np.argsort(-confusions.sum(axis=(1, 2)), kind="stable")
    return {str(names[i]): tuple(map(tuple, confusions[i].tolist())) for i in order}


def rhythms_by_record(judged: Judged) -> dict[str, dict[str, int]]:
    """Beats of each record in each rhythm, most first."""
    return {
        record: dict(Counter(judged.rhythms[judged.records == record].tolist()).most_common())
        for record in np.unique(judged.records).tolist()
    }


def choose_examples(judged: Judged) -> tuple[Mistake, ...]:
    """A handful of wrong answers, by a rule that leaves nothing to taste.

    For each kind of mistake (true class, class said), frequent kinds first: from the records with
    most of that kind the most confident one each; equally many for each kind.
    """
    wrong = np.flatnonzero(judged.predictions != judged.true_classes)
    kinds, counts = np.unique(
        np.stack((judged.true_classes[wrong], judged.predictions[wrong]), axis=1),
        axis=0,
        return_counts=True,
    )
    chosen: list[Mistake] = []
    for kind in np.argsort(-counts, kind="stable").tolist()[:MOST_EXAMPLES]:
        of_kind = wrong[
            (judged.true_classes[wrong] == kinds[kind, 0])
            & (judged.predictions[wrong] == kinds[kind, 1])
        ]
        records, errors = np.unique(judged.records[of_kind], return_counts=True)
        worst = records[np.argsort(-errors, kind="stable")]
        for record in worst[: max(1, MOST_EXAMPLES // len(counts))]:
            rows = of_kind[judged.records[of_kind] == record]
            said = judged.probabilities[rows, judged.predictions[rows]]
            chosen.append(_mistake(judged, int(rows[np.argmax(said)])))
    return tuple(chosen)


def _mistake(judged: Judged, row: int) -> Mistake:
    said = int(judged.predictions[row])
    return Mistake(
        record=str(judged.records[row]),
        beat_sample=int(judged.beat_samples[row]),
        rhythm=str(judged.rhythms[row]),
        true_class=judged.class_names[int(judged.true_classes[row])],
        said=judged.class_names[said],
        probability=float(judged.probabilities[row, said]),
    )


def to_json(file: MistakesFile) -> str:
    """The file's text."""
    return json.dumps(asdict(file), indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def from_json(document: object) -> MistakesFile:
    """The file in decoded JSON.

    Raises:
        InputError: An unknown or missing key, a value of wrong type, or another schema.
    """
    return read_file(document, MistakesFile, SCHEMA_VERSION)
