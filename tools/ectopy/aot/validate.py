"""Checks a plan by walking through the inference, knowing nothing of how it was made.

It keeps a list of which bytes of the arena hold which tensor. An operator must find its inputs
whole, may write only inside the arena, and destroys whatever it writes over.
"""

from __future__ import annotations

from dataclasses import dataclass

from ectopy.aot.memory import ALIGNMENT
from ectopy.aot.types import Kernel, Plan, Step, TensorOperand
from ectopy.graph.types import Graph, Op
from ectopy.vocab import VIEW_KINDS

IN_PLACE = {
    Kernel.MUL,
    Kernel.ADD,
    Kernel.SUB,
    Kernel.LOOKUP,
    Kernel.SOFTMAX,
    Kernel.CONV2D_1X1_M4,
    Kernel.DWCONV2D_1XK_M4,
    Kernel.MUL_ROWS_M4,
    Kernel.ADD_DENSE_M4,
}
"""Kernels that read each byte of an operand before they write its place."""

PLANAR_ONLY = {Kernel.CONV2D_1X1_M4, Kernel.CONV2D_1XK_S2_M4, Kernel.DWCONV2D_1XK_M4}
"""Kernels that expect the channels of a tensor one after the other."""

CHANNELS_LAST_ONLY = {
    Kernel.CONV2D,
    Kernel.CONV2D_1X1,
    Kernel.DWCONV2D,
    Kernel.DWCONV2D_M1,
    Kernel.FULLY_CONNECTED,
    Kernel.FULLY_CONNECTED_M4,
    Kernel.SOFTMAX,
    Kernel.PAD,
    Kernel.CONCAT,
    Kernel.SLICE,
    Kernel.BATCH_TO_SPACE,
}
"""Kernels that expect them innermost. All others walk a tensor as they are told."""


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
    if [step.op for step in plan.steps] != [op.index for op in graph.ops]:
        raise PlanError("steps are not the operators of the graph in order")
    arena = _Arena(plan=plan, graph=graph, contents={})
    arena.write(graph.inputs[0])
    for op, step in zip(graph.ops, plan.steps, strict=True):
        if step.output != op.outputs[0]:
            raise PlanError(f"operator {op.index} writes tensor {step.output}")
        if step.call is None:
            _check_view(graph, op, arena)
        else:
            _check_call(graph, op, step, arena)
    arena.read(graph.outputs[0], "the application")


def _check_view(graph: Graph, op: Op, arena: _Arena) -> None:
    """A step without a kernel must be a view that stays where it is."""
    if op.kind not in VIEW_KINDS:
        raise PlanError(f"operator {op.index} ({op.kind}) is not computed")
    source, output = op.inputs[0], op.outputs[0]
    place = arena.read(source, f"operator {op.index}")
    if arena.place(output) != place:
        raise PlanError(f"operator {op.index}: view {output} lies elsewhere than {source}")
    if source in arena.plan.planar or output in arena.plan.planar:
        raise PlanError(f"operator {op.index} views planar bytes as another shape")
    arena.contents[output] = place


def _check_call(graph: Graph, op: Op, step: Step, arena: _Arena) -> None:
    """Operands are whole and are those of the graph; the output respects them."""
    assert step.call is not None
    wanted = [i for i in op.inputs if i >= 0 and graph.tensors[i].data is None]
    operands = [o.tensor for o in step.call.operands if isinstance(o, TensorOperand)]
    either_order = step.call.kernel is Kernel.MUL_ROWS_M4
    if operands != wanted and not (either_order and operands == wanted[::-1]):
        raise PlanError(f"operator {op.index} reads tensors {operands}, not {wanted}")
    _check_layout(graph, step.call.kernel, (*operands, step.output), arena.plan)
    output = arena.place(step.output)
    for tensor in operands:
        place = arena.read(tensor, f"operator {op.index}")
        in_place = place == output and step.call.kernel in IN_PLACE
        if _overlap(place, output) and not in_place:
            raise PlanError(f"operator {op.index} writes over its own input {tensor}")
    arena.write(step.output)


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
