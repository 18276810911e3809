"""Activations and QUANTIZE, byte by byte, and SOFTMAX."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ectopy.fixedpoint import exp_of_differences, lookup_table, softmax_rows
from ectopy.graph.types import Graph, LookupAttrs, Op, SoftmaxAttrs
from ectopy.reference.kernels.rescale import TFLITE, Arithmetic, quant_of

Int8Array: TypeAlias = npt.NDArray[np.int8]
Inputs: TypeAlias = list[npt.NDArray[Any]]


def lookup(graph: Graph, op: Op, inputs: Inputs, arithmetic: Arithmetic = TFLITE) -> Int8Array:
    """An operator whose output byte depends on the input byte at its place."""
    assert isinstance(op.attrs, LookupAttrs)
    x, y = (quant_of(graph.tensors[index]) for index in (op.inputs[0], op.outputs[0]))
    table = lookup_table(op.kind, x, y, op.attrs.alpha)
    values: Int8Array = table[inputs[0].astype(np.int64) + 128]
    return values


def softmax(graph: Graph, op: Op, inputs: Inputs, arithmetic: Arithmetic = TFLITE) -> Int8Array:
    """SOFTMAX along the last axis. Source: TFLite ``reference/softmax.h``."""
    assert isinstance(op.attrs, SoftmaxAttrs)
    scale = quant_of(graph.tensors[op.inputs[0]]).scale
    return softmax_rows(inputs[0], exp_of_differences(scale, op.attrs.beta))
