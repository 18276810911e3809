"""``ectopy energy``."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click
from rich import box
from rich.table import Table

from ectopy import console
from ectopy.energy import CAVEAT, FORMULA, EnergyEstimate
from ectopy.usecases.energy import energy_of_run


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="The estimate as JSON on stdout.")
def command(run: Path, as_json: bool) -> None:
    """Estimate the energy of one inference of RUN, the folder of a run or a record.json.

    An estimate from published figures, each with its source, and a range because they contradict
    each other. Needs cycles, measured or modelled; instructions do not stand in for them.
    """
    estimate = energy_of_run(run)
    if as_json:
        console.write(_json(estimate))
        return
    with console.wide_enough():
        console.out.print(_heading(estimate), highlight=False, markup=False)
        console.out.print(_table(estimate))
        console.out.print(_sources(estimate), highlight=False, markup=False)
        console.out.print(_remarks(estimate), highlight=False, markup=False)


def _json(estimate: EnergyEstimate) -> str:
    tree = {
        "estimate": True,
        "lowest_estimate_uj": estimate.lowest_uj,
        "highest_estimate_uj": estimate.highest_uj,
        "formula": FORMULA,
        "caveat": CAVEAT,
        **asdict(estimate),
        "contradictions": estimate.contradictions,
    }
    return json.dumps(tree, indent=2) + "\n"


def _heading(estimate: EnergyEstimate) -> str:
    return (
        f"{estimate.model}: estimate {estimate.lowest_uj:.3g} to {estimate.highest_uj:.3g} uJ per "
        f"inference, {estimate.cycles:,} {estimate.cycles_from} cycles\n{FORMULA}"
    )


def _table(estimate: EnergyEstimate) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("figure", no_wrap=True)
    table.add_column("kind")
    table.add_column("", no_wrap=True)
    table.add_column("pJ/cycle", justify="right")
    table.add_column("estimate, uJ", justify="right")
    for row in estimate.rows:
        table.add_row(
            row.constant.id,
            row.constant.kind,
            row.constant.formula,
            f"{row.pj_per_cycle:.3g}",
            f"{row.estimated_uj:.3g}",
        )
    return table


def _sources(estimate: EnergyEstimate) -> str:
    return "\n".join(
        f"{c.id}: {c.part}, {c.condition}. Source: {c.source} ({c.date})."
        + (f" But {c.remark}." if c.remark else "")
        for c in (row.constant for row in estimate.rows)
    )


def _remarks(estimate: EnergyEstimate) -> str:
    pairs = "; ".join(f"{one} and {other}" for one, other in estimate.contradictions)
    lines = ["", CAVEAT, *([f"These cannot both be true: {pairs}."] if pairs else [])]
    if estimate.measured_uj_per_inference is None:
        lines.append("Measured: not yet (energy.measured_uj_per_inference of the record is null).")
    else:
        lines.append(
            f"Measured: {estimate.measured_uj_per_inference:g} uJ by {estimate.instrument}."
        )
    return "\n".join(lines)
