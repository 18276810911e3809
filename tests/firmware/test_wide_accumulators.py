"""Accumulators of 31 bits, as behind biases of a dead layer, by the portable kernels.

The kernels for the DSP extension double an accumulator and leave these to them.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ectopy.aot.support import DOUBLED_LIMIT, INT32_MAX
from ectopy.aot.weighted import read_weighted
from ectopy.graph.reader import read_tflite
from ectopy.graph.types import Graph
from ectopy.reference import ReferenceExecutor, TflmInterpreter
from ectopy.vocab import Activation
from firmware.aot_host import HostModels, build
from firmware.aot_virt import build_for_virt
from support.tflite_builder import ModelBuilder, Quant

pytest.importorskip("tflite_micro", reason="tflite-micro exists for x86-64 Linux only")

WIDTH, DEPTH = 12, 5
INPUT = Quant(0.05, -7)
BIASES = (DOUBLED_LIMIT, DOUBLED_LIMIT - 1, INT32_MAX, DOUBLED_LIMIT + 987_654, 5_000)
"""The greatest is made smaller by what the weights can add to it."""

WEIGHTED = ("conv", "matrix", "vector", "depthwise", "multiplied", "dense")


def weighted(kind: str, output: Quant, seed: int) -> tuple[ModelBuilder, int]:
    """One operator, seven or ten output channels or units; the last are no whole block."""
    builder = ModelBuilder(seed)
    pixels = 1 if kind == "vector" else WIDTH
    x = builder.input((1, 1, pixels, DEPTH), INPUT)
    match kind:
        case "conv":
            y = builder.conv_2d(x, channels=7, kernel=(1, 3), output=output)
        case "matrix" | "vector":
            y = builder.conv_2d(x, channels=7, output=output)
        case "depthwise":
            y = builder.depthwise_conv_2d(x, output=output)
        case "multiplied":
            y = builder.depthwise_conv_2d(x, multiplier=2, output=output)
        case _:
            y = builder.fully_connected(x, units=7, output=output, scales=(0.01,), bias=True)
    return builder, y


def biased(kind: str, seed: int) -> bytes:
    """Biases at both ends of what is wide, on both sides of zero, and an ordinary one."""
    step = INPUT.scale * 0.01
    builder, y = weighted(kind, Quant(float(np.float32(step * 2**24.6)), 3), seed)
    _, weights, bias = (builder.spec.tensors[i] for i in builder.spec.ops[0].inputs)
    assert weights.data is not None
    room = 256 * 127 * len(weights.data) // bias.shape[0]
    values = [min(BIASES[i % 5], INT32_MAX - room) for i in range(bias.shape[0])]
    signs = [1 if (i + seed) % 2 else -1 for i in range(bias.shape[0])]
    bias.data = (np.array(values) * signs).astype("<i4").tobytes()
    return builder.finish(y)


def shifted_left(kind: str, seed: int) -> bytes:
    """An output scale so small that an accumulator just stays in int32 when it is widened."""
    builder, y = weighted(kind, Quant(1.0, -3), seed)
    graph = read_tflite(builder.finish(y), kind)
    bound = int(read_weighted(graph, graph.ops[0], Activation.NONE).bound.max())
    shift = 31 - bound.bit_length()
    step = INPUT.scale * 0.01
    builder.spec.tensors[y].scales = (float(np.float32(step / 2 ** (shift - 0.5))),)
    return builder.finish(y)


def product(seed: int) -> bytes:
    builder = ModelBuilder(seed)
    x = builder.input((1, 1, WIDTH, DEPTH), Quant(1.0, -128))
    return builder.finish(builder.mul(x, x, output=Quant(2.0**-14.5, 5)))


def mean(seed: int) -> bytes:
    builder = ModelBuilder(seed)
    x = builder.input((1, 1, WIDTH, DEPTH), Quant(1.0, -128))
    return builder.finish(builder.mean(x, axes=(1, 2), output=Quant(2.0**-21.5, 5)))


def files() -> list[bytes]:
    models = [
        make(kind, seed) for make in (biased, shifted_left) for kind in WEIGHTED for seed in (0, 1)
    ]
    return [*models, product(0), mean(0)]


def inputs_of(graph: Graph) -> Iterator[np.ndarray]:
    """Both ends, the zero point, two noises and one value that is not the zero point."""
    random = np.random.default_rng(3)
    quant = graph.input.quant
    assert quant is not None
    for value in (-128, 127, quant.zero_point):
        yield np.full(graph.input.shape, value, np.int8)
    yield random.integers(-128, 128, graph.input.shape, np.int8)
    yield random.integers(quant.zero_point, quant.zero_point + 3, graph.input.shape, np.int8)


def assert_equal(models: HostModels, data: list[bytes]) -> None:
    for number, (graph, model) in enumerate(zip(models.graphs, data, strict=True)):
        oracle = TflmInterpreter(model, graph)
        inputs = list(inputs_of(graph))
        for x, outputs in zip(inputs, models.run([(number, x) for x in inputs]), strict=True):
            expected = oracle.invoke(x)
            assert outputs[graph.outputs[0]] == expected.tobytes(), f"model {number}"


@pytest.fixture(scope="module")
def graphs() -> list[Graph]:
    return [read_tflite(data, f"wide {i}") for i, data in enumerate(files())]


def test_the_biases_are_wide_and_not_all_outputs_clamped() -> None:
    for kind in WEIGHTED:
        data = biased(kind, 0)
        graph = read_tflite(data, kind)
        w = read_weighted(graph, graph.ops[0], Activation.NONE)
        assert (w.bound >= DOUBLED_LIMIT).sum() > 2, kind
        assert w.bound.max() > INT32_MAX - 2**17 * 127, kind
        outputs = TflmInterpreter(data, graph).invoke(next(inputs_of(graph)))
        assert len(set(np.unique(outputs)) - {-128, 127}) > 3, kind


def test_the_executor_equals_tflite_micro(graphs: list[Graph]) -> None:
    for graph, data in zip(graphs, files(), strict=True):
        ours, oracle = ReferenceExecutor(graph), TflmInterpreter(data, graph)
        for x in inputs_of(graph):
            np.testing.assert_array_equal(ours.invoke(x), oracle.invoke(x), err_msg=graph.name)


def test_generated_c_on_the_host_equals_tflite_micro(graphs: list[Graph], tmp_path: Path) -> None:
    assert_equal(build(graphs, tmp_path), files())


@pytest.mark.e2e
def test_generated_c_on_the_virtual_board_equals_tflite_micro(
    graphs: list[Graph], tmp_path: Path
) -> None:
    assert_equal(build_for_virt(graphs, tmp_path), files())
