"""``ectopy deploy``: all steps from a model to a measured board."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from ectopy import console
from ectopy.cli.deploy_screen import steps_table, way_on
from ectopy.cli.options import (
    EXIT_CODES,
    baud_option,
    choice,
    command_text,
    is_stdout,
    json_option,
    limit_option,
    port_option,
    probe_option,
    runs_dir_option,
    write_json,
)
from ectopy.errors import EctopyError
from ectopy.report import screen
from ectopy.usecases.bench_files import written_files
from ectopy.usecases.deploy import deploy
from ectopy.usecases.deploy_types import (
    DEFAULT_LIMIT,
    Deployed,
    DeployRequest,
    DeployStep,
    steps_from,
)
from ectopy.vocab import BoardName, DatasetName, EngineName

EXAMPLES = f"""
\b
Examples:
  ectopy deploy
      all steps on the virtual EVB, {DEFAULT_LIMIT} windows
  ectopy deploy --board apollo4p
      the same on the one EVB on the desk
  ectopy deploy --board apollo4p --probe 1160001234 --from hello
      without building and flashing, on one of several
  ectopy deploy --only selftest
  ectopy deploy --json - | jq '.steps[] | select(.outcome == "failed")'
{EXIT_CODES}"""


@click.command(name="deploy", epilog=EXAMPLES, context_settings={"show_default": True})
@click.option("--board", type=choice(BoardName), default="virt", help="Where the model goes.")
@click.option("--model", default="beat-3-eff-sm", help="Name or folder of a model bundle.")
@click.option("--engine", type=choice(EngineName), default="aot", help="Inference engine.")
@click.option("--dataset", type=choice(DatasetName), default="auto", help="Source of windows.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Where the ECG records are.")
@limit_option(DEFAULT_LIMIT)
@port_option
@probe_option
@baud_option
@click.option("--only", type=choice(DeployStep), help="Take this step alone.")
@click.option("--from", "first", type=choice(DeployStep), help="Take this step and the rest.")
@click.option("--force-flash", is_flag=True, help="Flash even if the board runs the image already.")
@runs_dir_option
@json_option("steps and run folder")
@click.pass_context
def command(ctx: click.Context, /, **options: Any) -> None:
    """Bring a model onto a board and measure it there, step by step.

    quantize (if model.keras changed), render, build, flash (virt: boot), hello (is it the image
    just built?), selftest, bench, report. A step whose inputs did not change does nothing.
    """
    json_file: Path | None = options["json_file"]
    request = _request(ctx)
    with console.progress_bar("deploy") as progress:
        deployed = deploy(request, progress)
    aside = is_stdout(json_file)
    if deployed.run is not None:
        files = written_files(deployed.run.folder)
        console.show(screen(deployed.run.record, files), aside=aside)
    with console.wide_enough():
        console.show(steps_table(deployed, request), aside=aside)
    write_json(_as_json(deployed, request), json_file, hint="the table above says the same")
    if deployed.failure is not None:
        if words := way_on(deployed):
            console.say(words)
        raise deployed.failure


def _request(ctx: click.Context) -> DeployRequest:
    options = ctx.params
    only, first = options["only"], options["first"]
    if only and first:
        raise click.UsageError("--only and --from exclude each other.")
    return DeployRequest(
        model=options["model"],
        board=BoardName(options["board"]),
        engine=EngineName(options["engine"]),
        dataset=DatasetName(options["dataset"]),
        data_dir=options["data_dir"],
        limit=options["limit"],
        port=options["port"],
        probe=options["probe"],
        steps=(DeployStep(only),) if only else steps_from(DeployStep(first or "quantize")),
        force_flash=options["force_flash"],
        runs_dir=options["runs_dir"],
        command=command_text(ctx),
    )


def _as_json(deployed: Deployed, request: DeployRequest) -> str:
    folder = deployed.run.folder if deployed.run is not None else None
    tree = {
        "board": request.board,
        "model": request.model,
        "engine": request.engine,
        "steps": [
            {
                "step": result.step,
                "outcome": result.outcome,
                "duration_s": round(result.duration_s, 3),
                "detail": result.detail,
            }
            for result in deployed.steps
        ],
        "run_folder": None if folder is None else str(folder),
        "pages": [str(page) for page in deployed.pages],
        "failure": _failure_json(deployed),
    }
    return json.dumps(tree, indent=2) + "\n"


def _failure_json(deployed: Deployed) -> dict[str, str] | None:
    failure = deployed.failure
    if failure is None:
        return None
    if isinstance(failure, EctopyError):
        return {"message": failure.message, "hint": failure.hint}
    return {"message": "interrupted", "hint": ""}
