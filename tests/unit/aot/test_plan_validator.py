"""The validator must catch errors planted in good plans; it shares no code with the planner."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from ectopy.aot import KernelSet, Plan, PlanError, compile_graph, validate_plan
from ectopy.aot.memory import ALIGNMENT
from ectopy.aot.types import Kernel, Placement, TensorOperand
from ectopy.graph.reader import read_tflite
from ectopy.graph.types import Graph
from ectopy.vocab import OpKind
from firmware.random_models import RandomFilters, RandomModel, RandomRows
from support.tflite_builder import ModelBuilder, Quant


def residual_model() -> bytes:
    """Input, reshape, conv, conv, add with the first conv's output, mean."""
    builder = ModelBuilder(1)
    x = builder.input((1, 16, 4), Quant(0.05, 3))
    x = builder.reshape(x, (1, 1, 16, 4))
    a = builder.conv_2d(x, channels=4, output=Quant(1.0, 0))
    b = builder.conv_2d(a, channels=4, kernel=(1, 3), output=Quant(30.0, 0))
    c = builder.add(a, b, output=Quant(40.0, 0))
    return builder.finish(builder.mean(c, axes=(1, 2), output=Quant(20.0, 0)))


@pytest.fixture(scope="module")
def graph() -> Graph:
    return read_tflite(residual_model(), "residual")


@pytest.fixture(scope="module")
def plan(graph: Graph) -> Plan:
    return compile_graph(graph)


def moved(plan: Plan, number: int, change: Callable[[Placement], Placement]) -> Plan:
    placements = list(plan.placements)
    placements[number] = change(placements[number])
    return replace(plan, placements=tuple(placements))


def test_the_good_plan_passes(graph: Graph, plan: Plan) -> None:
    validate_plan(graph, plan)


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("kind", [RandomModel, RandomRows, RandomFilters])
def test_plans_of_random_models_pass(kind: type[RandomModel], seed: int) -> None:
    random = read_tflite(kind(seed).build(), "random")
    compiled = compile_graph(random)
    assert compiled.live_peak_bytes <= compiled.arena_bytes


def test_any_buffer_moved_onto_a_living_one_is_caught(graph: Graph, plan: Plan) -> None:
    tried = 0
    for i, a in enumerate(plan.placements):
        for b in plan.placements:
            together = a.buffer.first <= b.buffer.last and b.buffer.first <= a.buffer.last
            if a is not b and together and a.offset != b.offset:
                spoiled = moved(plan, i, lambda p, b=b: replace(p, offset=b.offset))  # type: ignore[misc]
                with pytest.raises(PlanError):
                    validate_plan(graph, spoiled)
                tried += 1
    assert tried >= 6


@pytest.mark.parametrize(
    ("offset", "says"), [(-4, "leaves"), (1 << 20, "leaves"), (1 << 19 | 2, "not aligned")]
)
def test_an_offset_outside_the_arena_or_unaligned_is_caught(
    graph: Graph, plan: Plan, offset: int, says: str
) -> None:
    spoiled = replace(plan, arena_bytes=1 << 20)
    with pytest.raises(PlanError, match=says):
        validate_plan(graph, moved(spoiled, 1, lambda p: replace(p, offset=offset)))


def test_a_tensor_overwritten_by_an_operator_that_does_not_read_it_is_caught() -> None:
    builder = ModelBuilder(1)
    x = builder.input((1, 1, 16, 4), Quant(0.05, 3))
    kept = builder.max_pool_2d(x, kernel=(1, 2), stride=(1, 1))
    y = builder.max_pool_2d(kept, kernel=(1, 2), stride=(1, 1))
    bystander = builder.max_pool_2d(y, kernel=(1, 2), stride=(1, 1))
    data = builder.finish(builder.add(kept, bystander, output=Quant(0.1, 0)))
    graph = read_tflite(data, "skip")
    plan = compile_graph(graph)
    (number,) = (i for i, p in enumerate(plan.placements) if bystander in p.buffer.tensors)
    spoiled = moved(plan, number, lambda p: replace(p, offset=plan.offset_of(kept)))
    with pytest.raises(PlanError, match=f"operator 3 reads tensor {kept}, which is overwritten"):
        validate_plan(graph, spoiled)


def test_an_elementwise_output_that_is_shifted_against_its_operand_is_caught(
    graph: Graph, plan: Plan
) -> None:
    (output,) = plan.steps[3].outputs
    (shared,) = (p for p in plan.placements if output in p.buffer.tensors)
    rest = tuple(t for t in shared.buffer.tensors if t != output)
    kept = replace(shared, buffer=replace(shared.buffer, tensors=rest), offset=plan.arena_bytes)
    shifted = replace(
        shared,
        buffer=replace(shared.buffer, tensors=(output,)),
        offset=plan.arena_bytes + ALIGNMENT,
    )
    placements = (*(p for p in plan.placements if p is not shared), kept, shifted)
    spoiled = replace(plan, placements=placements, arena_bytes=2 * plan.arena_bytes)
    with pytest.raises(PlanError, match=r"operator 3 writes over its own input"):
        validate_plan(graph, spoiled)


