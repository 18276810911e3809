"""From what was executed to cycles, instruction by instruction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from ectopy.cycles import timings
from ectopy.cycles.instruction import Instruction
from ectopy.cycles.machine import OUTSIDE, Trace, Watch
from ectopy.cycles.memory import MemoryModel
from ectopy.cycles.timings import Kind

Blocks = dict[int, tuple[Instruction, ...]]


@dataclass(slots=True)
class Tally:
    """What one instruction (or a group of them) took.

    Attributes:
        instructions: Executed, those whose condition failed included.
        cycles: Modelled.
    """

    instructions: int = 0
    cycles: int = 0

    def add(self, other: Tally) -> None:
        """Adds another's."""
        self.instructions += other.instructions
        self.cycles += other.cycles


@dataclass(slots=True, kw_only=True)
class Costs:
    """Costs of one inference.

    Attributes:
        tallies: For each operator and instruction address.
        by_row: Cycles by row of the table of timings; waits under names of their own.
    """

    tallies: dict[tuple[int, int], Tally] = field(default_factory=lambda: defaultdict(Tally))
    by_row: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def charge(self, place: tuple[int, int], row: str, cycles: int) -> None:
        """Adds cycles to an instruction and to a row."""
        if cycles:
            self.tallies[place].cycles += cycles
            self.by_row[row] += cycles


def straight_cycles(instruction: Instruction, before: Instruction | None) -> int:
    """Cycles of an instruction that executes and does not leave the straight line.

    Divisions count 0 here: :func:`cost_trace` adds them by their operands.

    Args:
        instruction: What is executed.
        before: What was executed before it; None behind a taken branch.
    """
    return (
        _own_cycles(instruction, before)
        + address_stall(instruction, before)
        + float_stall(instruction, before)
    )


def _own_cycles(instruction: Instruction, before: Instruction | None) -> int:
    timing = instruction.timing
    match timing.kind:
        case Kind.STORE if instruction.immediate:
            return 1
        case Kind.LOAD | Kind.STORE:
            return timing.cycles - _pipelined(instruction, before)
        case Kind.DOUBLE | Kind.MULTIPLE:
            return 1 + instruction.words
        case Kind.DIVIDE:
            return 0
        case Kind.IT:
            return 0 if before is not None and before.nbytes == 2 else 1
        case _:
            return timing.cycles


def _pipelined(instruction: Instruction, before: Instruction | None) -> bool:
    """A single load or store right after a single load that does not feed its address."""
    return (
        before is not None
        and before.timing.kind is Kind.LOAD
        and not before.sets_pc
        and not instruction.sets_pc
        and not before.loads & instruction.address_registers
    )


def address_stall(instruction: Instruction, before: Instruction | None) -> int:
    """The wait for an address that the instruction before computed."""
    late = (
        before is not None
        and before.timing.kind in (Kind.ALU, Kind.DIVIDE)
        and before.writes & instruction.address_registers
    )
    return timings.ADDRESS_INTERLOCK if late else 0


def float_stall(instruction: Instruction, before: Instruction | None) -> int:
    """The wait for a floating-point result of the instruction before."""
    late = (
        before is not None
        and before.timing.kind is Kind.FLOAT
        and before.writes & instruction.reads
    )
    return timings.FLOAT_INTERLOCK if late else 0


def leaving_cycles(instruction: Instruction) -> int:
    """What the last instruction of a block costs more when execution continues elsewhere."""
    if not instruction.sets_pc:
        return 0
    branch = instruction.timing.kind in (Kind.BRANCH, Kind.ALU)
    return timings.REFILL if branch else timings.REFILL_AFTER_LOAD


