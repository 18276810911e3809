"""``ectopy compare``: two runs beside each other."""

from __future__ import annotations

from pathlib import Path

import click

from ectopy import console
from ectopy.errors import GateError
from ectopy.report import comparison
from ectopy.usecases.compare import compare

EXAMPLES = """
\b
Examples:
  ectopy compare runs/20260102T030405Z-virt-beat-3-eff-sm record.json
  ectopy compare before.json after.json --gates gates.toml

\b
A gates file says how much worse the later run may be, for example:
  [max_increase]
  invoke_median_percent = 1.0
  arena_bytes = 0
  [max_drop]
  f1_points = 0.5          # of every class, in percentage points

\b
Exit codes: 0 compared, 1 a gate was not met, 2 bad input or not comparable.
"""


@click.command(name="compare", epilog=EXAMPLES)
@click.argument("a", type=click.Path(path_type=Path))
@click.argument("b", type=click.Path(path_type=Path))
@click.option("--gates", type=click.Path(path_type=Path), help="TOML file with thresholds.")
@click.option("--force", is_flag=True, help="Compare even what is not comparable.")
def command(a: Path, b: Path, gates: Path | None, force: bool) -> None:
    """Compare the runs A (earlier) and B (later): folders of runs, or record.json files.

    Runs of another model, other windows, another board or another tick unit are not comparable,
    nor are partial ones.
    """
    found = compare(a, b, gates, force=force)
    with console.wide_enough():
        console.show(
            comparison((found.a, found.b), found.changes, found.verdicts, found.objections)
        )
    if found.regressions:
        first = found.regressions[0]
        more = len(found.regressions) - 1
        raise GateError(
            f"{first.change.name} does not meet {first.threshold.name} = "
            f"{first.threshold.limit:g}" + (f", and {more} more" if more else ""),
        )
