"""The networks of heartKIT's zoo, built by the library that heartKIT itself uses."""

from __future__ import annotations

from typing import Any

import keras
from neuralspot_edge.models.efficientnet import EfficientNetParams, EfficientNetV2Model

from ectopy.errors import ModelError
from ectopy.zoo import Configuration

EFFICIENTNET = "efficientnetv2"


def build_network(configuration: Configuration) -> Any:
    """An untrained Keras model.

    Args:
        configuration: Its ``architecture`` says which; input is float32 (batch, 512, 1), output
            (batch, classes), logits or probabilities as ``use_logits`` says.

    Raises:
        ModelError: An architecture we do not have, or parameters it does not take.
    """
    architecture = configuration.architecture
    if architecture.name != EFFICIENTNET:
        raise ModelError(
            f"{configuration.name}: architecture {architecture.name!r} is not supported",
            hint=f"supported: {EFFICIENTNET}",
        )
    # Names of layers reach the files we write; they must not depend on what was built before.
    keras.utils.clear_session()
    inputs = keras.Input((configuration.frame_size, 1), name="input", dtype="float32")
    try:
        params = EfficientNetParams(**architecture.params)
        return EfficientNetV2Model.model_from_params(inputs, params, configuration.num_classes)
    except (ValueError, TypeError) as error:
        first_line = str(error).splitlines()[0]
        raise ModelError(
            f"{configuration.name}: architecture.params cannot be built: {first_line}"
        ) from error
