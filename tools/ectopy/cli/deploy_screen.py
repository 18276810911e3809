"""What ``ectopy deploy`` shows."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from ectopy.usecases.deploy_types import Deployed, DeployRequest, Outcome

_STYLES = {
    Outcome.DONE: "green",
    Outcome.UP_TO_DATE: "cyan",
    Outcome.FAILED: "bold red",
    Outcome.NOT_REACHED: "dim",
    Outcome.LEFT_OUT: "dim",
}


def steps_table(deployed: Deployed, request: DeployRequest) -> Table:
    """A line for each step, and how long all took."""
    table = Table(title=f"deploy {request.model} to {request.board}")
    table.add_column("step", no_wrap=True)
    table.add_column("outcome", no_wrap=True)
    table.add_column("time, s", justify="right", no_wrap=True)
    table.add_column("what")
    for result in deployed.steps:
        taken = result.outcome not in (Outcome.NOT_REACHED, Outcome.LEFT_OUT)
        table.add_row(
            Text(result.step),
            Text(result.outcome, style=_STYLES[result.outcome]),
            f"{result.duration_s:.1f}" if taken else "",
            Text(result.detail),
        )
    table.add_section()
    total_s = sum(result.duration_s for result in deployed.steps)
    table.add_row("all", "", f"{total_s:.1f}", "")
    return table


def way_on(deployed: Deployed) -> str:
    """What was done before the failure, and how to go on after it.

    Empty if nothing failed, and where only one step was taken: there is nothing to go on with.
    """
    failed = deployed.failed_step
    taken = [result for result in deployed.steps if result.outcome is not Outcome.LEFT_OUT]
    if failed is None or len(taken) == 1:
        return ""
    whole = (Outcome.DONE, Outcome.UP_TO_DATE)
    done = [result.step.value for result in deployed.steps if result.outcome in whole]
    return (
        f"done before {failed}: {', '.join(done) or 'nothing'}. To go on from there: the same "
        f'command with --from {failed} (make deploy: ARGS="--from {failed}")'
    )
