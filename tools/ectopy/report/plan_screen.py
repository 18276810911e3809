"""A plan as a table for a terminal."""

from __future__ import annotations

from rich import box
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from ectopy.report.content import short_shape
from ectopy.report.plan import PlannedStep, PlanTable

NO_KERNEL = "(the same memory)"


def plan_screen(plan: PlanTable) -> RenderableType:
    """Steps, totals."""
    return Group(_heading(plan), _steps(plan), _totals(plan))


def _heading(plan: PlanTable) -> str:
    lines = [
        f"[bold]{escape(plan.model)}[/], sha256 {plan.tflite_sha256[:12]}, engine aot, "
        f"plan for {plan.optimized_for}"
    ]
    if plan.costs is not None:
        lines.append(
            f"window: {escape(plan.costs.window)} of {escape(plan.costs.dataset)}; build "
            f"{plan.costs.build_id}\n[bold]instructions are EMULATED, cycles are MODELLED[/] "
            f"(Arm's Cortex-M4 timings; memory model {plan.costs.memory})"
        )
    return "\n".join(lines)


def _steps(plan: PlanTable) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_footer=True)
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("operator", no_wrap=True, footer="all")
    table.add_column("layer", overflow="fold")
    table.add_column("kernel", no_wrap=True)
    table.add_column("out", justify="right", no_wrap=True)
    table.add_column("layout", no_wrap=True)
    table.add_column("arena B", justify="right", no_wrap=True, footer=f"{plan.arena_bytes:,}")
    table.add_column("at", justify="right", no_wrap=True)
    table.add_column("const. B", justify="right", no_wrap=True, footer=f"{plan.constant_bytes:,}")
    table.add_column("MACs", justify="right", no_wrap=True, footer=f"{plan.macs:,}")
    costs = plan.costs
    if costs is not None:
        figures = (
            ("instr.", f"{costs.emulated_instructions:,}"),
            ("mod. cycles", f"{costs.modelled_cycles:,}"),
            ("MAC/cycle", f"{plan.macs / costs.modelled_cycles:.3f}"),
        )
        for title, footer in figures:
            table.add_column(title, justify="right", no_wrap=True, footer=footer)
    for step in plan.steps:
        table.add_row(*_row(step), *([] if costs is None else _costs(step)))
    if costs is not None:
        around = ("", "engine", "around steps", *[""] * 7)
        table.add_row(*around, f"{costs.around_instructions:,}", f"{costs.around_cycles:,}", "")
    return table


def _row(step: PlannedStep) -> list[str]:
    first, last = step.operators[0], step.operators[-1]
    return [
        str(first) if first == last else f"{first}-{last}",
        "\n+ ".join(step.kinds),
        escape(step.layer),
        step.kernel or f"[dim]{NO_KERNEL}[/]",
        "\n".join(short_shape(tensor.shape) for tensor in step.outputs),
        "\n".join("planar" if tensor.planar else "" for tensor in step.outputs),
        "\n".join(f"{tensor.nbytes:,}" for tensor in step.outputs),
        "\n".join(f"{tensor.offset_bytes:,}" for tensor in step.outputs),
        f"{step.constant_bytes:,}" if step.constant_bytes else "",
        f"{step.macs:,}" if step.macs else "",
    ]


def _costs(step: PlannedStep) -> list[str]:
    per_cycle = step.macs_per_cycle
    return [
        f"{step.emulated_instructions or 0:,}",
        f"{step.modelled_cycles or 0:,}",
        "" if per_cycle is None else f"{per_cycle:.3f}",
    ]


def _totals(plan: PlanTable) -> str:
    operators = sum(len(step.operators) for step in plan.steps)
    calls = sum(bool(step.kernel) for step in plan.steps)
    return (
        f"{operators} operators in {calls} kernel calls, {plan.macs:,} MACs\n"
        f"arena {plan.arena_bytes:,} bytes, of which at most {plan.live_peak_bytes:,} are alive at "
        f"once; constants {plan.constant_bytes:,} bytes"
    )
