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
    """MAX_POOL_2D and AVERAGE_POOL_2D; inputs (x,)."""

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
    """ADD, SUB and MUL; inputs (a, b), numpy broadcasting."""

    activation: Activation


@dataclass(frozen=True, slots=True, kw_only=True)
class FullyConnectedAttrs:
    """FULLY_CONNECTED; inputs (x, weights (out, in), bias or -1)."""

    activation: Activation
    keep_num_dims: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReshapeAttrs:
    """RESHAPE; inputs (x, shape or nothing). The output tensor's shape is the truth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SqueezeAttrs:
    """SQUEEZE; inputs (x,). ``axes`` are non-negative and sorted."""

    axes: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpandDimsAttrs:
    """EXPAND_DIMS; inputs (x, axis). ``axis`` is that of the output, non-negative."""

    axis: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PadAttrs:
    """PAD and PADV2; inputs (x, paddings, value or nothing).

    Attributes:
        before: Elements in front of each axis.
        after: Elements behind it.
    """

    before: tuple[int, ...]
    after: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcatenationAttrs:
    """CONCATENATION; inputs (x, ...). ``axis`` is non-negative."""

    axis: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceAttrs:
    """STRIDED_SLICE; inputs (x, begin, end, strides). Masks and negative indices are resolved.

    Attributes:
        start: First index along each axis of the input.
        step: Between indices; may be negative.
        count: Indices taken; at least 1.
        dropped: Axes of the input that the output lacks; one index is taken along them.
    """

    start: tuple[int, ...]
    step: tuple[int, ...]
    count: tuple[int, ...]
    dropped: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransposeAttrs:
    """TRANSPOSE; inputs (x, permutation). Axis ``i`` of the output is ``axes[i]`` of the input."""

    axes: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockAttrs:
    """SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND; inputs (x, block shape, paddings or crops).

    Attributes:
        block: Rows and columns.
        before: Paddings, or crops, in front of rows and columns.
        after: Behind them.
    """

    block: tuple[int, int]
    before: tuple[int, int]
    after: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResizeAttrs:
    """RESIZE_NEAREST_NEIGHBOR; inputs (x, rows and columns of the output)."""

    align_corners: bool
    half_pixel_centers: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftmaxAttrs:
    """SOFTMAX; inputs (x,), along the last axis."""

    beta: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupAttrs:
    """LOGISTIC, TANH, HARD_SWISH, RELU, RELU6, LEAKY_RELU, QUANTIZE; inputs (x,).

    What they have in common: an output byte depends on the input byte at its place only.

    Attributes:
        alpha: Slope of LEAKY_RELU below zero; 0 for the others.
    """

    alpha: float = 0.0


OpAttrs: TypeAlias = (
    ConvAttrs
    | DepthwiseAttrs
    | PoolAttrs
    | MeanAttrs
    | ElementwiseAttrs
    | FullyConnectedAttrs
    | ReshapeAttrs
    | SqueezeAttrs
    | ExpandDimsAttrs
    | PadAttrs
    | ConcatenationAttrs
    | SliceAttrs
    | TransposeAttrs
    | BlockAttrs
    | ResizeAttrs
    | SoftmaxAttrs
    | LookupAttrs
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

    def readers(self, tensor: int) -> tuple[int, ...]:
        """Operators that read a tensor, once for each operand, and -1 for the application."""
        found = [op.index for op in self.ops for index in op.inputs if index == tensor]
        return (*found, *(-1 for index in self.outputs if index == tensor))
