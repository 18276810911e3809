"""Reading and writing ``mistakes.json``, beside ``metrics.json``."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ectopy import metrics
from ectopy.errors import InputError
from ectopy.metrics.evaluation import Evaluation
from ectopy.metrics.mistakes import (
    Judged,
    MistakesFile,
    choose_examples,
    confusion_by_rhythm,
    from_json,
    rhythms_by_record,
    to_json,
)
from ectopy.usecases.evaluate_sources import Answers
from ectopy.usecases.text_file import write_text
from ectopy.vocab import EvaluationSplit, ScoreSource
from ectopy.windows import CITATION, WindowSet
from ectopy.zoo import Bundle, class_labels

MISTAKES = "mistakes.json"


def is_of_interest(evaluation: Evaluation) -> bool:
    """Whether mistakes are kept: of the int8 model, on the test set as it is."""
    return (
        evaluation.split is EvaluationSplit.DS2
        and evaluation.noise is None
        and evaluation.source is not ScoreSource.FLOAT
    )


def write_mistakes(
    folder: Path,
    bundle: Bundle,
    evaluation: Evaluation,
    answers: Answers,
    windows: WindowSet,
    rhythms: npt.NDArray[np.str_],
) -> None:
    """Writes the mistakes among a model's answers.

    Args:
        folder: Of the metrics file.
        bundle: Of the model.
        evaluation: Of these answers.
        answers: To each window.
        windows: n windows.
        rhythms: (n,), annotated at each beat.

    Raises:
        InputError: The file cannot be written.
    """
    configuration = bundle.configuration
    judged = Judged(
        class_names=configuration.class_names,
        true_classes=class_labels(configuration, windows.labels),
        predictions=answers.predictions,
        probabilities=metrics.probabilities(answers.outputs, use_logits=configuration.use_logits),
        records=windows.records,
        beat_samples=windows.beat_samples,
        rhythms=rhythms,
    )
    file = MistakesFile(
        model=bundle.name,
        data=CITATION,
        split=evaluation.split,
        source=evaluation.source,
        model_sha256=evaluation.model_sha256,
        windows_sha256=evaluation.windows_sha256,
        rhythms=confusion_by_rhythm(judged),
        records=rhythms_by_record(judged),
        examples=choose_examples(judged),
    )
    write_text(folder / MISTAKES, to_json(file))


def read_mistakes(folder: Path) -> MistakesFile | None:
    """The file of a bundle; None if there is none.

    Raises:
        InputError: It cannot be read.
    """
    path = folder / MISTAKES
    if not path.is_file():
        return None
    try:
        return from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        problem = str(error)
    except InputError as error:
        problem = error.message
    raise InputError(
        f"{path} cannot be read: {problem}", hint="remove it; ectopy evaluate --split ds2 writes it"
    )
