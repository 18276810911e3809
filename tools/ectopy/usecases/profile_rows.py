"""From what the cycle model found to a profile for people and files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ectopy.aot import Plan
from ectopy.cycles import CLOCK_HZ, Estimate, Tally, estimate
from ectopy.graph.costs import graph_macs, op_macs
from ectopy.graph.types import Graph
from ectopy.report.content import short_shape
from ectopy.report.profile import DeviceProfile, FunctionProfile, OperatorProfile, Profile
from ectopy.toolchain import Image
from ectopy.usecases.case import Case
from ectopy.usecases.engine_plan import engine_plan
from ectopy.usecases.inspect import layer_name
from ectopy.vocab import BoardName, EngineName, Optimize

ENGINE_ROW = "engine"
UNKNOWN_BUILD = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The image that is profiled.

    Attributes:
        build_id: :data:`UNKNOWN_BUILD` for an image that was not built just now.
    """

    elf: Path
    elf_sha256: str
    build_id: str
    board: BoardName
    engine: EngineName
    optimize: Optimize


def built(image: Image) -> Subject:
    """An image that was just built."""
    return Subject(
        elf=image.elf,
        elf_sha256=image.elf_sha256,
        build_id=image.build_id,
        board=image.board,
        engine=image.engine,
        optimize=image.optimize,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFigures:
    """What a board says of the same window.

    Attributes:
        ticks: One per operator.
    """

    whole: DeviceProfile
    ticks: tuple[int, ...]


def run_model(case: Case, image: Subject, memory: str) -> Estimate:
    """The first window of a case under the cycle model.

    Raises:
        InputError: The image cannot be used, or there is no such memory model.
        ModelError: The engine refuses, or an instruction has no documented timing.
        ToolError: The inference touches hardware, or does not return.
    """
    return estimate(image.elf, case.samples.quantized[0], memory)


def make_profile(
    case: Case, image: Subject, modelled: Estimate, device: DeviceFigures | None = None
) -> Profile:
    """The profile of the first window of a case.

    Args:
        case: With the model inside ``image``.
        image: That was run.
        modelled: By :func:`run_model`.
        device: The board's own figures, if it was asked.
    """
    ticks = device.ticks if device else ()
    plan, aim = _find_plan(case.graph, image, modelled)
    return Profile(
        model=case.bundle.name,
        board=image.board,
        engine=image.engine,
        build_id=image.build_id,
        elf_sha256=image.elf_sha256,
        dataset=case.dataset_title,
        window=case.window_name(0),
        memory=modelled.memory.name,
        memory_title=modelled.memory.title,
        memory_sources=modelled.memory.sources,
        clock_hz=CLOCK_HZ,
        macs=graph_macs(case.graph),
        emulated_instructions=modelled.instructions,
        modelled_cycles=modelled.cycles,
        divisions=modelled.divisions,
        operators=_operators(case.graph, plan, modelled, ticks),
        functions=_functions(modelled),
        by_row=modelled.by_row,
        outputs=tuple(modelled.outputs.tolist()),
        device=device.whole if device else None,
        optimized_for=aim,
    )


def _operators(
    graph: Graph, plan: Plan | None, modelled: Estimate, ticks: tuple[int, ...]
) -> tuple[OperatorProfile, ...]:
    rows = [
        _row(graph, ops, kernel, modelled, ticks)
        for ops, kernel in _calls(graph, plan, modelled)
        if ops[-1] < len(modelled.operators)
    ]
    return (*rows, _engine_row(modelled.engine, modelled.cycles))


def _row(
    graph: Graph, indices: tuple[int, ...], kernel: str, modelled: Estimate, ticks: tuple[int, ...]
) -> OperatorProfile:
    """Operators that one kernel computes together are one row: nobody can tell them apart."""
    ops = [graph.ops[index] for index in indices]
    output = graph.op_output(ops[-1])
    tally = Tally()
    for index in indices:
        tally.add(modelled.operators[index])
    return OperatorProfile(
        index=indices[0],
        kind=" + ".join(op.kind for op in ops),
        name=layer_name(output.name),
        shape=short_shape(output.shape),
        kernel=kernel,
        macs=sum(op_macs(graph, op) for op in ops),
        emulated_instructions=tally.instructions,
        modelled_cycles=tally.cycles,
        share=tally.cycles / modelled.cycles,
        device_ticks=sum(ticks[i] for i in indices) if indices[-1] < len(ticks) else None,
    )


def _engine_row(tally: Tally, cycles: int) -> OperatorProfile:
    return OperatorProfile(
        index=None,
        kind=ENGINE_ROW,
        name="around operators",
        shape="",
        kernel="",
        macs=0,
        emulated_instructions=tally.instructions,
        modelled_cycles=tally.cycles,
        share=tally.cycles / cycles,
    )


def _find_plan(
    graph: Graph, image: Subject, modelled: Estimate
) -> tuple[Plan | None, Optimize | None]:
    """The plan of the image, and what it was made for; None if there is none of these sources.

    An image that was built before may be of another goal than is said: its kernels tell.
    """
    ran = {each.name for each in modelled.functions}
    goals = (image.optimize, *(each for each in Optimize if each is not image.optimize))
    for optimize in goals if image.engine is EngineName.AOT else ():
        plan = engine_plan(graph, image.engine, optimize)
        if plan is not None and ran >= {step.call.kernel.value for step in plan.steps if step.call}:
            return plan, optimize
    return None, None


def _calls(
    graph: Graph, plan: Plan | None, modelled: Estimate
) -> list[tuple[tuple[int, ...], str]]:
    """Operators computed together and their function, empty where nothing is called.

    Without a plan it is, of several functions, the one that takes most cycles.
    """
    if plan is None:
        return [((index,), name) for index, name in enumerate(modelled.dearest)]
    return [(s.ops, s.call.kernel.value if s.call is not None else "") for s in plan.steps]


def _functions(modelled: Estimate) -> tuple[FunctionProfile, ...]:
    return tuple(
        FunctionProfile(
            name=each.name,
            emulated_instructions=each.instructions,
            modelled_cycles=each.cycles,
            share=each.cycles / modelled.cycles,
        )
        for each in modelled.functions
    )
