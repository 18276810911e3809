"""What kernels compute: every error of this kind planted in plans of real and random models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest

from ectopy.aot import Plan, PlanError, compile_graph, validate_plan
from ectopy.aot.claims import ALONE, AVERAGES, SEVERAL, computes, walked
from ectopy.aot.types import Kernel, KernelCall, Step
from ectopy.graph.reader import load_tflite, read_tflite
from ectopy.graph.types import Graph
from ectopy.vocab import VIEW_KINDS, OpKind, Optimize
from ectopy.zoo import open_bundle
from firmware.random_blocks import RandomBlocks
from firmware.random_bytes import RandomBytes
from firmware.random_models import RandomFilters, RandomModel, RandomRows
from firmware.random_products import RandomProducts

EXTENTS = {"pixels", "in_c", "out_c", "channels", "in_w", "out_w", "rows", "count"}
"""Fields of the kernels of m4 that say how far they go."""

KINDS = (RandomModel, RandomRows, RandomFilters, RandomProducts, RandomBytes)


@pytest.fixture(scope="module")
def plans() -> list[tuple[Graph, Plan]]:
    graphs = [load_tflite(open_bundle("beat-2-eff-sm").tflite_path)]
    graphs += [read_tflite(kind(s).build(), "random") for kind in KINDS for s in range(20)]
    fast = [(graph, compile_graph(graph)) for graph in graphs]
    blocks = [read_tflite(RandomBlocks(s).build(), "block") for s in range(20)]
    return fast + [(g, compile_graph(g, optimize=Optimize.SIZE)) for g in (graphs[0], *blocks)]


def called(plan: Plan) -> Iterator[tuple[int, Step, KernelCall]]:
    for number, step in enumerate(plan.steps):
        if step.call is not None:
            yield number, step, step.call


def assert_caught(graph: Graph, plan: Plan, number: int, *steps: Step, merged: int = 1) -> None:
    spoiled = (*plan.steps[:number], *steps, *plan.steps[number + merged :])
    with pytest.raises(PlanError):
        validate_plan(graph, replace(plan, steps=spoiled))


def test_every_kernel_and_every_operator_has_a_claim() -> None:
    assert not SEVERAL & set(ALONE)
    assert set(ALONE) | SEVERAL == set(Kernel)
    several = {OpKind.CONV_2D, OpKind.DEPTHWISE_CONV_2D}
    assert several.union(*ALONE.values()) | VIEW_KINDS == set(OpKind)


def test_another_kernel_in_place_of_the_right_one_is_caught(
    plans: list[tuple[Graph, Plan]],
) -> None:
    tried = set()
    for graph, plan in plans:
        for number, step, call in called(plan):
            kinds = tuple(graph.ops[op].kind for op in step.ops)
            for kernel in set(Kernel) - {call.kernel}:
                other = replace(call, kernel=kernel)
                if computes(other, kinds) or kernel in SEVERAL - AVERAGES:
                    continue  # operators of these depend on the call's parameters
                assert_caught(graph, plan, number, replace(step, call=other))
                tried.add((call.kernel, kernel))
    assert len({right for right, _ in tried}) > 20


def test_a_step_that_claims_the_next_operator_too_is_caught(
    plans: list[tuple[Graph, Plan]],
) -> None:
    """Its kernel would leave out what it does not know; weights need no place in the arena."""
    tried = 0
    for graph, plan in plans:
        for number, step, _ in called(plan):
            for after in plan.steps[number + 1 : number + 2]:
                greedy = replace(step, ops=step.ops + after.ops, outputs=after.outputs)
                assert_caught(graph, plan, number, greedy, merged=2)
                tried += 1
    assert tried > 100


def test_rows_and_means_exchanged_are_caught(plans: list[tuple[Graph, Plan]]) -> None:
    tried = 0
    for graph, plan in plans:
        for number, step, call in called(plan):
            if call.kernel in AVERAGES and len(step.outputs) == 2:
                assert_caught(graph, plan, number, replace(step, outputs=step.outputs[::-1]))
                assert_caught(graph, plan, number, replace(step, outputs=step.outputs[1:]))
                tried += 1
    assert tried > 5


def altered(params: Any) -> Iterator[Any]:
    """The same with one extent doubled, or one of a struct inside."""
    for field in fields(params):
        value = getattr(params, field.name)
        if field.name in EXTENTS:
            yield replace(params, **{field.name: 2 * value})
        elif is_dataclass(value):
            yield from (replace(params, **{field.name: inner}) for inner in altered(value))


def test_kernels_that_go_too_far_are_caught(plans: list[tuple[Graph, Plan]]) -> None:
    tried = set()
    for graph, plan in plans:
        for number, step, call in called(plan):
            if walked(call) is None:
                continue
            for params in altered(call.params):
                assert_caught(graph, plan, number, replace(step, call=replace(call, params=params)))
                tried.add(call.kernel)
    assert tried == {kernel for kernel in Kernel if kernel.endswith("_m4")}
