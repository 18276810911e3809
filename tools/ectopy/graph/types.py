"""Value objects of an int8 graph. They hold facts only; arithmetic lives elsewhere.

Tensors are NHWC as in TFLite; convolution filters are OHWI, depthwise filters 1HWO.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ectopy.vocab import Activation, DType, OpKind, Padding

ConstArray: TypeAlias = npt.NDArray[np.int8] | npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantParams:
    """Affine quantization: real = scale * (q - zero_point).

    Attributes:
        scales: One per tensor or one per channel; float32 values widened to Python floats.
        zero_points: As many as scales.
        axis: Quantized dimension of a per-channel tensor, None for per-tensor.
    """

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int | None = None

    @property
    def scale(self) -> float:
        """The scale of a per-tensor quantized tensor."""
        (scale,) = self.scales
        return scale

    @property
    def zero_point(self) -> int:
        """The zero point of a per-tensor quantized tensor."""
        (zero_point,) = self.zero_points
        return zero_point


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tensor:
    """One tensor of the graph.

    Attributes:
        index: Position in ``Graph.tensors``.
        shape: Static shape; () is a scalar.
        quant: None for shape vectors and other plain int32 constants.
        data: Read-only array of ``shape`` for constants, None for activations.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: DType
    quant: QuantParams | None
    data: ConstArray | None = None

    @property
    def elements(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return self.elements * (1 if self.dtype is DType.INT8 else 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvAttrs:
    """CONV_2D; inputs (x, filter OHWI, bias)."""

    stride: tuple[int, int]
    dilation: tuple[int, int]
    padding: Padding
    activation: Activation


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthwiseAttrs:
    """DEPTHWISE_CONV_2D; inputs (x, filter 1HWO, bias)."""

    stride: tuple[int, int]
    dilation: tuple[int, int]
    padding: Padding
    activation: Activation
    depth_multiplier: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolAttrs:
    """MAX_POOL_2D; inputs (x,)."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: Padding
    activation: Activation


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanAttrs:
    """MEAN; inputs (x, axes). ``axes`` are non-negative and sorted."""

    axes: tuple[int, ...]
    keep_dims: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementwiseAttrs:
    """ADD and MUL; inputs (a, b), numpy broadcasting."""

    activation: Activation


@dataclass(frozen=True, slots=True, kw_only=True)
class FullyConnectedAttrs:
    """FULLY_CONNECTED; inputs (x, weights (out, in), bias or -1)."""

    activation: Activation
    keep_num_dims: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReshapeAttrs:
    """RESHAPE; inputs (x, shape or nothing). The output tensor's shape is the truth."""


OpAttrs: TypeAlias = (
    ConvAttrs
    | DepthwiseAttrs
    | PoolAttrs
    | MeanAttrs
    | ElementwiseAttrs
    | FullyConnectedAttrs
    | ReshapeAttrs
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Op:
    """One operator.

    Attributes:
        index: Position in ``Graph.ops``, which is execution order.
        inputs: Tensor indices; -1 is an omitted optional input.
        outputs: Tensor indices; one for every kind supported today.
    """

    index: int
    kind: OpKind
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    attrs: OpAttrs


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Graph:
    """A verified full-integer graph with one int8 input and one int8 output.

    Attributes:
        name: Model name for people; not part of the file.
        sha256: Hex digest of the .tflite bytes it was read from.
    """

    name: str
    sha256: str
    tensors: tuple[Tensor, ...]
    ops: tuple[Op, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    @property
    def input(self) -> Tensor:
        """The single input tensor."""
        return self.tensors[self.inputs[0]]

    @property
    def output(self) -> Tensor:
        """The single output tensor."""
        return self.tensors[self.outputs[0]]

    def op_inputs(self, op: Op) -> tuple[Tensor | None, ...]:
        """Tensors read by ``op``; None where an optional input is omitted."""
        return tuple(self.tensors[i] if i >= 0 else None for i in op.inputs)

    def op_output(self, op: Op) -> Tensor:
        """The tensor written by ``op``."""
        return self.tensors[op.outputs[0]]
