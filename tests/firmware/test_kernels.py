"""Generated C, compiled with sanitizers, against tflite-micro: every operator's output."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ectopy.aot import compile_graph
from ectopy.aot.params import Conv2d1x1M4Params
from ectopy.aot.types import Kernel
from ectopy.graph.reader import read_tflite
from ectopy.graph.types import Graph
from ectopy.reference import HostInterpreter, open_reference
from ectopy.vocab import OpKind, Optimize
from firmware.aot_host import HostModels, build
from firmware.random_blocks import RandomBlocks
from firmware.random_bytes import RandomBytes
from firmware.random_models import RandomFilters, RandomModel, RandomRows
from firmware.random_products import RandomProducts

MODELS = {
    RandomModel: 64,
    RandomRows: 64,
    RandomBytes: 64,
    RandomFilters: 64,
    RandomProducts: 96,
    RandomBlocks: 64,
}
INPUTS = 4

TOGETHER = {
    Kernel.DWCONV2D_1XK_MEAN_M4,
    Kernel.CONV2D_DWCONV2D_1XK_M4,
    Kernel.CONV2D_DWCONV2D_1XK_MEAN_M4,
}
"""Kernels of several operators, which are not there where every operator is by itself."""

SMALL = {Kernel.DWCONV2D_1XK_CONV2D_1X1_M4, Kernel.FULLY_CONNECTED_PACKED_M4}
"""Kernels for plans made for size."""

ABSENT = {
    Optimize.SPEED: SMALL,
    Optimize.SIZE: {Kernel.CONV2D_1X1_M4, Kernel.FULLY_CONNECTED_M4},
    Optimize.DEBUG: {*SMALL, *TOGETHER},
}
"""Kernels that a goal does not choose."""


@pytest.fixture(scope="module")
def files() -> list[bytes]:
    return [
        kind(1000 * place + seed).build()
        for place, (kind, count) in enumerate(MODELS.items())
        for seed in range(count)
    ]


@pytest.fixture(scope="module", params=Optimize)
def host(
    files: list[bytes], tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> HostModels:
    graphs = [read_tflite(data, f"random {i}") for i, data in enumerate(files)]
    return build(graphs, tmp_path_factory.mktemp("kernels"), request.param)


def inputs_of(graph: Graph, seed: int) -> Iterator[np.ndarray]:
    """Both ends of the range, then noise."""
    random = np.random.default_rng(seed)
    yield np.full(graph.input.shape, -128, np.int8)
    yield np.full(graph.input.shape, 127, np.int8)
    for _ in range(INPUTS - 2):
        yield random.integers(-128, 128, graph.input.shape, np.int8)


def assert_equal(
    graph: Graph, outputs: dict[int, bytes], interpreter: HostInterpreter, x: np.ndarray
) -> None:
    interpreter.invoke(x)
    expected = interpreter.tensors()
    for op in graph.ops:
        tensor = op.outputs[0]
        if tensor not in outputs:
            continue  # it stays inside a kernel of several operators
        ours = np.frombuffer(outputs[tensor], np.int8)
        wrong = np.flatnonzero(ours != expected[tensor].ravel())
        assert not wrong.size, (
            f"{graph.name}: operator {op.index} ({op.kind}) differs at {wrong[:5]}: "
            f"{ours[wrong[:5]]} not {expected[tensor].ravel()[wrong[:5]]}"
        )


def test_every_operator_of_random_models_equals_the_reference(
    host: HostModels, files: list[bytes]
) -> None:
    jobs = [(i, x) for i, graph in enumerate(host.graphs) for x in inputs_of(graph, i)]
    references = [open_reference(data, g) for data, g in zip(files, host.graphs, strict=True)]
    for (number, x), outputs in zip(jobs, host.run(jobs), strict=True):
        if host.optimize is Optimize.DEBUG:
            assert set(outputs) == {op.outputs[0] for op in host.graphs[number].ops}
        assert_equal(host.graphs[number], outputs, references[number], x)


def test_random_models_fuse_products_in_every_way(files: list[bytes]) -> None:
    found = set()
    for data in files:
        graph = read_tflite(data, "product")
        for step in compile_graph(graph).steps:
            if step.call is not None and isinstance(step.call.params, Conv2d1x1M4Params):
                kinds = tuple(graph.ops[op].kind for op in step.ops)
                found.add((step.call.kernel, kinds))
    mul, conv, add = OpKind.MUL, OpKind.CONV_2D, OpKind.ADD
    ways = ((conv,), (mul, conv), (conv, add), (mul, conv, add))
    kernels = (Kernel.CONV2D_1X1_M4, Kernel.CONV2D_1X1_W8_M4)
    assert found == {(kernel, way) for kernel in kernels for way in ways}


def test_random_models_visit_every_kernel_in_place_and_saturated(host: HostModels) -> None:
    plans = [compile_graph(graph, optimize=host.optimize) for graph in host.graphs]
    calls = [step.call for plan in plans for step in plan.steps if step.call is not None]
    assert {call.kernel for call in calls} == set(Kernel) - ABSENT[host.optimize]
    shared = [p for plan in plans for p in plan.placements if len(p.buffer.tensors) > 1]
    assert shared


def test_random_models_have_every_kind_of_operator(host: HostModels) -> None:
    assert {op.kind for graph in host.graphs for op in graph.ops} == set(OpKind)


def test_saturated_and_unsaturated_outputs_both_occur(host: HostModels) -> None:
    jobs = [(i, x) for i, graph in enumerate(host.graphs) for x in inputs_of(graph, i)]
    values = np.frombuffer(b"".join(b"".join(o.values()) for o in host.run(jobs)), np.int8)
    inside = np.count_nonzero((values > -128) & (values < 127)) / values.size
    assert 0.2 < inside < 0.95


def test_the_oracle_is_tflite_micro_where_it_exists(files: list[bytes], host: HostModels) -> None:
    pytest.importorskip("tflite_micro", reason="no tflite-micro on this platform")
    assert "tflite-micro" in open_reference(files[0], host.graphs[0]).name


def test_generated_code_is_in_the_repository_nowhere() -> None:
    assert not list((Path(__file__).parents[2] / "firmware").rglob("model_aot.c"))
