"""Our own int8 executor: short, legible, and equal to tflite-micro on every tensor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy.typing as npt

from ectopy.graph.types import Graph, Op
from ectopy.reference.interpreter import (
    Int8Array,
    activations,
    nothing_inferred,
    shaped_input,
)
from ectopy.reference.kernels.dense import fully_connected
from ectopy.reference.kernels.elementwise import add, mul, sub
from ectopy.reference.kernels.lookup import lookup, softmax
from ectopy.reference.kernels.reduce import mean
from ectopy.reference.kernels.rescale import TFLITE, Arithmetic
from ectopy.reference.kernels.shape import (
    batch_to_space,
    concatenation,
    pad,
    reshape,
    resize_nearest,
    space_to_batch,
    strided_slice,
    transpose,
)
from ectopy.reference.kernels.windowed import (
    average_pool_2d,
    conv_2d,
    depthwise_conv_2d,
    max_pool_2d,
)
from ectopy.vocab import OpKind

Kernel: TypeAlias = Callable[[Graph, Op, list[npt.NDArray[Any]], Arithmetic], Int8Array]

KERNELS: Mapping[OpKind, Kernel] = MappingProxyType(
    {
        OpKind.RESHAPE: reshape,
        OpKind.CONV_2D: conv_2d,
        OpKind.DEPTHWISE_CONV_2D: depthwise_conv_2d,
        OpKind.MAX_POOL_2D: max_pool_2d,
        OpKind.MEAN: mean,
        OpKind.MUL: mul,
        OpKind.ADD: add,
        OpKind.FULLY_CONNECTED: fully_connected,
        OpKind.AVERAGE_POOL_2D: average_pool_2d,
        OpKind.SUB: sub,
        OpKind.SQUEEZE: reshape,
        OpKind.EXPAND_DIMS: reshape,
        OpKind.PAD: pad,
        OpKind.PADV2: pad,
        OpKind.CONCATENATION: concatenation,
        OpKind.STRIDED_SLICE: strided_slice,
        OpKind.TRANSPOSE: transpose,
        OpKind.SPACE_TO_BATCH_ND: space_to_batch,
        OpKind.BATCH_TO_SPACE_ND: batch_to_space,
        OpKind.RESIZE_NEAREST_NEIGHBOR: resize_nearest,
        OpKind.SOFTMAX: softmax,
        OpKind.LOGISTIC: lookup,
        OpKind.TANH: lookup,
        OpKind.HARD_SWISH: lookup,
        OpKind.RELU: lookup,
        OpKind.RELU6: lookup,
        OpKind.LEAKY_RELU: lookup,
        OpKind.QUANTIZE: lookup,
    }
)


class ReferenceExecutor:
    """Executes a verified graph with numpy; a :class:`HostInterpreter`.

    Args:
        graph: As :func:`ectopy.graph.reader.read_tflite` gives it.
    """

    name = "ectopy reference executor"

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._constants: dict[int, npt.NDArray[Any]] = {
            tensor.index: tensor.data for tensor in graph.tensors if tensor.data is not None
        }
        self._values: dict[int, npt.NDArray[Any]] = {}

    def invoke(self, x: Int8Array) -> Int8Array:
        """One inference; see :class:`HostInterpreter`."""
        values = {**self._constants, self._graph.input.index: shaped_input(self._graph, x).copy()}
        for op in self._graph.ops:
            operands = [values[index] for index in op.inputs if index >= 0]
            values[op.outputs[0]] = KERNELS[op.kind](self._graph, op, operands, TFLITE)
        self._values = values
        output: Int8Array = values[self._graph.output.index].copy()
        return output

    def tensors(self) -> dict[int, Int8Array]:
        """Every activation of the last inference; see :class:`HostInterpreter`."""
        if not self._values:
            raise nothing_inferred()
        return {index: self._values[index].copy() for index in activations(self._graph)}
