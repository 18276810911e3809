"""The gates beside the models: they can be read, and forget no board, engine, goal or class."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from ectopy import metrics
from ectopy.metrics import GateFile
from ectopy.records import RunRecord
from ectopy.vocab import GateOutcome, Optimize, TickUnit
from ectopy.zoo import open_bundle
from support.invented_record import invented_record

ROOT = Path(__file__).parents[2]
BUNDLES = sorted(path.parent for path in (ROOT / "models").glob("*/model.tflite"))
DRAWS = {1000: "c683daa852ed617a", 200: "62d687c0aa72aeaa", None: "23fc50c5e0182874"}
"""Windows drawn from DS2 with seed 0, and the beginning of their hash."""
ENGINES = [("aot", goal) for goal in Optimize] + [("tflm", None)]
REQUIRED = {
    *("f1", "output_mismatches", "windows_lost", "invoke_median", "invoke_max"),
    *("estimated_cycles", "arena_bytes", "flash_bytes", "stack_high_water_bytes"),
}


def gates_of(bundle: Path) -> GateFile:
    return metrics.read_gate_file(tomllib.loads((bundle / "gates.toml").read_text()))


def run_of(
    bundle: Path, board: str, engine: tuple[str, Optimize | None], limit: int | None
) -> RunRecord:
    """An invented run of a bundle's model; its figures do not matter here."""
    configuration = open_bundle(bundle).configuration
    classes = configuration.class_names
    size = len(classes)
    confusion = tuple(tuple(5 if i == j else 1 for j in range(size)) for i in range(size))
    run = invented_record()
    scores = dict.fromkeys(classes, run.accuracy.per_class["N"])
    unit = {"virt": TickUnit.INSTRUCTIONS, "host": TickUnit.NANOSECONDS}.get(board)
    return replace(
        run,
        board=replace(run.board, name=board, emulated=board == "virt"),
        engine=replace(run.engine, name=engine[0], optimized_for=engine[1]),
        model=replace(run.model, name=configuration.name, classes=tuple(classes)),
        dataset=replace(run.dataset, limit=limit, sha256=f"{DRAWS[limit]:0<64}"),
        latency=replace(run.latency, unit=unit or TickUnit.CYCLES),
        accuracy=replace(run.accuracy, confusion=confusion, per_class=scores),
        notes={
            **run.notes,
            "dataset.limit": "all windows",
            "engine.optimized_for": "an interpreter",
        },
    )


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda p: p.name)
def test_gates_are_for_the_model_that_they_lie_beside(bundle: Path) -> None:
    assert gates_of(bundle).model == bundle.name == open_bundle(bundle).name


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda p: p.name)
@pytest.mark.parametrize("board", ["virt", "apollo4p", "host"])
@pytest.mark.parametrize("engine", ENGINES, ids=lambda e: "-".join(filter(None, e)))
@pytest.mark.parametrize("limit", list(DRAWS))
def test_every_metric_has_a_limit_or_a_reason_for_every_run(
    bundle: Path, board: str, engine: tuple[str, Optimize | None], limit: int | None
) -> None:
    run = run_of(bundle, board, engine, limit)
    report = metrics.judge_record(run, gates_of(bundle))
    judged = [each for each in report.judgements if each.metric is not None]
    assert {each.metric.key for each in judged if each.metric} == REQUIRED
    assert [each.name for each in judged if each.outcome is GateOutcome.NOT_JUDGED] == []
    assert {each.of for each in judged if each.of} == set(run.model.classes)


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda p: p.name)
def test_on_the_virtual_board_every_required_metric_has_a_limit(bundle: Path) -> None:
    run = run_of(bundle, "virt", ("aot", Optimize.SPEED), 1000)
    report = metrics.judge_record(run, gates_of(bundle))
    limited = {each.metric.key for each in report.judgements if each.metric and each.limit}
    assert limited == REQUIRED - {"output_mismatches", "windows_lost"}  # whose limit is 0
