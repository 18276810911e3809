"""Packed constants, read back as the kernels read them."""

import numpy as np
import pytest

from ectopy.aot.linear import Linear
from ectopy.aot.pack import (
    LINE_LEFT,
    first_word,
    pack_any,
    pack_linear,
    pack_matrix,
    pack_vector,
    pair_words,
    pairs_of,
    place_taps,
)


def halves(words: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(words).view("<i2")


@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5, 8, 9])
@pytest.mark.parametrize("phases", [1, 2])
def test_taps_of_each_phase_meet_the_elements_of_their_window(kernel: int, phases: int) -> None:
    random = np.random.default_rng(kernel)
    weights = random.integers(-128, 128, (3, kernel)).astype(np.int8)
    pad_left = (kernel - 1) // 2
    placed = place_taps(weights, pad_left, phases)
    assert placed is not None and placed.shape == (3, phases, 10)
    row = random.integers(-128, 128, 16)
    line = np.concatenate([np.zeros(LINE_LEFT, int), row, np.zeros(16, int)])
    for channel, phase, word in np.ndindex(3, phases, 4):
        begin = 2 * (first_word(pad_left) + word)
        ours = placed[channel, phase] @ line[begin : begin + 10]
        time = phases * word + phase if phases == 2 else 2 * word
        begin = LINE_LEFT + time - pad_left
        assert ours == weights[channel].astype(int) @ line[begin : begin + kernel]


def test_filters_too_long_or_padded_too_far_are_turned_down() -> None:
    ones = np.ones((1, 10), np.int8)
    assert place_taps(ones, 4, phases=1) is not None
    assert place_taps(ones, 4, phases=2) is None
    assert place_taps(ones, 3, phases=1) is None
    assert place_taps(ones[:, :2], 9, phases=1) is None


def test_linear_constants_have_the_gain_in_taps_and_bias() -> None:
    taps = np.arange(-10, 10).reshape(2, 1, 10)
    linear = [Linear(gain=3, offset=-7, factor=2**30), Linear(gain=5, offset=9, factor=2**29)]
    packed = pack_linear(taps, np.array([100, -200]), linear)
    assert packed.shape == (2, 2 + 5)
    assert packed[:, 0].tolist() == [2**30, 2**29]
    assert packed[:, 1].tolist() == [3 * 100 - 7, 5 * -200 + 9]
    assert np.array_equal(halves(packed[:, 2:]), taps[:, 0] * [[3], [5]])


def test_other_constants_are_doubled_with_their_channels_before_them() -> None:
    taps = np.arange(-20, 20).reshape(2, 2, 10)
    table = np.array([[11, 12, 13], [21, 22, 23]], np.int32)
    packed = pack_any(taps, table, -5)
    assert packed.shape == (2, 4 + 10)
    assert packed[:, :4].tolist() == [[12, 11, 13, -5], [22, 21, 23, -5]]
    assert np.array_equal(halves(packed[:, 4:]), 2 * taps.reshape(2, 20))


MATRIX = np.arange(-9, 6).reshape(3, 5).astype(np.int8)
TABLE = np.array([[100, 101, 102], [104, 105, 106], [-108, 109, 110]], np.int32)


def test_matrices_are_doubled_padded_with_zeros_and_framed_by_their_constants() -> None:
    packed = pack_matrix(MATRIX, TABLE, narrow=False)
    assert packed.shape == (2, 2 + 16 + 4)
    again = halves(packed[:, 2:18]).reshape(2, 8, 2, 2).transpose(0, 2, 1, 3).reshape(4, 16)
    assert np.array_equal(again[:3, :5], 2 * MATRIX.astype(int))
    assert not again[3].any() and not again[:, 5:].any()
    assert packed[:, :2].tolist() == [[100, 104], [-108, -108]]
    assert packed[:, 18:].tolist() == [[101, 102, 105, 106], [109, 110, 109, 110]]


def test_narrow_matrices_are_bytes_in_the_order_of_sxtb16_and_not_doubled() -> None:
    packed = pack_matrix(MATRIX, TABLE, narrow=True)
    assert packed.shape == (2, 2 + 8 + 4)
    words = np.ascontiguousarray(packed[:, 2:10]).view(np.int8).reshape(2, 8, 4)
    first, second = words[:, :, 0::2], words[:, :, 1::2]  # what SXTB16 and its ROR 8 take
    again = np.stack([first, second], axis=1).reshape(4, 16)
    assert np.array_equal(again[:3, :5], MATRIX)
    assert not again[3].any() and not again[:, 5:].any()
    assert packed[:, :2].tolist() == [[50, 52], [-54, -54]]
    assert packed[:, 10:].tolist() == [[101, 102, 105, 106], [109, 110, 109, 110]]


@pytest.mark.parametrize(("in_c", "pairs"), [(1, 8), (16, 8), (17, 12), (24, 12), (128, 64)])
def test_pairs_are_at_least_those_held_and_then_fours(in_c: int, pairs: int) -> None:
    assert pairs_of(in_c) == pairs


def test_vectors_stay_bytes() -> None:
    weights = np.arange(-9, 6).reshape(3, 5).astype(np.int8)
    packed = pack_vector(weights)
    assert packed.shape == (1, 2, 4)
    again = packed.view(np.int8).reshape(1, 2, 4, 4).transpose(0, 2, 1, 3).reshape(4, 8)
    assert np.array_equal(again[:3, :5], weights)
    assert not again[3].any() and not again[:, 5:].any()


def test_a_weight_of_17_bits_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bits"):
        pair_words(np.array([[1 << 15, 0]]))
