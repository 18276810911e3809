"""ADD, SUB and MUL, with numpy's broadcasting."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ectopy.fixedpoint import (
    ADD_LEFT_SHIFT,
    add_constants,
    mul_multiplier,
)
from ectopy.graph.types import ElementwiseAttrs, Graph, Op
from ectopy.reference.kernels.rescale import TFLITE, Arithmetic, centred, quant_of

Array: TypeAlias = npt.NDArray[Any]


def add(
    graph: Graph, op: Op, inputs: list[Array], arithmetic: Arithmetic = TFLITE
) -> npt.NDArray[np.int8]:
    """ADD: both operands go to a common scale with 20 more bits, their sum to the output scale.

    Source: TFLite ``reference/integer_ops/add.h`` and ``micro/kernels/add_common.cc``.
    """
    return _sum(graph, op, inputs, 1, arithmetic)


def sub(
    graph: Graph, op: Op, inputs: list[Array], arithmetic: Arithmetic = TFLITE
) -> npt.NDArray[np.int8]:
    """SUB: as ADD, with the second operand subtracted after it is brought to the common scale.

    Source: TFLite ``reference/sub.h`` and ``micro/kernels/sub_common.cc``.
    """
    return _sum(graph, op, inputs, -1, arithmetic)


def _sum(
    graph: Graph, op: Op, inputs: list[Array], sign: int, arithmetic: Arithmetic
) -> npt.NDArray[np.int8]:
    assert isinstance(op.attrs, ElementwiseAttrs)
    a, b = (quant_of(tensor) for tensor in graph.op_inputs(op))
    output = graph.op_output(op)
    constants = add_constants(a.scale, b.scale, quant_of(output).scale)
    sums = arithmetic.rescale(_widened(inputs[0], a.zero_point), *constants.a)
    sums = sums + sign * arithmetic.rescale(_widened(inputs[1], b.zero_point), *constants.b)
    return arithmetic.to_int8(sums, [constants.output], output, op.attrs.activation)


def _widened(values: Array, zero_point: int) -> npt.NDArray[np.int32]:
    return centred(values, zero_point) << ADD_LEFT_SHIFT


def mul(
    graph: Graph, op: Op, inputs: list[Array], arithmetic: Arithmetic = TFLITE
) -> npt.NDArray[np.int8]:
    """MUL: the product of the distances from the zero points, rescaled.

    Source: TFLite ``reference/integer_ops/mul.h`` and ``micro/kernels/mul_common.cc``.
    """
    assert isinstance(op.attrs, ElementwiseAttrs)
    a, b = (quant_of(tensor) for tensor in graph.op_inputs(op))
    output = graph.op_output(op)
    products = centred(inputs[0], a.zero_point) * centred(inputs[1], b.zero_point)
    multiplier = mul_multiplier(a.scale, b.scale, quant_of(output).scale)
    return arithmetic.to_int8(products, [multiplier], output, op.attrs.activation)
