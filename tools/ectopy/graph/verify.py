"""Semantic checks of a whole graph: interface, order of execution, quantization, cost.

What passes here can be executed by every engine without further checks: each value is defined
before use and used, shapes and scales agree, and no int32 accumulator can overflow.
"""

from __future__ import annotations

import math

from ectopy.errors import ModelError
from ectopy.graph.costs import op_work
from ectopy.graph.rejections import DAMAGED, REQUANTIZE, file_error, op_error
from ectopy.graph.types import Graph, Op, Tensor
from ectopy.graph.verify_ops import check_op
from ectopy.vocab import DType, OpKind

MAX_WORK = 1 << 31
"""Multiply-accumulates of one inference; half a minute on the fastest Cortex-M4."""

MIN_INPUT_SCALE = 2.0**-100
"""Below, quantizing a window overflows float32. Converters give normalized ECG about 2**-4."""


def verify(graph: Graph) -> None:
    """Checks everything that the types cannot.

    Raises:
        ModelError: Something is inconsistent or not supported; names operator index, kind, reason.
    """
    _check_operands(graph)
    _check_order(graph)
    _check_interface(graph)
    work = 0
    for op in graph.ops:
        for tensor in (*graph.op_inputs(op), graph.op_output(op)):
            if tensor is not None:
                _check_quant(op, tensor)
        check_op(graph, op)
        work += op_work(graph, op)
        if work > MAX_WORK:
            raise op_error(
                op.index,
                op.kind,
                f"up to here one inference takes more than {MAX_WORK} steps",
                hint="no board we know runs a model of this size",
            )


def _check_operands(graph: Graph) -> None:
    for op in graph.ops:
        if len(op.outputs) != 1 or op.outputs[0] < 0:
            raise op_error(op.index, op.kind, f"it has outputs {op.outputs}, one is expected")
        may_omit = op.kind is OpKind.FULLY_CONNECTED
        for position, tensor in enumerate(op.inputs):
            if tensor < 0 and not (may_omit and position == 2):
                raise op_error(op.index, op.kind, f"input {position} is missing")


def _check_order(graph: Graph) -> None:
    constants = {tensor.index for tensor in graph.tensors if tensor.data is not None}
    defined = set(graph.inputs)
    used = set(graph.outputs)
    for op in graph.ops:
        for index in op.inputs:
            if index >= 0 and index not in constants and index not in defined:
                raise op_error(
                    op.index,
                    op.kind,
                    f"tensor {index} '{graph.tensors[index].name}' is read before it is written: "
                    "it is no constant, no model input, and no earlier operator's output",
                )
        output = op.outputs[0]
        if output in defined or output in constants:
            raise op_error(
                op.index,
                op.kind,
                f"tensor {output} '{graph.tensors[output].name}' is written although it "
                f"{'is a constant' if output in constants else 'already has a value'}",
            )
        defined.add(output)
        used.update(op.inputs)
    for op in graph.ops:
        if op.outputs[0] not in used:
            raise op_error(op.index, op.kind, "its output is never used")


def _check_interface(graph: Graph) -> None:
    for what, indices in (("inputs", graph.inputs), ("outputs", graph.outputs)):
        if len(indices) != 1 or not 0 <= indices[0] < len(graph.tensors):
            raise file_error(
                f"it has {len(indices)} {what} ({list(indices)}), one is expected",
                hint="models with several inputs or outputs are not supported",
            )
        tensor = graph.tensors[indices[0]]
        if tensor.data is not None:
            raise file_error(f"{what[:-1]} tensor '{tensor.name}' is a constant")
        if tensor.dtype is not DType.INT8 or tensor.quant is None:
            raise file_error(
                f"{what[:-1]} tensor '{tensor.name}' is not a quantized int8 activation",
                hint=REQUANTIZE,
            )
    assert graph.input.quant is not None
    if min(graph.input.quant.scales) < MIN_INPUT_SCALE:
        raise file_error(
            f"input scale {min(graph.input.quant.scales):g} is too small", hint=REQUANTIZE
        )
    if graph.output.index not in {op.outputs[0] for op in graph.ops}:
        raise file_error("no operator writes the model's output")


def _check_quant(op: Op, tensor: Tensor) -> None:
    quant = tensor.quant
    if quant is None:
        if tensor.dtype is DType.INT8:
            raise _bad(op, tensor, "int8 without a scale", hint=REQUANTIZE)
        return
    if not all(math.isfinite(scale) and scale > 0 for scale in quant.scales):
        raise _bad(op, tensor, "a scale is zero, negative or not a number")
    limit = 128 if tensor.dtype is DType.INT8 else 1
    if not all(-limit <= zero_point < limit for zero_point in quant.zero_points):
        allowed = "between -128 and 127" if limit == 128 else "0, as int32 needs"
        raise _bad(op, tensor, f"a zero point is not {allowed}")
    if quant.axis is None:
        return
    if not 0 <= quant.axis < len(tensor.shape):
        raise _bad(op, tensor, f"quantized dimension {quant.axis} does not exist")
    if len(quant.scales) != tensor.shape[quant.axis]:
        raise _bad(
            op,
            tensor,
            f"{len(quant.scales)} scales for {tensor.shape[quant.axis]} channels",
        )


def _bad(op: Op, tensor: Tensor, reason: str, hint: str = DAMAGED) -> ModelError:
    return op_error(
        op.index, op.kind, f"tensor {tensor.index} '{tensor.name}': {reason}", hint=hint
    )
