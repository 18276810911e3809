"""``ectopy report``."""

from __future__ import annotations

from pathlib import Path

import click

from ectopy import console
from ectopy.usecases.report import ReportRequest, report_runs


@click.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RUN...")
@click.option(
    "-o",
    "--out",
    "out_dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the pages.  [default: the folder of the run]",
)
@click.option(
    "--model",
    "bundles",
    multiple=True,
    metavar="BUNDLE",
    help="Bundle folder of a model that is not known by name; may be repeated.",
)
@click.option("--data-dir", type=click.Path(path_type=Path), help="Where the ECG records are.")
def command(
    runs: tuple[Path, ...], out_dir: Path | None, bundles: tuple[str, ...], data_dir: Path | None
) -> None:
    """Write report.html, report.md and junit.xml about runs: their folders or records.

    Several runs stand side by side. Pictures of the arena need the model, those of wrong windows
    the ECG, both by their hashes; what is not found is left out with the reason.
    """
    request = ReportRequest(runs=runs, out_dir=out_dir, bundles=bundles, data_dir=data_dir)
    with console.progress_bar("report") as progress:
        written = report_runs(request, progress)
    for path in written:
        console.say(f"wrote {path}")
