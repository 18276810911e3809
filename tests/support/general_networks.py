"""Networks beyond our beat classifiers: two of heartKIT's and two on images, with random weights.

Their files are kept, so that tests which compile them need no TensorFlow. To make them anew:

    make .venv-train/.ready
    PYTHONPATH=tests .venv-train/bin/python -m support.general_networks
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
from neuralspot_edge.models.efficientnet import EfficientNetParams, EfficientNetV2Model
from neuralspot_edge.models.tcn import TcnModel, TcnParams

from ectopy.quantize.convert import convert_to_int8
from support.general_inputs import INPUTS, NETWORKS, FloatArray

MADE_BY = "Keras 3.15.1, TensorFlow 2.21.0"
"""Of the files that are kept; others name tensors and round ranges in their own way."""

SEED = 5
CALIBRATION_INPUTS = 64
"""They set the statistics of normalization and the ranges of activations."""

RHYTHM = EfficientNetParams(
    input_filters=16,
    input_kernel_size=(1, 9),
    input_strides=(1, 2),
    blocks=[
        {
            "filters": filters,
            "depth": depth,
            "kernel_size": (1, 9),
            "strides": (1, 2),
            "ex_ratio": 1,
            "se_ratio": 2,
        }
        for filters, depth in ((24, 2), (32, 2), (40, 2), (48, 1))
    ],
    output_filters=0,
    include_top=True,
    use_logits=True,
)
"""The values of heartKIT's ``configs/arr-2-eff-sm.json`` (read at its commit 64cd51b)."""

SEGMENTATION = TcnParams(
    input_kernel=(1, 7),
    input_norm="batch",
    blocks=[
        {
            "depth": 1,
            "branch": 1,
            "filters": filters,
            "kernel": (1, 7),
            "dilation": (1, dilation),
            "dropout": 0.1,
            "ex_ratio": 1,
            "se_ratio": squeeze,
            "norm": "batch",
        }
        for filters, dilation, squeeze in ((16, 1, 0), (24, 2, 2), (32, 4, 2), (48, 8, 2))
    ],
    output_kernel=(1, 7),
    include_top=True,
    use_logits=True,
)
"""The values of heartKIT's ``configs/seg-4-tcn-sm.json``, same commit."""


def rhythm() -> Any:
    """Two rhythms from 512 samples; the softmax is what heartKIT's export puts behind logits."""
    inputs = keras.Input((512, 1), name="input")
    logits = EfficientNetV2Model.model_from_params(inputs, RHYTHM, 2).output
    return keras.Model(inputs, keras.layers.Softmax(name="softmax")(logits))


def segmentation() -> Any:
    """One of four waves for each of 256 samples."""
    inputs = keras.Input((256, 1), name="input")
    logits = TcnModel.model_from_params(inputs, SEGMENTATION, 4).output
    return keras.Model(inputs, keras.layers.Softmax(name="softmax")(logits))


def mobilenet() -> Any:
    """MobileNet with an eighth of the filters, on grey images of the size of a visual wake word."""
    return keras.applications.MobileNet(
        input_shape=(96, 96, 1), alpha=0.125, weights=None, classes=2, dropout=0
    )


def keyword() -> Any:
    """The shape of a keyword spotter on spectra, narrower than in arXiv:1711.07128."""
    layers = keras.layers
    inputs = keras.Input((49, 10, 1), name="input")
    x = layers.Conv2D(32, (10, 4), strides=(2, 2), padding="same", use_bias=False)(inputs)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    for _ in range(4):
        x = layers.DepthwiseConv2D((3, 3), padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
        x = layers.Conv2D(32, (1, 1), use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Flatten()(layers.AveragePooling2D(x.shape[1:3])(x))
    return keras.Model(inputs, layers.Dense(12, activation="softmax")(x))


BUILDERS: Mapping[str, Callable[[], Any]] = {
    "arr-2-eff-sm": rhythm,
    "seg-4-tcn-sm": segmentation,
    "mobilenet-v1-0125": mobilenet,
    "ds-cnn": keyword,
}


def make_tflite(name: str) -> bytes:
    """Builds one network with random weights and quantizes it; the same bytes on one machine."""
    # Names of layers reach the file; they must not depend on what was built before.
    keras.utils.clear_session()
    keras.utils.set_random_seed(SEED)
    random = np.random.default_rng(SEED)
    model = BUILDERS[name]()
    inputs = INPUTS[name](CALIBRATION_INPUTS, random)
    settle(model, inputs, random)
    return convert_to_int8(model, inputs)


def settle(model: Any, inputs: FloatArray, random: np.random.Generator) -> None:
    """Random offsets and gains, and the statistics that the inputs really have.

    So no layer's output is all clamped or all zero, as it would be with statistics drawn blindly.
    """
    for weight in model.trainable_weights:
        if weight.name in ("bias", "beta"):
            weight.assign(random.normal(0, 0.5, weight.shape))
        elif weight.name == "gamma":
            weight.assign(random.uniform(0.6, 1.8, weight.shape))
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0  # one pass is enough
    model(inputs.reshape(-1, *model.input_shape[1:]), training=True)


if __name__ == "__main__":
    NETWORKS.mkdir(parents=True, exist_ok=True)
    for each in BUILDERS:
        (NETWORKS / f"{each}.tflite").write_bytes(make_tflite(each))
