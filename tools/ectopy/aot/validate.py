"""Checks a plan by walking through the inference, knowing nothing of how it was made.

It keeps a list of which bytes of the arena hold which tensor. A step must find its inputs whole,
may write only inside the arena, and destroys whatever it writes over. What the operators of a step
hand to each other is the step's own affair; what others read of it must be in the arena.
"""

from __future__ import annotations

from dataclasses import dataclass

from ectopy.aot.memory import ALIGNMENT
from ectopy.aot.params import (
    Conv2dDepthwise1xkM4Params,
    Depthwise1xkM4Params,
    DepthwiseConv2d1x1M4Params,
)
from ectopy.aot.types import AbsentOperand, Kernel, KernelCall, Plan, Step, TensorOperand
from ectopy.graph.types import Graph
from ectopy.vocab import VIEW_KINDS, OpKind

IN_PLACE = {
    Kernel.MUL,
    Kernel.ADD,
    Kernel.SUB,
    Kernel.LOOKUP,
    Kernel.SOFTMAX,
    Kernel.CONV2D_1X1_M4,
    Kernel.CONV2D_1X1_W8_M4,
    Kernel.DWCONV2D_1XK_M4,
    Kernel.DWCONV2D_1XK_MEAN_M4,
    Kernel.DWCONV2D_1XK_CONV2D_1X1_M4,
    Kernel.MUL_ROWS_M4,
    Kernel.ADD_DENSE_M4,
}
"""Kernels that read each byte of an operand before they write its place."""

ROW_BY_ROW = {
    Kernel.CONV2D_1X1_M4,
    Kernel.CONV2D_1X1_W8_M4,
    Kernel.DWCONV2D_1XK_M4,
    Kernel.DWCONV2D_1XK_MEAN_M4,
}
"""Those of them that do so though the output is of another size, if both begin at the same byte."""

PLANAR_ONLY = {
    Kernel.CONV2D_1X1_M4,
    Kernel.CONV2D_1X1_W8_M4,
    Kernel.CONV2D_1XK_S2_M4,
    Kernel.DWCONV2D_1XK_M4,
    Kernel.DWCONV2D_1XK_MEAN_M4,
    Kernel.DWCONV2D_1XK_CONV2D_1X1_M4,
    Kernel.CONV2D_DWCONV2D_1XK_M4,
    Kernel.CONV2D_DWCONV2D_1XK_MEAN_M4,
}
"""Kernels that expect the channels of a tensor one after the other."""

CHANNELS_LAST_ONLY = {
    Kernel.CONV2D,
    Kernel.CONV2D_1X1,
    Kernel.DWCONV2D,
    Kernel.DWCONV2D_M1,
    Kernel.FULLY_CONNECTED,
    Kernel.FULLY_CONNECTED_M4,
    Kernel.FULLY_CONNECTED_PACKED_M4,
    Kernel.SOFTMAX,
    Kernel.PAD,
    Kernel.CONCAT,
    Kernel.SLICE,
    Kernel.BATCH_TO_SPACE,
}
"""Kernels that expect them innermost. All others walk a tensor as they are told."""


GATED = {Kernel.CONV2D_1X1_M4, Kernel.CONV2D_1X1_W8_M4}
"""Kernels that read a value per channel to the end, so that nothing may take its place."""

DENSE_FIRST = {Kernel.MUL_ROWS_M4, *GATED}
"""Kernels for which the larger operand of a multiplication comes first."""

AVERAGES = {Kernel.DWCONV2D_1XK_MEAN_M4, Kernel.CONV2D_DWCONV2D_1XK_MEAN_M4}
"""Kernels of rows that write means beside them."""


class PlanError(AssertionError):
    """A plan would compute something wrong: a defect of the compiler, not of the model."""


