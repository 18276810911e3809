"""What the compiler decided about a model, and what each step of it costs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ectopy.aot import Plan
from ectopy.aot.types import Step
from ectopy.errors import InputError
from ectopy.graph.costs import graph_macs, op_macs
from ectopy.graph.reader import load_tflite
from ectopy.graph.types import Graph
from ectopy.progress import Progress, silent
from ectopy.report.plan import PlanCosts, PlannedStep, PlannedTensor, PlanTable
from ectopy.report.profile import Profile
from ectopy.usecases.engine_plan import aot_plan, constant_bytes
from ectopy.usecases.inspect import layer_name, model_file
from ectopy.usecases.profile import ProfileRequest, profile
from ectopy.vocab import DatasetName, Optimize


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """Which plan is to be shown.

    Attributes:
        model: A .tflite file, or name or folder of a bundle.
        optimize: What the plan is made for.
        cycles: Also builds the image for board ``virt`` and runs one window of ECG under the
            cycle model; takes a bundle.
        dataset: Source of that window.
        data_dir: Where ECG records are.
    """

    model: str
    optimize: Optimize = Optimize.SPEED
    cycles: bool = False
    dataset: DatasetName = DatasetName.AUTO
    data_dir: Path | None = None


def show_plan(request: PlanRequest, progress: Progress = silent) -> PlanTable:
    """The plan of a model; nothing is built unless ``cycles`` are asked for.

    Raises:
        ModelError: There is no such model, or the engine cannot run it.
        InputError: Cycles are asked for, and there is no bundle or no ECG to build and run.
        ToolError: The compiler is missing or failed.
    """
    path = model_file(request.model)
    graph = load_tflite(path)
    table = plan_table(graph, aot_plan(graph, request.optimize), request.optimize)
    if not request.cycles:
        return table
    if path == Path(request.model):
        raise InputError(
            f"{path} is a model file, and the cycle model runs an image, which needs a bundle",
            hint="put it into a bundle (`ectopy zoo import`), or leave --cycles out",
        )
    wanted = ProfileRequest(
        model=request.model,
        optimize=request.optimize,
        dataset=request.dataset,
        data_dir=request.data_dir,
    )
    return with_costs(table, profile(wanted, progress).profile)


def plan_table(graph: Graph, plan: Plan, optimize: Optimize) -> PlanTable:
    """A plan for people and programs.

    Args:
        graph: The model.
        plan: Of it.
        optimize: What the plan was made for.
    """
    steps = tuple(_step(graph, plan, step) for step in plan.steps)
    return PlanTable(
        model=graph.name,
        tflite_sha256=graph.sha256,
        optimized_for=optimize,
        arena_bytes=plan.arena_bytes,
        live_peak_bytes=plan.live_peak_bytes,
        constant_bytes=sum(step.constant_bytes for step in steps),
        macs=graph_macs(graph),
        steps=steps,
    )


def _step(graph: Graph, plan: Plan, step: Step) -> PlannedStep:
    ops = [graph.ops[index] for index in step.ops]
    return PlannedStep(
        operators=step.ops,
        kinds=tuple(op.kind for op in ops),
        layer=layer_name(graph.op_output(ops[-1]).name),
        kernel="" if step.call is None else step.call.kernel.value,
        macs=sum(op_macs(graph, op) for op in ops),
        outputs=tuple(_tensor(graph, plan, index) for index in step.outputs),
        constant_bytes=constant_bytes(step),
    )


def _tensor(graph: Graph, plan: Plan, index: int) -> PlannedTensor:
    tensor = graph.tensors[index]
    return PlannedTensor(
        name=tensor.name,
        shape=tensor.shape,
        planar=index in plan.planar,
        nbytes=tensor.nbytes,
        offset_bytes=plan.offset_of(index),
    )


def with_costs(table: PlanTable, costs: Profile) -> PlanTable:
    """A plan with what a profile of the same plan's image found."""
    rows = {row.index: row for row in costs.operators}
    around = rows[None]
    return replace(
        table,
        steps=tuple(
            replace(
                step,
                emulated_instructions=rows[step.operators[0]].emulated_instructions,
                modelled_cycles=rows[step.operators[0]].modelled_cycles,
            )
            for step in table.steps
        ),
        costs=PlanCosts(
            build_id=costs.build_id,
            dataset=costs.dataset,
            window=costs.window,
            memory=costs.memory,
            emulated_instructions=costs.emulated_instructions,
            modelled_cycles=costs.modelled_cycles,
            around_instructions=around.emulated_instructions,
            around_cycles=around.modelled_cycles,
        ),
    )
