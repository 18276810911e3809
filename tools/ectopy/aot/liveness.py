"""Which tensors share memory, and for how long each piece of memory is needed."""

from __future__ import annotations

from collections.abc import Sequence

from ectopy.aot.types import Buffer, KernelCall, Step, TensorOperand
from ectopy.graph.types import Graph


def find_buffers(graph: Graph, steps: Sequence[Step]) -> tuple[Buffer, ...]:
    """Groups activations into buffers.

    Tensors share a buffer where one is a reshaped view of the other, and where an elementwise
    kernel may write over an operand that nobody reads afterwards.
    """
    views = _views(graph, steps)
    last_use = _last_uses(graph, steps, views)
    homes: dict[int, int] = {}
    members: dict[int, list[int]] = {}
    first: dict[int, int] = {}

    def join(tensor: int, home: int, step: int) -> None:
        homes[tensor] = home
        members.setdefault(home, []).append(tensor)
        first.setdefault(home, step)

    join(graph.inputs[0], graph.inputs[0], -1)
    for step in steps:
        if step.call is None:
            join(step.outputs[0], homes[views[step.outputs[0]]], step.ops[0])
            continue
        replaced = _replaced_operand(graph, step, step.call, views, last_use)
        join(step.outputs[0], step.outputs[0] if replaced is None else homes[replaced], step.ops[0])
        for output in step.outputs[1:]:
            join(output, output, step.ops[0])
    return tuple(
        Buffer(
            tensors=tuple(tensors),
            nbytes=max(graph.tensors[i].nbytes for i in tensors),
            first=first[home],
            last=max(last_use[views[i]] for i in tensors),
        )
        for home, tensors in members.items()
    )


def _views(graph: Graph, steps: Sequence[Step]) -> dict[int, int]:
    """Each activation and the tensor whose bytes it shows: itself, or the source of a reshape."""
    views = {graph.inputs[0]: graph.inputs[0]}
    for step in steps:
        source = graph.ops[step.ops[0]].inputs[0]
        for output in step.outputs:
            views[output] = output if step.call is not None else views[source]
    return views


def _last_uses(graph: Graph, steps: Sequence[Step], views: dict[int, int]) -> dict[int, int]:
    """Last operator of the last step that touches the bytes of each viewed tensor."""
    last = {graph.inputs[0]: -1}
    for step in steps:
        read = [tensor for op in (*step.again, *step.ops) for tensor in graph.ops[op].inputs]
        for tensor in (*read, *step.outputs):
            if tensor in views:
                last[views[tensor]] = step.ops[-1]
    last[views[graph.outputs[0]]] = len(graph.ops)
    return last


def _replaced_operand(
    graph: Graph, step: Step, call: KernelCall, views: dict[int, int], last_use: dict[int, int]
) -> int | None:
    """The operand whose memory the output may take over: this step is its last use."""
    for operand in call.operands:
        if isinstance(operand, TensorOperand) and operand.may_hold_output:
            nbytes = graph.tensors[step.outputs[0]].nbytes
            same_size = graph.tensors[operand.tensor].nbytes == nbytes
            # An operand that nobody wrote is for the validator to find.
            home = views.get(operand.tensor)
            if same_size and home is not None and last_use[home] == step.ops[-1]:
                return operand.tensor
    return None
