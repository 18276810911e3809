"""What each kernel needs to know about its operator: the C parameter structs, field by field.

Field names are those of ``firmware/include/ectopy/kernels.h``; the code generator writes one
designated initialiser from each object. Numpy arrays become constant arrays of their own type.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

import numpy as np
import numpy.typing as npt

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


KernelParams: TypeAlias = (
    Conv2dParams
    | Conv2d1x1Params
    | DepthwiseParams
    | MaxPoolParams
    | MeanParams
    | MulParams
    | AddParams
    | FullyConnectedParams
)
