"""What the checks of all operator kinds share: operands, shapes, quantization, overflow."""

from __future__ import annotations

import math

from ectopy.errors import ModelError
from ectopy.graph.rejections import DAMAGED, REQUANTIZE, op_error
from ectopy.graph.types import Graph, Op, QuantParams, Tensor
from ectopy.vocab import DType

INT32_MAX = 2**31 - 1
"""TFLite's accumulators, also after the left shift of their rescaling, are int32."""

OUTPUT_LIMIT = INT32_MAX - 128
"""Up to it a zero point can be added."""

MAX_LEFT_SHIFT = 30

ROUNDED_UP = 1 + 2.0**-31
"""A fraction next to 1 may be rounded up to the next power of two."""

DEAD_LAYER = (
    "its output scale is too small for its input and weights, as behind a layer whose outputs are "
    "all but constant: leave that out, or "
)
"""Beginning of a hint."""


def fail(op: Op, reason: str, hint: str = DAMAGED) -> ModelError:
    """The error for an operator."""
    return op_error(op.index, op.kind, reason, hint=hint)


def operands_of(graph: Graph, op: Op, *counts: int) -> tuple[Tensor | None, ...]:
    """The operands, if there are as many as one of ``counts``."""
    if len(op.inputs) not in counts:
        raise fail(op, f"it has {len(op.inputs)} inputs, {' or '.join(map(str, counts))} expected")
    return graph.op_inputs(op)


def int8_operand(op: Op, tensor: Tensor | None, *, rank: int | None = None) -> QuantParams:
    """Checks an int8 operand with one scale; returns its quantization."""
    if tensor is None or tensor.dtype is not DType.INT8 or tensor.quant is None:
        raise fail(op, "an operand is not quantized int8", REQUANTIZE)
    if len(tensor.quant.scales) != 1:
        raise fail(op, f"tensor {tensor.index} '{tensor.name}' is quantized per channel")
    if rank is not None and len(tensor.shape) != rank:
        raise fail(op, f"its operand of shape {tensor.shape} should have {rank} dimensions")
    return tensor.quant


def data_flow(op: Op, tensor: Tensor | None, *, rank: int | None = None) -> tuple[Tensor, float]:
    """Checks an operand that must not be a constant; returns it and its scale."""
    quant = int8_operand(op, tensor, rank=rank)
    assert tensor is not None
    if tensor.data is not None:
        raise fail(op, f"its input '{tensor.name}' is a constant")
    return tensor, quant.scale


def expect_shape(graph: Graph, op: Op, shape: tuple[int, ...]) -> None:
    """Checks that the output has the shape that the inputs give it."""
    found = graph.op_output(op).shape
    if found != shape:
        raise fail(op, f"its output has shape {found}, its inputs give {shape}")


def check_same_quant(op: Op, x: Tensor, output: Tensor) -> None:
    """Checks an operator that moves bytes without rescaling them."""
    if int8_operand(op, x) != int8_operand(op, output):
        raise fail(op, "its input and output differ in scale or zero point", REQUANTIZE)


def reach(quant: QuantParams) -> int:
    """Greatest distance of an int8 value from the zero point."""
    return max(127 - quant.zero_point, quant.zero_point + 128)


def shift_of(factor: float) -> int:
    """The shift that rescaling by ``factor`` takes, to the left if it is positive."""
    return math.frexp(factor * ROUNDED_UP)[1]


def check_widened(op: Op, magnitude: int, factor: float, what: str) -> None:
    """Disproves that an accumulator, widened by the left shift of its rescaling, leaves int32.

    Args:
        op: For the message.
        magnitude: Greatest magnitude of the accumulator.
        factor: By which it is rescaled.
        what: The accumulator, for the message.
    """
    shift = max(0, shift_of(factor)) if math.isfinite(factor) else 1024
    too_far = shift > MAX_LEFT_SHIFT or magnitude << shift > INT32_MAX
    if too_far or magnitude * (factor * ROUNDED_UP) > OUTPUT_LIMIT:
        shifted = f" times 2^{shift}" if shift else ""
        raise fail(
            op,
            f"{what} may overflow int32: up to {magnitude}{shifted}, rescaled by {factor:g}, and "
            f"{INT32_MAX} is the limit",
            hint=DEAD_LAYER + REQUANTIZE,
        )
