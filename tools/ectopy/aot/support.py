"""Checks that all operators share on their way to a kernel."""

from __future__ import annotations

from ectopy.errors import ModelError
from ectopy.graph.rejections import op_error
from ectopy.graph.types import Op, QuantParams, Tensor

ACCUMULATOR_LIMIT = 2**30
"""Kernels double an accumulator before they multiply it, so it has 30 bits and a sign."""


def refuse(op: Op, reason: str) -> ModelError:
    """The error for an operator that the AOT engine does not compute."""
    return op_error(op.index, op.kind, f"{reason}; the AOT engine cannot compute that", hint=_HINT)


_HINT = "run `ectopy inspect` on the model to see what each engine supports"


def quant_of(tensor: Tensor) -> QuantParams:
    """Quantization of a tensor that has one, as the reader verified."""
    assert tensor.quant is not None
    return tensor.quant


def single_batch(op: Op, tensor: Tensor) -> None:
    """Spatial kernels work on one NHWC image.

    Raises:
        ModelError: The tensor is a batch of several.
    """
    if tensor.shape[0] != 1:
        raise refuse(op, f"its input holds a batch of {tensor.shape[0]}")


def check_accumulator(op: Op, bound: int, shift: int) -> None:
    """Proves that requantization cannot overflow.

    Args:
        op: For the message.
        bound: Largest magnitude the accumulator can take.
        shift: TFLite shift of its multiplier; positive ones widen it.

    Raises:
        ModelError: It might.
    """
    if bound << max(shift, 0) >= ACCUMULATOR_LIMIT:
        raise refuse(op, f"accumulator may reach {bound} * 2^{max(shift, 0)}, the limit is 2^30")
