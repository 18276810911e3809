"""Packed constants, read back as the kernels read them."""

import numpy as np
import pytest

from ectopy.aot.pack import LINE_LEFT, first_word, pack_matrix, pack_taps, pack_vector, pair_words


def halves(words: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(words).view("<i2")


@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5, 8, 9])
@pytest.mark.parametrize("phases", [1, 2])
def test_taps_of_each_phase_meet_the_elements_of_their_window(kernel: int, phases: int) -> None:
    random = np.random.default_rng(kernel)
    weights = random.integers(-128, 128, (3, kernel)).astype(np.int8)
    pad_left = (kernel - 1) // 2
    packed = pack_taps(weights, pad_left, phases)
    assert packed is not None and packed.shape == (3, phases, 5)
    row = random.integers(-128, 128, 16)
    line = np.concatenate([np.zeros(LINE_LEFT, int), row, np.zeros(16, int)])
    for channel, phase, word in np.ndindex(3, phases, 4):
        begin = 2 * (first_word(pad_left) + word)
        ours = halves(packed[channel, phase]) @ line[begin : begin + 10]
        time = phases * word + phase if phases == 2 else 2 * word
        begin = LINE_LEFT + time - pad_left
        assert ours == 2 * (weights[channel].astype(int) @ line[begin : begin + kernel])


def test_filters_too_long_or_padded_too_far_are_turned_down() -> None:
    ones = np.ones((1, 10), np.int8)
    assert pack_taps(ones, 4, phases=1) is not None
    assert pack_taps(ones, 4, phases=2) is None
    assert pack_taps(ones, 3, phases=1) is None
    assert pack_taps(ones[:, :2], 9, phases=1) is None


def test_matrices_are_doubled_padded_with_zeros_and_framed_by_their_constants() -> None:
    weights = np.arange(-9, 6).reshape(3, 5).astype(np.int8)
    table = np.arange(100, 109, dtype=np.int32).reshape(3, 3)
    packed = pack_matrix(weights, table)
    assert packed.shape == (2, 2 + 8 + 4)
    again = halves(packed[:, 2:10]).reshape(2, 4, 2, 2).transpose(0, 2, 1, 3).reshape(4, 8)
    assert np.array_equal(again[:3, :5], 2 * weights.astype(int))
    assert not again[3].any() and not again[:, 5:].any()
    assert packed[:, :2].tolist() == [[100, 103], [106, 106]]
    assert packed[:, 10:].tolist() == [[101, 102, 104, 105], [107, 108, 107, 108]]


def test_vectors_stay_bytes() -> None:
    weights = np.arange(-9, 6).reshape(3, 5).astype(np.int8)
    packed = pack_vector(weights)
    assert packed.shape == (2, 2, 2)
    again = packed.view(np.int8).reshape(2, 2, 2, 4).transpose(0, 2, 1, 3).reshape(4, 8)
    assert np.array_equal(again[:3, :5], weights)
    assert not again[3].any() and not again[:, 5:].any()


def test_a_weight_of_17_bits_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bits"):
        pair_words(np.array([[1 << 15, 0]]))
