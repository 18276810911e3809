"""What an image with the TFLM engine is generated from: the file itself, and facts about it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ectopy.codegen.build_context import banner
from ectopy.codegen.context import ArrayContext, BannerContext
from ectopy.codegen.literals import c_float, c_int, c_rows
from ectopy.graph.costs import peak_activation_bytes
from ectopy.graph.types import Graph, Tensor
from ectopy.vocab import OpKind

ARENA_ALIGNMENT = 16
"""Bytes; what TFLM asks of an arena, and the granularity of its size."""

ADDITIONS: dict[OpKind, str] = {
    OpKind.RESHAPE: "AddReshape()",
    OpKind.CONV_2D: "AddConv2D(tflite::Register_CONV_2D_INT8())",
    OpKind.DEPTHWISE_CONV_2D: "AddDepthwiseConv2D(tflite::Register_DEPTHWISE_CONV_2D_INT8())",
    OpKind.MAX_POOL_2D: "AddMaxPool2D(tflite::Register_MAX_POOL_2D_INT8())",
    OpKind.MEAN: "AddMean()",
    OpKind.MUL: "AddMul(tflite::Register_MUL_INT8())",
    OpKind.ADD: "AddAdd(tflite::Register_ADD_INT8())",
    OpKind.FULLY_CONNECTED: "AddFullyConnected(tflite::Register_FULLY_CONNECTED_INT8())",
}
"""How an operator is made known to a ``MicroMutableOpResolver``.

The runtime's headers turn the int8-only registrations into the general ones where its kernels
have none. Source: tensorflow/lite/micro/micro_mutable_op_resolver.h and kernels/*.h.
"""

_PER_OPERATOR_BYTES = 512
_PER_TENSOR_BYTES = 128
_PER_ACTIVATION_BYTE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TflmOpContext:
    """One operator: its output as an initialiser."""

    kind: str
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TflmContext:
    """model_tflm.c.

    Attributes:
        ample_arena_bytes: What is enough for any runtime.
    """

    banner: BannerContext
    arena_bytes: int
    ample_arena_bytes: int
    flatbuffer: ArrayContext
    input: str
    output: str
    ops: tuple[TflmOpContext, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TflmOpsContext:
    """model_tflm_ops.cc.

    Attributes:
        additions: Calls of the resolver's methods, one for each kind of operator in the model.
    """

    banner: BannerContext
    additions: tuple[str, ...]


def tflm_context(graph: Graph, tflite: bytes, arena_bytes: int) -> TflmContext:
    """Everything in model_tflm.c.

    Args:
        graph: The model.
        tflite: The bytes from which it was read.
        arena_bytes: Size of the arena; rounded up to what TFLM can use.
    """
    values = np.frombuffer(tflite, np.uint8).astype(np.int32)
    return TflmContext(
        banner=banner(graph),
        arena_bytes=-(-arena_bytes // ARENA_ALIGNMENT) * ARENA_ALIGNMENT,
        ample_arena_bytes=generous_arena_bytes(graph),
        flatbuffer=ArrayContext(
            name="flatbuffer",
            c_type="uint8_t",
            count=values.size,
            of_model=True,
            rows=c_rows(values),
        ),
        input=_tensor(graph.input),
        output=_tensor(graph.output),
        ops=tuple(
            TflmOpContext(kind=op.kind, output=_tensor(graph.op_output(op))) for op in graph.ops
        ),
    )


def tflm_ops_context(graph: Graph) -> TflmOpsContext:
    """Everything in model_tflm_ops.cc."""
    kinds = {op.kind for op in graph.ops}
    return TflmOpsContext(
        banner=banner(graph),
        additions=tuple(call for kind, call in ADDITIONS.items() if kind in kinds),
    )


def generous_arena_bytes(graph: Graph) -> int:
    """An upper bound with much room: what TFLM needs only its own code can tell.

    The build runs that code and takes what it measures, where a licence does not forbid it; see
    ``ectopy.usecases.arena``.
    """
    return (
        _PER_ACTIVATION_BYTE * peak_activation_bytes(graph)
        + _PER_OPERATOR_BYTES * len(graph.ops)
        + _PER_TENSOR_BYTES * len(graph.tensors)
    )


def _tensor(tensor: Tensor) -> str:
    assert tensor.quant is not None
    fields = {
        "index": c_int(tensor.index),
        "bytes": c_int(tensor.nbytes),
        "scale": c_float(tensor.quant.scale),
        "zero_point": c_int(tensor.quant.zero_point),
    }
    return f"{{{', '.join(f'.{name} = {value}' for name, value in fields.items())}}}"
