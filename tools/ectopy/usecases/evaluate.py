"""Scores of a bundle's model: the one writer of ``metrics.json`` and ``mistakes.json``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ectopy.errors import InputError
from ectopy.metrics.evaluation import Evaluation, NoiseRecord
from ectopy.progress import Progress, silent
from ectopy.usecases.evaluate_scores import make_evaluation
from ectopy.usecases.evaluate_sources import (
    device_answers,
    float_answers,
    int8_answers,
    open_device_run,
)
from ectopy.usecases.metrics_file import Planned, kept_entries, model_hashes, write_entries
from ectopy.usecases.mistakes_file import is_of_interest, write_mistakes
from ectopy.usecases.run_folder import RunFolder
from ectopy.usecases.training_set import training_records
from ectopy.vocab import DatasetName, EvaluationSplit, ScoreSource, Split
from ectopy.windows import (
    NoiseCondition,
    WindowRequest,
    WindowSet,
    load_rhythms,
    load_windows,
    select_windows,
)
from ectopy.zoo import Bundle, require_tensorflow

ICENTIA11K_WINDOWS = 50_000
"""Of icentia11k's test patients: 50 beats of each, where all 1,000 are there."""

ALWAYS_WITHOUT = {EvaluationSplit.DS2: (("232",),)}
"""Record 232 holds three quarters of the PAC beats of DS2: a score of PAC is mostly its score."""

_SPLITS = {
    EvaluationSplit.DS1: Split.DS1,
    EvaluationSplit.DS2: Split.DS2,
    EvaluationSplit.ICENTIA11K_TEST: Split.TEST,
}
_NAMED = 44
"""How many records an error names: all of MIT-BIH."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateRequest:
    """What to score.

    Attributes:
        split: None takes that of the run, and DS1 on the host.
        source: What runs the model, or a run of ``ectopy bench`` on a whole split.
        noise: To be added on the host; None for the records as they are.
        without: Sets of records; for each, scores without it are computed too.
        data_dir: Directory of the records; None looks where ``load_windows`` looks.
        out_path: The metrics file; entries of other splits, sources and noise stay if they are
            of model files that are still the bundle's.
    """

    bundle: Bundle
    split: EvaluationSplit | None
    source: ScoreSource | Path
    noise: NoiseCondition | None = None
    without: tuple[tuple[str, ...], ...] = ()
    data_dir: Path | None
    out_path: Path


def evaluate_bundle(request: EvaluateRequest, progress: Progress = silent) -> Evaluation:
    """Scores a model and writes its entry into the metrics file; for ds2, also its mistakes.

    The int8 model runs in tflite-micro where it is installed, with the device's preprocess, so
    that its scores are those of the device; the float model runs in Keras; the answers of a
    board are those that a run kept.

    Args:
        request: What to score.
        progress: Counts windows.

    Raises:
        ModelError: The bundle lacks the model, or it is not the one its configuration describes.
        DataError: The records cannot be read.
        ToolError: The float model was asked for and TensorFlow is not installed.
        InputError: The run is of another model or other windows, or the metrics file cannot be
            read or written.
    """
    # Before reading records, which takes a while: what the user can repair at once.
    bundle = request.bundle
    run = _require_source(request)
    split = _split(request, run)
    planned = Planned(
        split=split,
        source=request.source if isinstance(request.source, ScoreSource) else ScoreSource.DEVICE,
        noise=_noise_record(request.noise),
        board=run.record.board.name if run else "",
        files=model_hashes(bundle),
    )
    kept = kept_entries(request.out_path, planned)
    windows = _windows(request, split)
    without = ALWAYS_WITHOUT.get(split, ()) + request.without
    _require_records(without, windows)
    if run is not None:
        answers = device_answers(run, bundle, windows)
    elif planned.source is ScoreSource.INT8:
        answers = int8_answers(bundle, windows, progress)
    else:
        answers = float_answers(bundle, windows, progress)
    evaluation = make_evaluation(bundle, planned, windows, answers, tuple(dict.fromkeys(without)))
    write_entries(request.out_path, bundle.name, (*kept, evaluation))
    if is_of_interest(evaluation):
        rhythms = load_rhythms(windows, request.data_dir)
        folder = request.out_path.parent
        write_mistakes(folder, bundle, evaluation, answers, windows, rhythms)
    return evaluation


def _require_source(request: EvaluateRequest) -> RunFolder | None:
    """Makes sure that there is something to score, and opens the run if it is one."""
    bundle = request.bundle
    if isinstance(request.source, Path):
        if request.noise is not None:
            raise InputError(
                "noise cannot be added to windows that a board has answered already",
                hint="add it to those of the int8 model on the host, which answers alike",
            )
        return open_device_run(request.source, bundle)
    if request.source is ScoreSource.INT8:
        bundle.require_tflite()
    else:
        bundle.require_keras()
        require_tensorflow()
    return None


def _split(request: EvaluateRequest, run: RunFolder | None) -> EvaluationSplit:
    if run is None:
        return request.split or EvaluationSplit.DS1
    measured = run.record.dataset.split
    if measured != Split.DS2 or request.split not in (None, EvaluationSplit.DS2):
        raise InputError(
            f"run {run.name} is of {measured}, and {request.split or 'DS1'} is scored on the host",
            hint="of a board, a run on the whole of ds2 is scored: ectopy bench --split ds2",
        )
    return EvaluationSplit.DS2


def _noise_record(noise: NoiseCondition | None) -> NoiseRecord | None:
    if noise is None:
        return None
    names = tuple(str(name) for name in noise.names)
    return NoiseRecord(names=names, snr_db=noise.snr_db, seed=noise.seed, half=str(noise.half))


def _windows(request: EvaluateRequest, split: EvaluationSplit) -> WindowSet:
    zoo = split is EvaluationSplit.ICENTIA11K_TEST
    wanted = WindowRequest(
        dataset=DatasetName.ICENTIA11K if zoo else DatasetName.MITDB,
        split=_SPLITS[split],
        data_dir=request.data_dir,
        limit=ICENTIA11K_WINDOWS if zoo else None,
        noise=request.noise,
    )
    windows = load_windows(wanted)
    if split is not EvaluationSplit.DS1:
        return windows
    records = training_records(request.bundle.configuration)
    return select_windows(windows, np.isin(windows.records, records), split)


def _require_records(without: Sequence[tuple[str, ...]], windows: WindowSet) -> None:
    present = set(windows.records.tolist())
    for records in without:
        if strangers := sorted(set(records) - present):
            raise InputError(
                f"not records of {windows.info.split}: {', '.join(strangers)}",
                hint=f"it has {' '.join(sorted(present)[:_NAMED])}",
            )
        if present <= set(records):
            raise InputError(f"nothing is left of {windows.info.split} without all its records")
