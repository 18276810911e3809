"""MEAN."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from ectopy.fixedpoint import mean_multiplier
from ectopy.graph.types import Graph, MeanAttrs, Op
from ectopy.reference.kernels.rescale import TFLITE, Arithmetic, centred, quant_of


def mean(
    graph: Graph, op: Op, inputs: list[npt.NDArray[Any]], arithmetic: Arithmetic = TFLITE
) -> npt.NDArray[np.int8]:
    """MEAN: one sum and one rescaling that also divides by the number of elements.

    Source: TFLite ``reference/reduce.h`` (``QuantizedMeanOrSum``).
    """
    assert isinstance(op.attrs, MeanAttrs)
    x = graph.tensors[op.inputs[0]]
    output = graph.op_output(op)
    axes = op.attrs.axes
    sums = centred(inputs[0], quant_of(x).zero_point).sum(axis=axes, dtype=np.int32)
    count = prod(x.shape[axis] for axis in axes)
    multiplier = mean_multiplier(quant_of(x).scale, quant_of(output).scale, count)
    shaped = np.asarray(sums, np.int32).reshape(output.shape)
    return arithmetic.to_int8(shaped, [multiplier], output)
