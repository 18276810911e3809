"""From accumulators to int8, for all families."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ectopy.fixedpoint import (
    Int32Array,
    activation_range,
    multiply_by_quantized_multiplier,
)
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


def clamp(values: npt.NDArray[Any], output: Tensor, activation: Activation) -> npt.NDArray[np.int8]:
    """Clamps to what the activation lets through, at most int8."""
    quant = quant_of(output)
    low, high = activation_range(activation, quant.scale, quant.zero_point)
    clamped: npt.NDArray[np.int8] = np.minimum(np.maximum(values, low), high).astype(np.int8)
    return clamped


def unchanged(accumulators: Int32Array) -> Int32Array:
    """An accumulator of 32 bits, which no verified model overflows."""
    return accumulators


Clamp: TypeAlias = Callable[[npt.NDArray[Any], Tensor, Activation], npt.NDArray[np.int8]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arithmetic:
    """The steps that all kernels share, from the accumulator on.

    The defaults are TFLite's; :mod:`ectopy.reference.faults` replaces one at a time by what a
    faulty kernel does.

    Attributes:
        accumulator: What the accumulator's width makes of a sum.
        rescale: (accumulators, multipliers, shifts) to int32 outputs.
        output_zero_point: Times the output zero point is added.
        clamp: (values, output tensor, activation) to int8.
    """

    accumulator: Callable[[Int32Array], Int32Array] = unchanged
    rescale: Callable[[Any, Any, Any], Int32Array] = multiply_by_quantized_multiplier
    output_zero_point: int = 1
    clamp: Clamp = clamp

    def to_int8(
        self,
        accumulators: Int32Array,
        multipliers: Sequence[tuple[int, int]],
        output: Tensor,
        activation: Activation = Activation.NONE,
    ) -> npt.NDArray[np.int8]:
        """Rescales, adds the output zero point, clamps.

        Args:
            accumulators: int32, channels last; of the output's shape, which may be ().
            multipliers: Multiplier and shift of each channel, or one pair for all.
            output: The operator's output tensor.
            activation: Fused activation.
        """
        multiplier, shift = np.array(multipliers, np.int64).T
        rescaled = self.rescale(self.accumulator(accumulators), multiplier, shift)
        offset = np.int32(self.output_zero_point * quant_of(output).zero_point)
        return self.clamp(rescaled + offset, output, activation).reshape(accumulators.shape)


TFLITE = Arithmetic()
