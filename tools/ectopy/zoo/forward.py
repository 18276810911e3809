"""Running a float model on windows, whoever loaded it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from ectopy.preprocess import normalize
from ectopy.progress import Progress, silent
from ectopy.zoo.configuration import Configuration

WINDOWS_AT_ONCE = 512


def predict_float(
    model: Callable[..., Any],
    configuration: Configuration,
    samples: npt.NDArray[np.float32],
    progress: Progress = silent,
) -> npt.NDArray[np.float32]:
    """Outputs of a Keras model for windows.

    Args:
        model: The Keras model.
        configuration: Of the model.
        samples: float32 (n, 512), millivolts.
        progress: Counts windows.

    Returns:
        float32 (n, classes).
    """
    epsilon = configuration.preprocess.epsilon_mv2
    outputs = np.empty((len(samples), configuration.num_classes), dtype=np.float32)
    for start in range(0, len(samples), WINDOWS_AT_ONCE):
        part = samples[start : start + WINDOWS_AT_ONCE]
        inputs = normalize(part, epsilon)[:, :, np.newaxis]
        outputs[start : start + len(part)] = np.asarray(model(inputs, training=False))
        progress(start + len(part), len(samples), "")
    return outputs
