"""The C requantization equals the Python statement of TFLite's, for every allowed operand."""

import ctypes
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ectopy.aot.rounding import rounding_constant, rounds_exactly
from ectopy.aot.support import INT32_MAX
from ectopy.aot.weighted import WIDE_SHIFT
from ectopy.fixedpoint import multiply_by_quantized_multiplier
from firmware.aot_host import FIRMWARE

Requantize = Callable[[int, int, int], int]

LIMIT = 2**30 - 1
MULTIPLIERS = st.one_of(
    st.just(0), st.integers(1, 2**31 - 1), st.integers(2**30, 2**31 - 1), st.just(2**30)
)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    library = tmp_path_factory.mktemp("requantize") / "requantize.so"
    source = Path(__file__).parent / "requantize_shim.c"
    flags = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-shared", "-fPIC"]
    trap = ["-fsanitize=undefined", "-fsanitize-undefined-trap-on-error"]
    include = [f"-I{FIRMWARE / folder}" for folder in ("kernels", "kernels/ref", "include")]
    command = ["gcc", *flags, *trap, *include, str(source), "-o", str(library)]
    subprocess.run(command, check=True)
    return ctypes.CDLL(str(library))


@pytest.fixture(scope="module")
def requantize(library: ctypes.CDLL) -> Requantize:
    function = library.requantize
    function.argtypes = [ctypes.c_int32] * 3
    function.restype = ctypes.c_int32
    return function  # type: ignore[no-any-return]


@settings(max_examples=2000, deadline=None)
@given(acc=st.integers(-LIMIT, LIMIT), multiplier=MULTIPLIERS, shift=st.integers(-31, 29))
def test_random_accumulators(requantize: Requantize, acc: int, multiplier: int, shift: int) -> None:
    acc >>= max(shift, 0)
    expected = int(multiply_by_quantized_multiplier(acc, multiplier, shift))
    assert requantize(acc, multiplier, shift) == expected


@settings(max_examples=2000, deadline=None)
@given(
    acc=st.integers(-INT32_MAX, INT32_MAX) | st.sampled_from([-INT32_MAX, INT32_MAX, 2**30]),
    multiplier=MULTIPLIERS,
    shift=st.integers(-31, 30),
)
def test_accumulators_of_31_bits(
    requantize: Requantize, acc: int, multiplier: int, shift: int
) -> None:
    acc >>= max(shift, 0)
    expected = int(multiply_by_quantized_multiplier(acc, multiplier, shift))
    told = shift if shift >= 0 else shift + WIDE_SHIFT
    assert requantize(acc, multiplier, told) == expected


@pytest.mark.parametrize("shift", [-1, -2, -7, -15, -30, -31, 0, 3])
def test_accumulators_around_ties_of_both_roundings(requantize: Requantize, shift: int) -> None:
    """With the multiplier 2^30 the first step halves, so that ties of both steps are hit."""
    half = 1 << max(-shift - 1, 0)
    centres = [k * half for k in range(-9, 10)]
    near = {centre * 2 + d for centre in centres for d in range(-3, 4)}
    accs = np.array(sorted(a for a in near if abs(a) << max(shift, 0) <= LIMIT), np.int64)
    expected = multiply_by_quantized_multiplier(accs, 1 << 30, shift)
    assert [requantize(int(a), 1 << 30, shift) for a in accs] == expected.tolist()


@settings(max_examples=2000, deadline=None)
@given(
    acc=st.integers(-(2**22), 2**22),
    multiplier=st.integers(2**30, 2**31 - 1) | st.just(2**30),
    shift=st.integers(-12, -2),
    zero_point=st.sampled_from([-128, 127, 0, -7]),
)
def test_the_dsp_form_saturates_to_the_same_bytes(
    library: ctypes.CDLL, acc: int, multiplier: int, shift: int, zero_point: int
) -> None:
    acc >>= max(0, -shift - 9)
    assert rounds_exactly(abs(acc), multiplier, shift)
    wanted = int(multiply_by_quantized_multiplier(acc, multiplier, shift)) + zero_point
    ours = library.requantize_m4(acc, multiplier, rounding_constant(shift), zero_point)
    assert ours == min(max(wanted, -128), 127)
