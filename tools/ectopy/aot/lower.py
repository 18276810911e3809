"""Kernel choice: each operator of the graph becomes a kernel call with its constants.

Fails closed: what no kernel computes exactly is a :class:`~ectopy.errors.ModelError` that names
the operator. Here also the accumulators are bounded, so that kernels need no run-time checks.
"""

from __future__ import annotations

from typing import assert_never

import numpy as np

from ectopy.aot.broadcast import MAX_DIMS, broadcast_walk
from ectopy.aot.lower_matrix import lower_conv, lower_depthwise, lower_fully_connected
from ectopy.aot.params import (
    AddParams,
    BroadcastWalk,
    MaxPoolParams,
    MeanParams,
    MulParams,
)
from ectopy.aot.support import check_accumulator, quant_of, refuse, single_batch
from ectopy.aot.types import ConstOperand, Kernel, KernelCall, Operand, Step, TensorOperand
from ectopy.fixedpoint import (
    ADD_LEFT_SHIFT,
    activation_range,
    add_constants,
    mean_multiplier,
    mul_multiplier,
)
from ectopy.graph.geometry import windows_of
from ectopy.graph.types import (
    ConvAttrs,
    DepthwiseAttrs,
    ElementwiseAttrs,
    FullyConnectedAttrs,
    Graph,
    MeanAttrs,
    Op,
    PoolAttrs,
    ReshapeAttrs,
    Tensor,
)
from ectopy.vocab import OpKind

INT8_SPAN = 255
"""Largest distance of an int8 value from its zero point."""


def lower_op(graph: Graph, op: Op) -> Step:
    """Chooses the kernel of one operator and computes its constants.

    Raises:
        ModelError: No kernel computes this operator exactly.
    """
    return Step(op=op.index, output=op.outputs[0], call=_call(graph, op))


def _call(graph: Graph, op: Op) -> KernelCall | None:
    call: KernelCall | None = None
    match op.attrs:
        case ReshapeAttrs():
            pass  # the output is a view of the input
        case ConvAttrs() as attrs:
            call = lower_conv(graph, op, attrs)
        case DepthwiseAttrs() as attrs:
            call = lower_depthwise(graph, op, attrs)
        case FullyConnectedAttrs() as attrs:
            call = lower_fully_connected(graph, op, attrs)
        case PoolAttrs() as attrs:
            call = _max_pool(graph, op, attrs)
        case MeanAttrs() as attrs:
            call = _mean(graph, op, attrs)
        case ElementwiseAttrs() as attrs:
            call = _elementwise(graph, op, attrs)
        case _:
            assert_never(op.attrs)
    return call


def _max_pool(graph: Graph, op: Op, attrs: PoolAttrs) -> KernelCall:
    x, y = graph.tensors[op.inputs[0]], graph.op_output(op)
    single_batch(op, x)
    quant = quant_of(y)
    rows, columns = windows_of(attrs, attrs.kernel)
    low, high = activation_range(attrs.activation, quant.scale, quant.zero_point)
    params = MaxPoolParams(
        in_h=x.shape[1],
        in_w=x.shape[2],
        channels=x.shape[3],
        out_h=y.shape[1],
        out_w=y.shape[2],
        kernel_h=rows.taps,
        kernel_w=columns.taps,
        stride_h=rows.stride,
        stride_w=columns.stride,
        pad_top=rows.pad_before(x.shape[1], y.shape[1]),
        pad_left=columns.pad_before(x.shape[2], y.shape[2]),
        clamp_min=low,
        clamp_max=high,
    )
    operands = (TensorOperand(tensor=x.index),)
    return KernelCall(kernel=Kernel.MAX_POOL, params=params, operands=operands)


def _mean(graph: Graph, op: Op, attrs: MeanAttrs) -> KernelCall:
    x, y = graph.tensors[op.inputs[0]], graph.op_output(op)
    qx, qy = quant_of(x), quant_of(y)
    extents = _outer_reduced_inner(x.shape, attrs.axes)
    if extents is None:
        raise refuse(op, f"averages axes {attrs.axes} of {x.shape}, which are not neighbours")
    outer, reduced, inner = extents
    multiplier, shift = mean_multiplier(qx.scale, qy.scale, reduced)
    check_accumulator(op, INT8_SPAN * reduced, shift)
    params = MeanParams(
        outer=outer,
        reduced=reduced,
        inner=inner,
        in_zero_point=qx.zero_point,
        out_zero_point=qy.zero_point,
        multiplier=multiplier,
        shift=shift,
    )
    operands = (TensorOperand(tensor=x.index),)
    return KernelCall(kernel=Kernel.MEAN, params=params, operands=operands)


