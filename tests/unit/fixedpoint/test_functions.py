"""exp, logistic, tanh and softmax: near the real functions, and equal to tflite-micro."""

import numpy as np
import pytest

from ectopy.fixedpoint import exp_of_differences, softmax_rows
from ectopy.fixedpoint.functions import (
    exp_of_negative,
    logistic_q27,
    reciprocal_of_one_plus,
    tanh_q27,
)
from ectopy.graph.reader import read_tflite
from ectopy.reference import TflmInterpreter
from support.tflite_builder import ModelBuilder, Quant

RAW = np.concatenate([np.arange(-(15 << 27), 15 << 27, 104_729), [0, 1, -1]])
ONE = 2.0**31


def test_exponential_is_that_of_the_real_numbers_to_six_digits() -> None:
    for bits in (4, 5):
        raw = -np.abs(RAW)
        wanted = np.exp(raw / 2.0 ** (31 - bits))
        np.testing.assert_allclose(exp_of_negative(raw, bits) / ONE, wanted, atol=3e-7)


def test_logistic_and_tanh_are_those_of_the_real_numbers() -> None:
    real = RAW / 2.0**27
    np.testing.assert_allclose(logistic_q27(RAW) / ONE, 1 / (1 + np.exp(-real)), atol=4e-8)
    np.testing.assert_allclose(tanh_q27(RAW) / ONE, np.tanh(real), atol=2e-7)


def test_reciprocal_is_that_of_the_real_numbers_and_never_overflows() -> None:
    a = np.concatenate([np.arange(0, 2**31, 999_983), [2**31 - 1]])
    found = reciprocal_of_one_plus(a)
    assert found.min() > 0
    np.testing.assert_allclose(found / ONE, 1 / (1 + a / ONE), atol=1e-8)


def rows_of(depth: int, seed: int) -> np.ndarray:
    """Noise, equal logits, and one that stands out."""
    random = np.random.default_rng(seed)
    rows = random.integers(-128, 128, (12, depth))
    rows[0], rows[1], rows[2] = -128, 127, random.integers(-3, 3, depth)
    rows[3] = -128
    rows[3, depth // 2] = 127
    return rows.astype(np.int8)


@pytest.mark.parametrize("depth", [1, 2, 3, 10, 100, 511])
@pytest.mark.parametrize("beta", [1.0, 0.25, 2.75])
def test_softmax_equals_tflite_micro(depth: int, beta: float) -> None:
    pytest.importorskip("tflite_micro", reason="tflite-micro exists for x86-64 Linux only")
    for number, exponent in enumerate((-20, -9.5, -6, -4, -3.3, -1, 0.5, 3)):
        scale = float(np.float32(2.0**exponent))
        rows = rows_of(depth, number)
        builder = ModelBuilder()
        x = builder.input(rows.shape, Quant(scale, -7))
        data = builder.finish(builder.softmax(x, beta))
        wanted = TflmInterpreter(data, read_tflite(data, "softmax")).invoke(rows)
        ours = softmax_rows(rows, exp_of_differences(scale, beta))
        np.testing.assert_array_equal(ours, wanted, err_msg=f"scale {scale}")


def test_exponentials_are_as_many_as_differ_from_zero() -> None:
    assert exp_of_differences(2.0**-9, 1.0).size == 256
    coarse = exp_of_differences(1.0, 1.0)
    assert 1 < coarse.size < 32
    assert coarse[0] == 2**31 - 1 and coarse.min() > 0


def test_softmax_of_a_scale_that_cannot_be_represented_is_refused() -> None:
    with pytest.raises(ValueError, match="too small"):
        exp_of_differences(2.0**-30, 1.0)
