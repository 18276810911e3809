"""What activations, QUANTIZE and SOFTMAX demand of their operand."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

from ectopy.graph.operands import (
    OUTPUT_LIMIT,
    check_same_quant,
    check_widened,
    data_flow,
    expect_shape,
    fail,
    int8_operand,
    operands_of,
    reach,
    shift_of,
)
from ectopy.graph.rejections import REQUANTIZE
from ectopy.graph.types import Graph, LookupAttrs, Op, QuantParams, SoftmaxAttrs, Tensor
from ectopy.vocab import OpKind

MAX_SOFTMAX_DEPTH = 511
"""More equal logits than that make tflite-micro stop the program: its last shift gets too wide."""

MAX_BITS_16 = 15
"""Shift of an int16 to the right that leaves something."""

MAX_LEFT, MAX_SHIFT_64 = 30, 62
"""Shifts to the left in int32 and in int64."""

NEGATIVE_SLOPE = "use a slope of at least 0: below, TFLite runtimes differ"


def _operand(graph: Graph, op: Op) -> tuple[Tensor, QuantParams, QuantParams]:
    """The input, its quantization and that of the output, which has its shape."""
    x, _ = data_flow(op, operands_of(graph, op, 1)[0])
    expect_shape(graph, op, x.shape)
    return x, int8_operand(op, x), int8_operand(op, graph.op_output(op))


def _expect_quant(op: Op, found: QuantParams, steps: int, zero_point: int) -> None:
    if (found.scale, found.zero_point) != (1 / steps, zero_point):
        raise fail(op, f"its output needs scale 1/{steps} and zero point {zero_point}", REQUANTIZE)


def _check_scaled(op: Op, x: QuantParams) -> None:
    """LOGISTIC and TANH scale their input by shifting it to the left."""
    if not 0 <= shift_of(x.scale * 2.0**27) <= MAX_SHIFT_64:
        raise fail(op, f"its input scale {x.scale:g} is not between 2^-28 and 2^35", REQUANTIZE)


def _check_logistic(graph: Graph, op: Op) -> None:
    _, x, y = _operand(graph, op)
    _expect_quant(op, y, 256, -128)
    _check_scaled(op, x)


def _check_tanh(graph: Graph, op: Op) -> None:
    _, x, y = _operand(graph, op)
    _expect_quant(op, y, 128, 0)
    _check_scaled(op, x)


def _check_hard_swish(graph: Graph, op: Op) -> None:
    _, x, y = _operand(graph, op)
    if not -MAX_BITS_16 <= shift_of(x.scale / 128 / y.scale) <= 0:
        raise fail(
            op, f"its output scale {y.scale:g} does not fit input scale {x.scale:g}", REQUANTIZE
        )
    if not -MAX_BITS_16 <= shift_of(x.scale / 128 * 32768 / 3) <= MAX_LEFT:
        raise fail(op, f"its input scale {x.scale:g} is out of range", REQUANTIZE)


def _check_rescaled(graph: Graph, op: Op) -> None:
    """RELU, LEAKY_RELU, QUANTIZE."""
    assert isinstance(op.attrs, LookupAttrs)
    _, x, y = _operand(graph, op)
    alpha = op.attrs.alpha
    if not (math.isfinite(alpha) and alpha >= 0):
        raise fail(op, f"its slope {alpha:g} below zero is not supported", NEGATIVE_SLOPE)
    check_widened(op, reach(x), x.scale / y.scale * max(1.0, alpha), "the input")


def _check_relu6(graph: Graph, op: Op) -> None:
    x, quant, _ = _operand(graph, op)
    check_same_quant(op, x, graph.op_output(op))
    if 6.0 / quant.scale >= OUTPUT_LIMIT:
        raise fail(op, f"its scale {quant.scale:g} is too small", REQUANTIZE)


def _check_softmax(graph: Graph, op: Op) -> None:
    assert isinstance(op.attrs, SoftmaxAttrs)
    x, quant, y = _operand(graph, op)
    _expect_quant(op, y, 256, -128)
    if not x.shape:
        raise fail(op, "its input has no axis")
    if x.shape[-1] > MAX_SOFTMAX_DEPTH:
        raise fail(
            op,
            f"its last axis of {x.shape} has more than {MAX_SOFTMAX_DEPTH} entries",
            "leave the softmax out: the greatest logit is the greatest probability",
        )
    beta = op.attrs.beta
    if not (math.isfinite(beta) and beta * quant.scale * 2.0**26 > 1):
        raise fail(op, f"beta {beta:g} times input scale {quant.scale:g} is too small", REQUANTIZE)


LOOKUP_CHECKS: Mapping[OpKind, Callable[[Graph, Op], None]] = MappingProxyType(
    {
        OpKind.LOGISTIC: _check_logistic,
        OpKind.TANH: _check_tanh,
        OpKind.HARD_SWISH: _check_hard_swish,
        OpKind.RELU: _check_rescaled,
        OpKind.RELU6: _check_relu6,
        OpKind.LEAKY_RELU: _check_rescaled,
        OpKind.QUANTIZE: _check_rescaled,
        OpKind.SOFTMAX: _check_softmax,
    }
)
