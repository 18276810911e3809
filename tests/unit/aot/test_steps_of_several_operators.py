"""Plans in which one kernel computes neighbouring operators.

What a kernel does inside is not looked at here: the calls of these plans name real kernels, but
stand for ones that would compute all their operators.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from ectopy.aot import KernelSet, Plan, PlanError, compile_graph, validate, validate_plan
from ectopy.aot.liveness import find_buffers
from ectopy.aot.memory import arena_size, live_peak, plan_memory
from ectopy.aot.types import Kernel, KernelCall, Step, TensorOperand
from ectopy.codegen.build_context import aot_context
from ectopy.graph.reader import read_tflite
from ectopy.graph.types import Graph
from support.tflite_builder import ModelBuilder, Quant

POOL_A, POOL_B, ADD, LAST = range(4)


@pytest.fixture(autouse=True)
def _stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validate, "_check_claim", lambda *_: None)


@pytest.fixture
def graph() -> Graph:
    """input -> pool A -> pool B; A + B -> add -> pool."""
    builder = ModelBuilder(1)
    x = builder.input((1, 4, 4, 2), Quant(0.1, 0))
    a = builder.max_pool_2d(x, kernel=(1, 2), stride=(1, 1))
    b = builder.max_pool_2d(a, kernel=(1, 2), stride=(1, 1))
    total = builder.add(a, b, output=Quant(0.2, 0))
    return read_tflite(
        builder.finish(builder.max_pool_2d(total, kernel=(2, 2), stride=(1, 1))), "several"
    )


def planned(graph: Graph, steps: tuple[Step, ...]) -> Plan:
    buffers = find_buffers(graph, steps)
    placements = plan_memory(buffers)
    return Plan(
        steps=steps,
        placements=placements,
        planar=frozenset(),
        arena_bytes=arena_size(placements),
        live_peak_bytes=live_peak(buffers),
    )


def together(graph: Graph, ops: tuple[int, ...], outputs: tuple[int, ...]) -> tuple[Step, ...]:
    """The graph's own steps, but for ``ops``, which are one that reads what they need."""
    steps = compile_graph(graph, KernelSet.REF).steps
    made = {graph.ops[op].outputs[0] for op in ops}
    read = dict.fromkeys(t for op in ops for t in graph.ops[op].inputs if t not in made)
    call = steps[ops[-1]].call
    assert call is not None
    one = Step(
        ops=ops,
        outputs=outputs,
        call=KernelCall(
            kernel=call.kernel,
            params=call.params,
            operands=tuple(TensorOperand(tensor=tensor) for tensor in read),
        ),
    )
    return (*steps[: ops[0]], one, *steps[ops[-1] + 1 :])


def tensor(graph: Graph, op: int) -> int:
    return graph.ops[op].outputs[0]


def test_what_stays_inside_a_step_has_no_place_and_costs_no_memory(graph: Graph) -> None:
    steps = together(graph, (POOL_A, POOL_B, ADD), (tensor(graph, ADD),))
    plan = planned(graph, steps)
    validate_plan(graph, plan)
    assert not plan.has_place(tensor(graph, POOL_A))
    assert not plan.has_place(tensor(graph, POOL_B))
    whole = planned(graph, compile_graph(graph, KernelSet.REF).steps)
    assert sum(p.buffer.nbytes for p in plan.placements) < sum(
        p.buffer.nbytes for p in whole.placements
    )


def test_a_step_of_two_outputs_keeps_them_apart(graph: Graph) -> None:
    outputs = (tensor(graph, POOL_B), tensor(graph, POOL_A))
    plan = planned(graph, together(graph, (POOL_A, POOL_B), outputs))
    validate_plan(graph, plan)
    places = {t: p for p in plan.placements for t in p.buffer.tensors}
    spoiled = tuple(
        replace(p, offset=places[outputs[0]].offset) if outputs[1] in p.buffer.tensors else p
        for p in plan.placements
    )
    with pytest.raises(PlanError, match="operator 0 writes over its own output"):
        validate_plan(graph, replace(plan, placements=spoiled))


def test_a_step_that_keeps_what_others_read_is_caught(graph: Graph) -> None:
    plan = planned(graph, together(graph, (POOL_A, POOL_B), (tensor(graph, POOL_B),)))
    with pytest.raises(PlanError, match=f"reads tensor {tensor(graph, POOL_A)}, which is"):
        validate_plan(graph, plan)


