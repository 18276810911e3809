"""ADD and MUL, with numpy's broadcasting."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ectopy.fixedpoint import (
    ADD_LEFT_SHIFT,
    add_constants,
    mul_multiplier,
    multiply_by_quantized_multiplier,
)
from ectopy.graph.types import ElementwiseAttrs, Graph, Op
from ectopy.reference.kernels.rescale import centred, quant_of, to_int8

Array: TypeAlias = npt.NDArray[Any]


def add(graph: Graph, op: Op, inputs: list[Array]) -> npt.NDArray[np.int8]:
    """ADD: both operands go to a common scale with 20 more bits, their sum to the output scale.

    Source: TFLite ``reference/integer_ops/add.h`` and ``micro/kernels/add_common.cc``.
    """
    assert isinstance(op.attrs, ElementwiseAttrs)
    a, b = (quant_of(tensor) for tensor in graph.op_inputs(op))
    output = graph.op_output(op)
    constants = add_constants(a.scale, b.scale, quant_of(output).scale)
    sums = _scaled(inputs[0], a.zero_point, constants.a)
    sums = sums + _scaled(inputs[1], b.zero_point, constants.b)
    return to_int8(sums, [constants.output], output, op.attrs.activation)


def _scaled(values: Array, zero_point: int, multiplier: tuple[int, int]) -> npt.NDArray[np.int32]:
    widened = centred(values, zero_point) << ADD_LEFT_SHIFT
    return multiply_by_quantized_multiplier(widened, *multiplier)


def mul(graph: Graph, op: Op, inputs: list[Array]) -> npt.NDArray[np.int8]:
    """MUL: the product of the distances from the zero points, rescaled.

    Source: TFLite ``reference/integer_ops/mul.h`` and ``micro/kernels/mul_common.cc``.
    """
    assert isinstance(op.attrs, ElementwiseAttrs)
    a, b = (quant_of(tensor) for tensor in graph.op_inputs(op))
    output = graph.op_output(op)
    products = centred(inputs[0], a.zero_point) * centred(inputs[1], b.zero_point)
    multiplier = mul_multiplier(a.scale, b.scale, quant_of(output).scale)
    return to_int8(products, [multiplier], output, op.attrs.activation)
