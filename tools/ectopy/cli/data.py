"""``ectopy data``: fetch the records, count the windows, look at them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click
from rich.table import Table

from ectopy import console
from ectopy.usecases import data
from ectopy.vocab import BeatClass, DatasetName, Split
from ectopy.windows import CITATION, WindowRequest


@click.group(name="data")
def command() -> None:
    """ECG records and the windows cut from them."""


dataset_option = click.option(
    "--dataset",
    type=click.Choice([d.value for d in DatasetName]),
    default=DatasetName.AUTO.value,
    show_default=True,
    help="Source; auto takes real records if there are any.",
)
split_option = click.option(
    "--split",
    type=click.Choice([s.value for s in Split]),
    default=Split.DS2.value,
    show_default=True,
    help="Inter-patient split.",
)
dir_option = click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    help="Directory that holds mitdb/ or the records; else $ECTOPY_DATA, else the cache.",
)
lead_option = click.option("--lead", help="Lead name; else MLII where present, or the first.")


@command.command()
@click.argument("database", type=click.Choice([DatasetName.MITDB.value]), default="mitdb")
def fetch(database: str) -> None:
    """Download DATABASE from PhysioNet into the user's cache; resumes, and checks what is there."""
    with console.progress_bar(f"fetch {database}") as progress:
        report = data.fetch(progress)
    console.say(
        f"{report.downloaded} records downloaded, {report.kept} already there: {report.directory}"
    )
    if not report.published_checksums:
        console.say("PhysioNet's list of checksums could not be had; compared with our own only")
    console.say(CITATION)


@command.command()
@dataset_option
@split_option
@dir_option
@lead_option
@click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout instead of a table.")
def info(dataset: str, split: str, data_dir: Path | None, lead: str | None, as_json: bool) -> None:
    """Count windows per record and class; say where they come from."""
    summary = data.summarize(_request(dataset, split, data_dir, lead))
    if as_json:
        click.echo(json.dumps(asdict(summary), indent=2))
        return
    kind = "SYNTHETIC" if summary.info.synthetic else summary.info.name
    table = Table(title=f"{kind} {split.upper()}: {summary.windows:,} windows")
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
        console.say(CITATION)


@command.command()
@dataset_option
@split_option
@dir_option
@lead_option
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="Picture to write, .png.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Other seeds, other examples.")
def plot(
    dataset: str, split: str, data_dir: Path | None, lead: str | None, output: Path, seed: int
) -> None:
    """Draw example windows of each class."""
    source = data.plot(_request(dataset, split, data_dir, lead, seed), output)
    console.say(f"{output}: {source.name} {source.split.upper()} ({source.reason})")


@command.command()
@dir_option
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


def _request(
    dataset: str, split: str, data_dir: Path | None, lead: str | None, seed: int = 0
) -> WindowRequest:
    return WindowRequest(
        dataset=DatasetName(dataset), split=Split(split), data_dir=data_dir, lead=lead, seed=seed
    )
