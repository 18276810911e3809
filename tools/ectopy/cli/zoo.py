"""``ectopy zoo``: bundles that are known here, and bringing more."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from ectopy import console
from ectopy.cli.zoo_screen import list_table, verify_table
from ectopy.usecases.zoo import int8_state, list_bundles
from ectopy.usecases.zoo_verify import verify_bundle
from ectopy.zoo.obtain import (
    FetchRequest,
    ImportRequest,
    Obtained,
    fetch_bundle,
    import_bundle,
)
from ectopy.zoo.published import ZOO_URL

EXAMPLES = """
\b
Examples:
  ectopy zoo fetch beat-2-eff-sm               into the cache, as heartkit-beat-2-eff-sm
  ectopy zoo verify heartkit-beat-2-eff-sm     what the files are, and what to do
  ectopy quantize --model heartkit-beat-2-eff-sm
  ectopy bench --model heartkit-beat-2-eff-sm  as with a model of this repository
  ectopy zoo import ~/heartkit/results/mine    a folder that heartKIT wrote

\b
A bundle is a folder with configuration.json, model.keras, model.tflite and
metrics.json. heartKIT's names are also those of the models trained here, so
bundles from outside are called heartkit-NAME.
"""

dest_option = click.option(
    "--dest",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="The bundle's own folder, new or empty.  [default: NAME in the user's cache]",
)


@click.group(name="zoo", epilog=EXAMPLES)
def command() -> None:
    """Models of heartKIT's zoo: list, fetch, import, verify."""


@command.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout instead of a table.")
def list_command(as_json: bool) -> None:
    """List the bundles here and in heartKIT's zoo; asks no network.

    A name is looked up in the order of this list: models/ of the working directory, models/ of
    the repository, the cache.
    """
    bundles = list_bundles()
    if as_json:
        console.write(json.dumps([asdict(bundle) for bundle in bundles], indent=2) + "\n")
        return
    with console.wide_enough():
        console.show(list_table(bundles))


@command.command()
@click.argument("name")
@dest_option
@click.option("--base-url", default=ZOO_URL, show_default=True, help="Another zoo's address.")
@click.option(
    "--force", is_flag=True, help="Fetch again what is here; replaces the folder's files."
)
def fetch(name: str, folder: Path | None, base_url: str, force: bool) -> None:
    """Download the zoo's bundle NAME (beat-2-eff-sm, beat-3-eff-sm) and check what arrived.

    A fetch that breaks off keeps what it has, and the same command continues it. Where every file
    came from, its size, SHA-256 and date are written into zoo.json; `ectopy zoo verify` compares.
    """
    with console.progress_bar(f"fetch {name}, KiB") as progress:
        request = FetchRequest(name=name, folder=folder, base_url=base_url, force=force)
        obtained = fetch_bundle(request, progress)
    _tell(obtained, "fetched")


@command.command(name="import")
@click.argument("source", metavar="FOLDER", type=click.Path(path_type=Path))
@click.option("--name", help="What to call it here.  [default: heartkit- and its own name]")
@dest_option
@click.option("--force", is_flag=True, help="Replace a bundle that is there.")
def import_command(source: Path, name: str | None, folder: Path | None, force: bool) -> None:
    """Copy FOLDER, in heartKIT's zoo layout, after checking it.

    heartKIT's train, export and evaluate write model.keras, model.tflite and metrics.json into its
    job_dir; put the configuration it was given (-c) beside them as configuration.json.
    """
    request = ImportRequest(source=source, name=name, folder=folder, force=force)
    _tell(import_bundle(request), "imported")


@command.command()
@click.argument("target", metavar="NAME|FOLDER")
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout instead of a table.")
def verify(target: str, as_json: bool) -> None:
    """Check a bundle: configuration, recorded SHA-256, architecture, and what its model.tflite is.

    Needs no TensorFlow; with it (.venv-train/bin/ectopy) the model is also loaded. Exit codes: 0
    nothing failed, 1 a check failed, 2 there is no such bundle or its configuration is unusable.
    """
    verification = verify_bundle(target)
    if as_json:
        document = {**asdict(verification), "passed": verification.passed}
        console.write(json.dumps(document, indent=2) + "\n")
    else:
        with console.wide_enough():
            console.show(verify_table(verification))
    if not verification.passed:
        sys.exit(1)


def _tell(obtained: Obtained, how: str) -> None:
    bundle = obtained.bundle
    console.say(f"{bundle.name}: {'already here' if obtained.kept else how}, {bundle.path}")
    for name in obtained.absent:
        console.say(f"note: there was no {name}")
    _, state = int8_state(bundle)
    console.say(f"model.tflite: {state}")
    console.say(f"next: ectopy zoo verify {bundle.target}")