def _outer_reduced_inner(
    shape: tuple[int, ...], axes: tuple[int, ...]
) -> tuple[int, int, int] | None:
    """Products of the extents before, among and after the axes.

    None if a dimension that is not averaged, and is larger than 1, lies between them.
    """
    wide = [axis for axis in axes if shape[axis] > 1]
    if not wide:
        return int(np.prod(shape)), 1, 1
    first, end = wide[0], wide[-1] + 1
    between = [shape[i] for i in range(first, end) if i not in axes]
    if any(extent > 1 for extent in between):
        return None
    parts = shape[:first], shape[first:end], shape[end:]
    outer, reduced, inner = (int(np.prod(part, dtype=np.int64)) for part in parts)
    return outer, reduced, inner


def _elementwise(graph: Graph, op: Op, attrs: ElementwiseAttrs) -> KernelCall:
    a, b = graph.tensors[op.inputs[0]], graph.tensors[op.inputs[1]]
    y = graph.op_output(op)
    walk = broadcast_walk(a.shape, b.shape, y.shape)
    if walk is None:
        raise refuse(op, f"broadcasts {a.shape} with {b.shape}: more than {MAX_DIMS} loops")
    operands = tuple(
        _operand(tensor, role, y) for tensor, role in ((a, "operand_a"), (b, "operand_b"))
    )
    if op.kind is OpKind.ADD:
        return KernelCall(
            kernel=Kernel.ADD, params=_add(op, (a, b, y), attrs, walk), operands=operands
        )
    return KernelCall(kernel=Kernel.MUL, params=_mul(op, (a, b, y), attrs, walk), operands=operands)


def _operand(tensor: Tensor, role: str, output: Tensor) -> Operand:
    if tensor.data is not None:
        return ConstOperand(role=role, values=tensor.data)
    return TensorOperand(tensor=tensor.index, may_hold_output=tensor.elements == output.elements)


def _mul(
    op: Op, tensors: tuple[Tensor, Tensor, Tensor], attrs: ElementwiseAttrs, walk: BroadcastWalk
) -> MulParams:
    a, b, y = (quant_of(tensor) for tensor in tensors)
    multiplier, shift = mul_multiplier(a.scale, b.scale, y.scale)
    check_accumulator(op, INT8_SPAN**2, shift)
    low, high = activation_range(attrs.activation, y.scale, y.zero_point)
    return MulParams(
        walk=walk,
        a_zero_point=a.zero_point,
        b_zero_point=b.zero_point,
        out_zero_point=y.zero_point,
        multiplier=multiplier,
        shift=shift,
        clamp_min=low,
        clamp_max=high,
    )


def _add(
    op: Op, tensors: tuple[Tensor, Tensor, Tensor], attrs: ElementwiseAttrs, walk: BroadcastWalk
) -> AddParams:
    a, b, y = (quant_of(tensor) for tensor in tensors)
    constants = add_constants(a.scale, b.scale, y.scale)
    # Each operand is at most half its raised value after rescaling, because the common scale is
    # twice the larger of the two; their sum is at most the raised value.
    raised = INT8_SPAN << ADD_LEFT_SHIFT
    for shift in (constants.a[1], constants.b[1], constants.output[1]):
        check_accumulator(op, raised, shift)
    low, high = activation_range(attrs.activation, y.scale, y.zero_point)
    return AddParams(
        walk=walk,
        a_zero_point=a.zero_point,
        b_zero_point=b.zero_point,
        out_zero_point=y.zero_point,
        a_multiplier=constants.a[0],
        a_shift=constants.a[1],
        b_multiplier=constants.b[0],
        b_shift=constants.b[1],
        out_multiplier=constants.output[0],
        out_shift=constants.output[1],
        clamp_min=low,
        clamp_max=high,
    )
