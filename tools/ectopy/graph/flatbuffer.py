"""Walks the flatbuffer of a TFLite model and builds the value objects.

Called only by :mod:`ectopy.graph.reader`, which turns the exceptions of damaged files into one
error.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import tflite

from ectopy.errors import ModelError
from ectopy.graph.constant_options import CONSTANT_PARSERS
from ectopy.graph.options import OptionError, parse_attrs
from ectopy.graph.rejections import (
    DAMAGED,
    FIXED_SHAPE,
    REQUANTIZE,
    SUPPORTED,
    TOO_LARGE,
    file_error,
    op_error,
)
from ectopy.graph.types import ConstArray, Graph, Op, QuantParams, Tensor
from ectopy.vocab import DType, OpKind

MAX_OPS = 4096
MAX_TENSORS = 16384
MAX_OPERANDS = 16
MAX_RANK = 5
MAX_ELEMENTS = 1 << 22
"""Per tensor; 4 MiB of int8, more than the memory of any board we know."""

MAX_NAME = 256

OF_UNKNOWN_SHAPES = frozenset({"SHAPE", "PACK", "FILL", "BROADCAST_TO"})
"""Operators with which converters compute sizes that they do not know."""

BUILTIN_NAMES = MappingProxyType(
    {
        number: name
        for name, number in vars(tflite.BuiltinOperator).items()
        if isinstance(number, int) and not name.startswith("_")
    }
)

TYPE_NAMES = MappingProxyType(
    {
        number: name
        for name, number in vars(tflite.TensorType).items()
        if isinstance(number, int) and not name.startswith("_")
    }
)

DTYPES = MappingProxyType(
    {tflite.TensorType.INT8: DType.INT8, tflite.TensorType.INT32: DType.INT32}
)

NUMPY_TYPES: Mapping[DType, np.dtype[Any]] = MappingProxyType(
    {DType.INT8: np.dtype("<i1"), DType.INT32: np.dtype("<i4")}
)


def parse_graph(data: bytes, name: str, sha256: str) -> Graph:
    """The graph of a flatbuffer, structurally sound, not yet verified.

    Raises:
        ModelError: It holds something we do not take.
        struct.error, IndexError, ValueError, TypeError, OverflowError: The file is damaged.
    """
    model = tflite.Model.GetRootAs(data, 0)
    subgraphs = model.SubgraphsLength()
    if subgraphs != 1:
        several = "control flow and several signatures are not supported"
        raise file_error(
            f"it has {subgraphs} subgraphs, one is expected", hint=several if subgraphs else DAMAGED
        )
    subgraph = model.Subgraphs(0)
    _bounded(subgraph.OperatorsLength(), 1, MAX_OPS, "operators")
    _bounded(subgraph.TensorsLength(), 1, MAX_TENSORS, "tensors")
    operators = [subgraph.Operators(i) for i in range(subgraph.OperatorsLength())]
    kinds = [_kind(model, operator, index) for index, operator in enumerate(operators)]
    tensors = _tensors(model, subgraph, _first_users(operators, kinds))
    ops = tuple(
        _op(operator, index, kind, tensors)
        for index, (operator, kind) in enumerate(zip(operators, kinds, strict=True))
    )
    return Graph(
        name=name,
        sha256=sha256,
        tensors=tensors,
        ops=ops,
        inputs=_indices(subgraph.InputsLength, subgraph.Inputs),
        outputs=_indices(subgraph.OutputsLength, subgraph.Outputs),
    )


def _bounded(count: int, low: int, high: int, what: str) -> None:
    if not low <= count <= high:
        raise file_error(f"it has {count} {what}, between {low} and {high} are expected")


def _indices(length: Callable[[], int], item: Callable[[int], int]) -> tuple[int, ...]:
    count = length()
    if count > MAX_OPERANDS:
        raise ValueError(f"{count} operands in one list")
    return tuple(int(item(i)) for i in range(count))


def _kind(model: Any, operator: Any, index: int) -> OpKind:
    code_index = operator.OpcodeIndex()
    if code_index >= model.OperatorCodesLength():
        raise op_error(index, "?", f"its operator code {code_index} does not exist")
    code = model.OperatorCodes(code_index)
    # Old files hold the number in a byte; new ones in both fields, 127 marking an overflow.
    number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    name = BUILTIN_NAMES.get(number, f"builtin {number}")
    if number == tflite.BuiltinOperator.CUSTOM:
        name = f"CUSTOM {_text(code.CustomCode())}"
    if name not in set(OpKind):
        raise op_error(index, name, "this operator is not supported", hint=_hint_for(name))
    return OpKind(name)


def _hint_for(name: str) -> str:
    if name == "DEQUANTIZE":
        return f"the model's input or output is float; {REQUANTIZE}"
    if name in OF_UNKNOWN_SHAPES:
        return FIXED_SHAPE
    if name == "TILE":
        return "tflite-micro has no TILE; use UpSampling2D of one row instead of UpSampling1D"
    return SUPPORTED


def _text(raw: bytes | None) -> str:
    """A name that can be shown: control characters would reach the reader's terminal."""
    name = (raw or b"")[:MAX_NAME].decode(errors="replace")
    return "".join(character if character.isprintable() else "?" for character in name)


