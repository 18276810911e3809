"""``ectopy compare``: two runs beside each other."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from ectopy import console
from ectopy.errors import GateError
from ectopy.metrics import Change, Verdict
from ectopy.report import comparison, cost_comparison
from ectopy.usecases.compare import Comparison, compare

EXAMPLES = """
\b
Examples:
  ectopy compare runs/20260102T030405Z-virt-beat-3-eff-sm record.json
  ectopy compare before.json after.json --gates gates.toml
  ectopy compare runs/A runs/B --json > difference.json

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
@click.option("--json", "as_json", is_flag=True, help="The comparison as JSON on stdout.")
def command(a: Path, b: Path, gates: Path | None, force: bool, as_json: bool) -> None:
    """Compare the runs A (earlier) and B (later): folders of runs, or record.json files.

    Runs of another model, other windows, another board or another tick unit are not comparable,
    nor are partial ones. Where both have a profile.json beside them, the operators and functions
    that differ most are shown too.
    """
    found = compare(a, b, gates, force=force)
    if as_json:
        console.write(json.dumps(_as_json(found), indent=2) + "\n")
    else:
        with console.wide_enough():
            console.show(
                comparison((found.a, found.b), found.changes, found.verdicts, found.objections)
            )
            console.show(cost_comparison(found.profile, found.no_profile))
    if found.regressions:
        first = found.regressions[0]
        more = len(found.regressions) - 1
        raise GateError(
            f"{first.change.name} does not meet {first.threshold.name} = "
            f"{first.threshold.limit:g}" + (f", and {more} more" if more else ""),
        )


def _as_json(found: Comparison) -> dict[str, object]:
    profile = found.profile
    return {
        "objections": found.objections,
        "optimized_for": {
            "a": found.a.engine.optimized_for,
            "b": found.b.engine.optimized_for,
        },
        "changes": [_change_json(change) for change in found.changes],
        "gates": [_gate_json(verdict) for verdict in found.verdicts],
        "profile": None if profile is None else asdict(profile),
        "no_profile": found.no_profile,
    }


def _change_json(change: Change) -> dict[str, object]:
    return {
        "metric": change.metric.key,
        "class": change.of,
        "a": change.a,
        "b": change.b,
        "delta": change.delta,
        "better": change.better,
    }


def _gate_json(verdict: Verdict) -> dict[str, object]:
    threshold = verdict.threshold
    return {
        "gate": threshold.name,
        "limit": threshold.limit,
        "metric": verdict.change.metric.key,
        "class": verdict.change.of,
        "passed": verdict.passed,
    }
