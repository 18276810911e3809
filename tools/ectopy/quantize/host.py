"""Running an int8 model on the host, byte for byte as the device does; no TensorFlow here."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ectopy.errors import ModelError
from ectopy.graph.types import Graph
from ectopy.preprocess import quantize_windows, to_microvolts
from ectopy.progress import Progress, silent
from ectopy.reference import HostInterpreter
from ectopy.zoo import Configuration

_CHUNK = 2048  # windows at once: int64 sums of a whole split would take a gigabyte


def quantized_inputs(
    graph: Graph, configuration: Configuration, samples: npt.NDArray[np.float32]
) -> npt.NDArray[np.int8]:
    """The model's inputs as the device's preprocess makes them.

    Args:
        graph: The int8 model.
        configuration: Of the model.
        samples: float32 (n, 512), millivolts.

    Returns:
        int8 (n, 512).

    Raises:
        ModelError: The model's input is not quantized.
    """
    quant = graph.input.quant
    if quant is None:
        raise ModelError(f"{graph.name}: the input is not quantized")
    inputs = np.empty(samples.shape, dtype=np.int8)
    for start in range(0, len(samples), _CHUNK):
        part = slice(start, start + _CHUNK)
        inputs[part] = quantize_windows(
            to_microvolts(samples[part]), configuration.preprocess, quant.scale, quant.zero_point
        )
    return inputs


def predict_int8(
    interpreter: HostInterpreter,
    inputs: npt.NDArray[np.int8],
    classes: int,
    progress: Progress = silent,
) -> npt.NDArray[np.int8]:
    """Outputs of an int8 model.

    Args:
        interpreter: Holds the model.
        inputs: int8 (n, 512) of :func:`quantized_inputs`.
        classes: Outputs per window.
        progress: Counts windows.

    Returns:
        int8 (n, classes).
    """
    outputs = np.empty((len(inputs), classes), dtype=np.int8)
    for i, window in enumerate(inputs):
        outputs[i] = interpreter.invoke(window).reshape(-1)
        progress(i + 1, len(inputs), interpreter.name)
    return outputs


def check_shapes(graph: Graph, configuration: Configuration) -> None:
    """Refuses a model that is not the one its configuration describes.

    Raises:
        ModelError: Input or output has another number of elements.
    """
    found = (graph.input.elements, graph.output.elements)
    promised = (configuration.frame_size, configuration.num_classes)
    if found != promised:
        raise ModelError(
            f"{graph.name}: the model maps {found[0]} samples to {found[1]} classes; its "
            f"configuration promises {promised[0]} to {promised[1]}"
        )
