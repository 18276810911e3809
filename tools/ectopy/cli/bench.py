"""``ectopy bench``: a model on a board, measured."""

from __future__ import annotations

from pathlib import Path

import click

from ectopy import console
from ectopy.cli.options import (
    EXIT_CODES,
    baud_option,
    choice,
    command_text,
    engine_options,
    is_stdout,
    json_option,
    limit_option,
    runs_dir_option,
    split_option,
    write_json,
)
from ectopy.protocol import InputFormat
from ectopy.records import to_json
from ectopy.report import screen
from ectopy.usecases.bench import bench
from ectopy.usecases.bench_files import written_files
from ectopy.usecases.bench_types import BenchRequest
from ectopy.vocab import BoardName, DatasetName, EngineName, LinkKind, Optimize

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
@split_option
@limit_option(1000)
@click.option("--seed", type=click.IntRange(0), default=0, help="Seed of the draw.")
@engine_options
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
@runs_dir_option
@json_option("the record")
@click.pass_context
def command(ctx: click.Context, /, **options: object) -> None:
    """Measure a model on a board: accuracy, latency, memory.

    Builds the firmware, starts the board, streams ECG windows over its link, compares every
    output with a reference interpreter on this computer, and ends with one table. Each run gets
    a folder with record.json, outputs.csv, profile.json (of the cycle model) and pages:
    report.html, report.md, junit.xml.
    """
    json_file: Path | None = ctx.params["json_file"]
    with console.progress_bar("bench") as progress:
        run = bench(_request(ctx), progress)
    console.show(screen(run.record, written_files(run.folder)), aside=is_stdout(json_file))
    hint = f"the record is in {run.folder}" if run.folder else ""
    write_json(to_json(run.record), json_file, hint=hint)
    if run.failure is not None:
        raise run.failure


def _request(ctx: click.Context) -> BenchRequest:
    options = ctx.params
    return BenchRequest(
        model=options["model"],
        board=BoardName(options["board"]),
        engine=EngineName(options["engine"]),
        optimize=Optimize(options["optimize"]),
        dataset=DatasetName(options["dataset"]),
        split=options["split"],
        data_dir=options["data_dir"],
        limit=options["limit"],
        seed=options["seed"],
        link=LinkKind(options["link"]),
        port=options["port"],
        input_format=FORMATS[options["input_format"]],
        runs_dir=options["runs_dir"],
        command=command_text(ctx),
    )