@dataclass(slots=True)
class _Arena:
    """Which tensor lies where, as the inference proceeds."""

    plan: Plan
    graph: Graph
    contents: dict[int, range]

    def place(self, tensor: int) -> range:
        try:
            start = self.plan.offset_of(tensor)
        except KeyError:
            raise PlanError(f"tensor {tensor} has no place in the arena") from None
        place = range(start, start + self.graph.tensors[tensor].nbytes)
        if start < 0 or place.stop > self.plan.arena_bytes:
            raise PlanError(
                f"tensor {tensor} at {place} leaves the {self.plan.arena_bytes} B arena"
            )
        if start % ALIGNMENT:
            raise PlanError(f"tensor {tensor} at {start} is not aligned to {ALIGNMENT}")
        return place

    def read(self, tensor: int, reader: str) -> range:
        if tensor not in self.contents:
            raise PlanError(f"{reader} reads tensor {tensor}, which is overwritten or not computed")
        return self.contents[tensor]

    def write(self, tensor: int) -> None:
        place = self.place(tensor)
        self.contents = {t: r for t, r in self.contents.items() if not _overlap(r, place)}
        self.contents[tensor] = place


def validate_plan(graph: Graph, plan: Plan) -> None:
    """Proves that every operator reads what it should, on every path there is (one).

    Raises:
        PlanError: With operator and tensor.
    """
    if [op for step in plan.steps for op in step.ops] != [op.index for op in graph.ops]:
        raise PlanError("steps are not the operators of the graph in order")
    arena = _Arena(plan=plan, graph=graph, contents={})
    arena.write(graph.inputs[0])
    for step in plan.steps:
        _check_outputs(graph, step)
        if step.call is None:
            _check_view(graph, step, arena)
        else:
            _check_call(graph, step, arena)
    arena.read(graph.outputs[0], "the application")


def _check_outputs(graph: Graph, step: Step) -> None:
    """A step writes what its last operator computes, and nothing that others compute."""
    made = {graph.ops[op].outputs[0] for op in step.ops}
    if not made.issuperset(step.outputs) or len(set(step.outputs)) != len(step.outputs):
        raise PlanError(f"operators {step.ops} write tensors {step.outputs}")
    if graph.ops[step.ops[-1]].outputs[0] not in step.outputs:
        raise PlanError(f"operators {step.ops} keep the result of the last to themselves")
    if any(op >= step.ops[0] for op in step.again):
        raise PlanError(f"operators {step.ops} compute again what was not computed yet")


def _check_view(graph: Graph, step: Step, arena: _Arena) -> None:
    """A step without a kernel must be a view that stays where it is."""
    op = graph.ops[step.ops[0]]
    if len(step.ops) != 1 or op.kind not in VIEW_KINDS:
        raise PlanError(f"operator {op.index} ({op.kind}) is not computed")
    source, output = op.inputs[0], op.outputs[0]
    place = arena.read(source, f"operator {op.index}")
    if arena.place(output) != place:
        raise PlanError(f"operator {op.index}: view {output} lies elsewhere than {source}")
    if source in arena.plan.planar or output in arena.plan.planar:
        raise PlanError(f"operator {op.index} views planar bytes as another shape")
    arena.contents[output] = place


def _check_call(graph: Graph, step: Step, arena: _Arena) -> None:
    """Operands are whole and are those of the graph; the outputs respect them and each other."""
    assert step.call is not None
    wanted = _read_from_arena(graph, step)
    operands = [o.tensor for o in step.call.operands if isinstance(o, TensorOperand)]
    if step.call.kernel in GATED:
        _check_optional(graph, step, step.call)
    if operands != wanted:
        raise PlanError(f"operator {step.ops[0]} reads tensors {operands}, not {wanted}")
    _check_kinds(graph, step, step.call)
    _check_layout(graph, step.call.kernel, (*operands, *step.outputs), arena.plan)
    read = {tensor: arena.read(tensor, f"operator {step.ops[0]}") for tensor in operands}
    for number, output in enumerate(step.outputs):
        place = arena.place(output)
        for tensor, source in read.items():
            in_place = number == 0 and _may_give_way(graph, step, tensor, source, place)
            if _overlap(source, place) and not in_place:
                raise PlanError(f"operator {step.ops[0]} writes over its own input {tensor}")
        if any(_overlap(place, arena.place(other)) for other in step.outputs[:number]):
            raise PlanError(f"operator {step.ops[0]} writes over its own output")
    for output in step.outputs:
        arena.write(output)


