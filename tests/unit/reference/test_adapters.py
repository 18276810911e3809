"""Adapters to tflite-micro and LiteRT, and the choice between them and our executor."""

import importlib.util

import numpy as np
import pytest

from ectopy.errors import InputError, ToolError
from ectopy.graph.reader import read_tflite
from ectopy.graph.types import Graph
from ectopy.reference import (
    LiteRtInterpreter,
    ReferenceExecutor,
    TflmInterpreter,
    litert,
    open_reference,
    tflm,
)
from support.tflite_builder import ModelBuilder, Quant

needs_tflm = pytest.mark.skipif(
    importlib.util.find_spec("tflite_micro") is None,
    reason="tflite-micro exists for x86-64 Linux only",
)


def model() -> tuple[bytes, Graph]:
    builder = ModelBuilder(seed=8)
    x = builder.input((1, 1, 8, 2), Quant(0.1, 3))
    x = builder.conv_2d(x, channels=3, kernel=(1, 3), output=Quant(1.0, -5))
    x = builder.mean(x, axes=(1, 2), output=Quant(1.0, 0))
    data = builder.finish(x)
    return data, read_tflite(data, "small")


def absent(_module: str) -> None:
    return None


@needs_tflm
def test_tflite_micro_is_the_reference_where_it_is_installed() -> None:
    reference = open_reference(*model())
    assert isinstance(reference, TflmInterpreter)
    assert reference.name.startswith("tflite-micro ")


def test_our_executor_stands_in_where_tflite_micro_is_absent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tflm, "find_spec", absent)
    reference = open_reference(*model())
    assert isinstance(reference, ReferenceExecutor)
    with pytest.raises(ToolError, match="tflite-micro is not installed") as caught:
        TflmInterpreter(*model())
    assert "pip install" in caught.value.hint


def test_absent_litert_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(litert, "find_spec", absent)
    with pytest.raises(ToolError, match="LiteRT is not installed") as caught:
        LiteRtInterpreter(*model())
    assert "pip install" in caught.value.hint


@needs_tflm
def test_tflite_micro_takes_flat_windows_and_gives_tensors_of_the_last_one() -> None:
    data, graph = model()
    interpreter = TflmInterpreter(data, graph)
    with pytest.raises(InputError, match="before the first inference"):
        interpreter.tensors()
    with pytest.raises(InputError, match="takes 16 int8 values"):
        interpreter.invoke(np.zeros(15, np.int8))
    first, second = np.full(16, -100, np.int8), np.arange(16, dtype=np.int8)
    interpreter.invoke(first)
    output = interpreter.invoke(second)
    tensors = interpreter.tensors()
    np.testing.assert_array_equal(tensors[graph.input.index].ravel(), second)
    np.testing.assert_array_equal(tensors[graph.output.index], output)
    assert output.shape == graph.output.shape


@needs_tflm
def test_tensors_are_those_of_the_last_inference_though_its_array_was_reused() -> None:
    data, graph = model()
    interpreter = TflmInterpreter(data, graph)
    x = np.full(16, -100, np.int8)
    output = interpreter.invoke(x)
    x[:] = 100
    np.testing.assert_array_equal(interpreter.tensors()[graph.output.index], output)


@needs_tflm
@pytest.mark.parametrize("channels", [2_000, 100_000])
@pytest.mark.parametrize("per_channel", [False, True])
def test_tflite_micro_gets_memory_for_many_channels(channels: int, per_channel: bool) -> None:
    builder = ModelBuilder()
    x = builder.input((1, 1, 1, 1), Quant(0.1, 2))
    scales = (0.01,) * (channels if per_channel else 1)
    y = builder.conv_2d(x, channels=channels, scales=scales, output=Quant(0.2, -3))
    data = builder.finish(y)
    interpreter = TflmInterpreter(data, read_tflite(data, "wide"))
    assert interpreter.invoke(np.zeros(1, np.int8)).size == channels
    assert interpreter.tensors()[y].size == channels


@needs_tflm
def test_model_that_tflite_micro_refuses_is_a_tool_error() -> None:
    data, graph = model()
    with pytest.raises(ToolError, match="refuses the model"):
        TflmInterpreter(data[: len(data) // 2], graph)


def test_litert_agrees_within_rounding() -> None:
    pytest.importorskip("ai_edge_litert", reason="ai-edge-litert is optional")
    data, graph = model()
    theirs, ours = LiteRtInterpreter(data, graph), ReferenceExecutor(graph)
    x = np.arange(16, dtype=np.int8)
    difference = theirs.invoke(x).astype(int) - ours.invoke(x)
    assert np.abs(difference).max() <= 1
    assert theirs.tensors().keys() == ours.tensors().keys()
