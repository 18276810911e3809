"""What the reader makes of valid models."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from ectopy.graph.reader import load_tflite, read_tflite
from ectopy.graph.types import (
    ConvAttrs,
    DepthwiseAttrs,
    FullyConnectedAttrs,
    MeanAttrs,
    PoolAttrs,
)
from ectopy.vocab import Activation, DType, OpKind, Padding
from support.tflite_builder import ModelBuilder, Quant, TensorSpec


def test_convolution_is_read_with_all_its_attributes() -> None:
    builder = ModelBuilder(seed=3)
    x = builder.input((1, 4, 16, 2), Quant(0.25, -7))
    y = builder.conv_2d(
        x,
        channels=3,
        kernel=(2, 3),
        stride=(1, 2),
        dilation=(2, 1),
        padding=Padding.VALID,
        activation=Activation.RELU6,
        scales=(0.5, 0.25, 0.125),
        output=Quant(64.0, 5),
    )
    data = builder.finish(y)
    graph = read_tflite(data, "conv")
    assert (graph.name, graph.sha256) == ("conv", hashlib.sha256(data).hexdigest())
    (op,) = graph.ops
    assert op.attrs == ConvAttrs(
        stride=(1, 2), dilation=(2, 1), padding=Padding.VALID, activation=Activation.RELU6
    )
    x_tensor, weights, bias = graph.op_inputs(op)
    assert x_tensor is graph.input
    assert (graph.input.quant.scale, graph.input.quant.zero_point) == (0.25, -7)
    assert (weights.shape, weights.quant.axis) == ((3, 2, 3, 2), 0)
    assert weights.quant.scales == (0.5, 0.25, 0.125)
    assert weights.data.tobytes() == builder.spec.tensors[weights.index].data
    assert (bias.dtype, bias.shape, bias.quant.scales[0]) == (DType.INT32, (3,), 0.125)
    assert graph.output.shape == (1, 2, 7, 3)
    assert (graph.output.nbytes, bias.nbytes) == (42, 12)


def test_other_attributes_are_read() -> None:
    builder = ModelBuilder()
    x = builder.input((1, 2, 16, 2), Quant(0.1, 0))
    x = builder.depthwise_conv_2d(x, multiplier=2, output=Quant(1.0, 0), stride=(1, 1))
    x = builder.max_pool_2d(x, kernel=(2, 2), stride=(2, 1), activation=Activation.RELU)
    x = builder.mean(x, axes=(-2, 1), keep_dims=False, output=Quant(1.0, 0))
    x = builder.fully_connected(x, units=2, output=Quant(1.0, 0), bias=False, keep_num_dims=True)
    graph = read_tflite(builder.finish(x), "several")
    depthwise, pool, mean, dense = (op.attrs for op in graph.ops)
    assert isinstance(depthwise, DepthwiseAttrs)
    assert depthwise.depth_multiplier == 2
    assert pool == PoolAttrs(
        kernel=(2, 2), stride=(2, 1), padding=Padding.SAME, activation=Activation.RELU
    )
    assert mean == MeanAttrs(axes=(1, 2), keep_dims=False)
    assert dense == FullyConnectedAttrs(activation=Activation.NONE, keep_num_dims=True)
    assert graph.ops[3].inputs[2] == -1
    assert graph.op_inputs(graph.ops[3])[2] is None


def test_unknown_batch_in_the_signature_is_the_batch_of_one_in_the_shape() -> None:
    builder = ModelBuilder()
    x = builder.input((1, 6), Quant(0.1, 0))
    builder.spec.tensors[x].shape_signature = (-1, 6)
    graph = read_tflite(builder.finish(builder.fully_connected(x, units=2, output=Quant(1, 0))), "")
    assert graph.input.shape == (1, 6)


def test_unused_constants_do_not_matter() -> None:
    builder = ModelBuilder()
    x = builder.input((1, 6), Quant(0.1, 0))
    y = builder.fully_connected(x, units=2, output=Quant(1, 0))
    builder.spec.tensors.append(TensorSpec(name="left over", shape=(3,), data=b"abc"))
    assert len(read_tflite(builder.finish(y), "").tensors) == len(builder.spec.tensors)


def test_constants_are_read_only() -> None:
    builder = ModelBuilder()
    x = builder.input((1, 6), Quant(0.1, 0))
    graph = read_tflite(builder.finish(builder.fully_connected(x, units=2, output=Quant(1, 0))), "")
    weights = graph.op_inputs(graph.ops[0])[1].data
    assert weights.dtype == np.int8
    with pytest.raises(ValueError, match="read-only"):
        weights[0, 0] = 1


def test_a_bundles_model_is_named_after_its_folder(tmp_path: Path) -> None:
    builder = ModelBuilder()
    x = builder.input((1, 6), Quant(0.1, 0))
    data = builder.finish(builder.reshape(x, (2, 3)))
    (tmp_path / "mine").mkdir()
    for path, name in (("mine/model.tflite", "mine"), ("mine/other.tflite", "other")):
        (tmp_path / path).write_bytes(data)
        graph = load_tflite(tmp_path / path)
        assert (graph.name, graph.ops[0].kind) == (name, OpKind.RESHAPE)
