"""Operator by operator through one window, on the device and in the reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ectopy.aot import Plan
from ectopy.graph.types import Graph, Op
from ectopy.metrics import TensorDifference, first_difference
from ectopy.progress import Progress
from ectopy.protocol import Session
from ectopy.reference.faults import explain
from ectopy.usecases.diff_types import OperatorDifference
from ectopy.usecases.inspect import layer_name
from ectopy.vocab import Cause, OpKind

Int8Array = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """How far a walk came.

    Attributes:
        compared: Operators whose tensors were compared.
        operator: The first that differs.
        causes: Known mistakes that give exactly the device's tensor.
    """

    compared: int
    operator: OperatorDifference | None
    causes: tuple[Cause, ...]


def walk(
    session: Session,
    graph: Graph,
    plan: Plan | None,
    tensors: dict[int, Int8Array],
    progress: Progress,
) -> Walk:
    """Compares the output of every operator until one differs.

    What a kernel of several operators keeps to itself the device shows as no bytes; a difference
    there comes to light in what it writes.

    Args:
        session: Whose device ran the window last, from the same input tensor.
        graph: Of the model.
        plan: For the names of the kernels; None where there are none.
        tensors: Activations of the reference for that window.
        progress: Told of every operator.

    Raises:
        LinkError: Link lost, or the device refuses to dump.
    """
    equal = {graph.input.index}
    for op in graph.ops:
        progress(op.index, len(graph.ops), f"operator {op.index} {op.kind}")
        data = session.dump(op.index)
        expected = tensors[op.outputs[0]]
        inputs_equal = all(t in equal for t in _activations_read(graph, op))
        inside = not data and plan is not None and not plan.has_place(op.outputs[0])
        if data == expected.tobytes() or (inside and inputs_equal):
            equal.add(op.outputs[0])
        if inside or data == expected.tobytes():
            continue
        device = None
        if len(data) == expected.size:
            device = np.frombuffer(data, np.int8).reshape(expected.shape)
        found = OperatorDifference(
            index=op.index,
            kind=op.kind,
            layer=layer_name(graph.op_output(op).name),
            kernel=_kernel(plan, op),
            shape=tuple(expected.shape),
            device_bytes=len(data),
            tensor=None if device is None else first_difference(device, expected),
            inputs_equal=inputs_equal,
            together=(op.index,) if plan is None else plan.step_of(op.index).ops,
        )
        causes = () if device is None else explain(graph, op, _operands(graph, op, tensors), device)
        return Walk(compared=op.index + 1, operator=found, causes=causes)
    return Walk(compared=len(graph.ops), operator=None, causes=())


def input_difference(
    session: Session, graph: Graph, quantized: Int8Array
) -> TensorDifference | None:
    """How the input tensor that the device made of its last window differs from ``quantized``.

    It can be seen where the first operator is a RESHAPE of it; else this is None.

    Raises:
        LinkError: Link lost.
    """
    first = graph.ops[0]
    if first.kind is not OpKind.RESHAPE or first.inputs[0] != graph.input.index:
        return None
    data = session.dump(0)
    if len(data) != quantized.size or data == quantized.tobytes():
        return None
    shaped = quantized.reshape(graph.input.shape)
    return first_difference(np.frombuffer(data, np.int8).reshape(shaped.shape), shaped)


def _activations_read(graph: Graph, op: Op) -> list[int]:
    return [index for index in op.inputs if index >= 0 and graph.tensors[index].data is None]


def _operands(graph: Graph, op: Op, tensors: dict[int, Int8Array]) -> list[npt.NDArray[Any]]:
    constants = (graph.tensors[index].data for index in op.inputs)
    return [
        tensors[index] if constant is None else constant
        for index, constant in zip(op.inputs, constants, strict=True)
        if index >= 0
    ]


def _kernel(plan: Plan | None, op: Op) -> str:
    kernel = None if plan is None else plan.kernel_of(op.index)
    return "" if kernel is None else kernel.value
