"""FULLY_CONNECTED."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ectopy.fixedpoint import conv_multipliers, fully_connected_multiplier
from ectopy.graph.types import FullyConnectedAttrs, Graph, Op
from ectopy.reference.kernels.rescale import TFLITE, Arithmetic, centred, quant_of


def fully_connected(
    graph: Graph, op: Op, inputs: list[npt.NDArray[Any]], arithmetic: Arithmetic = TFLITE
) -> npt.NDArray[np.int8]:
    """FULLY_CONNECTED: input rows of ``in`` values, weights (out, in), bias or nothing.

    Source: TFLite ``reference/integer_ops/fully_connected.h`` and
    ``micro/kernels/fully_connected_common.cc``.
    """
    assert isinstance(op.attrs, FullyConnectedAttrs)
    x, weights, *bias = inputs
    distances = centred(x, quant_of(graph.tensors[op.inputs[0]]).zero_point)
    sums = distances.reshape(-1, weights.shape[1]) @ weights.astype(np.int32).T
    if bias:
        sums = sums + bias[0]
    output = graph.op_output(op)
    multipliers = _multipliers(graph, op)
    shaped = sums.reshape(output.shape)
    return arithmetic.to_int8(shaped, multipliers, output, op.attrs.activation)


def _multipliers(graph: Graph, op: Op) -> tuple[tuple[int, int], ...]:
    scale = quant_of(graph.tensors[op.inputs[0]]).scale
    scales = quant_of(graph.tensors[op.inputs[1]]).scales
    output_scale = quant_of(graph.op_output(op)).scale
    if len(scales) == 1:
        return (fully_connected_multiplier(scale, scales[0], output_scale),)
    return conv_multipliers(scale, scales, output_scale)