def _check_optional(graph: Graph, step: Step, call: KernelCall) -> None:
    """A product has a gate where there is a MUL, and a residual where there is an ADD."""
    kinds = {graph.ops[op].kind for op in step.ops}
    absent = [isinstance(operand, AbsentOperand) for operand in call.operands[1:3]]
    if absent != [kind not in kinds for kind in (OpKind.MUL, OpKind.ADD)]:
        raise PlanError(f"operator {step.ops[0]} has not the gate and residual of {step.ops}")


def _may_give_way(graph: Graph, step: Step, tensor: int, source: range, place: range) -> bool:
    """Whether a step reads each byte of an operand before its first output is written there."""
    assert step.call is not None
    same = source.start == place.start if step.call.kernel in ROW_BY_ROW else source == place
    if not same or _keeps_means_alone(step):
        return False
    x = graph.tensors[tensor]
    one_pixel = x.shape[-1:] in ((), (x.elements,))
    return step.call.kernel in IN_PLACE and not (step.call.kernel in GATED and one_pixel)


def _keeps_means_alone(step: Step) -> bool:
    """Whether a kernel of averages writes nothing else, and that while it still reads."""
    assert step.call is not None
    absent = any(isinstance(operand, AbsentOperand) for operand in step.call.operands)
    return step.call.kernel in AVERAGES and absent


def _read_from_arena(graph: Graph, step: Step) -> list[int]:
    """What the operators of a step read that is neither constant nor made inside it."""
    assert step.call is not None
    ops = (*step.again, *step.ops)
    made = {graph.ops[op].outputs[0] for op in ops}
    read = [tensor for op in ops for tensor in graph.ops[op].inputs if tensor >= 0]
    if step.call.kernel in DENSE_FIRST and graph.ops[ops[0]].kind is OpKind.MUL:
        read[:2] = sorted(read[:2], key=lambda tensor: -graph.tensors[tensor].elements)
    outside = [t for t in read if t not in made and graph.tensors[t].data is None]
    by_place = len(ops) == 1 or step.call.kernel in GATED
    return outside if by_place else list(dict.fromkeys(outside))


def _check_kinds(graph: Graph, step: Step, call: KernelCall) -> None:
    """A kernel of rows computes what its parameters say, and the step claims just that."""
    kinds = _kinds_of_rows(call)
    if not kinds:
        return
    ops = [graph.ops[op] for op in (*step.again, *step.ops)]
    if kinds != [op.kind for op in ops]:
        raise PlanError(f"{call.kernel} computes {kinds}, not operators {step.ops}")
    written = [op.outputs[0] for op in ops[-2 if call.kernel in AVERAGES else -1 :]]
    if list(step.outputs) != written[_keeps_means_alone(step) :]:
        raise PlanError(f"{call.kernel} writes tensors {written}, not {step.outputs}")


def _kinds_of_rows(call: KernelCall) -> list[OpKind]:
    """What a kernel of rows computes; nothing if it is none."""
    conv, row = False, call.params
    if isinstance(row, DepthwiseConv2d1x1M4Params):
        return [OpKind.DEPTHWISE_CONV_2D, OpKind.MUL, OpKind.CONV_2D, OpKind.ADD]
    if isinstance(row, Conv2dDepthwise1xkM4Params):
        conv, row = True, row.depthwise
    if not isinstance(row, Depthwise1xkM4Params):
        return []
    kinds = [OpKind.CONV_2D] * conv + [OpKind.DEPTHWISE_CONV_2D]
    return kinds + [OpKind.MAX_POOL_2D] * row.pooled + [OpKind.MEAN] * (call.kernel in AVERAGES)


def _check_layout(graph: Graph, kernel: Kernel, tensors: tuple[int, ...], plan: Plan) -> None:
    """Tensors whose layout makes a difference have the one the kernel expects."""
    for tensor in tensors:
        shape = graph.tensors[tensor].shape
        if sum(extent > 1 for extent in shape) <= 1:
            continue
        planar = tensor in plan.planar
        mixed = planar != any(other in plan.planar for other in tensors)
        if mixed or kernel in (CHANNELS_LAST_ONLY if planar else PLANAR_ONLY):
            raise PlanError(f"{kernel} finds tensor {tensor} in the wrong layout")


def _overlap(a: range, b: range) -> bool:
    return a.start < b.stop and b.start < a.stop
