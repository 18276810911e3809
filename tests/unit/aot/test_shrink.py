"""Constants as bytes are the same constants."""

import numpy as np
import pytest

from ectopy.aot import compile_graph
from ectopy.aot.linear import Linear
from ectopy.aot.pack import (
    channel_table,
    narrow_matrix,
    pack_channels,
    pack_linear,
    pack_matrix,
    pack_taps,
    place_taps,
)
from ectopy.aot.types import ConstOperand, Kernel, Plan
from ectopy.graph.reader import load_tflite
from ectopy.graph.types import Graph
from ectopy.vocab import Optimize
from ectopy.zoo import open_bundle

RANDOM = np.random.default_rng(3)


@pytest.mark.parametrize(("out_c", "in_c"), [(2, 16), (3, 7), (8, 40), (5, 1)])
def test_a_narrowed_stream_is_what_was_packed_narrow(out_c: int, in_c: int) -> None:
    weights = RANDOM.integers(-127, 128, (out_c, in_c)).astype(np.int8)
    table = channel_table(
        RANDOM.integers(-(2**20), 2**20, out_c),
        RANDOM.integers(2**30, 2**31, out_c).astype(np.int32),
        np.full(out_c, -7, np.int8),
    )
    wide = pack_matrix(weights, table, narrow=False)
    assert np.array_equal(narrow_matrix(wide), pack_matrix(weights, table, narrow=True))


@pytest.mark.parametrize("phases", [1, 2])
def test_packed_taps_times_their_gain_are_the_linear_ones(phases: int) -> None:
    taps = RANDOM.integers(-127, 128, (6, 9)).astype(np.int8)
    taps[4] = 0
    taps[5] = (0, 0, 64, 0, 0, 0, -96, 0, 0)
    placed = place_taps(taps, 4, phases)
    assert placed is not None
    gains = (258, 1, 127, 200, 5, 300)
    linear = [Linear(gain=gain, offset=7, factor=2**30 + gain) for gain in gains]
    wide = pack_linear(placed, np.arange(6), linear)
    packed = pack_taps(wide)
    assert packed.shape == (6, 5) and np.array_equal(packed[:, :2], wide[:, :2])
    tail = np.ascontiguousarray(packed[:, 2:]).astype("<i4")
    gain = tail.view("<i2")[:, 5:].astype(np.int64)
    assert np.array_equal(tail.view(np.int8)[:, :10] * gain, placed[:, 0] * np.c_[list(gains)])
    assert (gain > 0).all()


def test_a_table_of_channels_keeps_bias_shift_and_multiplier_in_two_words() -> None:
    bias, multiplier = np.array([-5, 7, -(2**26) + 1]), np.array([2**30, 2**31 - 1, 2**30 + 3])
    table = channel_table(bias, multiplier.astype(np.int32), np.array([-2, -31, -7], np.int8))
    packed = pack_channels(table)
    assert (packed[:, 0] >> 5).tolist() == bias.tolist()
    assert (packed[:, 0] & 31).tolist() == [2, 31, 7]
    assert packed[:, 1].tolist() == multiplier.tolist()


def constant_bytes(plan: Plan) -> int:
    arrays = {
        id(o.values): o.values.nbytes
        for step in plan.steps
        for o in (step.call.operands if step.call is not None else ())
        if isinstance(o, ConstOperand)
    }
    return sum(arrays.values())


@pytest.fixture(params=["beat-2-eff-sm", "beat-3-eff-sm"])
def shipped(request: pytest.FixtureRequest) -> Graph:
    return load_tflite(open_bundle(request.param).tflite_path)


def test_shipped_models_have_no_weights_as_halfwords_and_four_fifths_of_the_constants(
    shipped: Graph,
) -> None:
    plan = compile_graph(shipped, optimize=Optimize.SIZE)
    kernels = {step.call.kernel for step in plan.steps if step.call is not None}
    assert Kernel.CONV2D_1X1_M4 not in kernels
    assert constant_bytes(plan) < 0.8 * constant_bytes(compile_graph(shipped))
