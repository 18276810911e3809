"""A profile as tables for a terminal."""

from __future__ import annotations

from rich import box
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from ectopy.report.profile import Profile


def profile_screen(profile: Profile) -> RenderableType:
    """Operators, functions, totals."""
    return Group(_heading(profile), _operators(profile), _functions(profile), _totals(profile))


def _heading(profile: Profile) -> str:
    aim = "" if profile.optimized_for is None else f" for {profile.optimized_for}"
    return (
        f"[bold]{escape(profile.model)}[/], engine {profile.engine}{aim}, image for board "
        f"{profile.board}, build {profile.build_id}\n"
        f"window: {escape(profile.window)} of {escape(profile.dataset)}\n"
        f"[bold]instructions are EMULATED, cycles are MODELLED[/] (Arm's Cortex-M4 timings; "
        f"memory model {profile.memory}: {escape(profile.memory_title)})"
    )


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_footer=True)


def _operators(profile: Profile) -> Table:
    table = _table()
    device = profile.device
    table.add_column("#", justify="right")
    table.add_column("operator", no_wrap=True, footer="all")
    table.add_column("layer", no_wrap=True, overflow="ellipsis")
    table.add_column("out", justify="right", no_wrap=True)
    table.add_column("kernel", no_wrap=True)
    table.add_column("MACs", justify="right", no_wrap=True, footer=f"{profile.macs:,}")
    instructions = f"{profile.emulated_instructions:,}"
    table.add_column("instr.", justify="right", no_wrap=True, footer=instructions)
    if device is not None:
        title = f"{device.board} {device.tick_unit}"
        table.add_column(title, justify="right", footer=f"{device.invoke_ticks:,}")
    cycles = f"{profile.modelled_cycles:,}"
    table.add_column("mod. cycles", justify="right", no_wrap=True, footer=cycles)
    density = f"{profile.macs / profile.modelled_cycles:.3f}"
    table.add_column("MAC/cycle", justify="right", no_wrap=True, footer=density)
    table.add_column("%", justify="right", no_wrap=True, footer="100.0")
    for row in profile.operators:
        per_cycle = row.macs_per_cycle
        ticks = "" if row.device_ticks is None else f"{row.device_ticks:,}"
        table.add_row(
            "" if row.index is None else str(row.index),
            row.kind,
            escape(row.name),
            row.shape,
            row.kernel,
            f"{row.macs:,}" if row.macs else "",
            f"{row.emulated_instructions:,}",
            *([] if device is None else [ticks]),
            f"{row.modelled_cycles:,}",
            "" if per_cycle is None else f"{per_cycle:.3f}",
            f"{100 * row.share:.1f}",
        )
    return table


def _functions(profile: Profile) -> Table:
    table = _table()
    table.add_column("function (without what it calls)", no_wrap=True, footer="all")
    table.add_column("instr.", justify="right", footer=f"{profile.emulated_instructions:,}")
    table.add_column("mod. cycles", justify="right", footer=f"{profile.modelled_cycles:,}")
    table.add_column("cycles/instr.", justify="right")
    table.add_column("%", justify="right", footer="100.0")
    for row in profile.functions:
        table.add_row(
            escape(row.name),
            f"{row.emulated_instructions:,}",
            f"{row.modelled_cycles:,}",
            f"{row.modelled_cycles / row.emulated_instructions:.2f}",
            f"{100 * row.share:.1f}",
        )
    return table


def _totals(profile: Profile) -> str:
    rows = ", ".join(f"{name} {cycles:,}" for name, cycles in profile.by_row.items())
    lines = [
        f"{profile.emulated_instructions:,} instructions emulated, {profile.modelled_cycles:,} "
        f"cycles modelled: {profile.modelled_ms:.2f} ms if the clock is "
        f"{profile.clock_hz / 1e6:g} MHz and memory never waits longer than the model "
        f"{profile.memory} says",
        f"modelled cycles by cause: {rows}",
    ]
    if profile.device is not None:
        lines.append(
            f"board {profile.device.board}{' (EMULATED)' if profile.device.emulated else ''}: "
            f"{profile.device.invoke_ticks:,} {profile.device.tick_unit} for the inference; its "
            "figures, by operator too, include reading the counter"
        )
    if profile.memory != "zero":
        lines += [f"memory model: {escape(source)}" for source in profile.memory_sources]
    return "\n".join(lines)
