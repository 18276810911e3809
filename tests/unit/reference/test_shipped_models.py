"""The models in models/: their anchors, and our executor against tflite-micro on all tensors."""

from pathlib import Path

import numpy as np
import pytest

from ectopy.graph.costs import graph_macs
from ectopy.graph.reader import load_tflite, read_model_bytes
from ectopy.reference import ReferenceExecutor, TflmInterpreter, open_reference
from ectopy.vocab import OpKind

MODELS = Path(__file__).parents[3] / "models"

SHIPPED = {"beat-2-eff-sm": (60, 866_624, 2), "beat-3-eff-sm": (68, 963_264, 3)}
"""Operators, multiply-accumulates, classes."""

KINDS = {
    OpKind.RESHAPE,
    OpKind.CONV_2D,
    OpKind.DEPTHWISE_CONV_2D,
    OpKind.MAX_POOL_2D,
    OpKind.MEAN,
    OpKind.MUL,
    OpKind.ADD,
    OpKind.FULLY_CONNECTED,
}


def windows(count: int) -> np.ndarray:
    """int8 (count, 512): noise, and beats of a kind that reach both ends of the range."""
    random = np.random.default_rng(11)
    noise = random.normal(0, 25, (count, 512))
    position = random.integers(200, 300, (count, 1))
    beat = 150 * np.exp(-(((np.arange(512) - position) / 4.0) ** 2))
    return np.clip(np.rint(noise + beat * random.choice([-1, 1], (count, 1))), -128, 127).astype(
        np.int8
    )


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_model_has_the_zoo_networks_costs(name: str) -> None:
    operators, macs, classes = SHIPPED[name]
    graph = load_tflite(MODELS / name / "model.tflite")
    assert graph.name == name
    assert (len(graph.ops), graph_macs(graph)) == (operators, macs)
    assert {op.kind for op in graph.ops} == KINDS
    assert (graph.input.elements, graph.output.elements) == (512, classes)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_model_equals_tflite_micro_on_every_tensor(name: str) -> None:
    pytest.importorskip("tflite_micro", reason="tflite-micro exists for x86-64 Linux only")
    path = MODELS / name / "model.tflite"
    graph = load_tflite(path)
    oracle, ours = TflmInterpreter(read_model_bytes(path), graph), ReferenceExecutor(graph)
    for x in windows(12):
        np.testing.assert_array_equal(ours.invoke(x), oracle.invoke(x))
        theirs, mine = oracle.tensors(), ours.tensors()
        assert len(theirs) == len(graph.ops) + 1
        for index, values in theirs.items():
            np.testing.assert_array_equal(mine[index], values, err_msg=f"tensor {index}")


def test_reference_of_a_shipped_model_says_who_it_is() -> None:
    path = MODELS / "beat-3-eff-sm" / "model.tflite"
    reference = open_reference(read_model_bytes(path), load_tflite(path))
    assert "tflite-micro" in reference.name or "executor" in reference.name
    assert reference.invoke(windows(1)[0]).shape == (1, 3)