def _first_users(operators: list[Any], kinds: list[OpKind]) -> dict[int, tuple[int, OpKind]]:
    """Tensor index -> the first operator that touches it, to say where a bad tensor is."""
    users: dict[int, tuple[int, OpKind]] = {}
    for index, (operator, kind) in enumerate(zip(operators, kinds, strict=True)):
        touched = _indices(operator.InputsLength, operator.Inputs)
        touched += _indices(operator.OutputsLength, operator.Outputs)
        for tensor in touched:
            users.setdefault(tensor, (index, kind))
    return users


def _tensors(model: Any, subgraph: Any, users: dict[int, tuple[int, OpKind]]) -> tuple[Tensor, ...]:
    tensors = []
    for index in range(subgraph.TensorsLength()):
        raw = subgraph.Tensors(index)
        try:
            tensors.append(_tensor(model, raw, index))
        except OptionError as problem:
            reason = f"tensor {index} '{_text(raw.Name())}': {problem}"
            raise _at(users.get(index), reason, problem.hint) from problem
    return tuple(tensors)


def _at(user: tuple[int, OpKind] | None, reason: str, hint: str) -> ModelError:
    if user is None:
        return file_error(reason, hint=hint)
    index, kind = user
    return op_error(index, kind, reason, hint=hint)


def _tensor(model: Any, raw: Any, index: int) -> Tensor:
    if raw.Type() not in DTYPES:
        found = TYPE_NAMES.get(raw.Type(), str(raw.Type()))
        raise OptionError(
            f"its type is {found}; only full-integer int8 models are supported", REQUANTIZE
        )
    if raw.IsVariable() or raw.Sparsity() is not None:
        raise OptionError("variable and sparse tensors are not supported", REQUANTIZE)
    dtype = DTYPES[raw.Type()]
    shape = _shape(raw)
    return Tensor(
        index=index,
        name=_text(raw.Name()),
        shape=shape,
        dtype=dtype,
        quant=_quant(raw.Quantization()),
        data=_constant(model, raw, dtype, shape),
    )


