"""From accumulators to int8, for all families."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ectopy.fixedpoint import activation_range, multiply_by_quantized_multiplier
from ectopy.graph.types import QuantParams, Tensor
from ectopy.vocab import Activation


def quant_of(tensor: Tensor | None) -> QuantParams:
    """The quantization of an operand that verification has shown to be quantized."""
    if tensor is None or tensor.quant is None:
        raise AssertionError("the graph was not verified")
    return tensor.quant


def centred(values: npt.NDArray[Any], zero_point: int) -> npt.NDArray[np.int32]:
    """int8 values as distances from their zero point."""
    return values.astype(np.int32) - np.int32(zero_point)


def to_int8(
    accumulators: npt.NDArray[np.int32],
    multipliers: Sequence[tuple[int, int]],
    output: Tensor,
    activation: Activation = Activation.NONE,
) -> npt.NDArray[np.int8]:
    """Rescales, adds the output zero point, clamps.

    Args:
        accumulators: int32, channels last.
        multipliers: Multiplier and shift of each channel, or one pair for all.
        output: The operator's output tensor.
        activation: Fused activation.
    """
    multiplier, shift = np.array(multipliers, np.int64).T
    rescaled = multiply_by_quantized_multiplier(accumulators, multiplier, shift)
    return clamp(rescaled + np.int32(quant_of(output).zero_point), output, activation)


def clamp(values: npt.NDArray[Any], output: Tensor, activation: Activation) -> npt.NDArray[np.int8]:
    """Clamps to what the activation lets through, at most int8."""
    quant = quant_of(output)
    low, high = activation_range(activation, quant.scale, quant.zero_point)
    clamped: npt.NDArray[np.int8] = np.minimum(np.maximum(values, low), high).astype(np.int8)
    return clamped
