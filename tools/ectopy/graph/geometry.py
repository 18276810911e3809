"""Sizes of sliding windows, as TFLite computes them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ectopy.graph.types import (
    ConvAttrs,
    DepthwiseAttrs,
    Graph,
    Op,
    PoolAttrs,
    ResizeAttrs,
)
from ectopy.vocab import Padding


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A convolution or pooling window along one axis.

    Attributes:
        taps: Positions of the window.
        stride: Input steps per output.
        dilation: Input steps between taps.
    """

    taps: int
    stride: int
    dilation: int = 1

    @property
    def extent(self) -> int:
        """Input steps from the first to the last tap, both included."""
        return (self.taps - 1) * self.dilation + 1

    def outputs(self, inputs: int, padding: Padding) -> int:
        """Output length for an input of ``inputs`` steps; at most 0 if the window does not fit."""
        if padding is Padding.SAME:
            return -(-inputs // self.stride)
        return (inputs + self.stride - self.extent) // self.stride

    def pad_before(self, inputs: int, outputs: int) -> int:
        """Padding in front of the first input; the rest, if odd, goes behind the last.

        Source: TFLite ``padding.h``; the same formula serves SAME and VALID.
        """
        return max(0, (outputs - 1) * self.stride + self.extent - inputs) // 2


def windows_of(
    attrs: ConvAttrs | DepthwiseAttrs | PoolAttrs, kernel: tuple[int, int]
) -> tuple[Window, Window]:
    """The vertical and the horizontal window of an operator.

    Args:
        attrs: Strides and dilations.
        kernel: Rows and columns of taps: the filter's for convolutions, ``attrs.kernel`` for pools.
    """
    dilation = (1, 1) if isinstance(attrs, PoolAttrs) else attrs.dilation
    return (
        Window(taps=kernel[0], stride=attrs.stride[0], dilation=dilation[0]),
        Window(taps=kernel[1], stride=attrs.stride[1], dilation=dilation[1]),
    )


def image_shape(shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """(batch, rows, columns, channels); of three dimensions the second is rows of one column."""
    batch, rows, columns, channels = shape if len(shape) == 4 else (*shape[:2], 1, shape[2])
    return batch, rows, columns, channels


def pad_value(graph: Graph, op: Op) -> int:
    """The int8 value with which PAD and PADV2 fill: what stands for zero, or the third operand."""
    if len(op.inputs) == 3:
        value = graph.tensors[op.inputs[2]].data
        assert value is not None  # verified by the reader
        return int(value.item())
    quant = graph.op_output(op).quant
    assert quant is not None
    return quant.zero_point


def nearest_indices(attrs: ResizeAttrs, inputs: int, outputs: int) -> list[int]:
    """Which input each output of RESIZE_NEAREST_NEIGHBOR shows, along one axis.

    Source: TFLite ``reference/resize_nearest_neighbor.h``; in float32.
    """
    ends = attrs.align_corners and outputs > 1
    scale = np.float32(inputs - ends) / np.float32(outputs - ends)
    offset = np.float32(0.5 if attrs.half_pixel_centers else 0.0)
    rounding = 0.5 if attrs.align_corners else 0.0
    places = [float((np.float32(i) + offset) * scale) for i in range(outputs)]
    return [min(math.floor(place + rounding), inputs - 1) for place in places]
