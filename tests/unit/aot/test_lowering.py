"""Kernel choice, broadcasting walks, and what the AOT engine turns down."""

import re
from dataclasses import fields, replace
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import mutually_broadcastable_shapes

from ectopy.aot import compile_graph, unsupported_reason
from ectopy.aot.broadcast import MAX_DIMS, broadcast_walk
from ectopy.aot.lower_m4 import MAX_PAIRS, MAX_ROW, TILE_WORDS
from ectopy.aot.params import BroadcastWalk, GateParams, KernelParams, ResidualParams, RowMean
from ectopy.aot.recompute import MAX_CHANNELS, MAX_GROUPS
from ectopy.aot.support import check_accumulator
from ectopy.aot.types import Kernel
from ectopy.errors import ModelError
from ectopy.graph.reader import read_tflite
from ectopy.graph.types import Graph, QuantParams
from firmware.aot_host import FIRMWARE
from support.tflite_builder import ModelBuilder, Quant

QUANT = Quant(0.05, 0)


def walked(walk: BroadcastWalk) -> list[tuple[int, int]]:
    """Element numbers of both operands in the order in which the C loops meet them."""
    indices = np.indices(walk.extent).reshape(MAX_DIMS, -1)
    a = np.array(walk.a_step) @ indices
    b = np.array(walk.b_step) @ indices
    return list(zip(a.tolist(), b.tolist(), strict=True))


@given(
    mutually_broadcastable_shapes(num_shapes=2, min_dims=1, max_dims=4, max_side=4),
)
def test_the_walk_meets_the_elements_numpy_would(shapes) -> None:  # type: ignore[no-untyped-def]
    a_shape, b_shape = shapes.input_shapes
    out = shapes.result_shape
    walk = broadcast_walk(a_shape, b_shape, out)
    assert walk is not None
    a = np.broadcast_to(np.arange(np.prod(a_shape)).reshape(a_shape), out).ravel()
    b = np.broadcast_to(np.arange(np.prod(b_shape)).reshape(b_shape), out).ravel()
    assert walked(walk) == list(zip(a.tolist(), b.tolist(), strict=True))


def test_equal_shapes_become_one_loop_and_channels_two() -> None:
    same = broadcast_walk((1, 8, 16, 4), (1, 8, 16, 4), (1, 8, 16, 4))
    assert same is not None and same.extent == (1, 1, 1, 512)
    gate = broadcast_walk((1, 8, 16, 4), (1, 1, 1, 4), (1, 8, 16, 4))
    assert gate is not None and gate.extent == (1, 1, 128, 4) and gate.b_step == (0, 0, 0, 1)


def test_too_many_alternations_have_no_walk() -> None:
    assert broadcast_walk((2, 1, 2, 1, 2), (1, 2, 1, 2, 1), (2,) * 5) is None


def refused(data: bytes, op: int) -> str:
    graph = read_tflite(data, "refused")
    with pytest.raises(ModelError, match=f"operator {op} ") as caught:
        compile_graph(graph)
    assert caught.value.hint
    assert unsupported_reason(graph, graph.ops[op]) == caught.value.message
    return caught.value.message


def test_broadcasting_with_too_many_alternations_is_refused() -> None:
    builder = ModelBuilder()
    x = builder.input((2, 1, 2, 1, 2), QUANT)
    ones = builder.constant(np.ones((1, 2, 1, 2, 1)), QUANT)
    assert "more than 4 loops" in refused(builder.finish(builder.mul(x, ones, output=QUANT)), 0)


def test_mean_over_axes_that_are_not_neighbours_is_refused() -> None:
    builder = ModelBuilder()
    x = builder.input((1, 3, 4, 5), QUANT)
    y = builder.mean(x, axes=(1, 3), output=QUANT)
    assert "not neighbours" in refused(builder.finish(y), 0)


def test_mean_skips_extents_of_one_between_its_axes() -> None:
    builder = ModelBuilder()
    x = builder.input((1, 3, 1, 5), QUANT)
    graph = read_tflite(builder.finish(builder.mean(x, axes=(1, 3), output=QUANT)), "mean")
    (step,) = compile_graph(graph).steps
    assert step.call is not None
    params = step.call.params
    assert (params.outer, params.reduced, params.inner) == (1, 15, 1)  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", ["conv_2d", "depthwise_conv_2d", "max_pool_2d", "average_pool_2d"])
def test_a_batch_of_images_with_windows_of_several_rows_is_refused(kind: str) -> None:
    builder = ModelBuilder()
    x = builder.input((2, 3, 4, 5), QUANT)
    if kind == "conv_2d":
        y = builder.conv_2d(x, channels=2, kernel=(2, 1), output=Quant(5.0, 0))
    elif kind == "depthwise_conv_2d":
        y = builder.depthwise_conv_2d(x, kernel=(2, 3), output=Quant(5.0, 0))
    else:
        y = getattr(builder, kind)(x, kernel=(1, 2), stride=(2, 2))
    assert "batch of 2" in refused(builder.finish(y), 0)


def residual_graph() -> Graph:
    builder = ModelBuilder()
    x = builder.input((1, 1, 4, 5), QUANT)
    return read_tflite(builder.finish(builder.conv_2d(x, channels=3, output=Quant(5.0, 0))), "g")


