"""Several trainings of one recipe -> ``seeds.json``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ectopy.errors import InputError
from ectopy.metrics.evaluation import Evaluation
from ectopy.metrics.seeds import SeedScores, SeedsFile
from ectopy.usecases.card_files import current_evaluations
from ectopy.usecases.train_folder import read_json
from ectopy.vocab import EvaluationSplit, ScoreSource
from ectopy.zoo import Bundle, open_bundle


def gather_seeds(bundle: Bundle, folders: Sequence[Path]) -> SeedsFile:
    """Scores on ds2 of trainings that differ in nothing but the seed.

    Args:
        bundle: Whose recipe they share.
        folders: Bundles, each trained, quantized and evaluated on ds2.

    Raises:
        ModelError: A folder is no bundle.
        InputError: Less than two, one of another recipe, two of one seed, or one without scores.
    """
    if len(folders) < 2:
        raise InputError("one training has no spread", hint="give --seeds for two or more")
    seeds = [_scores(bundle, folder) for folder in folders]
    numbers = [each.seed for each in seeds]
    if len(set(numbers)) != len(numbers):
        raise InputError(
            f"seeds {', '.join(map(str, numbers))}: two trainings are of one seed",
            hint="name each training once, trained with another --seed each",
        )
    return SeedsFile(
        model=bundle.name,
        split=EvaluationSplit.DS2,
        seeds=tuple(sorted(seeds, key=lambda each: each.seed)),
    )


def _scores(bundle: Bundle, folder: Path) -> SeedScores:
    trained = open_bundle(folder)
    if trained.configuration != bundle.configuration:
        raise InputError(
            f"{folder} is of another configuration than {bundle.name}",
            hint="the spread over seeds is of one recipe",
        )
    path = trained.path / "training.json"
    seed = read_json(path).get("seed")
    if not isinstance(seed, int):
        raise InputError(f"{path} names no seed")
    found = {_kind(e): e for e in current_evaluations(trained) if _is_clean_test(e)}
    if ScoreSource.INT8 not in found:
        raise InputError(
            f"{folder} has no scores of its model.tflite on ds2",
            hint=f"ectopy evaluate --model {trained.target} --split ds2",
        )
    return SeedScores(
        seed=seed,
        tflite_sha256=found[ScoreSource.INT8].model_sha256,
        class_f1={
            str(kind): {name: scores.f1 for name, scores in found[kind].accuracy.per_class.items()}
            for kind in (ScoreSource.INT8, ScoreSource.FLOAT)
            if kind in found
        },
    )


def _is_clean_test(evaluation: Evaluation) -> bool:
    return evaluation.split is EvaluationSplit.DS2 and evaluation.noise is None


def _kind(evaluation: Evaluation) -> ScoreSource:
    """A device runs the int8 model and answers alike."""
    is_float = evaluation.source is ScoreSource.FLOAT
    return ScoreSource.FLOAT if is_float else ScoreSource.INT8
