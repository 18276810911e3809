"""Rows that are computed twice so that they need no memory: for plans made for size.

Pattern (a residual block with squeeze-and-excite):

    x -> DEPTHWISE_CONV_2D -> MEAN -> (any operators on the mean) -> gate
    x, rows, gate -> MUL -> CONV_2D 1x1 -> ADD(x)

The rows are needed for the mean first and times the gate later, and x is needed at the end, so
both would be in the arena until then. Instead the first step keeps the mean alone, and the last
filters x once more, a few pixels at a time, and writes over it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ectopy.aot.layout import ROW_MULTIPLE
from ectopy.aot.liveness import find_buffers
from ectopy.aot.lower_m4 import TILE_WORDS
from ectopy.aot.memory import arena_size, plan_memory
from ectopy.aot.params import (
    Conv2d1x1M4Params,
    Depthwise1xkM4Params,
    DepthwiseConv2d1x1M4Params,
)
from ectopy.aot.types import (
    AbsentOperand,
    Kernel,
    KernelCall,
    Placement,
    Step,
    TensorOperand,
)
from ectopy.graph.types import Graph

MAX_CHANNELS = 64
"""``ECT_M4_MAX_AGAIN``."""

MAX_GROUPS = 4
"""``ECT_M4_AGAIN_GROUPS``."""

MIN_FIRST_WORD = 2
"""Windows that begin at most a word before the block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """Indices of steps: the one that filters and averages, and the one that needs the rows."""

    rows: int
    product: int


def compute_again(graph: Graph, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Recomputes rows in as few blocks as bring the arena to its smallest size.

    Args:
        graph: The model.
        steps: Fused, their constants packed.
    """
    blocks = sorted(_blocks(graph, steps), key=lambda b: -_saved(graph, steps[b.rows]))
    plans = [_rewritten(steps, blocks[:count]) for count in range(len(blocks) + 1)]
    return min(plans, key=lambda plan: arena_size(place(graph, plan)))


def place(graph: Graph, steps: Sequence[Step]) -> tuple[Placement, ...]:
    """The memory plan of steps."""
    return plan_memory(find_buffers(graph, steps, resize=True))


def _saved(graph: Graph, step: Step) -> int:
    return graph.tensors[step.outputs[0]].nbytes


def _blocks(graph: Graph, steps: tuple[Step, ...]) -> Iterable[_Block]:
    for number, step in enumerate(steps):
        if not _filters_and_averages(step):
            continue
        readers = set(graph.readers(step.outputs[0])) - set(step.ops)
        for later, other in enumerate(steps):
            if readers and readers.issubset(other.ops) and _ends_block(step, other):
                yield _Block(rows=number, product=later)


def _filters_and_averages(step: Step) -> bool:
    if step.call is None or step.call.kernel is not Kernel.DWCONV2D_1XK_MEAN_M4:
        return False
    params = step.call.params
    assert isinstance(params, Depthwise1xkM4Params)
    whole = params.in_w == params.out_w and not params.pooled
    reaches = params.first_word >= MIN_FIRST_WORD and params.channels <= MAX_CHANNELS
    return bool(params.packed) and whole and reaches


def _ends_block(rows: Step, step: Step) -> bool:
    """Whether a step multiplies the rows, and adds what they were made of."""
    if step.call is None or step.call.kernel is not Kernel.CONV2D_1X1_W8_M4:
        return False
    assert rows.call is not None
    source, gate, residual, _ = step.call.operands
    first = rows.call.operands[0]
    if not isinstance(source, TensorOperand) or not isinstance(residual, TensorOperand):
        return False
    assert isinstance(first, TensorOperand) and isinstance(step.call.params, Conv2d1x1M4Params)
    same = source.tensor == rows.outputs[0] and residual.tensor == first.tensor
    return same and isinstance(gate, TensorOperand)


def _rewritten(steps: tuple[Step, ...], blocks: Sequence[_Block]) -> tuple[Step, ...]:
    changed = list(steps)
    for block in blocks:
        rows, product = steps[block.rows], steps[block.product]
        changed[block.rows] = _mean_only(rows)
        changed[block.product] = _both(rows, product)
    return tuple(changed)


def _mean_only(step: Step) -> Step:
    assert step.call is not None
    x, constants = step.call.operands
    assert isinstance(x, TensorOperand)
    operands = (replace(x, may_hold_output=False), constants, AbsentOperand())
    return replace(step, outputs=step.outputs[1:], call=replace(step.call, operands=operands))


def _both(rows: Step, product: Step) -> Step:
    assert rows.call is not None and product.call is not None
    filters, matrix = rows.call.params, product.call.params
    assert isinstance(filters, Depthwise1xkM4Params) and isinstance(matrix, Conv2d1x1M4Params)
    fit = (TILE_WORDS - MAX_CHANNELS) // (ROW_MULTIPLE * matrix.pairs)
    x, constants = rows.call.operands
    _, gate, _, stream = product.call.operands
    assert isinstance(x, TensorOperand)
    call = KernelCall(
        kernel=Kernel.DWCONV2D_1XK_CONV2D_1X1_M4,
        params=DepthwiseConv2d1x1M4Params(
            first_word=filters.first_word,
            in_zero_point=filters.in_zero_point,
            product=replace(matrix, groups=min(fit & ~1, MAX_GROUPS)),
        ),
        operands=(replace(x, may_hold_output=True), gate, constants, stream),
    )
    return replace(product, call=call, again=rows.ops[:1])
