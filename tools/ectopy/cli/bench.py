"""``ectopy bench``: a model on a board, measured."""

from __future__ import annotations

import shlex
from enum import Enum
from pathlib import Path

import click

from ectopy import console
from ectopy.errors import InputError
from ectopy.protocol import InputFormat
from ectopy.records import to_json
from ectopy.report import screen
from ectopy.usecases.bench import bench
from ectopy.usecases.bench_files import RECORD
from ectopy.usecases.bench_types import BenchRequest, BenchRun
from ectopy.vocab import BoardName, DatasetName, EngineName, LinkKind, Split

EXAMPLES = """
\b
Examples:
  ectopy bench
      1,000 windows of MIT-BIH DS2 (without records: synthetic ones), drawn over
      all records at natural prevalence, on the virtual EVB
  ectopy bench --model beat-2-eff-sm --limit all --data-dir ~/ecg
      the whole split; --link auto takes the fast link for long runs
  ectopy bench --board host --limit 50
      the same firmware as a process of this computer: no cross compiler needed
  ectopy bench --limit 100 --json - | jq .agreement
      the record for programs; people's text goes to stderr

\b
Exit codes: 0 measured, 1 the run failed, 2 bad input, 130 interrupted (what was
measured until then is written, marked partial).
"""

FORMATS = {
    "int16": InputFormat.INT16_UV,
    "int8": InputFormat.INT8,
    "float32": InputFormat.FLOAT32_MV,
}


def _limit(_: click.Context, __: click.Parameter, value: str) -> int | None:
    if value == "all":
        return None
    # Longer numbers are refused by int(), and are no number of windows anyway.
    if len(value) > 18 or not value.isdecimal() or int(value) == 0:
        raise click.BadParameter(f"{value!r} is neither a positive number nor 'all'.")
    return int(value)


def _choice(kind: type[Enum]) -> click.Choice[str]:
    return click.Choice([str(each.value) for each in kind])


@click.command(name="bench", epilog=EXAMPLES, context_settings={"show_default": True})
@click.option("--board", type=_choice(BoardName), default="virt", help="Where the firmware runs.")
@click.option("--model", default="beat-3-eff-sm", help="Name or folder of a model bundle.")
@click.option("--dataset", type=_choice(DatasetName), default="auto", help="Source of windows.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Where the ECG records are.")
@click.option("--split", type=_choice(Split), default="ds2", help="Inter-patient split.")
@click.option("--limit", metavar="N|all", default="1000", callback=_limit, help="Windows to draw.")
@click.option("--seed", type=click.IntRange(0), default=0, help="Seed of the draw.")
@click.option("--engine", type=_choice(EngineName), default="aot", help="Inference engine.")
@click.option("--link", type=_choice(LinkKind), default="auto", help="How frames travel.")
@click.option("--port", help="Serial port, for a board on a cable.")
@click.option(
    "--format",
    "input_format",
    type=click.Choice(list(FORMATS)),
    default="int16",
    help="Windows as int16 microvolts or float32 mV (preprocessed on the device), or int8 tensors.",
)
@click.option(
    "--runs-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("runs"),
    help="Gets a folder per run.",
)
@click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="Also writes the record to this file; - is stdout.",
)
@click.pass_context
def command(ctx: click.Context, /, **options: object) -> None:
    """Measure a model on a board: accuracy, latency, memory.

    Builds the firmware, starts the board, streams ECG windows over its link, compares every
    output with a reference interpreter on this computer, and ends with one table. Each run gets
    a folder with record.json, outputs.csv, profile.json (of the cycle model) and pages:
    report.html, report.md, junit.xml.
    """
    json_file: Path | None = ctx.params["json_file"]
    to_stdout = str(json_file) == "-"
    if json_file is not None and not json_file.absolute().parent.is_dir():
        raise InputError(f"{json_file.parent} is not a folder", hint="make it, or choose another")
    with console.progress_bar("bench") as progress:
        run = bench(_request(ctx), progress)
    console.show(screen(run.record, _written(run.folder)), aside=to_stdout)
    if to_stdout:
        console.write(to_json(run.record))
    elif json_file is not None:
        _write_json(run, json_file)
    if run.failure is not None:
        raise run.failure


def _written(folder: Path | None) -> list[str]:
    """Files of a run for people, the record with its folder first."""
    if folder is None:
        return []
    others = sorted(path.name for path in folder.iterdir() if path.name != RECORD)
    return [str(folder / RECORD), *others]


def _request(ctx: click.Context) -> BenchRequest:
    options = ctx.params
    return BenchRequest(
        model=options["model"],
        board=BoardName(options["board"]),
        engine=EngineName(options["engine"]),
        dataset=DatasetName(options["dataset"]),
        split=Split(options["split"]),
        data_dir=options["data_dir"],
        limit=options["limit"],
        seed=options["seed"],
        link=LinkKind(options["link"]),
        port=options["port"],
        input_format=FORMATS[options["input_format"]],
        runs_dir=options["runs_dir"],
        command=_command_text(ctx),
    )


def _command_text(ctx: click.Context) -> str:
    """The command with the options that were given, for the record."""
    words = ["ectopy", "bench"]
    for option in ctx.command.params:
        name = option.name or ""
        given = ctx.get_parameter_source(name)
        if given is not click.core.ParameterSource.DEFAULT:
            value = ctx.params[name]
            words += [option.opts[0], "all" if value is None else str(value)]
    return shlex.join(words)


def _write_json(run: BenchRun, path: Path) -> None:
    try:
        path.write_text(to_json(run.record), encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"cannot write {path}: {error.strerror}",
            hint=f"the record is in {run.folder}" if run.folder else "",
        ) from error
