"""Operators with weights by the kernels of ``firmware/kernels/m4``, on planar tensors.

None stands for "no such kernel here": the portable kernels take over.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ectopy.aot.layout import ROW_MULTIPLE, same_in_both
from ectopy.aot.linear import Linear, find_linear
from ectopy.aot.pack import (
    channel_table,
    first_word,
    pack_any,
    pack_linear,
    pack_matrix,
    pack_vector,
    pairs_of,
    place_taps,
)
from ectopy.aot.params import (
    Conv2d1x1M4Params,
    Conv2d1xkS2M4Params,
    Depthwise1xkM4Params,
    FullyConnectedM4Params,
    GateParams,
    KernelParams,
    ResidualParams,
    RowMean,
)
from ectopy.aot.types import AbsentOperand, ConstOperand, Kernel, KernelCall, TensorOperand
from ectopy.aot.weighted import Weighted, read_weighted
from ectopy.fixedpoint import INT8_MIN
from ectopy.graph.geometry import Window, windows_of
from ectopy.graph.types import ConstArray, ConvAttrs, DepthwiseAttrs, FullyConnectedAttrs, Graph, Op

MAX_ROW = 512
"""``ECT_M4_MAX_ROW``."""

NO_MEAN = RowMean(offset=0, multiplier=0, shift=0, rounding=0, out_zero_point=0)

MAX_PAIRS = 64
"""``ECT_M4_MAX_PAIRS``."""

TILE_WORDS = 448
"""``ECT_M4_TILE_WORDS``."""

WIDE_PIXELS = 64
"""From so many pixels on the 1x1 kernel with weights of 16 bits is worth its flash."""


def lower_planar_conv(graph: Graph, op: Op, attrs: ConvAttrs) -> KernelCall | None:
    """A matrix product over the channels of a pixel, or the filters of a single channel."""
    w = read_weighted(graph, op, attrs.activation)
    _, kernel_h, kernel_w, in_c = w.weights.shape
    if not w.requantizes_fast or not _one_row(w):
        return None
    if (kernel_h, kernel_w) == (1, 1) and attrs.stride == (1, 1):
        return _matrix(w)
    _, columns = windows_of(attrs, (kernel_h, kernel_w))
    if kernel_h == 1 and in_c == 1 and columns.stride == 2:
        return _filters(w, columns)
    return None


def lower_planar_depthwise(graph: Graph, op: Op, attrs: DepthwiseAttrs) -> KernelCall | None:
    """Each row by a filter of its own."""
    w = read_weighted(graph, op, attrs.activation)
    _, kernel_h, kernel_w, _ = w.weights.shape
    _, columns = windows_of(attrs, (kernel_h, kernel_w))
    in_w, out_w = w.x.shape[2], w.y.shape[2]
    plain = (kernel_h, attrs.depth_multiplier, columns.stride, columns.dilation) == (1, 1, 1, 1)
    if not (plain and w.requantizes_fast and _one_row(w)):
        return None
    if in_w > MAX_ROW or out_w % (2 * ROW_MULTIPLE):
        return None
    pad_left = columns.pad_before(in_w, out_w)
    rows = w.weights.reshape(kernel_w, -1).T
    taps = place_taps(rows, pad_left, phases=2)
    if taps is None:
        return None
    linear = _linear(w, rows)
    params = Depthwise1xkM4Params(
        channels=w.x.shape[3],
        in_w=in_w,
        out_w=out_w,
        first_word=first_word(pad_left),
        in_zero_point=w.qx.zero_point,
        linear=int(linear is not None),
        packed=0,
        pooled=0,
        mean=NO_MEAN,
    )
    constants = _filter_constants(w, rows, taps, linear)
    return _call(Kernel.DWCONV2D_1XK_M4, params, w, constants=constants)


def lower_vector(graph: Graph, op: Op) -> KernelCall | None:
    """FULLY_CONNECTED of one row, or a 1x1 convolution of one pixel."""
    assert isinstance(op.attrs, ConvAttrs | FullyConnectedAttrs)
    w = read_weighted(graph, op, op.attrs.activation)
    out_c = w.weights.shape[0]
    rows = w.weights.reshape(out_c, -1)
    in_c = rows.shape[1]
    if w.x.elements != in_c or in_c > MAX_ROW or not w.requantizes_fast:
        return None
    weights = pack_vector(rows)
    params = FullyConnectedM4Params(
        in_c=in_c, out_c=out_c, words=weights.shape[1], out_zero_point=w.qy.zero_point
    )
    channels = _table(w, rows)
    return _call(Kernel.FULLY_CONNECTED_M4, params, w, weights=weights, channels=channels)


def _matrix(w: Weighted) -> KernelCall | None:
    out_c, _, _, in_c = w.weights.shape
    rows = w.weights.reshape(out_c, in_c)
    pixels, pairs = w.x.shape[2], pairs_of(in_c)
    if pairs > MAX_PAIRS or pixels % ROW_MULTIPLE or same_in_both(w.x):
        return None
    narrow = pixels < WIDE_PIXELS
    params = Conv2d1x1M4Params(
        pixels=pixels,
        in_c=in_c,
        out_c=out_c,
        pairs=pairs,
        groups=TILE_WORDS // (ROW_MULTIPLE * pairs),
        out_zero_point=w.qy.zero_point,
        gate=GateParams(),
        residual=ResidualParams(),
    )
    return KernelCall(
        kernel=Kernel.CONV2D_1X1_W8_M4 if narrow else Kernel.CONV2D_1X1_M4,
        params=params,
        operands=(
            TensorOperand(tensor=w.x.index, may_hold_output=True),
            AbsentOperand(),
            AbsentOperand(),
            ConstOperand(role="stream", values=pack_matrix(rows, _table(w, rows), narrow=narrow)),
        ),
    )


def _filters(w: Weighted, columns: Window) -> KernelCall | None:
    out_c, _, kernel_w, _ = w.weights.shape
    in_w, out_w = w.x.shape[2], w.y.shape[2]
    if in_w > MAX_ROW or in_w % ROW_MULTIPLE or out_w % ROW_MULTIPLE or columns.dilation != 1:
        return None
    pad_left = columns.pad_before(in_w, out_w)
    rows = w.weights.reshape(out_c, kernel_w)
    taps = place_taps(rows, pad_left, phases=1)
    if taps is None:
        return None
    linear = _linear(w, rows)
    params = Conv2d1xkS2M4Params(
        out_c=out_c,
        in_w=in_w,
        out_w=out_w,
        first_word=first_word(pad_left),
        in_zero_point=w.qx.zero_point,
        linear=int(linear is not None),
        packed=0,
    )
    constants = _filter_constants(w, rows, taps, linear)
    return _call(Kernel.CONV2D_1XK_S2_M4, params, w, constants=constants)


def _one_row(w: Weighted) -> bool:
    return w.x.shape[:2] == (1, 1) and w.y.shape[:2] == (1, 1)


def _linear(w: Weighted, rows: ConstArray) -> list[Linear] | None:
    """Constants of all channels, or None if the portable rounding is needed for one."""
    if w.qy.zero_point != INT8_MIN:
        return None
    largest = np.abs(rows.astype(np.int64)).max(axis=1)
    channels = zip(w.multiplier, w.shift, w.bound, largest, strict=True)
    found = [find_linear(*(int(value) for value in channel)) for channel in channels]
    return [each for each in found if each is not None] if None not in found else None


def _filter_constants(
    w: Weighted,
    rows: ConstArray,
    taps: npt.NDArray[np.int64],
    linear: list[Linear] | None,
) -> npt.NDArray[np.int32]:
    if linear is None:
        return pack_any(taps, _table(w, rows), w.qy.zero_point)
    return pack_linear(taps, _bias(w, rows), linear)


def _bias(w: Weighted, rows: ConstArray) -> npt.NDArray[np.int64]:
    """Padding holds the input zero point, so all taps count wherever the window lies."""
    sums: npt.NDArray[np.int64] = w.bias - w.qx.zero_point * rows.astype(np.int64).sum(axis=1)
    return sums


def _table(w: Weighted, rows: ConstArray) -> npt.NDArray[np.int32]:
    return channel_table(_bias(w, rows), w.multiplier, w.shift)


def _call(
    kernel: Kernel, params: KernelParams, w: Weighted, **constants: npt.NDArray[np.int32]
) -> KernelCall:
    """Constants in the order of the kernel's arguments, which have their names."""
    x = TensorOperand(tensor=w.x.index, may_hold_output=kernel in IN_PLACE)
    arrays = (ConstOperand(role=role, values=values) for role, values in constants.items())
    return KernelCall(kernel=kernel, params=params, operands=(x, *arrays))


IN_PLACE = {Kernel.DWCONV2D_1XK_M4}
"""Kernels that copy what they read before they write there."""
