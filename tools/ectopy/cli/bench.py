"""``ectopy bench``: a model on a board, measured."""

from __future__ import annotations

from pathlib import Path

import click

from ectopy import console
from ectopy.cli.options import EXIT_CODES, baud_option, choice, command_text, limit_option
from ectopy.errors import InputError
from ectopy.protocol import InputFormat
from ectopy.records import to_json
from ectopy.report import screen
from ectopy.usecases.bench import bench
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
"""

FORMATS = {
    "int16": InputFormat.INT16_UV,
    "int8": InputFormat.INT8,
    "float32": InputFormat.FLOAT32_MV,
}


@click.command(name="bench", epilog=EXAMPLES + EXIT_CODES, context_settings={"show_default": True})
@click.option("--board", type=choice(BoardName), default="virt", help="Where the firmware runs.")
@click.option("--model", default="beat-3-eff-sm", help="Name or folder of a model bundle.")
@click.option("--dataset", type=choice(DatasetName), default="auto", help="Source of windows.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Where the ECG records are.")
@click.option("--split", type=choice(Split), default="ds2", help="Inter-patient split.")
@limit_option(1000)
@click.option("--seed", type=click.IntRange(0), default=0, help="Seed of the draw.")
@click.option("--engine", type=choice(EngineName), default="aot", help="Inference engine.")
@click.option("--link", type=choice(LinkKind), default="auto", help="How frames travel.")
@click.option("--port", help="Serial port, for a board on a cable.")
@baud_option
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
    a folder with record.json, outputs.csv and pages: report.html, report.md, junit.xml.
    """
    json_file: Path | None = ctx.params["json_file"]
    to_stdout = str(json_file) == "-"
    if json_file is not None and not json_file.absolute().parent.is_dir():
        raise InputError(f"{json_file.parent} is not a folder", hint="make it, or choose another")
    with console.progress_bar("bench") as progress:
        run = bench(_request(ctx), progress)
    pages = ["report.html", "report.md", "junit.xml"]
    files = [f"{run.folder}/record.json", "outputs.csv", *pages] if run.folder else []
    console.show(screen(run.record, files), aside=to_stdout)
    if to_stdout:
        console.write(to_json(run.record))
    elif json_file is not None:
        _write_json(run, json_file)
    if run.failure is not None:
        raise run.failure


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
        command=command_text(ctx),
    )


def _write_json(run: BenchRun, path: Path) -> None:
    try:
        path.write_text(to_json(run.record), encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"cannot write {path}: {error.strerror}",
            hint=f"the record is in {run.folder}" if run.folder else "",
        ) from error
