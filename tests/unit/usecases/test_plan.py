"""The table of a plan, for people and programs."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ectopy.aot import KernelSet, Plan, compile_graph
from ectopy.aot.types import Kernel, Step
from ectopy.errors import InputError, ModelError
from ectopy.graph.costs import graph_macs
from ectopy.graph.reader import load_tflite
from ectopy.graph.types import Graph
from ectopy.report.plan import PlanTable, to_json
from ectopy.report.plan_screen import plan_screen
from ectopy.typed_json import read_value
from ectopy.usecases.plan import PlanRequest, plan_table, show_plan, with_costs
from ectopy.usecases.render import render_texts
from ectopy.vocab import EngineName, OpKind, Optimize
from ectopy.zoo import open_bundle
from support.command_line import text_of
from support.invented_profile import invented_profile

BUNDLE = "beat-2-eff-sm"


@pytest.fixture(scope="module")
def graph() -> Graph:
    return load_tflite(open_bundle(BUNDLE).tflite_path)


@pytest.fixture(scope="module")
def plan(graph: Graph) -> Plan:
    return compile_graph(graph)


@pytest.fixture(scope="module")
def table(graph: Graph, plan: Plan) -> PlanTable:
    return plan_table(graph, plan, Optimize.SPEED)


@pytest.fixture(scope="module")
def single(graph: Graph) -> Plan:
    """Every operator by itself."""
    return compile_graph(graph, optimize=Optimize.DEBUG)


def test_every_step_says_what_the_plan_says(graph: Graph, plan: Plan, table: PlanTable) -> None:
    assert [step.operators for step in table.steps] == [step.ops for step in plan.steps]
    for shown, step in zip(table.steps, plan.steps, strict=True):
        assert shown.kernel == ("" if step.call is None else step.call.kernel)
        assert shown.kinds == tuple(graph.ops[index].kind for index in step.ops)
        for tensor, index in zip(shown.outputs, step.outputs, strict=True):
            assert tensor.offset_bytes == plan.offset_of(index)
            assert tensor.planar == (index in plan.planar)
            assert tensor.shape == graph.tensors[index].shape
            assert tensor.offset_bytes + tensor.nbytes <= table.arena_bytes
    assert {tensor.planar for step in table.steps for tensor in step.outputs} == {True, False}


def test_totals_are_those_of_the_plan_and_of_the_image(graph: Graph, table: PlanTable) -> None:
    rendering = render_texts(open_bundle(BUNDLE), EngineName.AOT)
    assert table.constant_bytes == rendering.constant_bytes > 26_110
    assert table.arena_bytes == rendering.arena_bytes
    assert 0 < table.live_peak_bytes <= table.arena_bytes
    assert sum(step.macs for step in table.steps) == table.macs == graph_macs(graph)


def test_json_is_what_the_classes_document(table: PlanTable) -> None:
    tree = json.loads(to_json(table))
    assert tree.pop("schema_version") == 1
    assert read_value(tree, PlanTable) == table
    assert tree["costs"] is None
    assert tree["steps"][1]["modelled_cycles"] is None


def joined(plan: Plan) -> Plan:
    """The same with the second and third step as one, whose kernel has the third's name."""
    first, second, third, *rest = plan.steps
    one = Step(ops=(*second.ops, *third.ops), outputs=third.outputs, call=third.call)
    return replace(plan, steps=(first, one, *rest))


def test_operators_that_one_kernel_computes_are_one_row(graph: Graph, single: Plan) -> None:
    apart = plan_table(graph, single, Optimize.DEBUG)
    table = plan_table(graph, joined(single), Optimize.DEBUG)
    row = table.steps[1]
    assert row.operators == (1, 2)
    assert row.kinds == (OpKind.CONV_2D, OpKind.DEPTHWISE_CONV_2D)
    assert row.macs == apart.steps[1].macs + apart.steps[2].macs
    shown = text_of(plan_screen(table))
    assert "1-2" in shown
    assert "+ DEPTHWISE_CONV_2D" in shown
    assert f"60 operators in {len(apart.steps) - 2} kernel calls" in shown


def test_the_screen_shows_kernels_layouts_places_and_totals(graph: Graph, single: Plan) -> None:
    table = plan_table(graph, single, Optimize.DEBUG)
    lines = text_of(plan_screen(table)).splitlines()
    stem = next(line for line in lines if " stem " in line)
    assert stem.split() == [
        *("1", "CONV_2D", "stem", Kernel.CONV2D_1XK_S2_M4, "256x24", "planar", "6,144", "0"),
        *("672", "55,296"),
    ]
    assert "the same memory" in next(line for line in lines if "RESHAPE" in line)
    assert f"arena {table.arena_bytes:,} bytes" in lines[-1]
    assert "EMULATED" not in "\n".join(lines)


def test_costs_are_those_of_the_profile_and_are_labelled(table: PlanTable) -> None:
    conv, mean, around = invented_profile().operators
    two = replace(table, steps=table.steps[:2])
    costly = with_costs(two, invented_profile())
    assert [step.modelled_cycles for step in costly.steps] == [
        conv.modelled_cycles,
        mean.modelled_cycles,
    ]
    assert costly.costs is not None
    assert costly.costs.around_cycles == around.modelled_cycles
    shown = text_of(plan_screen(costly))
    assert "instructions are EMULATED, cycles are MODELLED" in shown
    assert f"{invented_profile().modelled_cycles:,}" in shown


def test_a_plan_without_fast_kernels_is_a_table_too(graph: Graph) -> None:
    table = plan_table(graph, compile_graph(graph, KernelSet.REF), Optimize.SPEED)
    assert not any(tensor.planar for step in table.steps for tensor in step.outputs)


def test_a_model_file_has_a_plan_but_no_image_to_run() -> None:
    path = str(open_bundle(BUNDLE).tflite_path)
    assert show_plan(PlanRequest(model=path)).model == BUNDLE
    with pytest.raises(InputError, match="needs a bundle") as caught:
        show_plan(PlanRequest(model=path, cycles=True))
    assert "--cycles" in caught.value.hint


def test_no_model_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        show_plan(PlanRequest(model=str(tmp_path / "none.tflite")))
