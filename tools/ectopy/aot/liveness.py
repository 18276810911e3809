"""Which tensors share memory, and for how long each piece of memory is needed."""

from __future__ import annotations

from collections.abc import Sequence

from ectopy.aot.types import RESIZING, Buffer, Span, Step, TensorOperand
from ectopy.graph.types import Graph


def find_buffers(
    graph: Graph, steps: Sequence[Step], *, resize: bool = False
) -> tuple[Buffer, ...]:
    """Groups activations into buffers.

    Tensors share a buffer where one is a reshaped view of the other, and where a kernel may write
    over an operand that nobody reads afterwards.

    Args:
        graph: The model.
        steps: In order.
        resize: Whether the operand may also be of another size, for the kernels that allow it.
    """
    views = _views(graph, steps)
    last_use = _last_uses(graph, steps, views)
    homes: dict[int, int] = {}
    members: dict[int, list[int]] = {}
    first: dict[int, int] = {}

    def join(tensor: int, home: int, step: int) -> None:
        homes[tensor] = home
        members.setdefault(home, []).append(tensor)
        first[tensor] = step

    join(graph.inputs[0], graph.inputs[0], -1)
    for step in steps:
        if step.call is None:
            join(step.outputs[0], homes[views[step.outputs[0]]], step.ops[0])
            continue
        replaced = _replaced_operand(graph, step, views, last_use, resize=resize)
        join(step.outputs[0], step.outputs[0] if replaced is None else homes[replaced], step.ops[0])
        for output in step.outputs[1:]:
            join(output, output, step.ops[0])
    return tuple(
        _buffer(
            tuple(tensors),
            tuple(
                Span(nbytes=graph.tensors[i].nbytes, first=first[i], last=last_use[views[i]])
                for i in tensors
            ),
        )
        for tensors in members.values()
    )


def _buffer(tensors: tuple[int, ...], spans: tuple[Span, ...]) -> Buffer:
    return Buffer(
        tensors=tensors,
        nbytes=max(span.nbytes for span in spans),
        first=spans[0].first,
        last=max(span.last for span in spans),
        sizes=spans if len({span.nbytes for span in spans}) > 1 else (),
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
    graph: Graph, step: Step, views: dict[int, int], last_use: dict[int, int], *, resize: bool
) -> int | None:
    """The operand whose memory the output may take over: this step is its last use."""
    assert step.call is not None
    any_size = resize and step.call.kernel in RESIZING
    for operand in step.call.operands:
        if isinstance(operand, TensorOperand) and operand.may_hold_output:
            nbytes = graph.tensors[step.outputs[0]].nbytes
            fits = any_size or graph.tensors[operand.tensor].nbytes == nbytes
            # An operand that nobody wrote is for the validator to find.
            home = views.get(operand.tensor)
            if fits and home is not None and last_use[home] == step.ops[-1]:
                return operand.tensor
    return None
