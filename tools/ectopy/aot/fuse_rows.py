"""Filters along rows together with what comes next: one row is filtered, pooled and averaged.

Patterns, all of neighbouring operators; what is in brackets may be missing:

    [CONV_2D of one channel, stride 2] -> DEPTHWISE_CONV_2D -> [MAX_POOL_2D 1x2] -> [MEAN]

The first convolution hands its output on channel by channel as the next one's copy of a row, so its
tensor never exists; neither does the one that is pooled. The last row is written in any case, and
its mean beside it. Kernels say what they read and write in memory, so layouts need no second look.
"""

from __future__ import annotations

from dataclasses import replace

from ectopy.aot.layout import Planar
from ectopy.aot.params import (
    Conv2d1xkS2M4Params,
    Conv2dDepthwise1xkM4Params,
    Depthwise1xkM4Params,
    MaxPool1x2M4Params,
    MeanRowsM4Params,
)
from ectopy.aot.types import ConstOperand, Kernel, KernelCall, Operand, Step, TensorOperand
from ectopy.graph.types import Graph


def fuse_rows(graph: Graph, steps: tuple[Step, ...], _planar: Planar) -> tuple[Step, ...]:
    """Puts together what the kernels of rows compute as one."""
    fused: list[Step] = []
    position = 0
    while position < len(steps):
        taken, step = _fuse_from(graph, steps[position:])
        fused.append(step)
        position += taken
    return tuple(fused)


def _fuse_from(graph: Graph, steps: tuple[Step, ...]) -> tuple[int, Step]:
    """How many of the first steps become one, and that one."""
    conv = _conv(graph, steps)
    taken = 1 if conv is None else 2
    step = steps[taken - 1]
    if step.call is None or not isinstance(step.call.params, Depthwise1xkM4Params):
        return 1, steps[0]
    params, outputs = step.call.params, step.outputs
    if taken < len(steps) and _pools(graph, step, params, steps[taken]):
        params, outputs = replace(params, pooled=1), steps[taken].outputs
        taken += 1
    mean = _mean(params, outputs[0], steps[taken:])
    if mean is not None:
        params, outputs = replace(params, mean=mean.mean), (*outputs, *steps[taken].outputs)
        taken += 1
    if taken == 1:
        return 1, step
    ops = tuple(op for each in steps[:taken] for op in each.ops)
    call = _call(conv, step.call, params, mean is not None)
    return taken, Step(ops=ops, outputs=outputs, call=call)


def _conv(graph: Graph, steps: tuple[Step, ...]) -> KernelCall | None:
    """The first step, if it makes the rows that the second filters, and those alone."""
    first = steps[0].call
    if len(steps) < 2 or first is None or first.kernel is not Kernel.CONV2D_1XK_S2_M4:
        return None
    second = steps[1].call
    assert isinstance(first.params, Conv2d1xkS2M4Params)
    if second is None or second.kernel is not Kernel.DWCONV2D_1XK_M4 or not first.params.linear:
        return None
    return first if graph.readers(steps[0].outputs[0]) == steps[1].ops else None


def _pools(graph: Graph, row: Step, params: Depthwise1xkM4Params, step: Step) -> bool:
    """Whether a step pools the rows of another, which nobody else reads."""
    if step.call is None or not isinstance(step.call.params, MaxPool1x2M4Params):
        return False
    whole = 2 * step.call.params.count == params.channels * params.out_w
    return whole and graph.readers(row.outputs[0]) == step.ops


def _mean(
    params: Depthwise1xkM4Params, row: int, steps: tuple[Step, ...]
) -> MeanRowsM4Params | None:
    """What the next step needs, if it averages rows that were just written."""
    call = steps[0].call if steps else None
    if call is None or not isinstance(call.params, MeanRowsM4Params):
        return None
    count = params.out_w // 2 if params.pooled else params.out_w
    same = (call.params.rows, call.params.count) == (params.channels, count)
    return call.params if same and _tensors(call) == [row] else None


def _tensors(call: KernelCall) -> list[int]:
    return [o.tensor for o in call.operands if isinstance(o, TensorOperand)]


def _call(
    conv: KernelCall | None, depthwise: KernelCall, params: Depthwise1xkM4Params, mean: bool
) -> KernelCall:
    if conv is None:
        kernel = Kernel.DWCONV2D_1XK_MEAN_M4 if mean else Kernel.DWCONV2D_1XK_M4
        return replace(depthwise, kernel=kernel, params=params)
    assert isinstance(conv.params, Conv2d1xkS2M4Params)
    return KernelCall(
        kernel=Kernel.CONV2D_DWCONV2D_1XK_MEAN_M4 if mean else Kernel.CONV2D_DWCONV2D_1XK_M4,
        params=Conv2dDepthwise1xkM4Params(conv=conv.params, depthwise=params),
        operands=(
            conv.operands[0],
            _constants("first", conv.operands),
            _constants("second", depthwise.operands),
        ),
    )


def _constants(role: str, operands: tuple[Operand, ...]) -> ConstOperand:
    constants = next(o for o in operands if isinstance(o, ConstOperand))
    return replace(constants, role=role)
