"""Constants in fewer bytes, for plans made for size: the kernels expand them while they compute.

Weights that were packed as halfwords become bytes again. Nothing is rounded: a filter's taps are
its weights times a gain, and their greatest common divisor is as good a gain.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ectopy.aot.pack import Int32Array, narrow_matrix, pack_channels, pack_taps
from ectopy.aot.params import (
    Conv2d1xkS2M4Params,
    Conv2dDepthwise1xkM4Params,
    Depthwise1xkM4Params,
    FullyConnectedM4Params,
)
from ectopy.aot.types import ConstOperand, Kernel, KernelCall, Step

TABLE = "channels"


def shrink_constants(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The same steps with weights as bytes where a kernel takes them."""
    return tuple(
        step if step.call is None else replace(step, call=_shrunk(step.call)) for step in steps
    )


def _shrunk(call: KernelCall) -> KernelCall:
    match call.params:
        case Conv2d1xkS2M4Params() | Depthwise1xkM4Params() as filters if filters.linear:
            packed = replace(filters, packed=1)
            return _packed(replace(call, params=packed), "constants", pack_taps)
        case Conv2dDepthwise1xkM4Params() as stem:
            stem = replace(stem, conv=replace(stem.conv, packed=1))
            call = _packed(call, "first", pack_taps)
            if stem.depthwise.linear:
                stem = replace(stem, depthwise=replace(stem.depthwise, packed=1))
                call = _packed(call, "second", pack_taps)
            return replace(call, params=stem)
        case FullyConnectedM4Params() if _fits_word(call):
            short = replace(call, kernel=Kernel.FULLY_CONNECTED_PACKED_M4)
            return _packed(short, TABLE, pack_channels)
    if call.kernel is Kernel.CONV2D_1X1_M4:
        narrow = replace(call, kernel=Kernel.CONV2D_1X1_W8_M4)
        return _packed(narrow, "stream", narrow_matrix)
    return call


def _fits_word(call: KernelCall) -> bool:
    """Whether biases leave room for a shift."""
    tables = [o.values for o in call.operands if isinstance(o, ConstOperand) and o.role == TABLE]
    return all(bool((np.abs(table[:, 0].astype(np.int64)) < 2**27).all()) for table in tables)


def _packed(call: KernelCall, role: str, pack: Callable[[Int32Array], Int32Array]) -> KernelCall:
    operands = tuple(
        replace(operand, values=pack(operand.values.astype(np.int32)))
        if isinstance(operand, ConstOperand) and operand.role == role
        else operand
        for operand in call.operands
    )
    return replace(call, operands=operands)
