"""What operators with weights have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ectopy.aot.params import Multipliers, Shifts
from ectopy.aot.rounding import rounds_exactly
from ectopy.aot.support import DOUBLED_LIMIT, check_accumulator, quant_of
from ectopy.fixedpoint import (
    INT8_MAX,
    INT8_MIN,
    activation_range,
    conv_multipliers,
    fully_connected_multiplier,
)
from ectopy.graph.types import ConstArray, Graph, Op, QuantParams, Tensor
from ectopy.vocab import Activation, OpKind

WIDE_SHIFT = 96
"""``ECT_WIDE_SHIFT``."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weighted:
    """Constants of CONV_2D, DEPTHWISE_CONV_2D or FULLY_CONNECTED.

    Attributes:
        weights: (out_c, taps..., in_c); depthwise (1, height, width, out_c).
        bias: (out_c,); zeros where it is omitted.
        multiplier: (out_c,).
        shift: (out_c,).
        bound: (out_c,), largest magnitude of the accumulator and of its partial sums in any order,
            the input's values and its zero point summed separately.
        clamp: Least and greatest output.
    """

    x: Tensor
    y: Tensor
    weights: ConstArray
    bias: npt.NDArray[np.int32]
    multiplier: Multipliers
    shift: Shifts
    bound: npt.NDArray[np.int64]
    clamp: tuple[int, int]

    @property
    def portable_shift(self) -> Shifts:
        """(out_c,), as the portable kernels take it: it also tells which accumulators are wide."""
        wide = (self.shift < 0) & (self.bound >= DOUBLED_LIMIT)
        return np.where(wide, self.shift + WIDE_SHIFT, self.shift).astype(np.int8)

    @property
    def requantizes_fast(self) -> bool:
        """Whether no output is clamped inside int8, and three instructions requantize each."""
        constants = zip(
            *(a.tolist() for a in (self.bound, self.multiplier, self.shift)), strict=True
        )
        return self.clamp == (INT8_MIN, INT8_MAX) and all(
            rounds_exactly(*channel) for channel in constants
        )

    @property
    def qx(self) -> QuantParams:
        """Quantization of the input."""
        return quant_of(self.x)

    @property
    def qy(self) -> QuantParams:
        """Quantization of the output."""
        return quant_of(self.y)


def read_weighted(graph: Graph, op: Op, activation: Activation) -> Weighted:
    """Collects the constants and proves that no accumulator overflows.

    Raises:
        ModelError: One might.
    """
    x, y = graph.tensors[op.inputs[0]], graph.op_output(op)
    qx, qw, qy = (quant_of(tensor) for tensor in (x, graph.tensors[op.inputs[1]], y))
    weights = graph.tensors[op.inputs[1]].data
    assert weights is not None  # verified by the reader
    depthwise = op.kind is OpKind.DEPTHWISE_CONV_2D
    out_c = weights.shape[-1 if depthwise else 0]
    values = graph.tensors[op.inputs[2]].data if op.inputs[2] >= 0 else None
    bias = np.zeros(out_c, np.int32) if values is None else values.astype(np.int32)
    if op.kind is OpKind.FULLY_CONNECTED and len(qw.scales) == 1:
        pairs = [fully_connected_multiplier(qx.scale, qw.scale, qy.scale)]
    else:
        pairs = list(conv_multipliers(qx.scale, qw.scales, qy.scale))
    multiplier, shift = _per_channel(pairs, out_c)
    rows = np.moveaxis(weights, -1 if depthwise else 0, 0).reshape(out_c, -1)
    sums = np.abs(rows.astype(np.int64)).sum(axis=1)
    bound = np.abs(bias.astype(np.int64)) + sums * (128 + abs(qx.zero_point))
    for largest, channel_shift in zip(bound.tolist(), shift.tolist(), strict=True):
        check_accumulator(op, largest, channel_shift)
    return Weighted(
        x=x,
        y=y,
        weights=weights,
        bias=bias,
        multiplier=multiplier,
        shift=shift,
        bound=bound,
        clamp=activation_range(activation, qy.scale, qy.zero_point),
    )


def _per_channel(pairs: Sequence[tuple[int, int]], out_c: int) -> tuple[Multipliers, Shifts]:
    """One multiplier and shift per output channel; a single pair is repeated."""
    full = list(pairs) * (out_c if len(pairs) == 1 else 1)
    multipliers, shifts = zip(*full, strict=True)
    return np.array(multipliers, np.int32), np.array(shifts, np.int8)
