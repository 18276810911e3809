"""What a model costs: multiply-accumulates, parameters, bytes.

A multiply-accumulate is counted for every tap, padded ones too, as is customary; element-wise
operators, pools and means count as none.
"""

from __future__ import annotations

from dataclasses import dataclass

from ectopy.graph.types import Graph, Op, PoolAttrs, Tensor
from ectopy.vocab import OpKind

WEIGHTED = frozenset({OpKind.CONV_2D, OpKind.DEPTHWISE_CONV_2D, OpKind.FULLY_CONNECTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class OpCost:
    """What one operator costs.

    Attributes:
        macs: Multiply-accumulates.
        parameters: Elements of weights and bias.
        constant_bytes: Bytes of all constants it reads.
        input_bytes: Bytes of the activations it reads.
        output_bytes: Bytes of the activation it writes.
    """

    macs: int
    parameters: int
    constant_bytes: int
    input_bytes: int
    output_bytes: int


def op_cost(graph: Graph, op: Op) -> OpCost:
    """Costs of one operator."""
    inputs = {tensor.index: tensor for tensor in graph.op_inputs(op) if tensor is not None}
    constants = [tensor for tensor in inputs.values() if tensor.data is not None]
    return OpCost(
        macs=op_macs(graph, op),
        parameters=sum(tensor.elements for tensor in _parameters(graph, op)),
        constant_bytes=sum(tensor.nbytes for tensor in constants),
        input_bytes=sum(tensor.nbytes for tensor in inputs.values() if tensor.data is None),
        output_bytes=graph.op_output(op).nbytes,
    )


def op_macs(graph: Graph, op: Op) -> int:
    """Multiply-accumulates of one operator."""
    if op.kind not in WEIGHTED:
        return 0
    weights = graph.tensors[op.inputs[1]]
    per_output = weights.elements // weights.shape[3 if op.kind is OpKind.DEPTHWISE_CONV_2D else 0]
    return graph.op_output(op).elements * per_output


def op_work(graph: Graph, op: Op) -> int:
    """Steps of one operator, an upper bound for limits: MACs, taps of a pool, or elements."""
    if isinstance(op.attrs, PoolAttrs):
        return graph.op_output(op).elements * op.attrs.kernel[0] * op.attrs.kernel[1]
    elements = [t.elements for t in graph.op_inputs(op) if t is not None]
    return max(op_macs(graph, op), graph.op_output(op).elements, *elements)


def graph_macs(graph: Graph) -> int:
    """Multiply-accumulates of one inference."""
    return sum(op_macs(graph, op) for op in graph.ops)


def graph_parameters(graph: Graph) -> int:
    """Elements of all weights and biases, each counted once."""
    parameters = {t.index: t for op in graph.ops for t in _parameters(graph, op)}
    return sum(tensor.elements for tensor in parameters.values())


def graph_constant_bytes(graph: Graph) -> int:
    """Bytes of all constants that operators read, each counted once."""
    used = {index for op in graph.ops for index in op.inputs if index >= 0}
    return sum(graph.tensors[i].nbytes for i in used if graph.tensors[i].data is not None)


def peak_activation_bytes(graph: Graph) -> int:
    """Bytes of the activations alive at once, at the worst operator.

    No arena can be smaller while operators neither overlap nor work in place.
    """
    last_use = {index: op.index for op in graph.ops for index in op.inputs if index >= 0}
    last_use[graph.output.index] = len(graph.ops)
    alive: dict[int, int] = {graph.input.index: graph.input.nbytes}
    peak = 0
    for op in graph.ops:
        output = graph.op_output(op)
        alive[output.index] = output.nbytes
        peak = max(peak, sum(alive.values()))
        alive = {index: size for index, size in alive.items() if last_use[index] > op.index}
    return peak


def _parameters(graph: Graph, op: Op) -> list[Tensor]:
    if op.kind not in WEIGHTED:
        return []
    return [graph.tensors[index] for index in op.inputs[1:] if index >= 0]
