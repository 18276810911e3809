"""Parameters of the kernels in ``firmware/include/ectopy/kernels_bytes.h``, as in ``params``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupParams:
    """``ect_lookup_s8_t``."""

    c_type: ClassVar[str] = "ect_lookup_s8_t"
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftmaxParams:
    """``ect_softmax_s8_t``."""

    c_type: ClassVar[str] = "ect_softmax_s8_t"
    rows: int
    depth: int
    entries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PadParams:
    """``ect_pad_s8_t``."""

    c_type: ClassVar[str] = "ect_pad_s8_t"
    extent: tuple[int, ...]
    before: tuple[int, ...]
    out_extent: tuple[int, ...]
    value: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ConcatParams:
    """``ect_concat_s8_t``."""

    c_type: ClassVar[str] = "ect_concat_s8_t"
    inputs: int
    rows: int
    run: npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceParams:
    """``ect_slice_s8_t``."""

    c_type: ClassVar[str] = "ect_slice_s8_t"
    start: int
    extent: tuple[int, ...]
    step: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchToSpaceParams:
    """``ect_batch_to_space_s8_t``."""

    c_type: ClassVar[str] = "ect_batch_to_space_s8_t"
    in_h: int
    in_w: int
    out_n: int
    out_h: int
    out_w: int
    channels: int
    block_h: int
    block_w: int
    crop_top: int
    crop_left: int


BytesParams: TypeAlias = (
    LookupParams | SoftmaxParams | PadParams | ConcatParams | SliceParams | BatchToSpaceParams
)
