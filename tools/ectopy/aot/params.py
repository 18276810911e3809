"""What each kernel needs to know about its operator: the C parameter structs, field by field.

Field names are those of ``firmware/include/ectopy/kernels.h``; the code generator writes one
designated initialiser from each object. Numpy arrays become constant arrays of their own type.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

import numpy as np
import numpy.typing as npt

from ectopy.aot.params_bytes import BytesParams

Multipliers: TypeAlias = npt.NDArray[np.int32]
Shifts: TypeAlias = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Conv2dParams:
    """``ect_conv2d_s8_t``."""

    c_type: ClassVar[str] = "ect_conv2d_s8_t"
    in_h: int
    in_w: int
    in_c: int
    out_h: int
    out_w: int
    out_c: int
    kernel_h: int
    kernel_w: int
    stride_h: int
    stride_w: int
    dilation_h: int
    dilation_w: int
    pad_top: int
    pad_left: int
    in_zero_point: int
    out_zero_point: int
    clamp_min: int
    clamp_max: int
    multiplier: Multipliers
    shift: Shifts


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Conv2dM4Params:
    """``ect_conv2d_m4_t``."""

    c_type: ClassVar[str] = "ect_conv2d_m4_t"
    conv: Conv2dParams
    in_planar: int = 0
    out_planar: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Conv2d1x1Params:
    """``ect_conv2d_1x1_s8_t``."""

    c_type: ClassVar[str] = "ect_conv2d_1x1_s8_t"
    pixels: int
    in_c: int
    out_c: int
    in_zero_point: int
    out_zero_point: int
    clamp_min: int
    clamp_max: int
    multiplier: Multipliers
    shift: Shifts


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DepthwiseParams:
    """``ect_dwconv2d_s8_t``."""

    c_type: ClassVar[str] = "ect_dwconv2d_s8_t"
    in_h: int
    in_w: int
    in_c: int
    out_h: int
    out_w: int
    depth_multiplier: int
    kernel_h: int
    kernel_w: int
    stride_h: int
    stride_w: int
    dilation_h: int
    dilation_w: int
    pad_top: int
    pad_left: int
    in_zero_point: int
    out_zero_point: int
    clamp_min: int
    clamp_max: int
    multiplier: Multipliers
    shift: Shifts


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxPoolParams:
    """``ect_max_pool_s8_t``."""

    c_type: ClassVar[str] = "ect_max_pool_s8_t"
    in_h: int
    in_w: int
    channels: int
    out_h: int
    out_w: int
    kernel_h: int
    kernel_w: int
    stride_h: int
    stride_w: int
    pad_top: int
    pad_left: int
    clamp_min: int
    clamp_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanParams:
    """``ect_mean_s8_t``."""

    c_type: ClassVar[str] = "ect_mean_s8_t"
    outer: int
    reduced: int
    inner: int
    in_zero_point: int
    out_zero_point: int
    multiplier: int
    shift: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BroadcastWalk:
    """``ect_broadcast_t``: four loop extents and the element steps of both operands."""

    extent: tuple[int, ...]
    a_step: tuple[int, ...]
    b_step: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MulParams:
    """``ect_mul_s8_t``."""

    c_type: ClassVar[str] = "ect_mul_s8_t"
    walk: BroadcastWalk
    a_zero_point: int
    b_zero_point: int
    out_zero_point: int
    multiplier: int
    shift: int
    clamp_min: int
    clamp_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AddParams:
    """``ect_add_s8_t``."""

    c_type: ClassVar[str] = "ect_add_s8_t"
    walk: BroadcastWalk
    a_zero_point: int
    b_zero_point: int
    out_zero_point: int
    a_multiplier: int
    a_shift: int
    b_multiplier: int
    b_shift: int
    out_multiplier: int
    out_shift: int
    clamp_min: int
    clamp_max: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FullyConnectedParams:
    """``ect_fully_connected_s8_t``."""

    c_type: ClassVar[str] = "ect_fully_connected_s8_t"
    rows: int
    in_c: int
    out_c: int
    in_zero_point: int
    out_zero_point: int
    clamp_min: int
    clamp_max: int
    multiplier: Multipliers
    shift: Shifts


@dataclass(frozen=True, slots=True, kw_only=True)
class GateParams:
    """``ect_gate_m4_t``; zeros where there is no gate."""

    in_zero_point: int = 0
    gate_zero_point: int = 0
    factor: int = 0
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidualParams:
    """``ect_residual_m4_t``; zeros where there is no residual."""

    own_factor: int = 0
    factor: int = 0
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Conv2d1x1M4Params:
    """``ect_conv2d_1x1_m4_t``."""

    c_type: ClassVar[str] = "ect_conv2d_1x1_m4_t"
    pixels: int
    in_c: int
    out_c: int
    pairs: int
    groups: int
    out_zero_point: int
    gate: GateParams
    residual: ResidualParams


@dataclass(frozen=True, slots=True, kw_only=True)
class Conv2d1xkS2M4Params:
    """``ect_conv2d_1xk_s2_m4_t``."""

    c_type: ClassVar[str] = "ect_conv2d_1xk_s2_m4_t"
    out_c: int
    in_w: int
    out_w: int
    first_word: int
    in_zero_point: int
    linear: int
    packed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RowMean:
    """``ect_row_mean_m4_t``."""

    offset: int
    multiplier: int
    shift: int
    rounding: int
    out_zero_point: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Depthwise1xkM4Params:
    """``ect_dwconv2d_1xk_m4_t``."""

    c_type: ClassVar[str] = "ect_dwconv2d_1xk_m4_t"
    channels: int
    in_w: int
    out_w: int
    first_word: int
    in_zero_point: int
    linear: int
    packed: int
    pooled: int
    mean: RowMean


@dataclass(frozen=True, slots=True, kw_only=True)
class Conv2dDepthwise1xkM4Params:
    """``ect_conv2d_1xk_s2_dwconv2d_1xk_m4_t``."""

    c_type: ClassVar[str] = "ect_conv2d_1xk_s2_dwconv2d_1xk_m4_t"
    conv: Conv2d1xkS2M4Params
    depthwise: Depthwise1xkM4Params


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthwiseConv2d1x1M4Params:
    """``ect_dwconv2d_1xk_conv2d_1x1_m4_t``."""

    c_type: ClassVar[str] = "ect_dwconv2d_1xk_conv2d_1x1_m4_t"
    first_word: int
    in_zero_point: int
    product: Conv2d1x1M4Params


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxPool1x2M4Params:
    """``ect_max_pool_1x2_m4_t``."""

    c_type: ClassVar[str] = "ect_max_pool_1x2_m4_t"
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanRowsM4Params:
    """``ect_mean_rows_m4_t``."""

    c_type: ClassVar[str] = "ect_mean_rows_m4_t"
    rows: int
    count: int
    mean: RowMean


@dataclass(frozen=True, slots=True, kw_only=True)
class MulRowsM4Params:
    """``ect_mul_rows_m4_t``."""

    c_type: ClassVar[str] = "ect_mul_rows_m4_t"
    rows: int
    count: int
    a_zero_point: int
    b_zero_point: int
    factor: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AddDenseM4Params:
    """``ect_add_dense_m4_t``."""

    c_type: ClassVar[str] = "ect_add_dense_m4_t"
    count: int
    a_factor: int
    b_factor: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FullyConnectedM4Params:
    """``ect_fully_connected_m4_t``."""

    c_type: ClassVar[str] = "ect_fully_connected_m4_t"
    in_c: int
    out_c: int
    words: int
    out_zero_point: int


StructParams: TypeAlias = (
    BroadcastWalk
    | GateParams
    | ResidualParams
    | RowMean
    | Conv2dParams
    | Conv2d1x1M4Params
    | Conv2d1xkS2M4Params
    | Depthwise1xkM4Params
)
"""Structs inside those of kernels."""

KernelParams: TypeAlias = (
    Conv2dParams
    | Conv2dM4Params
    | Conv2d1x1Params
    | DepthwiseParams
    | MaxPoolParams
    | MeanParams
    | MulParams
    | AddParams
    | FullyConnectedParams
    | Conv2d1x1M4Params
    | Conv2d1xkS2M4Params
    | Depthwise1xkM4Params
    | Conv2dDepthwise1xkM4Params
    | DepthwiseConv2d1x1M4Params
    | MaxPool1x2M4Params
    | MeanRowsM4Params
    | MulRowsM4Params
    | AddDenseM4Params
    | FullyConnectedM4Params
    | BytesParams
)
