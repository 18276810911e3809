"""RESHAPE."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ectopy.graph.types import Graph, Op
from ectopy.reference.kernels.rescale import TFLITE, Arithmetic


def reshape(
    graph: Graph, op: Op, inputs: list[npt.NDArray[Any]], arithmetic: Arithmetic = TFLITE
) -> npt.NDArray[np.int8]:
    """RESHAPE: the same bytes under the output tensor's shape."""
    return inputs[0].reshape(graph.op_output(op).shape).astype(np.int8, copy=False)