def test_a_step_that_does_not_write_its_last_result_is_caught(graph: Graph) -> None:
    good = together(graph, (POOL_A, POOL_B, ADD), (tensor(graph, ADD),))
    kept = (replace(good[0], outputs=(tensor(graph, POOL_B),)), *good[1:])
    with pytest.raises(PlanError, match="keep the result of the last to themselves"):
        validate_plan(graph, planned(graph, kept))


def test_a_step_that_reads_less_than_its_operators_is_caught(graph: Graph) -> None:
    outputs = (tensor(graph, ADD),)
    good = together(graph, (POOL_B, ADD), outputs)
    call = good[1].call
    assert call is not None
    less = replace(good[1], call=replace(call, operands=()))
    with pytest.raises(PlanError, match=r"operator 1 reads tensors \[\]"):
        validate_plan(graph, planned(graph, (good[0], less, good[2])))


def test_a_step_over_an_input_of_a_later_operator_of_it_is_caught(graph: Graph) -> None:
    plan = planned(graph, together(graph, (POOL_B, ADD), (tensor(graph, ADD),)))
    validate_plan(graph, plan)
    places = {t: p for p in plan.placements for t in p.buffer.tensors}
    onto = places[tensor(graph, POOL_A)].offset
    spoiled = tuple(
        replace(p, offset=onto) if tensor(graph, ADD) in p.buffer.tensors else p
        for p in plan.placements
    )
    call = plan.steps[1].call
    assert call is not None
    steps = (
        plan.steps[0],
        replace(plan.steps[1], call=replace(call, kernel=Kernel.MAX_POOL)),
        plan.steps[2],
    )
    with pytest.raises(PlanError, match="operator 1 writes over its own input"):
        validate_plan(graph, replace(plan, placements=spoiled, steps=steps))


def computed_again(graph: Graph) -> tuple[Step, ...]:
    """A and B as one step that writes B only; the addition computes A once more."""
    first = together(graph, (POOL_A, POOL_B), (tensor(graph, POOL_B),))
    call = first[1].call
    assert call is not None
    operands = tuple(TensorOperand(tensor=t) for t in (graph.inputs[0], tensor(graph, POOL_B)))
    addition = replace(first[1], call=replace(call, operands=operands), again=(POOL_A,))
    return (first[0], addition, *first[2:])


def test_a_tensor_that_is_computed_again_needs_no_place_but_its_source_lives_longer(
    graph: Graph,
) -> None:
    plan = planned(graph, computed_again(graph))
    validate_plan(graph, plan)
    assert not plan.has_place(tensor(graph, POOL_A))
    (source,) = (p for p in plan.placements if graph.inputs[0] in p.buffer.tensors)
    assert source.buffer.last == ADD


def test_computing_again_from_what_was_written_over_is_caught(graph: Graph) -> None:
    plan = planned(graph, computed_again(graph))
    places = {t: p for p in plan.placements for t in p.buffer.tensors}
    onto = places[graph.inputs[0]].offset
    spoiled = tuple(
        replace(p, offset=onto) if tensor(graph, POOL_B) in p.buffer.tensors else p
        for p in plan.placements
    )
    with pytest.raises(PlanError, match="operator 0 writes over its own input"):
        validate_plan(graph, replace(plan, placements=spoiled))


def test_computing_again_what_comes_later_is_caught(graph: Graph) -> None:
    steps = computed_again(graph)
    with pytest.raises(PlanError, match="not computed yet"):
        validate_plan(graph, planned(graph, (steps[0], replace(steps[1], again=(LAST,)), steps[2])))


def test_a_step_of_operators_that_are_not_neighbours_is_caught(graph: Graph) -> None:
    good = compile_graph(graph, KernelSet.REF).steps
    merged = replace(good[0], ops=(POOL_A, ADD))
    with pytest.raises(PlanError, match="in order"):
        validate_plan(graph, planned(graph, (merged, good[1], good[3])))


def test_generated_code_shows_no_bytes_of_what_stays_inside_a_step(graph: Graph) -> None:
    plan = planned(graph, together(graph, (POOL_A, POOL_B, ADD), (tensor(graph, ADD),)))
    context = aot_context(graph, plan)
    assert [output.nbytes for output in context.op_outputs] == ["0", "0", "32", "32"]
    assert context.steps[0].ops == (POOL_A, POOL_B, ADD)
    assert context.steps[0].kinds == "MAX_POOL_2D + MAX_POOL_2D + ADD"
    assert plan.kernel_of(POOL_A) == plan.kernel_of(ADD)
