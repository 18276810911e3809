"""``ectopy data``: fetch the records, count the windows, look at them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.table import Table

from ectopy import console
from ectopy.cli.options import choice, limit_option, split_option
from ectopy.errors import InputError
from ectopy.usecases import data
from ectopy.vocab import BeatClass, DatasetName
from ectopy.windows import CITATION, WindowRequest, icentia11k

_Decorated = TypeVar("_Decorated", bound=Callable[..., Any])


@click.group(name="data")
def command() -> None:
    """ECG records and the windows cut from them."""


def _windows_options(command: _Decorated) -> _Decorated:
    """Those of :class:`WindowRequest`."""
    for option in (
        limit_option(None),
        click.option("--lead", help="Lead name; else MLII where present, or the first."),
        click.option(
            "--data-dir",
            type=click.Path(path_type=Path),
            help="Directory that holds mitdb/, icentia11k/ or the records; else $ECTOPY_DATA, "
            "else the cache.",
        ),
        split_option,
        click.option(
            "--dataset",
            type=choice(DatasetName),
            default=DatasetName.AUTO.value,
            show_default=True,
            help="Source; auto takes MIT-BIH if it is there, or else synthetic ECG.",
        ),
    ):
        command = option(command)
    return command


@command.command()
@click.argument("database", type=click.Choice(["mitdb", "icentia11k"]), default="mitdb")
def fetch(database: str) -> None:
    """Download MIT-BIH from PhysioNet into the user's cache; resumes, and checks what is there.

    icentia11k has a terabyte; you are told where to get the patients you want.
    """
    if database == icentia11k.NAME:
        raise InputError(f"{database} is too large to be fetched whole", hint=icentia11k.FETCH_HINT)
    with console.progress_bar(f"fetch {database}") as progress:
        report = data.fetch(progress)
    console.say(
        f"{report.downloaded} records downloaded, {report.kept} already there: {report.directory}"
    )
    if not report.published_checksums:
        console.say("PhysioNet's list of checksums could not be had; compared with our own only")
    console.say(CITATION)


@command.command()
@_windows_options
@click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout instead of a table.")
def info(as_json: bool, **options: Any) -> None:
    """Count windows per record and class; say where they come from."""
    summary = data.summarize(_request(options))
    if as_json:
        click.echo(json.dumps(asdict(summary), indent=2))
        return
    kind = "SYNTHETIC" if summary.info.synthetic else summary.info.name
    table = Table(title=f"{kind} {summary.info.split.upper()}: {summary.windows:,} windows")
    table.add_column("record")
    for beat_class in BeatClass:
        table.add_column(beat_class.name, justify="right")
    for row in summary.records:
        table.add_row(row.record, *(f"{n:,}" for n in row.per_class))
    table.add_section()
    table.add_row("all", *(f"{n:,}" for n in summary.per_class))
    console.out.print(table)
    console.say(f"why:    {summary.info.reason}")
    console.say(f"labels: {summary.info.label_map}")
    console.say(f"sha256: {summary.info.sha256}")
    if not summary.info.synthetic:
        console.say(summary.info.citation)


@command.command()
@_windows_options
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="Picture to write, .png.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Other seeds, other examples.")
def plot(output: Path, seed: int, **options: Any) -> None:
    """Draw example windows of each class."""
    source = data.plot(_request(options, seed), output)
    console.say(f"{output}: {source.name} {source.split.upper()} ({source.reason})")


@command.command()
@click.option(
    "--data-dir", type=click.Path(path_type=Path), help="Directory that holds mitdb/ and nstdb/."
)
@click.option("--record", default="101", show_default=True, help="Record of DS1.")
@click.option("--seed", type=click.IntRange(min=0), default=2, help="Other seeds, other draws.")
@click.option(
    "--out",
    "out_dir",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder of the pictures.",
)
def augment(data_dir: Path | None, record: str, seed: int, out_dir: Path) -> None:
    """Draw what training does to windows: before and after, a picture a family.

    Needs the records bw and ma of nstdb beside mitdb/. docs/augmentation.md explains the pictures.
    """
    for path in data.draw_augmentations(record, data_dir, out_dir, seed):
        console.say(str(path))


def _request(options: Mapping[str, Any], seed: int = 0) -> WindowRequest:
    return WindowRequest(
        dataset=DatasetName(options["dataset"]),
        split=options["split"],
        data_dir=options["data_dir"],
        limit=options["limit"],
        lead=options["lead"],
        seed=seed,
    )
