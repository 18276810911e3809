"""Our windows as the data set of ns_autodeploy, so that both see the same input."""

from __future__ import annotations

import gzip
import pickle
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ectopy.errors import ToolError
from ectopy.graph.types import Graph


def export_dataset(
    path: Path, graph: Graph, quantized: npt.NDArray[np.int8], classes: npt.NDArray[np.uint8]
) -> None:
    """Writes windows as the compressed pickle that it reads.

    Args:
        path: The file.
        graph: Whose input.
        quantized: int8 (n, elements of the input), what our device gets.
        classes: uint8 (n,), true classes.

    Raises:
        ToolError: The disk does not take it.

    Source: ``load_pkl`` and ``get_dataset`` in tools/ns_utils.py of neuralSPOT 1.3.0.
    """
    values = exact_floats(graph, quantized)
    labels = classes.astype(np.int64)
    pickled = pickle.dumps({"X": values, "y": labels, "XT": values, "yt": labels}, protocol=4)
    try:
        path.write_bytes(gzip.compress(pickled, mtime=0))
    except OSError as error:
        raise ToolError(f"cannot write {path}: {error.strerror}", hint="free the disk") from error


def exact_floats(graph: Graph, quantized: npt.NDArray[np.int8]) -> npt.NDArray[np.float64]:
    """Floats from which ns_autodeploy makes exactly these int8 values.

    It computes ``x / scale + zero_point`` and cuts off towards zero. The plain value of a step
    lies on the edge of the cut: exact in float64, it falls to the next step in float32. A quarter
    of a step away from zero is safe for both, and would be if it rounded one day.

    Args:
        graph: Whose input scale, zero point and shape.
        quantized: int8 (n, elements of the input).

    Returns:
        float64 (n, *shape of the input without the batch).

    Source: ``validateModel`` in tools/autodeploy/validator.py of neuralSPOT 1.3.0.
    """
    quant = graph.input.quant
    if quant is None:
        raise ValueError("the graph's input is not quantized")
    steps = quantized.astype(np.float64)
    steps += 0.25 * np.sign(steps)
    values: npt.NDArray[np.float64] = (steps - quant.zero_point) * quant.scale
    return values.reshape(len(quantized), *graph.input.shape[1:])
