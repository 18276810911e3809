import numpy as np
import pytest

from ectopy.errors import DataError
from ectopy.preprocess import (
    Preprocess,
    normalize,
    quantize_windows,
    round_half_away,
    to_microvolts,
)

PRE = Preprocess(epsilon_mv2=0.01, frame_samples=512)
SCALE = float(np.float32(0.047))


def test_epsilon_is_an_exact_integer_in_the_units_of_the_sums() -> None:
    assert PRE.epsilon_n2 == 2_621_440_000


def test_halves_round_away_from_zero_and_the_float_below_a_half_does_not() -> None:
    below_half = np.nextafter(np.float32(0.5), np.float32(0))
    values = np.array([0.5, -0.5, 1.5, 2.5, -2.5, below_half, -below_half, 0.0], np.float32)
    assert round_half_away(values).tolist() == [1, -1, 2, 3, -3, 0, 0, 0]


def test_millivolts_become_microvolts_and_saturate() -> None:
    samples = np.array([[0.0, 0.0625, -0.0625, 32.767, 40.0, -40.0, np.inf, -np.inf]], np.float32)
    expected = [0, 63, -63, 32767, 32767, -32768, 32767, -32768]
    assert to_microvolts(samples)[0].tolist() == expected


def test_samples_that_are_not_numbers_are_refused() -> None:
    with pytest.raises(DataError):
        to_microvolts(np.full((1, 512), np.nan, np.float32))


def test_quantized_windows_follow_the_plain_formula_within_one_step() -> None:
    rng = np.random.default_rng(1)
    uv = rng.normal(0, 600, (50, 512)).round().astype(np.int16)
    plain = np.round(normalize(uv / 1000.0, PRE.epsilon_mv2) / SCALE) - 5
    ours = quantize_windows(uv, PRE, SCALE, -5)
    assert ours.dtype == np.int8
    assert np.abs(np.clip(plain, -128, 127) - ours).max() <= 1
    assert (np.clip(plain, -128, 127) == ours).mean() > 0.99


def test_a_constant_window_becomes_the_zero_point_with_and_without_epsilon() -> None:
    constant = np.full((1, 512), -1234, np.int16)
    no_epsilon = Preprocess(epsilon_mv2=0.0, frame_samples=512)
    for preprocess in (PRE, no_epsilon):
        assert (quantize_windows(constant, preprocess, SCALE, 7) == 7).all()


def test_a_spike_saturates_and_does_not_wrap() -> None:
    spike = np.zeros((1, 512), np.int16)
    spike[0, 3] = 32767
    quantized = quantize_windows(spike, PRE, SCALE, 100)
    assert quantized[0, 3] == 127


def test_normalized_windows_have_zero_mean_and_nearly_unit_variance() -> None:
    rng = np.random.default_rng(2)
    normal = normalize(rng.normal(0.3, 1.0, (4, 512)), 0.01)
    assert np.abs(normal.mean(axis=1)).max() < 1e-6
    assert np.abs(normal.std(axis=1) - 1).max() < 0.05
