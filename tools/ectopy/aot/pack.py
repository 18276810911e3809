"""Constants in the order in which the kernels of ``firmware/kernels/m4`` read them.

Weights and biases are doubled (see ``channel.h`` there) and two weights share a word, the first in
its low half.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ectopy.aot.linear import Linear
from ectopy.aot.rounding import rounding_constant
from ectopy.graph.types import ConstArray

Int32Array = npt.NDArray[np.int32]

TAPS = 10
"""Halfwords of a filter in line.h."""

LINE_LEFT = 8
"""Halfwords before the first element of a row in line.h."""

PAIRS_MULTIPLE, MIN_PAIRS = 4, 8
"""Channel pairs that the 1x1 kernels take at a time, and those that they always take."""


def pair_words(values: npt.NDArray[np.int64]) -> Int32Array:
    """Neighbours along the last axis, which is even, as words."""
    halves = values.astype("<i2")
    if not np.array_equal(halves, values):
        raise ValueError("a weight does not fit 16 bits")
    return halves.view("<i4").astype(np.int32)


def channel_table(
    bias: npt.NDArray[np.int64], multiplier: Int32Array, shift: npt.NDArray[np.int8]
) -> Int32Array:
    """``ect_m4_channel_t`` rows.

    Args:
        bias: Of each channel, the input zero point folded in.
        multiplier: Of each channel.
        shift: Of each channel.
    """
    rounding = [rounding_constant(int(s)) for s in shift]
    return np.stack([2 * bias, multiplier, rounding], axis=1).astype(np.int32)


def pairs_of(in_c: int) -> int:
    """Channel pairs that a 1x1 kernel takes, those of padding included."""
    return max(MIN_PAIRS, -(-in_c // (2 * PAIRS_MULTIPLE)) * PAIRS_MULTIPLE)


def pack_matrix(weights: ConstArray, table: Int32Array, *, narrow: bool) -> Int32Array:
    """The stream of a 1x1 kernel: a row of words for each two outputs.

    Args:
        weights: (out_c, in_c).
        table: Of their channels, as :func:`channel_table` gives it.
        narrow: For ``ect_conv2d_1x1_w8_s8_m4``: weights are bytes and nothing is doubled.
    """
    out_c, in_c = weights.shape
    pairs = pairs_of(in_c)
    padded = np.zeros((out_c + out_c % 2, 2 * pairs), np.int64)
    padded[:out_c, :in_c] = weights
    outputs = padded.reshape(-1, 2, pairs, 2)
    channels = even_rows(table).reshape(len(outputs), 2, 3)
    bias, rest = channels[:, :, 0], channels[:, :, 1:].reshape(-1, 4)
    if narrow:
        quads = outputs.transpose(0, 2, 3, 1).reshape(len(outputs), -1).astype(np.int8)
        words, bias = quads.view("<i4").astype(np.int32), bias // 2
    else:
        words = pair_words(2 * outputs.transpose(0, 2, 1, 3))
    return np.concatenate([bias, words.reshape(len(outputs), -1), rest], axis=1)


def pack_vector(weights: ConstArray) -> Int32Array:
    """Weights (out_c, in_c) for ``ect_fully_connected_s8_m4``: (out_c / 4, in_c / 4, 4) words.

    These stay bytes, and are not doubled.
    """
    padded = np.pad(weights, [(0, -extent % 4) for extent in weights.shape])
    words = padded.view("<i4").astype(np.int32)
    return np.ascontiguousarray(words.reshape(-1, 4, words.shape[1]).transpose(0, 2, 1))


def even_rows(table: Int32Array) -> Int32Array:
    """A channel table with an even number of rows: the last is repeated if need be."""
    return np.concatenate([table, table[-1:]]) if len(table) % 2 else table


def first_word(pad_left: int) -> int:
    """Word of the padded line in which the first window begins."""
    return (LINE_LEFT - pad_left) // 2


def place_taps(taps: ConstArray, pad_left: int, phases: int) -> npt.NDArray[np.int64] | None:
    """Filters for line.h: (channels, phases, 10) halfwords.

    Args:
        taps: (channels, kernel).
        pad_left: Elements by which the first window begins before the row.
        phases: 1, or 2 for outputs at even and at odd places, whose windows begin one halfword
            later.

    Returns:
        None if the filter is too long or its padding too wide.
    """
    channels, kernel = taps.shape
    begin = (LINE_LEFT - pad_left) % 2
    if begin + phases - 1 + kernel > TAPS or not 0 <= pad_left <= LINE_LEFT:
        return None
    placed = np.zeros((channels, phases, TAPS), np.int64)
    for phase in range(phases):
        placed[:, phase, begin + phase : begin + phase + kernel] = taps
    return placed


def pack_linear(
    taps: npt.NDArray[np.int64], bias: npt.NDArray[np.int64], linear: Sequence[Linear]
) -> Int32Array:
    """Constants of the form "linear" of filter.h, a row for each channel.

    Args:
        taps: As :func:`place_taps` gives them.
        bias: Of each channel, the input zero point folded in.
        linear: Of each channel.
    """
    gain, offset, factor = (
        np.array([getattr(each, name) for each in linear], np.int64)
        for name in ("gain", "offset", "factor")
    )
    words = pair_words(taps * gain[:, None, None]).reshape(len(taps), -1)
    head = np.stack([factor, gain * bias + offset], axis=1)
    return np.concatenate([head.astype(np.int32), words], axis=1)


def pack_any(taps: npt.NDArray[np.int64], table: Int32Array, out_zero_point: int) -> Int32Array:
    """Constants of the form "any" of filter.h, a row for each channel.

    Args:
        taps: As :func:`place_taps` gives them.
        table: Of their channels, as :func:`channel_table` gives it.
        out_zero_point: Of the output.
    """
    words = pair_words(2 * taps).reshape(len(taps), -1)
    zero_points = np.full((len(taps), 1), out_zero_point, np.int32)
    return np.concatenate([table[:, [1, 0, 2]], zero_points, words], axis=1)


def narrow_matrix(stream: Int32Array) -> Int32Array:
    """A stream of :func:`pack_matrix` that is not narrow as one that is."""
    rows = np.ascontiguousarray(stream[:, 2:-4]).astype("<i4")
    outputs = rows.view("<i2").reshape(len(rows), -1, 2, 2) // 2
    quads = np.ascontiguousarray(outputs.transpose(0, 1, 3, 2)).astype(np.int8)
    words = quads.reshape(len(rows), -1).view("<i4").astype(np.int32)
    return np.concatenate([stream[:, :2] // 2, words, stream[:, -4:]], axis=1)


def pack_taps(constants: Int32Array) -> Int32Array:
    """Constants of the form "linear" as "packed" ones: taps as bytes, and their gain."""
    words = np.ascontiguousarray(constants[:, 2 : 2 + TAPS // 2]).astype("<i4")
    taps = words.view("<i2").astype(np.int64)
    gain = np.maximum(np.gcd.reduce(taps, axis=1), 1)
    tail = np.zeros((len(taps), 12), np.int8)
    tail[:, :TAPS] = taps // gain[:, None]
    tail[:, TAPS:] = gain.astype("<i2")[:, None].view(np.int8)
    return np.concatenate([constants[:, :2], tail.view("<i4").astype(np.int32)], axis=1)


def pack_channels(table: Int32Array) -> Int32Array:
    """A channel table in two words a channel: bias times 32 plus the shift, and multiplier."""
    bias, multiplier, rounding = table.astype(np.int64).T
    shift = 32 - np.round(np.log2(rounding - 1)).astype(np.int64)
    return np.stack([bias // 2 * 32 + shift, multiplier], axis=1).astype(np.int32)