@pytest.mark.parametrize(("bound", "shift", "fits"), [
    (2**31 - 1, 0, True),
    (2**31, 0, False),
    (2**30 - 1, 1, True),
    (2**30, 1, False),
    (2**31 - 1, -31, True),
    (1, 30, True),
    (2, 30, False),
])  # fmt: skip
def test_accumulators_stay_in_int32(bound: int, shift: int, fits: bool) -> None:
    op = residual_graph().ops[0]
    if fits:
        check_accumulator(op, bound, shift)
    else:
        with pytest.raises(ModelError, match="accumulator"):
            check_accumulator(op, bound, shift)


def test_a_bias_that_could_overflow_is_refused() -> None:
    graph = residual_graph()
    bias = graph.tensors[graph.ops[0].inputs[2]]
    tensors = list(graph.tensors)
    tensors[bias.index] = replace(bias, data=np.array([0, -(2**31), 0], np.int32))
    with pytest.raises(ModelError, match="accumulator may reach"):
        compile_graph(replace(graph, tensors=tuple(tensors)))


def biased_convolution(bias: int) -> Graph:
    """One tap of weight 127 on an input that is up to 255 away from its zero point."""
    builder = ModelBuilder()
    x = builder.input((1, 1, 4, 1), Quant(0.05, -128))
    y = builder.conv_2d(x, channels=1, output=Quant(5.0, 0))
    _, weights, biases = (builder.spec.tensors[i] for i in builder.spec.ops[0].inputs)
    weights.data, biases.data = bytes([127]), np.array([bias], "<i4").tobytes()
    return read_tflite(builder.finish(y), "biased")


@pytest.mark.parametrize("sign", [-1, 1])
def test_accumulators_are_bounded_to_the_last_unit(sign: int) -> None:
    reachable, in_two_sums = 127 * 255, 127 * (128 + 128)
    with pytest.raises(ModelError, match="overflow"):
        biased_convolution(sign * (2**31 - reachable))
    biased_convolution(sign * (2**31 - 1 - reachable))
    with pytest.raises(ModelError, match="accumulator may reach"):
        compile_graph(biased_convolution(sign * (2**31 - in_two_sums)))
    compile_graph(biased_convolution(sign * (2**31 - 1 - in_two_sums)))


@pytest.mark.parametrize("kind", ["mul", "add", "mean"])
def test_an_output_scale_that_could_overflow_is_refused(kind: str) -> None:
    builder = ModelBuilder()
    x = builder.input((1, 1, 4, 5), QUANT)
    if kind == "mean":
        y = builder.mean(x, axes=(1, 2), output=QUANT)
    else:
        y = getattr(builder, kind)(x, x, output=QUANT)
    graph = read_tflite(builder.finish(y), "overflow")
    tensors = list(graph.tensors)
    tensors[y] = replace(graph.output, quant=QuantParams(scales=(1e-9,), zero_points=(0,)))
    with pytest.raises(ModelError, match="accumulator may reach"):
        compile_graph(replace(graph, tensors=tuple(tensors)))


STRUCT = re.compile(r"typedef struct \{(.*?)\} (\w+);", re.DOTALL)
FIELD = re.compile(r"\*?(\w+)(?:\[\w+\])?\s*[,;]")


def test_parameter_classes_name_the_fields_of_the_c_structs_in_order() -> None:
    headers = sorted((FIRMWARE / "include" / "ectopy").glob("kernels*.h"))
    header = "".join(path.read_text() for path in headers)
    header = re.sub(r"/\*.*?\*/", "", header, flags=re.DOTALL)
    declared = {name: FIELD.findall(body) for body, name in STRUCT.findall(header)}
    for params in get_args(KernelParams):
        assert declared[params.c_type] == [field.name for field in fields(params)]
    inner = {
        "ect_broadcast_t": BroadcastWalk,
        "ect_gate_m4_t": GateParams,
        "ect_residual_m4_t": ResidualParams,
        "ect_row_mean_m4_t": RowMean,
    }
    for name, struct in inner.items():
        assert declared[name] == [field.name for field in fields(struct)]
    of_calls = {params.c_type for params in get_args(KernelParams)}
    assert set(declared) == of_calls | {"ect_m4_channel_t", *inner}


def test_limits_of_kernels_are_the_same_in_c_and_python() -> None:
    header = (FIRMWARE / "include" / "ectopy" / "kernels.h").read_text()
    found = dict(re.findall(r"#define ECT_M4_(\w+)\s+(\d+)", header))
    ours = {"MAX_ROW": MAX_ROW, "MAX_PAIRS": MAX_PAIRS, "TILE_WORDS": TILE_WORDS}
    ours |= {"MAX_AGAIN": MAX_CHANNELS, "AGAIN_GROUPS": MAX_GROUPS}
    assert {name: int(found[name]) for name in ours} == ours


def test_every_kernel_has_the_file_of_its_name_and_no_file_is_unused() -> None:
    files = {path.stem for path in (FIRMWARE / "kernels").glob("*/ect_*.c")}
    assert files == {kernel.value for kernel in Kernel}


def test_files_that_are_no_kernels_are_parts_of_some_with_a_header_of_their_own() -> None:
    parts = set((FIRMWARE / "kernels").glob("*/*.c")) - set((FIRMWARE / "kernels").glob("*/ect_*"))
    names = {"filter", "gate", "line", "narrow", "row", "unpack"}
    assert {path.stem for path in parts} == names
    assert all(path.with_suffix(".h").is_file() for path in parts)