def _shape(raw: Any) -> tuple[int, ...]:
    rank = raw.ShapeLength()
    if rank > MAX_RANK:
        raise OptionError(
            f"it has {rank} dimensions, at most {MAX_RANK} are supported",
            "reshape it in the network; four are (batch, height, width, channels)",
        )
    shape = tuple(int(raw.Shape(i)) for i in range(rank))
    if any(size < 1 for size in shape):
        raise OptionError(f"its shape {shape} is dynamic or empty", FIXED_SHAPE)
    signature = tuple(int(raw.ShapeSignature(i)) for i in range(min(rank, _signature_rank(raw))))
    # An unknown batch is the converter's default; the shape then says 1 and is the truth.
    if any(size < 0 for size in signature[1:]) or (signature[:1] == (-1,) and shape[0] != 1):
        raise OptionError(f"its shape signature {signature} is dynamic", FIXED_SHAPE)
    if math.prod(shape) > MAX_ELEMENTS:
        raise OptionError(f"its shape {shape} has more than {MAX_ELEMENTS} elements", TOO_LARGE)
    return shape


def _signature_rank(raw: Any) -> int:
    return int(raw.ShapeSignatureLength())


def _quant(raw: Any) -> QuantParams | None:
    if raw is None or raw.ScaleLength() == 0:
        return None
    scales = _numbers(raw.ScaleLength(), raw.ScaleAsNumpy)
    zero_points = _numbers(raw.ZeroPointLength(), raw.ZeroPointAsNumpy)
    if len(scales) != len(zero_points):
        raise OptionError(f"it has {len(scales)} scales but {len(zero_points)} zero points")
    if raw.DetailsType() != tflite.QuantizationDetails.NONE:
        raise OptionError("custom quantization is not supported", REQUANTIZE)
    return QuantParams(
        scales=tuple(float(scale) for scale in scales),
        zero_points=tuple(int(zero_point) for zero_point in zero_points),
        axis=int(raw.QuantizedDimension()) if len(scales) > 1 else None,
    )


def _numbers(length: int, vector: Callable[[], Any]) -> npt.NDArray[Any]:
    """A vector of the file without a copy; its length is checked against the file by numpy."""
    return np.asarray(vector()) if length else np.empty(0)


def _constant(model: Any, raw: Any, dtype: DType, shape: tuple[int, ...]) -> ConstArray | None:
    if raw.Buffer() >= model.BuffersLength():
        raise OptionError(f"its buffer {raw.Buffer()} does not exist")
    buffer = model.Buffers(raw.Buffer())
    if buffer.Offset() > 1:
        raise OptionError("data outside the flatbuffer is not supported")
    if buffer.DataLength() == 0:
        return None
    bytes_needed = math.prod(shape) * NUMPY_TYPES[dtype].itemsize
    if buffer.DataLength() != bytes_needed:
        raise OptionError(
            f"its buffer holds {buffer.DataLength()} bytes, shape {shape} needs {bytes_needed}"
        )
    raw_bytes = np.asarray(buffer.DataAsNumpy())
    values: ConstArray = raw_bytes.view(NUMPY_TYPES[dtype]).reshape(shape).copy()
    values.setflags(write=False)
    return values


def _op(operator: Any, index: int, kind: OpKind, tensors: tuple[Tensor, ...]) -> Op:
    inputs = _indices(operator.InputsLength, operator.Inputs)
    outputs = _indices(operator.OutputsLength, operator.Outputs)
    for tensor in inputs + outputs:
        if not -1 <= tensor < len(tensors):
            raise op_error(index, kind, f"tensor {tensor} does not exist")
    if kind is OpKind.FULLY_CONNECTED and len(inputs) == 2:
        inputs += (-1,)
    if kind in {OpKind.CONV_2D, OpKind.DEPTHWISE_CONV_2D} and inputs[2:] in {(), (-1,)}:
        raise op_error(index, kind, "it has no bias", hint="give the layer one: use_bias=True")
    try:
        parse = CONSTANT_PARSERS.get(kind)
        attrs = parse(operator, inputs, tensors) if parse else parse_attrs(kind, operator)
    except OptionError as problem:
        raise op_error(index, kind, str(problem), hint=problem.hint) from problem
    return Op(index=index, kind=kind, inputs=inputs, outputs=outputs, attrs=attrs)