def watch_list(blocks: Iterable[tuple[Instruction, ...]]) -> Watch:
    """What must be looked at each time it executes.

    Divisions, and conditional instructions that may take more than a cycle, unless where execution
    continues tells whether they executed.
    """
    watch = Watch()
    for block in blocks:
        for before, each in zip((None, *block), block, strict=False):
            if each.operands is not None:
                watch.divides[each.address] = (
                    *each.operands,
                    each.text.startswith("s"),
                )
            dear = each.operands is not None or straight_cycles(each, before) != timings.SKIPPED
            if each.condition and dear and not each.sets_pc:
                watch.conditionals[each.address] = each.condition
    return watch


def cost_trace(trace: Trace, blocks: Blocks, memory: MemoryModel) -> Costs:
    """Cycles of everything in a trace."""
    costs = Costs()
    for operator, edges in trace.edges.items():
        for (origin, block), count in edges.items():
            before = blocks[origin][-1] if origin != OUTSIDE else None
            if before is not None and before.sets_pc and block != before.end:
                _leave(costs, operator, before, count)
                before = None
            if block != OUTSIDE:
                _run_through(costs, operator, before, blocks[block], count)
    _divide(costs, trace)
    _take_back_skipped(costs, trace, blocks)
    if memory.waits:
        _wait(costs, trace, blocks, memory)
    return costs


def _wait(costs: Costs, trace: Trace, blocks: Blocks, memory: MemoryModel) -> None:
    """Waits are charged to the first instruction of the block that has them.

    Image segments are not writable, so all stores go to data; so do the loads that were not seen
    to read constants. Conditional stores count as if they always executed.
    """
    for place, cycles in trace.stall_cycles.items():
        costs.charge(place, "waits for code and constants", cycles)
    for operator, edges in trace.edges.items():
        for (_, block), count in edges.items():
            if block == OUTSIDE:
                continue
            loads = sum(each.words for each in blocks[block] if not each.stores)
            stores = sum(each.words for each in blocks[block] if each.stores)
            cycles = loads * memory.data.load_cycles + stores * memory.data.store_cycles
            costs.charge((operator, block), "waits for data", count * cycles)
    for place, loads in trace.image_loads.items():
        costs.charge(place, "waits for data", -loads * memory.data.load_cycles)


def _run_through(
    costs: Costs,
    operator: int,
    before: Instruction | None,
    block: tuple[Instruction, ...],
    count: int,
) -> None:
    for each in block:
        place = (operator, each.address)
        costs.tallies[place].instructions += count
        if each.condition and each.sets_pc:
            costs.charge(place, each.timing.name, count * timings.SKIPPED)
        else:
            costs.charge(place, each.timing.name, count * _own_cycles(each, before))
            costs.charge(place, "address interlock", count * address_stall(each, before))
            costs.charge(place, "float interlock", count * float_stall(each, before))
        before = each


def _leave(costs: Costs, operator: int, last: Instruction, count: int) -> None:
    """A block's last instruction continued elsewhere, so it did execute."""
    place = (operator, last.address)
    costs.charge(place, "pipeline refill", count * leaving_cycles(last))
    if last.condition:
        executed = _own_cycles(last, None) - timings.SKIPPED
        costs.charge(place, last.timing.name, count * executed)


def _divide(costs: Costs, trace: Trace) -> None:
    for place, operands in trace.divisions.items():
        cycles = sum(
            count * timings.divide_cycles(dividend, divisor)
            for (dividend, divisor), count in operands.items()
        )
        costs.charge(place, "divide", cycles)


def _take_back_skipped(costs: Costs, trace: Trace, blocks: Blocks) -> None:
    """Watched instructions were charged as if they always executed."""
    watched = watch_list(blocks.values()).conditionals
    surplus = {
        each.address: (each.timing.name, straight_cycles(each, before) - timings.SKIPPED)
        for block in blocks.values()
        for before, each in zip((None, *block), block, strict=False)
        if each.address in watched
    }
    for (operator, address), tally in list(costs.tallies.items()):
        if address in surplus:
            row, cycles = surplus[address]
            skipped = tally.instructions - trace.executed.get((operator, address), 0)
            costs.charge((operator, address), row, -skipped * cycles)
