"""Checks a plan by walking through the inference, knowing nothing of how it was made.

It keeps a list of which bytes of the arena hold which tensor. A step must find its inputs whole,
may write only inside the arena, and destroys whatever it writes over. What the operators of a step
hand to each other is the step's own affair; what others read of it must be in the arena.
"""

from __future__ import annotations

from dataclasses import dataclass

from ectopy.aot.claims import AVERAGES, computes, keeps_means_alone, walked
from ectopy.aot.memory import ALIGNMENT
from ectopy.aot.params import Conv2dM4Params
from ectopy.aot.types import (
    ConstOperand,
    Kernel,
    KernelCall,
    Operand,
    Plan,
    Step,
    TensorOperand,
)
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
    Kernel.MUL_COLUMNS_M4,
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
    Kernel.DWCONV2D_M4,
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

DENSE_FIRST = {Kernel.MUL_ROWS_M4, Kernel.MUL_COLUMNS_M4, *GATED}
"""Kernels for which the larger operand of a multiplication comes first."""


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
    if operands != wanted:
        raise PlanError(f"operator {step.ops[0]} reads tensors {operands}, not {wanted}")
    if isinstance(step.call.params, Conv2dM4Params):
        _check_bridge(graph, step, step.call.params, arena.plan)
    else:
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
    _check_claim(graph, step, step.call)
    _check_sizes(graph, step, step.call)
    for output in step.outputs:
        arena.write(output)


def _may_give_way(graph: Graph, step: Step, tensor: int, source: range, place: range) -> bool:
    """Whether a step reads each byte of an operand before its first output is written there."""
    assert step.call is not None
    same = source.start == place.start if step.call.kernel in ROW_BY_ROW else source == place
    if not same or keeps_means_alone(step.call):
        return False
    x = graph.tensors[tensor]
    one_pixel = x.shape[-1:] in ((), (x.elements,))
    return step.call.kernel in IN_PLACE and not (step.call.kernel in GATED and one_pixel)


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


def _check_claim(graph: Graph, step: Step, call: KernelCall) -> None:
    """The step claims what its kernel computes, and the outputs that its kernel writes."""
    ops = (*step.again, *step.ops)
    kinds = tuple(graph.ops[op].kind for op in ops)
    if not computes(call, kinds):
        raise PlanError(f"{call.kernel} does not compute operators {ops}: {', '.join(kinds)}")
    wanted = _made_last(graph, step, call)[keeps_means_alone(call) :]
    if step.outputs != wanted:
        raise PlanError(f"{call.kernel} writes tensors {wanted}, not {step.outputs}")


def _made_last(graph: Graph, step: Step, call: KernelCall) -> tuple[int, ...]:
    """What a kernel writes, or keeps to itself where that is optional."""
    last = step.ops[-2:] if call.kernel in AVERAGES else step.ops[-1:]
    return tuple(graph.ops[op].outputs[0] for op in last)


def _check_sizes(graph: Graph, step: Step, call: KernelCall) -> None:
    """The kernel goes through its tensors from end to end, and no further."""
    found = walked(call)
    if found is None:
        return
    operands = zip(call.operands, found.operands, strict=False)
    sizes = [(_elements(graph, operand), wanted) for operand, wanted in operands]
    sizes += [
        (graph.tensors[tensor].elements, wanted)
        for tensor, wanted in zip(_made_last(graph, step, call), found.outputs, strict=True)
    ]
    if any(size not in {None, wanted} for size, wanted in sizes):
        raise PlanError(f"operator {step.ops[0]}: {call.kernel} walks {found}, not {sizes}")


def _elements(graph: Graph, operand: Operand) -> int | None:
    if isinstance(operand, TensorOperand):
        return graph.tensors[operand.tensor].elements
    return operand.values.size if isinstance(operand, ConstOperand) else None


def _check_layout(graph: Graph, kernel: Kernel, tensors: tuple[int, ...], plan: Plan) -> None:
    """Tensors whose layout makes a difference have the one the kernel expects."""
    for tensor in tensors:
        if not _differs(graph, tensor):
            continue
        planar = tensor in plan.planar
        mixed = planar != any(other in plan.planar for other in tensors)
        if mixed or kernel in (CHANNELS_LAST_ONLY if planar else PLANAR_ONLY):
            raise PlanError(f"{kernel} finds tensor {tensor} in the wrong layout")


def _check_bridge(graph: Graph, step: Step, params: Conv2dM4Params, plan: Plan) -> None:
    """A kernel that takes either layout is told which it finds."""
    op = step.ops[0]
    pairs = (graph.ops[op].inputs[0], params.in_planar), (step.outputs[0], params.out_planar)
    for tensor, told in pairs:
        if _differs(graph, tensor) and (tensor in plan.planar) != bool(told):
            raise PlanError(f"operator {op} is told the wrong layout of tensor {tensor}")
    if (params.in_planar or params.out_planar) and (params.conv.in_h, params.conv.out_h) != (1, 1):
        raise PlanError(f"operator {op} takes an image of several rows for planar")


def _differs(graph: Graph, tensor: int) -> bool:
    return sum(extent > 1 for extent in graph.tensors[tensor].shape) > 1


def _overlap(a: range, b: range) -> bool:
    return a.start < b.stop and b.start < a.stop