def test_a_view_that_lies_elsewhere_is_caught(graph: Graph, plan: Plan) -> None:
    source, view = graph.ops[0].inputs[0], graph.ops[0].outputs[0]
    (shared,) = (p for p in plan.placements if view in p.buffer.tensors)
    alone = replace(shared, buffer=replace(shared.buffer, tensors=(source,)))
    apart = replace(shared, buffer=replace(shared.buffer, tensors=(view,)), offset=plan.arena_bytes)
    placements = (*(p for p in plan.placements if p is not shared), alone, apart)
    spoiled = replace(plan, placements=placements, arena_bytes=2 * plan.arena_bytes)
    with pytest.raises(PlanError, match="lies elsewhere"):
        validate_plan(graph, spoiled)


def test_writing_another_tensor_is_caught(graph: Graph, plan: Plan) -> None:
    steps = list(plan.steps)
    steps[1] = replace(steps[1], outputs=steps[2].outputs)
    with pytest.raises(PlanError, match=r"operators \(1,\) write tensors"):
        validate_plan(graph, replace(plan, steps=tuple(steps)))


def test_an_arena_one_byte_too_small_is_caught(graph: Graph, plan: Plan) -> None:
    with pytest.raises(PlanError, match="leaves"):
        validate_plan(graph, replace(plan, arena_bytes=plan.arena_bytes - 1))


def test_a_buffer_without_a_place_is_caught(graph: Graph, plan: Plan) -> None:
    with pytest.raises(PlanError, match="no place"):
        validate_plan(graph, replace(plan, placements=plan.placements[:-1]))


def test_a_missing_or_swapped_step_is_caught(graph: Graph, plan: Plan) -> None:
    with pytest.raises(PlanError, match="in order"):
        validate_plan(graph, replace(plan, steps=plan.steps[:-1]))
    swapped = (*plan.steps[:1], plan.steps[2], plan.steps[1], *plan.steps[3:])
    with pytest.raises(PlanError, match="in order"):
        validate_plan(graph, replace(plan, steps=swapped))


def test_an_operator_without_its_kernel_is_caught(graph: Graph, plan: Plan) -> None:
    steps = list(plan.steps)
    steps[2] = replace(steps[2], call=None)
    with pytest.raises(PlanError, match="not computed"):
        validate_plan(graph, replace(plan, steps=tuple(steps)))


def test_reading_another_tensor_is_caught(graph: Graph, plan: Plan) -> None:
    steps = list(plan.steps)
    call = steps[3].call
    assert call is not None
    a, b = call.operands
    steps[3] = replace(steps[3], call=replace(call, operands=(b, a)))
    with pytest.raises(PlanError, match="reads tensors"):
        validate_plan(graph, replace(plan, steps=tuple(steps)))


def test_writing_over_an_input_is_allowed_to_elementwise_kernels_only(
    graph: Graph, plan: Plan
) -> None:
    addition = plan.steps[3]
    assert addition.call is not None and addition.call.kernel is Kernel.ADD
    first = addition.call.operands[0]
    assert isinstance(first, TensorOperand)
    assert plan.offset_of(addition.outputs[0]) == plan.offset_of(first.tensor)
    steps = list(plan.steps)
    steps[3] = replace(addition, call=replace(addition.call, kernel=Kernel.CONV2D))
    with pytest.raises(PlanError, match="over its own input"):
        validate_plan(graph, replace(plan, steps=tuple(steps)))


def test_a_reshape_costs_nothing_and_shares_its_bytes(graph: Graph, plan: Plan) -> None:
    reshape = next(op for op in graph.ops if op.kind is OpKind.RESHAPE)
    assert plan.steps[reshape.index].call is None
    assert plan.offset_of(reshape.inputs[0]) == plan.offset_of(reshape.outputs[0])


def test_a_tensor_in_a_layout_that_its_kernel_does_not_know_is_caught(
    graph: Graph, plan: Plan
) -> None:
    for kernels in (KernelSet.M4, KernelSet.REF):
        good = compile_graph(graph, kernels)
        for step in good.steps[1:3]:
            spoiled = replace(good, planar=good.planar ^ {step.outputs[0]})
            with pytest.raises(PlanError, match="wrong layout"):
                validate_plan(graph, spoiled)


def test_a_reshape_of_planar_bytes_is_caught(graph: Graph) -> None:
    good = compile_graph(graph, KernelSet.REF)
    every = frozenset(t for op in graph.ops for t in (op.inputs[0], op.outputs[0]))
    with pytest.raises(PlanError, match="views planar bytes"):
        validate_plan(graph, replace(good, planar=every))
