"""The cycle model: an image and a window in, instructions and modelled cycles out."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ectopy.cycles.cost import Blocks, Costs, Tally, cost_trace, watch_list
from ectopy.cycles.image import ProgramImage, read_image
from ectopy.cycles.instruction import Decoder
from ectopy.cycles.machine import OPERATOR_ENDS, Machine, Trace, Watch
from ectopy.cycles.memory import ZERO, MemoryModel, Stalls, memory_model
from ectopy.errors import InputError, ToolError
from ectopy.symbols import readable

CLOCK_HZ = 192_000_000
"""The high-performance clock of an Apollo4 Plus, where modelled cycles are shown as time."""

ENGINE_PREFIX = "ect_engine_"
"""Functions of the engine itself: what they take belongs to no operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionCost:
    """What a function took, without those it calls."""

    name: str
    address: int
    instructions: int
    cycles: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One instruction of a function, as often as it was executed."""

    address: int
    text: str
    instructions: int
    cycles: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Estimate:
    """One inference by the model.

    Attributes:
        instructions: Executed, from the call of ``ect_engine_invoke`` to its return; exact.
        cycles: Modelled.
        operators: One per operator, in order; empty if the engine does not tell them apart.
        dearest: For each of them the function, without those it calls, that takes most cycles.
        engine: The rest: what the engine does around operators. All, if there are none.
        functions: The dearest first.
        by_row: Modelled cycles by kind of instruction and by reason of waiting.
        divisions: Executed; the manual gives a range for each, see ``ectopy.cycles.timings``.
        outputs: int8, what the engine answered.
    """

    memory: MemoryModel
    instructions: int
    cycles: int
    operators: tuple[Tally, ...]
    dearest: tuple[str, ...]
    engine: Tally
    functions: tuple[FunctionCost, ...]
    by_row: dict[str, int]
    divisions: int
    outputs: npt.NDArray[np.int8]
    image: ProgramImage
    blocks: Blocks
    costs: Costs

    def listing(self, function: str) -> tuple[Line, ...]:
        """A function's instructions that were executed, by address.

        Raises:
            InputError: None was.
        """
        found = [f for f in self.functions if f.name == function]
        if not found:
            raise InputError(
                f"the inference executes no function {function}",
                hint="it executes " + ", ".join(sorted({f.name for f in self.functions})),
            )
        texts = {each.address: each.text for block in self.blocks.values() for each in block}
        totals: dict[int, Tally] = defaultdict(Tally)
        for (_, address), tally in self.costs.tallies.items():
            totals[address].add(tally)
        wanted = {f.address for f in found}
        return tuple(
            Line(
                address=address,
                text=texts[address],
                instructions=tally.instructions,
                cycles=tally.cycles,
            )
            for address, tally in sorted(totals.items())
            if (place := self.image.function_at(address)) is not None and place.address in wanted
        )


def estimate(elf: Path, window: npt.NDArray[np.int8], memory: str = ZERO) -> Estimate:
    """Instructions and modelled Cortex-M4 cycles of one inference.

    Args:
        elf: A firmware image of ours for a Cortex-M; neither its board nor its engine matters.
        window: int8, the model's input tensor.
        memory: Name of a memory model.

    Raises:
        InputError: The image or the window cannot be used, or there is no such memory model.
        ModelError: The engine refuses, or an instruction has no documented timing.
        ToolError: The inference touches hardware, or does not return.
    """
    model = memory_model(memory)
    image = read_image(elf)
    machine = Machine(image)
    machine.start_engine()
    first = machine.infer(window, Watch(), None)
    trace, blocks = first, _decode(machine, first)
    watch = watch_list(blocks.values())
    if watch or model.waits:
        # Again, now that it is known what to look at.
        stalls = Stalls(model, image) if model.waits else None
        for _ in range(2 if stalls is not None else 1):  # the second finds the cache warm
            trace = machine.infer(window, watch, stalls)
        blocks = _decode(machine, trace)
    if trace.signature() != first.signature():
        raise ToolError(
            f"{elf} does something else when it runs again with the same input",
            hint="an engine must not keep state between inferences",
        )
    return _summary(model, image, trace, blocks)


def _decode(machine: Machine, trace: Trace) -> Blocks:
    decoder = Decoder()
    return {
        address: decoder.block(machine.read(address, nbytes), address)
        for address, nbytes in trace.block_bytes.items()
    }


def _summary(model: MemoryModel, image: ProgramImage, trace: Trace, blocks: Blocks) -> Estimate:
    costs = cost_trace(trace, blocks, model)
    operators = [Tally() for _ in range(trace.operators)]
    shares: list[dict[str, int]] = [defaultdict(int) for _ in operators]
    engine = Tally()
    functions: dict[tuple[str, int], Tally] = defaultdict(Tally)
    for (operator, address), tally in costs.tallies.items():
        function = image.function_at(address)
        name = function.name if function else "(no symbol)"
        functions[name, function.address if function else 0].add(tally)
        outside = name in OPERATOR_ENDS or name.startswith(ENGINE_PREFIX)
        own = operator < trace.operators and not outside
        (operators[operator] if own else engine).add(tally)
        if own:
            shares[operator][name] += tally.cycles
    return Estimate(
        memory=model,
        instructions=sum(t.instructions for t in costs.tallies.values()),
        cycles=sum(t.cycles for t in costs.tallies.values()),
        operators=tuple(operators),
        dearest=tuple(readable(max(share, key=lambda n: share[n], default="")) for share in shares),
        engine=engine,
        functions=tuple(
            FunctionCost(
                name=readable(name),
                address=address,
                instructions=t.instructions,
                cycles=t.cycles,
            )
            for (name, address), t in sorted(functions.items(), key=lambda i: -i[1].cycles)
        ),
        by_row=dict(sorted(costs.by_row.items(), key=lambda i: -i[1])),
        divisions=sum(sum(counts.values()) for counts in trace.divisions.values()),
        outputs=trace.outputs,
        image=image,
        blocks=blocks,
        costs=costs,
    )
