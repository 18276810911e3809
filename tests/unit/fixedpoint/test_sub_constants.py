"""SUB's factors are in double precision, as ADD's are."""

import numpy as np
import pytest

from ectopy.fixedpoint import (
    ADD_LEFT_SHIFT,
    AddConstants,
    add_constants,
    multiply_by_quantized_multiplier,
    quantize_multiplier,
)
from ectopy.graph.reader import read_tflite
from ectopy.reference import TflmInterpreter
from support.tflite_builder import ModelBuilder, Quant

VALUES = np.arange(-128, 128)
A, B = np.repeat(VALUES, 256), np.tile(VALUES, 256)


def in_float32(a: float, b: float, output: float) -> AddConstants:
    common = np.float32(2) * np.float32(max(a, b))
    widened = np.float32(1 << ADD_LEFT_SHIFT) * np.float32(output)
    factors = (np.float32(a) / common, np.float32(b) / common, common / widened)
    of_a, of_b, of_output = (quantize_multiplier(float(factor)) for factor in factors)
    return AddConstants(a=of_a, b=of_b, output=of_output)


def differences(constants: AddConstants) -> np.ndarray:
    a, b = (
        multiply_by_quantized_multiplier(values << ADD_LEFT_SHIFT, *pair).astype(np.int64)
        for values, pair in ((A, constants.a), (B, constants.b))
    )
    rescaled = multiply_by_quantized_multiplier(a - b, *constants.output)
    return np.clip(rescaled, -128, 127)


def test_differences_at_ties_are_those_of_double_precision() -> None:
    pytest.importorskip("tflite_micro", reason="tflite-micro exists for x86-64 Linux only")
    random = np.random.default_rng(5)
    found = 0
    while found < 3:
        a, b = (float(np.float32(scale)) for scale in random.uniform(0.01, 0.1, 2))
        output = float(np.float32(random.choice([2 * a, a, b, a * 1.5])))
        double = differences(add_constants(a, b, output))
        if np.array_equal(double, differences(in_float32(a, b, output))):
            continue
        found += 1
        builder = ModelBuilder()
        x = builder.input((1, A.size), Quant(a, 0))
        other = builder.constant(B.reshape(1, -1), Quant(b, 0))
        data = builder.finish(builder.sub(x, other, output=Quant(output, 0)))
        oracle = TflmInterpreter(data, read_tflite(data, "sub"))
        np.testing.assert_array_equal(oracle.invoke(A.astype(np.int8)).ravel(), double)
