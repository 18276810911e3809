"""Tables of ``ectopy zoo``."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.table import Table

from ectopy.console import plain
from ectopy.usecases.zoo import Listed
from ectopy.usecases.zoo_types import Verdict, Verification

COLORS = {
    Verdict.OK: "green",
    Verdict.NOTE: "yellow",
    Verdict.SKIPPED: "dim",
    Verdict.FAILED: "bold red",
}


def list_table(bundles: Sequence[Listed]) -> Table:
    """One row for each bundle; hashes by their beginning."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("name", "where", "model.tflite", "sha256 keras / tflite"):
        table.add_column(title, overflow="fold")
    for bundle in bundles:
        how = f" ({bundle.origin})" if bundle.origin else ""
        hashes = " / ".join(value[:8] for value in bundle.sha256.values())
        state = plain(bundle.state)
        if bundle.hidden_by:
            state += (
                f"\n[yellow]opened by its folder only: {plain(bundle.hidden_by)} has the name[/]"
            )
        color = {True: "green", False: "yellow", None: "dim"}[bundle.usable]
        table.add_row(
            plain(bundle.name),
            f"{bundle.place}{how}\n[dim]{plain(bundle.where)}[/]",
            f"[{color}]{state}[/]",
            hashes or "-",
        )
    return table


def verify_table(verification: Verification) -> Table:
    """One row for each check, with its advice below."""
    table = Table(
        title=f"{plain(verification.name)}  {plain(verification.path)}",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    table.add_column("what")
    table.add_column("", no_wrap=True)
    table.add_column("finding", overflow="fold")
    for check in verification.checks:
        color = COLORS[check.verdict]
        advice = f"\n[dim]{plain(check.advice)}[/]" if check.advice else ""
        table.add_row(
            check.subject, f"[{color}]{check.verdict}[/]", f"{plain(check.finding)}{advice}"
        )
    return table
