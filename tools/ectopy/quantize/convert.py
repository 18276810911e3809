"""Keras to TFLite through a saved model, and back out of a bundle's file."""

from __future__ import annotations

import importlib
import importlib.util
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from ectopy.errors import ModelError, ToolError
from ectopy.zoo import Bundle
from ectopy.zoo.archive import read_archive
from ectopy.zoo.libraries import EDGE_LIBRARIES


def load_keras(bundle: Bundle) -> Any:
    """The trained Keras model of a bundle.

    Raises:
        ModelError: The file is absent, unreadable, or its shapes are not the configuration's.
    """
    path = bundle.require_keras()
    _register_layers(path)
    # Names of the session reach the tensors of the .tflite: the same file must give the same bytes.
    keras.utils.clear_session()
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except (OSError, ValueError, TypeError, KeyError, zipfile.BadZipFile) as error:
        first_line = (str(error).splitlines() or [type(error).__name__])[0]
        raise ModelError(
            f"{path} is not a Keras model we can read: {first_line}",
            hint=f"train it again: ectopy train --model {bundle.target}"
            if bundle.origin is None
            else "was it made by another version of Keras? fetch or import it again with --force",
        ) from error
    configuration = bundle.configuration
    expected = ((None, configuration.frame_size, 1), (None, configuration.num_classes))
    if (model.input_shape, model.output_shape) != expected:
        raise ModelError(
            f"{path} maps {model.input_shape} to {model.output_shape}; its configuration "
            f"promises {expected[0]} to {expected[1]}"
        )
    return model


def _register_layers(path: Path) -> None:
    """Makes the layers of the edge libraries known to Keras where the file uses them.

    Nothing else that the file names is imported, and a file with other code is refused before
    Keras sees it.
    """
    for package in read_archive(path).packages:
        if package not in EDGE_LIBRARIES:
            raise ModelError(
                f"{path} is not a Keras model we can read: it holds layers of {package[:80]}",
                hint=f"only layers of Keras, {', '.join(EDGE_LIBRARIES)} are loaded",
            )
        if importlib.util.find_spec(package) is None:
            raise ModelError(
                f"{path} holds layers of {package}, which is not installed",
                hint=f".venv-train/bin/pip install {EDGE_LIBRARIES[package]}",
            )
        importlib.import_module(package)


def convert_to_int8(model: Any, inputs: npt.NDArray[np.float32]) -> bytes:
    """Full-integer post-training quantization: int8 in and out, per-channel weights.

    The batch is fixed to one, as on the device. ``from_concrete_functions`` and
    ``from_keras_model`` fail on Keras 3 models at calibration, so the way leads through a saved
    model.

    Args:
        model: Keras model with one input, (batch, 512, 1) for a beat classifier.
        inputs: float32 (n, ...), the values of n model inputs, such as (n, 512) normalized
            windows; they set the ranges of the activations.

    Returns:
        The .tflite file; the same bytes for the same model, inputs and TensorFlow.

    Raises:
        ToolError: TensorFlow refuses.
    """
    shape = (1, *model.input_shape[1:])

    def representative() -> Iterator[list[npt.NDArray[np.float32]]]:
        for window in inputs:
            yield [window.reshape(shape)]

    with tempfile.TemporaryDirectory() as folder:
        _save(model, Path(folder), shape)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = representative
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.int8
        converter.inference_output_type = tf.int8
        try:
            data: bytes = converter.convert()
        except (ValueError, RuntimeError) as error:
            raise ToolError(f"TensorFlow cannot convert the model: {error}") from error
    return data


def runtime_name() -> str:
    """Which Keras and TensorFlow run float models here."""
    return f"Keras {keras.__version__}, TensorFlow {tf.__version__}"


def _save(model: Any, folder: Path, shape: tuple[int, ...]) -> None:
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint(
        name="serve",
        fn=lambda x: model(x, training=False),
        input_signature=[tf.TensorSpec(shape, tf.float32, name="input")],
    )
    archive.write_out(str(folder), verbose=False)
