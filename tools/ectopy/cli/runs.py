"""``ectopy runs``: all runs, and the history of a metric."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from ectopy import console
from ectopy.cli.runs_screen import history_table, index_table
from ectopy.usecases.runs import History, Point, Run, RunIndex, list_runs

EXAMPLES = """
\b
Examples:
  ectopy runs --model beat-3-eff-sm
  ectopy runs --metric invoke_median
  ectopy runs --metric f1:PVC --json
"""


@click.command(name="runs", epilog=EXAMPLES, context_settings={"show_default": True})
@click.option(
    "--runs-dir",
    type=click.Path(path_type=Path),
    default=Path("runs"),
    help="Folder with a folder per run.",
)
@click.option("--metric", metavar="KEY[:CLASS]", help="Also its last, best and trend.")
@click.option("--model", help="Only runs of this model.")
@click.option("--board", help="Only runs on this board.")
@click.option("--json", "as_json", is_flag=True, help="The index as JSON on stdout.")
def command(
    runs_dir: Path, metric: str | None, model: str | None, board: str | None, as_json: bool
) -> None:
    """List the runs in a folder, oldest first; follow one metric over those that are comparable."""
    index = list_runs(runs_dir, model=model, board=board, metric=metric)
    for folder, problem in index.damaged:
        console.say(f"warning: {folder.name} is left out: {problem}")
    if as_json:
        console.write(json.dumps(_as_json(index), indent=2) + "\n")
        return
    if not index.runs:
        console.say(f"there are no such runs in {runs_dir}")
        return
    with console.wide_enough(132):
        console.show(index_table(index.runs))
        if index.histories:
            console.show(history_table(index.histories))
    if metric is not None and not index.histories:
        console.say(f"{metric} is not known in any whole run")


def _as_json(index: RunIndex) -> dict[str, object]:
    return {
        "runs": [_run_json(run) for run in index.runs],
        "damaged": [{"folder": str(path), "problem": text} for path, text in index.damaged],
        "histories": [_history_json(history) for history in index.histories],
    }


def _run_json(run: Run) -> dict[str, object]:
    record = run.record
    return {
        "folder": str(run.folder),
        "created_utc": record.provenance.created_utc,
        "board": record.board.name,
        "model": record.model.name,
        "windows": record.dataset.windows,
        "macro_f1": record.accuracy.macro_f1,
        "output_mismatches": record.agreement.output_mismatches,
        "invoke_median": record.latency.invoke_median,
        "unit": record.latency.unit,
        "arena_bytes": record.memory.arena_bytes,
        "flash_bytes": record.firmware.flash_bytes,
        "partial": record.partial,
    }


def _history_json(history: History) -> dict[str, object]:
    return {
        "metric": history.metric.key,
        "class": history.of,
        "model": history.model,
        "board": history.board,
        "engine": history.engine,
        "dataset": history.dataset,
        "last": _point_json(history.last),
        "best": _point_json(history.best),
        "trend": history.trend,
        "points": [_point_json(point) for point in history.points],
    }


def _point_json(point: Point) -> dict[str, object]:
    return {**asdict(point), "folder": str(point.folder)}
