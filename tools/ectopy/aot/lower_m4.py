"""Operators with weights by the kernels of ``firmware/kernels/m4``, on planar tensors.

None stands for "no such kernel here": the portable kernels take over.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ectopy.aot.layout import ROW_MULTIPLE, same_in_both
from ectopy.aot.pack import (
    channel_table,
    first_word,
    pack_matrix,
    pack_taps,
    pack_vector,
    pairs_of,
)
from ectopy.aot.params import (
    Conv2d1x1M4Params,
    Conv2d1xkS2M4Params,
    Depthwise1xkM4Params,
    FullyConnectedM4Params,
    GateParams,
    KernelParams,
    ResidualParams,
)
from ectopy.aot.rounding import rounds_exactly
from ectopy.aot.types import AbsentOperand, ConstOperand, Kernel, KernelCall, TensorOperand
from ectopy.aot.weighted import Weighted, read_weighted
from ectopy.fixedpoint import INT8_MAX, INT8_MIN
from ectopy.graph.geometry import Window, windows_of
from ectopy.graph.types import ConstArray, ConvAttrs, DepthwiseAttrs, FullyConnectedAttrs, Graph, Op

MAX_ROW = 512
"""``ECT_M4_MAX_ROW``."""

MAX_PAIRS = 64
"""``ECT_M4_MAX_PAIRS``."""

TILE_WORDS = 384
"""``ECT_M4_TILE_WORDS``."""

WIDE_PIXELS = 64
"""From so many pixels on the 1x1 kernel with weights of 16 bits is worth its flash."""


def lower_planar_conv(graph: Graph, op: Op, attrs: ConvAttrs) -> KernelCall | None:
    """A matrix product over the channels of a pixel, or the filters of a single channel."""
    w = read_weighted(graph, op, attrs.activation)
    _, kernel_h, kernel_w, in_c = w.weights.shape
    if not _requantizes_fast(w) or not _one_row(w):
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
    if not (plain and _requantizes_fast(w) and _one_row(w)):
        return None
    if in_w > MAX_ROW or out_w % (2 * ROW_MULTIPLE):
        return None
    pad_left = columns.pad_before(in_w, out_w)
    rows = w.weights.reshape(kernel_w, -1).T
    taps = pack_taps(rows, pad_left, phases=2)
    if taps is None:
        return None
    params = Depthwise1xkM4Params(
        channels=w.x.shape[3],
        in_w=in_w,
        out_w=out_w,
        first_word=first_word(pad_left),
        in_zero_point=w.qx.zero_point,
        out_zero_point=w.qy.zero_point,
    )
    return _call(Kernel.DWCONV2D_1XK_M4, params, w, taps=taps, channels=_table(w, rows))


def lower_vector(graph: Graph, op: Op) -> KernelCall | None:
    """FULLY_CONNECTED of one row, or a 1x1 convolution of one pixel."""
    assert isinstance(op.attrs, ConvAttrs | FullyConnectedAttrs)
    w = read_weighted(graph, op, op.attrs.activation)
    out_c = w.weights.shape[0]
    rows = w.weights.reshape(out_c, -1)
    in_c = rows.shape[1]
    if w.x.elements != in_c or in_c > MAX_ROW or not _requantizes_fast(w):
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
    taps = pack_taps(rows, pad_left, phases=1)
    if taps is None:
        return None
    params = Conv2d1xkS2M4Params(
        out_c=out_c,
        in_w=in_w,
        out_w=out_w,
        first_word=first_word(pad_left),
        in_zero_point=w.qx.zero_point,
        out_zero_point=w.qy.zero_point,
    )
    return _call(Kernel.CONV2D_1XK_S2_M4, params, w, taps=taps, channels=_table(w, rows))


def _requantizes_fast(w: Weighted) -> bool:
    constants = zip(w.bound.tolist(), w.multiplier.tolist(), w.shift.tolist(), strict=True)
    return w.clamp == (INT8_MIN, INT8_MAX) and all(
        rounds_exactly(bound, multiplier, shift) for bound, multiplier, shift in constants
    )


def _one_row(w: Weighted) -> bool:
    return w.x.shape[:2] == (1, 1) and w.y.shape[:2] == (1, 1)


def _table(w: Weighted, rows: ConstArray) -> npt.NDArray[np.int32]:
    """Padding holds the input zero point, so all taps count wherever the window lies."""
    sums = rows.astype(np.int64).sum(axis=1)
    return channel_table(w.bias - w.qx.zero_point * sums, w.multiplier, w.shift)


def _call(
    kernel: Kernel, params: KernelParams, w: Weighted, **constants: npt.NDArray[np.int32]
) -> KernelCall:
    """Constants in the order of the kernel's arguments, which have their names."""
    x = TensorOperand(tensor=w.x.index, may_hold_output=kernel in IN_PLACE)
    arrays = (ConstOperand(role=role, values=values) for role, values in constants.items())
    return KernelCall(kernel=kernel, params=params, operands=(x, *arrays))


IN_PLACE = {Kernel.DWCONV2D_1XK_M4}
"""Kernels that copy what they read before they write there."""
