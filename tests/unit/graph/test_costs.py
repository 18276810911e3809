"""Costs counted by hand."""

from ectopy.graph.costs import (
    graph_constant_bytes,
    graph_macs,
    graph_parameters,
    op_cost,
    op_macs,
    peak_activation_bytes,
)
from ectopy.graph.reader import read_tflite
from ectopy.graph.types import Graph
from support.tflite_builder import ModelBuilder, Quant


def small_graph() -> Graph:
    """1x1x8x2 -> conv 3 channels, 1x3, stride 2 -> depthwise x2, 1x5 -> mean -> dense 4."""
    builder = ModelBuilder()
    x = builder.input((1, 1, 8, 2), Quant(0.1, 0))
    x = builder.conv_2d(x, channels=3, kernel=(1, 3), stride=(1, 2), output=Quant(1.0, 0))
    x = builder.depthwise_conv_2d(x, multiplier=2, kernel=(1, 5), output=Quant(1.0, 0))
    x = builder.mean(x, axes=(1, 2), keep_dims=False, output=Quant(1.0, 0))
    return read_tflite(builder.finish(builder.fully_connected(x, units=4, output=Quant(1, 0))), "x")


def test_macs_count_every_tap_of_every_output() -> None:
    graph = small_graph()
    expected = [4 * 3 * (3 * 2), 4 * 6 * 5, 0, 4 * 6]
    assert [op_macs(graph, op) for op in graph.ops] == expected
    assert graph_macs(graph) == sum(expected)


def test_parameters_are_weights_and_biases() -> None:
    assert graph_parameters(small_graph()) == (3 * 3 * 2 + 3) + (5 * 6 + 6) + (4 * 6 + 4)


def test_constant_bytes_hold_biases_and_axes_as_words() -> None:
    graph = small_graph()
    assert graph_constant_bytes(graph) == (18 + 4 * 3) + (30 + 4 * 6) + 2 * 4 + (24 + 4 * 4)
    cost = op_cost(graph, graph.ops[0])
    assert (cost.constant_bytes, cost.input_bytes, cost.output_bytes) == (30, 16, 12)


def test_peak_is_at_the_depthwise_operator() -> None:
    # 12 bytes in, 24 bytes out; before it 16 and 12.
    assert peak_activation_bytes(small_graph()) == 36


def test_peak_keeps_a_tensor_until_its_last_reader() -> None:
    builder = ModelBuilder()
    x = builder.input((1, 100), Quant(1.0, 0))
    half = builder.fully_connected(x, units=50, output=Quant(100.0, 0))
    back = builder.fully_connected(half, units=100, output=Quant(100.0, 0))
    graph = read_tflite(builder.finish(builder.add(x, back, output=Quant(100.0, 0))), "skip")
    assert peak_activation_bytes(graph) == 300


def test_shared_weights_are_counted_once() -> None:
    builder = ModelBuilder()
    x = builder.input((1, 6), Quant(0.1, 0))
    y = builder.fully_connected(x, units=6, output=Quant(0.1, 0))
    z = builder.fully_connected(y, units=6, output=Quant(0.1, 0))
    first, second = builder.spec.ops
    second.inputs[1:] = first.inputs[1:]
    graph = read_tflite(builder.finish(z), "shared")
    assert graph_parameters(graph) == 42
    assert graph_macs(graph) == 72
