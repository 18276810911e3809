"""What kind of TFLite file a file is, told from its tensors and without running it.

:mod:`ectopy.graph.reader` takes one kind only; this module names the others, so that people can be
told what they have and what to do.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import tflite

from ectopy.graph.flatbuffer import BUILTIN_NAMES, MAX_OPS, MAX_RANK, MAX_TENSORS, TYPE_NAMES
from ectopy.graph.reader import check_envelope
from ectopy.graph.rejections import DAMAGED, file_error


class TfliteKind(StrEnum):
    """How numbers are held in a TFLite file."""

    FULL_INT8 = "int8"
    INT8_FLOAT_IO = "int8_float_io"
    DYNAMIC_RANGE = "dynamic_range"
    FLOAT = "float"
    FLOAT16 = "float16"
    INT16X8 = "int16x8"
    MIXED = "mixed"


KIND_WORDS: Mapping[TfliteKind, str] = {
    TfliteKind.FULL_INT8: "int8 throughout, input and output included",
    TfliteKind.INT8_FLOAT_IO: "int8 inside, float input and output",
    TfliteKind.DYNAMIC_RANGE: "int8 weights, float activations (dynamic range)",
    TfliteKind.FLOAT: "float weights and activations",
    TfliteKind.FLOAT16: "float16 weights, float activations",
    TfliteKind.INT16X8: "int16 activations, int8 weights",
    TfliteKind.MIXED: "partly integer, partly float",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TfliteFacts:
    """What the tensors of a file tell.

    Attributes:
        input_type: Element type of the first input, as TFLite names it.
        input_shape: Of the first input; -1 where it is unknown until run.
        operators: How often each operator occurs.
    """

    kind: TfliteKind
    input_type: str
    input_shape: tuple[int, ...]
    output_type: str
    output_shape: tuple[int, ...]
    operators: Mapping[str, int]


def identify(data: bytes) -> TfliteFacts:
    """Tells the kind of a TFLite file.

    Args:
        data: The whole file.

    Raises:
        ModelError: The bytes are no TFLite file, or its structure is damaged.
    """
    check_envelope(data)
    try:
        return _identify(tflite.Model.GetRootAs(data, 0))
    except (struct.error, IndexError, ValueError, TypeError, OverflowError) as error:
        raise file_error(f"its structure is damaged ({error})", hint=DAMAGED) from error


def _identify(model: Any) -> TfliteFacts:
    graph = model.Subgraphs(0) if model.SubgraphsLength() else None
    if graph is None or not (graph.InputsLength() and graph.OutputsLength()):
        raise file_error("it has no graph with an input and an output")
    tensors = _tensors(graph)
    first, last = tensors[graph.Inputs(0)], tensors[graph.Outputs(0)]
    return TfliteFacts(
        kind=_kind(model, graph, tensors),
        input_type=_type(first),
        input_shape=_shape(first),
        output_type=_type(last),
        output_shape=_shape(last),
        operators=_operators(model, graph),
    )


def _tensors(graph: Any) -> list[Any]:
    count = graph.TensorsLength()
    if not 1 <= count <= MAX_TENSORS:
        raise file_error(f"it has {count} tensors")
    return [graph.Tensors(i) for i in range(count)]


def _kind(model: Any, graph: Any, tensors: list[Any]) -> TfliteKind:
    constants = {_type(t) for t in tensors if _is_constant(model, t)}
    ends = {int(graph.Inputs(i)) for i in range(graph.InputsLength())}
    ends |= {int(graph.Outputs(i)) for i in range(graph.OutputsLength())}
    outside = {_type(tensors[i]) for i in ends}
    inside = {
        _type(tensor)
        for i, tensor in enumerate(tensors)
        if i not in ends and not _is_constant(model, tensor)
    }
    if "INT16" in inside | outside:
        return TfliteKind.INT16X8
    if outside == {"INT8"} and "FLOAT32" not in inside | constants:
        return TfliteKind.FULL_INT8
    if outside != {"FLOAT32"}:
        return TfliteKind.MIXED
    if "INT8" in inside:
        return TfliteKind.MIXED if "FLOAT32" in inside else TfliteKind.INT8_FLOAT_IO
    if "INT8" in constants:
        return TfliteKind.DYNAMIC_RANGE
    return TfliteKind.FLOAT16 if "FLOAT16" in constants else TfliteKind.FLOAT


def _is_constant(model: Any, tensor: Any) -> bool:
    if tensor.Buffer() >= model.BuffersLength():
        raise file_error(f"buffer {tensor.Buffer()} does not exist")
    return bool(model.Buffers(tensor.Buffer()).DataLength())


def _type(tensor: Any) -> str:
    return str(TYPE_NAMES.get(tensor.Type(), f"type {tensor.Type()}"))


def _shape(tensor: Any) -> tuple[int, ...]:
    """With unknown sizes as -1, as the signature has them."""
    signature = int(tensor.ShapeSignatureLength())
    rank, size = (
        (signature, tensor.ShapeSignature)
        if signature
        else (
            int(tensor.ShapeLength()),
            tensor.Shape,
        )
    )
    return tuple(int(size(i)) for i in range(min(rank, MAX_RANK)))


def _operators(model: Any, graph: Any) -> Mapping[str, int]:
    count = graph.OperatorsLength()
    if not 1 <= count <= MAX_OPS:
        raise file_error(f"it has {count} operators")
    found: Counter[str] = Counter()
    for i in range(count):
        code_index = graph.Operators(i).OpcodeIndex()
        if code_index >= model.OperatorCodesLength():
            raise file_error(f"operator code {code_index} does not exist")
        code = model.OperatorCodes(code_index)
        number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        found[BUILTIN_NAMES.get(number, f"builtin {number}")] += 1
    return dict(sorted(found.items()))
