"""``ectopy sdk``: the vendor's SDK, what is expected of it and what is there."""

from __future__ import annotations

from pathlib import Path

import click
from rich import box
from rich.table import Table
from rich.text import Text

from ectopy import console
from ectopy.errors import ToolError
from ectopy.toolchain import Part, survey
from ectopy.toolchain.sdk import SUITE_VERSION, VARIABLE

EXPLANATION = f"""\
Board apollo4p links two libraries of AmbiqSuite {SUITE_VERSION}, a part of neuralSPOT.
It is not in this repository: its licence is between you and Ambiq. Get it with

  git clone --depth 1 https://github.com/AmbiqAI/neuralSPOT

and name the folder: make firmware BOARD=apollo4p NEURALSPOT=/path/to/neuralSPOT, or export
NEURALSPOT. Nothing of its build system is used; `make` need not be run there."""


@click.command()
@click.option(
    "--neuralspot",
    type=click.Path(path_type=Path),
    envvar=VARIABLE,
    help="The checkout; by default $NEURALSPOT.",
)
def command(neuralspot: Path | None) -> None:
    """Explain the vendor's SDK that board apollo4p needs, and check what is there."""
    if neuralspot is None:
        console.say(EXPLANATION)
    parts = survey(neuralspot.expanduser() if neuralspot else None)
    with console.wide_enough(110):
        console.show(_table(parts))
    bad = [part.name for part in parts if not part.good]
    if bad:
        raise ToolError(
            f"{len(bad)} of {len(parts)} files are not as they should be, the first is {bad[0]}",
            hint=f"complete the checkout: git -C {neuralspot} status",
        )
    console.say(f"{neuralspot} can build board apollo4p")


def _table(parts: tuple[Part, ...]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for title in (f"file of AmbiqSuite {SUITE_VERSION}", "what for", "found"):
        table.add_column(title, no_wrap=title != "found")
    for part in parts:
        found = Text("yes") if part.good else Text(part.found, style="red")
        table.add_row(part.name, part.use, found)
    return table
