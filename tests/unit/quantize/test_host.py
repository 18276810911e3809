from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from ectopy.errors import ModelError
from ectopy.graph.reader import load_tflite
from ectopy.graph.types import Graph
from ectopy.preprocess import quantize_windows, to_microvolts
from ectopy.quantize.host import check_shapes, predict_int8, quantized_inputs
from ectopy.reference import HostInterpreter
from ectopy.zoo import open_bundle
from support.ecg import made_up_windows

BUNDLE = open_bundle("beat-3-eff-sm")
SAMPLES = made_up_windows({"a": (3, 2, 2)}).samples


@pytest.fixture(scope="module")
def graph() -> Graph:
    return load_tflite(BUNDLE.require_tflite())


def interpreter(invoke: Callable[[np.ndarray], np.ndarray]) -> HostInterpreter:
    return cast(HostInterpreter, SimpleNamespace(name="fake", invoke=invoke))


def test_inputs_are_those_of_the_devices_preprocess(graph: Graph) -> None:
    quant = graph.input.quant
    assert quant is not None
    expected = quantize_windows(
        to_microvolts(SAMPLES), BUNDLE.configuration.preprocess, quant.scale, quant.zero_point
    )
    found = quantized_inputs(graph, BUNDLE.configuration, SAMPLES)
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == np.int8
    assert len(np.unique(found)) > 20, "the range of int8 is used"


def test_outputs_come_in_the_order_of_the_windows_and_progress_counts_them(graph: Graph) -> None:
    inputs = quantized_inputs(graph, BUNDLE.configuration, SAMPLES)
    told: list[tuple[int, int, str]] = []
    outputs = predict_int8(
        interpreter(lambda x: x.reshape(1, -1)[:, :3]), inputs, 3, lambda *news: told.append(news)
    )
    np.testing.assert_array_equal(outputs, inputs[:, :3])
    assert told[-1] == (7, 7, "fake")


def test_model_of_another_bundle_is_refused(graph: Graph) -> None:
    check_shapes(graph, BUNDLE.configuration)
    with pytest.raises(ModelError, match="to 3 classes; its configuration promises 512"):
        check_shapes(graph, open_bundle("beat-2-eff-sm").configuration)


def test_float_input_is_refused(graph: Graph) -> None:
    bare = replace(graph.input, quant=None)
    tensors = tuple(bare if t.index == bare.index else t for t in graph.tensors)
    with pytest.raises(ModelError, match="the input is not quantized"):
        quantized_inputs(replace(graph, tensors=tensors), BUNDLE.configuration, SAMPLES)
