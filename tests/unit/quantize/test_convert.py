# ruff: noqa: E402 - skip before importing what needs TensorFlow
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="needs the train extra")
keras = pytest.importorskip("keras", reason="needs the train extra")
pytest.importorskip("neuralspot_edge", reason="needs the train extra")

from ectopy.errors import ModelError
from ectopy.graph.reader import read_tflite
from ectopy.preprocess import normalize
from ectopy.quantize.convert import convert_to_int8, load_keras
from ectopy.quantize.layers import measure_layers
from ectopy.reference import open_reference
from ectopy.training.architecture import build_network
from ectopy.vocab import OpKind
from ectopy.zoo import Bundle, open_bundle
from support.ecg import made_up_windows

pytestmark = pytest.mark.train

SAMPLES = made_up_windows({"a": (12, 4, 4)}).samples
INPUTS = normalize(SAMPLES, 0.01)


def random_bundle(folder: Path, name: str) -> Bundle:
    """A bundle whose model has random weights and a batch normalization worth folding."""
    bundle = open_bundle(name)
    shutil.copy(bundle.path / "configuration.json", folder)
    keras.utils.set_random_seed(0)  # some draws switch a whole layer off, which is then exact
    model = build_network(bundle.configuration)
    random = np.random.default_rng(0)
    for weight in model.weights:
        if "moving_variance" in weight.path or "gamma" in weight.path:
            weight.assign(random.uniform(0.6, 1.8, weight.shape))
        elif "moving_mean" in weight.path or "beta" in weight.path:
            weight.assign(random.normal(0, 0.3, weight.shape))
    model.save(folder / "model.keras")
    return open_bundle(folder)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return random_bundle(tmp_path_factory.mktemp("bundle"), "beat-3-eff-sm")


@pytest.fixture(scope="module")
def tflite(bundle: Bundle) -> bytes:
    return convert_to_int8(load_keras(bundle), INPUTS)


def test_model_is_full_integer_with_the_operators_of_the_zoo(tflite: bytes) -> None:
    graph = read_tflite(tflite, "beat-3-eff-sm")
    counts = Counter(op.kind for op in graph.ops)
    assert counts == {
        OpKind.RESHAPE: 1,
        OpKind.CONV_2D: 25,
        OpKind.DEPTHWISE_CONV_2D: 8,
        OpKind.MAX_POOL_2D: 6,
        OpKind.MEAN: 9,
        OpKind.MUL: 16,
        OpKind.ADD: 2,
        OpKind.FULLY_CONNECTED: 1,
    }
    assert (graph.input.shape, graph.output.shape) == ((1, 512, 1), (1, 3))


def test_convolutions_are_quantized_per_channel(tflite: bytes) -> None:
    graph = read_tflite(tflite, "beat-3-eff-sm")
    stem = next(op for op in graph.ops if op.kind is OpKind.CONV_2D)
    weights = graph.op_inputs(stem)[1]
    assert weights is not None
    assert weights.quant is not None
    assert len(weights.quant.scales) == 24


def test_same_file_converts_to_the_same_bytes(bundle: Bundle, tflite: bytes) -> None:
    build_network(bundle.configuration)
    assert convert_to_int8(load_keras(bundle), INPUTS) == tflite


def test_layers_are_compared_with_their_float_twins(bundle: Bundle, tflite: bytes) -> None:
    graph = read_tflite(tflite, bundle.name)
    model = load_keras(bundle)
    layers = measure_layers(
        model, bundle.configuration, graph, open_reference(tflite, graph), SAMPLES
    )
    assert [layer.op for layer in layers] == list(range(68))
    without_twin = [layer for layer in layers if layer.elements == 0]
    # The converter splits each hard sigmoid in two; the first half is no Keras layer.
    assert {layer.kind for layer in without_twin} == {"CONV_2D"}
    assert len(without_twin) == 8
    assert all(layer.sqnr_db is not None for layer in layers if layer.elements)
    assert min(layer.sqnr_db for layer in layers if layer.sqnr_db is not None) > 10
    assert layers[0].sqnr_db is not None
    assert layers[0].sqnr_db > 30
    assert layers[0].elements == SAMPLES.size


def test_values_beyond_the_calibrated_range_are_counted_as_saturated(
    bundle: Bundle, tflite: bytes
) -> None:
    graph = read_tflite(tflite, bundle.name)
    wild = np.zeros((2, 512), np.float32)
    wild[:, 100] = 5.0
    layers = measure_layers(
        load_keras(bundle), bundle.configuration, graph, open_reference(tflite, graph), wild
    )
    assert layers[0].saturated == 2


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a model", b"\x89HDF\r\n\x1a\n"])
def test_unreadable_keras_file_is_refused(tmp_path: Path, content: bytes) -> None:
    shutil.copy(open_bundle("beat-3-eff-sm").path / "configuration.json", tmp_path)
    (tmp_path / "model.keras").write_bytes(content)
    with pytest.raises(ModelError, match="is not a Keras model we can read"):
        load_keras(open_bundle(tmp_path))


def test_keras_model_of_other_classes_is_refused(tmp_path: Path, bundle: Bundle) -> None:
    shutil.copy(open_bundle("beat-2-eff-sm").path / "configuration.json", tmp_path)
    shutil.copy(bundle.keras_path, tmp_path)
    with pytest.raises(ModelError, match="its configuration promises"):
        load_keras(open_bundle(tmp_path))


def test_keras_file_that_would_run_code_is_refused(tmp_path: Path) -> None:
    shutil.copy(open_bundle("beat-3-eff-sm").path / "configuration.json", tmp_path)
    inputs = keras.Input((512, 1))
    x: Any = keras.layers.Lambda(lambda t: t[:, :3, 0])(inputs)
    keras.Model(inputs, x).save(tmp_path / "model.keras")
    with pytest.raises(ModelError, match="is not a Keras model we can read"):
        load_keras(open_bundle(tmp_path))
