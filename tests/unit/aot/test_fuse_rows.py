"""Which filters along rows are computed together with what comes next, and what then is where."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ectopy.aot import Plan, PlanError, compile_graph, validate_plan
from ectopy.aot.params import (
    Conv2dDepthwise1xkM4Params,
    Depthwise1xkM4Params,
    KernelParams,
)
from ectopy.aot.types import Kernel
from ectopy.graph.reader import load_tflite, read_tflite
from ectopy.graph.types import Graph
from ectopy.vocab import OpKind, Optimize
from ectopy.zoo import open_bundle
from support.tflite_builder import ModelBuilder, Quant

WIDTH, CHANNELS = 32, 3
STEM, DEPTHWISE, POOL, MEAN, MUL = range(5)
RELU = -128
"""Output zero point behind a ReLU."""


class Rows:
    """A stem, a depthwise convolution, a pool, a mean and a product of both, or some of these."""

    def __init__(self, *, stem: int = RELU, depthwise: int = RELU) -> None:
        self.builder = ModelBuilder(5)
        x = self.builder.input((1, 1, 2 * WIDTH, 1), Quant(0.05, 3))
        self.stem = self.builder.conv_2d(
            x, channels=CHANNELS, kernel=(1, 9), stride=(1, 2), output=Quant(5.0, stem)
        )
        self.row = self.builder.depthwise_conv_2d(
            self.stem, kernel=(1, 9), output=Quant(300.0, depthwise)
        )

    def pool(self, x: int) -> int:
        return self.builder.max_pool_2d(x, kernel=(1, 2), stride=(1, 2))

    def scaled(self, x: int) -> int:
        """By its mean; the output of the model is another mean, so that rows may be planar."""
        mean = self.builder.mean(x, axes=(1, 2), output=Quant(300.0, RELU))
        return self.builder.mul(x, mean, output=Quant(30_000.0, RELU))

    def compiled(
        self, output: int, optimize: Optimize = Optimize.SPEED
    ) -> tuple[Graph, Plan, list[tuple[int, ...]]]:
        last = self.builder.mean(output, axes=(1, 2), output=Quant(30_000.0, 0))
        graph = read_tflite(self.builder.finish(last), "rows")
        plan = compile_graph(graph, optimize=optimize)
        return graph, plan, [step.ops for step in plan.steps]


def params_of(plan: Plan, op: int) -> KernelParams:
    call = next(step.call for step in plan.steps if op in step.ops)
    assert call is not None
    return call.params


def test_a_whole_chain_is_one_step_that_writes_rows_and_means() -> None:
    rows = Rows()
    graph, plan, ops = rows.compiled(rows.scaled(rows.pool(rows.row)))
    assert ops[0] == (STEM, DEPTHWISE, POOL, MEAN)
    assert plan.kernel_of(STEM) is Kernel.CONV2D_DWCONV2D_1XK_MEAN_M4
    assert plan.steps[0].outputs == (graph.ops[POOL].outputs[0], graph.ops[MEAN].outputs[0])
    params = params_of(plan, STEM)
    assert isinstance(params, Conv2dDepthwise1xkM4Params)
    assert params.conv.linear and params.depthwise.linear and params.depthwise.pooled
    assert not plan.has_place(graph.ops[STEM].outputs[0])
    assert not plan.has_place(graph.ops[DEPTHWISE].outputs[0])


def test_without_pool_or_mean_the_step_is_shorter() -> None:
    rows = Rows()
    _, plan, ops = rows.compiled(rows.scaled(rows.row))
    assert ops[0] == (STEM, DEPTHWISE, 2)
    rows = Rows()
    doubled = rows.builder.add(rows.row, rows.row, output=Quant(600.0, 0))
    _, plan, ops = rows.compiled(doubled)
    assert ops[0] == (STEM, DEPTHWISE)
    assert plan.kernel_of(STEM) is Kernel.CONV2D_DWCONV2D_1XK_M4
    rows = Rows()
    pooled = rows.pool(rows.row)
    _, plan, ops = rows.compiled(rows.builder.add(pooled, pooled, output=Quant(600.0, 0)))
    assert ops[0] == (STEM, DEPTHWISE, POOL)


def test_a_stem_that_somebody_else_reads_stays_by_itself() -> None:
    rows = Rows()
    both = rows.builder.add(rows.stem, rows.row, output=Quant(400.0, 0))
    graph, plan, ops = rows.compiled(both)
    assert ops[:2] == [(STEM,), (DEPTHWISE,)]
    assert plan.has_place(graph.ops[STEM].outputs[0])


def test_rows_that_somebody_else_reads_are_not_pooled_at_once() -> None:
    rows = Rows()
    pooled = rows.pool(rows.row)
    twice = rows.builder.add(pooled, rows.pool(rows.row), output=Quant(600.0, 0))
    _, _, ops = rows.compiled(twice)
    assert ops[:2] == [(STEM, DEPTHWISE), (POOL,)]


def test_a_mean_of_other_rows_is_not_taken_along() -> None:
    """It comes next, but averages what the depthwise convolution reads."""
    rows = Rows()
    mean = rows.builder.mean(rows.stem, axes=(1, 2), output=Quant(5.0, RELU))
    _, _, ops = rows.compiled(rows.builder.mul(rows.row, mean, output=Quant(1500.0, 0)))
    assert ops[:3] == [(STEM,), (DEPTHWISE,), (2,)]


def test_a_stem_without_linear_constants_is_not_taken_along_but_rows_are() -> None:
    rows = Rows(stem=4, depthwise=-7)
    _, plan, ops = rows.compiled(rows.scaled(rows.pool(rows.row)))
    assert ops[:2] == [(STEM,), (DEPTHWISE, POOL, MEAN)]
    params = params_of(plan, DEPTHWISE)
    assert isinstance(params, Depthwise1xkM4Params)
    assert params.pooled and not params.linear


@pytest.mark.parametrize("name", ["beat-2-eff-sm", "beat-3-eff-sm"])
def test_all_filters_of_the_shipped_models_are_linear_and_none_is_by_itself(name: str) -> None:
    graph = load_tflite(open_bundle(name).tflite_path)
    plan = compile_graph(graph)
    for op in graph.ops:
        if op.kind is OpKind.DEPTHWISE_CONV_2D:
            params = params_of(plan, op.index)
            if isinstance(params, Conv2dDepthwise1xkM4Params):
                assert params.conv.linear
                params = params.depthwise
            assert isinstance(params, Depthwise1xkM4Params) and params.linear
            assert plan.kernel_of(op.index) is not Kernel.DWCONV2D_1XK_M4
    assert plan.kernel_of(1) is Kernel.CONV2D_DWCONV2D_1XK_MEAN_M4


def test_for_debugging_every_operator_is_by_itself() -> None:
    rows = Rows()
    graph, plan, ops = rows.compiled(rows.scaled(rows.pool(rows.row)), Optimize.DEBUG)
    assert ops == [(op.index,) for op in graph.ops]
    assert all(plan.has_place(op.outputs[0]) for op in graph.ops)


def test_a_step_that_claims_other_operators_than_its_kernel_computes_is_caught() -> None:
    rows = Rows(stem=4)
    graph, plan, _ = rows.compiled(rows.scaled(rows.pool(rows.row)))
    step = plan.steps[1]
    assert step.call is not None and isinstance(step.call.params, Depthwise1xkM4Params)
    forgotten = replace(step.call, params=replace(step.call.params, pooled=0))
    without_means = replace(step.call, kernel=Kernel.DWCONV2D_1XK_M4)
    for call in (forgotten, without_means):
        steps = (plan.steps[0], replace(step, call=call), *plan.steps[2:])
        with pytest.raises(PlanError, match="does not compute operators"):
            validate_plan(graph, replace(plan, steps=steps))
