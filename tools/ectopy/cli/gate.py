"""``ectopy gate``: does a run reach what it must?"""

from __future__ import annotations

import json
from pathlib import Path

import click

from ectopy import console
from ectopy.errors import GateError
from ectopy.report import gate_problem, gates_json, gates_screen
from ectopy.usecases.gate import Gated, gate, write_verdicts

EXAMPLES = """
\b
Examples:
  ectopy gate runs/20260102T030405Z-virt-beat-3-eff-sm
  ectopy gate record.json --gates gates.toml --junit gates.xml --markdown gates.md
  ectopy gate record.json --json | jq '.gates[] | select(.passed | not)'

\b
A gates file holds sets of limits, each with the runs it is meant for, e.g.:
  [[gates]]
  about = "virt, engine aot"
  when = { board = "virt", engine = "aot" }
  max.invoke_median.instructions = 6_500_000
  max.output_mismatches = 0
  [[gates]]
  about = "F1 on all of DS2"
  when = { dataset = "mitdb", split = "ds2", limit = "all" }
  min.f1 = { N = 0.94, PVC = 0.8 }

\b
Exit codes: 0 all gates met, 1 a gate was not met, 2 bad input. A figure that
was not measured meets no gate, nor does one without a limit meant for this run.
"""


@click.command(name="gate", epilog=EXAMPLES)
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--gates",
    type=click.Path(path_type=Path),
    help="TOML file with limits.  [default: gates.toml in the bundle of the run's model]",
)
@click.option("--json", "as_json", is_flag=True, help="The verdicts as JSON on stdout.")
@click.option(
    "--junit", type=click.Path(path_type=Path), help="Also writes JUnit XML, a case for each gate."
)
@click.option(
    "--markdown", type=click.Path(path_type=Path), help="Also writes the table for a job summary."
)
@click.option("--allow-partial", is_flag=True, help="Let a run pass that ended early.")
def command(
    run: Path,
    gates: Path | None,
    as_json: bool,
    junit: Path | None,
    markdown: Path | None,
    allow_partial: bool,
) -> None:
    """Judge RUN, the folder of a run or a record.json, by the limits in a file."""
    gated = gate(run, gates, allow_partial=allow_partial)
    with console.wide_enough():
        console.show(gates_screen(gated.record, gated.report), aside=as_json)
    if as_json:
        console.write(_json(gated))
    write_verdicts(gated, junit=junit, markdown=markdown)
    failed = gated.report.failed
    if failed:
        more = f", and {len(failed) - 1} more" if len(failed) > 1 else ""
        raise GateError(f"{gated.gates}: {gate_problem(failed[0])}{more}")


def _json(gated: Gated) -> str:
    tree = {"run": gated.name, "file": str(gated.gates), **gates_json(gated.record, gated.report)}
    return json.dumps(tree, indent=2, allow_nan=False) + "\n"
