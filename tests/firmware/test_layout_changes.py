"""Convolutions that read one layout and write the other, against tflite-micro on both machines."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ectopy.aot import compile_graph
from ectopy.aot.params import Conv2dM4Params
from ectopy.aot.types import Kernel, Plan
from ectopy.aot.validate import PlanError, validate_plan
from ectopy.graph.reader import read_tflite
from ectopy.graph.types import Graph
from ectopy.reference import open_reference
from ectopy.vocab import Optimize, Padding
from firmware.aot_host import HostModels, build
from firmware.aot_virt import build_for_virt
from support.tflite_builder import ModelBuilder, Quant

WIDTH = 48
ALL_WAYS = {(0, 0), (0, 1), (1, 0), (1, 1)}
Ways = list[tuple[int, int]]


def output_of(builder: ModelBuilder, x: int, taps: int, zero_point: int) -> Quant:
    scale = builder.spec.tensors[x].scales[0] * 0.01 * 74 * np.sqrt(taps)
    return Quant(float(np.float32(scale)), zero_point)


def network(seed: int, channels: int, taps: int, dilation: int, zero_point: int) -> bytes:
    """Planar filters, a window over all channels, planar filters; then a stride, then a pixel more.

    The input and what the application reads are channels-last, and so is what is left of a row
    without its last pixels.
    """
    builder = ModelBuilder(seed)
    x = builder.input((1, 1, WIDTH, 3), Quant(0.05, zero_point))

    def conv(x: int, channels: int, **window: object) -> int:
        kernel = window.get("kernel", (1, 1))
        assert isinstance(kernel, tuple)
        depth = kernel[1] * builder.spec.tensors[x].shape[-1]
        output = output_of(builder, x, depth, zero_point)
        return builder.conv_2d(x, channels=channels, output=output, **window)  # type: ignore[arg-type]

    def filters(x: int) -> int:
        for _ in range(2):
            output = output_of(builder, x, 9, -128)
            x = builder.depthwise_conv_2d(x, kernel=(1, 9), output=output)
        return x

    x = filters(conv(x, channels))
    x = conv(x, channels + 3, kernel=(1, taps), dilation=(1, dilation))
    x = filters(x)
    x = conv(x, 5, kernel=(1, taps), stride=(1, 1), padding=Padding.VALID)
    x = conv(x, 4, kernel=(1, 3), stride=(1, 2))
    return builder.finish(builder.mean(x, axes=(2,), output=Quant(0.9, 3)))


def files() -> list[bytes]:
    return [
        network(1, channels=8, taps=3, dilation=1, zero_point=-128),
        network(2, channels=7, taps=4, dilation=3, zero_point=127),
        network(3, channels=16, taps=2, dilation=5, zero_point=-9),
    ]


def ways(plan: Plan) -> Ways:
    calls = (step.call for step in plan.steps)
    params = [c.params for c in calls if c is not None and c.kernel is Kernel.CONV2D_M4]
    assert all(isinstance(p, Conv2dM4Params) for p in params)
    return [(p.in_planar, p.out_planar) for p in params]  # type: ignore[union-attr]


def inputs_of(graph: Graph) -> Iterator[np.ndarray]:
    random = np.random.default_rng(5)
    yield np.full(graph.input.shape, -128, np.int8)
    yield np.full(graph.input.shape, 127, np.int8)
    for _ in range(3):
        yield random.integers(-128, 128, graph.input.shape, np.int8)


def assert_equal(models: HostModels) -> None:
    for number, (graph, data) in enumerate(zip(models.graphs, files(), strict=True)):
        reference = open_reference(data, graph)
        inputs = list(inputs_of(graph))
        for x, outputs in zip(inputs, models.run([(number, x) for x in inputs]), strict=True):
            reference.invoke(x)
            expected = reference.tensors()
            for tensor, found in outputs.items():
                assert found == expected[tensor].tobytes(), f"model {number}, tensor {tensor}"


@pytest.fixture(scope="module")
def graphs() -> list[Graph]:
    return [read_tflite(data, f"layouts {i}") for i, data in enumerate(files())]


def test_all_changes_of_layout_occur(graphs: list[Graph]) -> None:
    assert {way for graph in graphs for way in ways(compile_graph(graph))} == ALL_WAYS


@pytest.mark.parametrize("optimize", Optimize)
def test_every_tensor_on_the_host_equals_tflite_micro(
    graphs: list[Graph], tmp_path: Path, optimize: Optimize
) -> None:
    assert_equal(build(graphs, tmp_path, optimize))


@pytest.mark.e2e
def test_every_tensor_on_the_virtual_board_equals_tflite_micro(
    graphs: list[Graph], tmp_path: Path
) -> None:
    assert_equal(build_for_virt(graphs, tmp_path))


@pytest.mark.parametrize("field", ["in_planar", "out_planar"])
def test_a_convolution_that_is_told_the_wrong_layout_is_caught(
    graphs: list[Graph], field: str
) -> None:
    plan = compile_graph(graphs[0])
    for number, step in enumerate(plan.steps):
        if step.call is None or not isinstance(step.call.params, Conv2dM4Params):
            continue
        wrong = replace(step.call.params, **{field: 1 - getattr(step.call.params, field)})
        spoiled = replace(step, call=replace(step.call, params=wrong))
        steps = (*plan.steps[:number], spoiled, *plan.steps[number + 1 :])
        with pytest.raises(PlanError, match="the wrong layout"):
            validate_plan(graphs[0], replace(plan, steps=steps))
