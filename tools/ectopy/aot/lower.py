"""Kernel choice: each operator of the graph becomes a kernel call with its constants.

Fails closed: what no kernel computes exactly is a :class:`~ectopy.errors.ModelError` that names
the operator. Here also the accumulators are bounded, so that kernels need no run-time checks.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ectopy.aot.broadcast import MAX_DIMS, broadcast_walk
from ectopy.aot.layout import (
    Planar,
    all_in,
    physical_axes,
    physical_shape,
    planar_tensors,
    same_in_both,
)
from ectopy.aot.lower_bytes import lower_bytes
from ectopy.aot.lower_m4 import lower_planar_conv, lower_planar_depthwise, lower_vector
from ectopy.aot.lower_matrix import lower_conv, lower_depthwise, lower_fully_connected
from ectopy.aot.lower_pixels import lower_bridge, lower_pixels
from ectopy.aot.lower_rows import fast_add, fast_max_pool, fast_mean, fast_mul
from ectopy.aot.params import (
    AddParams,
    BroadcastWalk,
    Conv2d1x1Params,
    Conv2dParams,
    DepthwiseParams,
    FullyConnectedParams,
    MaxPoolParams,
    MeanParams,
    MulParams,
)
from ectopy.aot.support import check_accumulator, quant_of, refuse, rows_of_batch
from ectopy.aot.types import ConstOperand, Kernel, KernelCall, Operand, Step, TensorOperand
from ectopy.fixedpoint import (
    ADD_LEFT_SHIFT,
    activation_range,
    add_constants,
    mean_multiplier,
    mul_multiplier,
)
from ectopy.graph.geometry import windows_of
from ectopy.graph.operands import reach
from ectopy.graph.types import (
    ConstArray,
    ConvAttrs,
    DepthwiseAttrs,
    ElementwiseAttrs,
    ExpandDimsAttrs,
    FullyConnectedAttrs,
    Graph,
    LookupAttrs,
    MeanAttrs,
    Op,
    PoolAttrs,
    QuantParams,
    ReshapeAttrs,
    SqueezeAttrs,
    Tensor,
)
from ectopy.vocab import OpKind

INT8_SPAN = 255
"""Largest distance of an int8 value from its zero point."""


def lower_op(graph: Graph, op: Op, planar: Planar | None = None) -> Step:
    """Chooses the kernel of one operator and computes its constants.

    Args:
        graph: The model.
        op: Of the graph.
        planar: Tensors stored channel after channel, see :func:`find_planar`; None for a plan of
            portable kernels only.

    Raises:
        ModelError: No kernel computes this operator exactly.
    """
    touched = planar is not None and not planar.isdisjoint((*op.inputs, *op.outputs))
    call = _bridge(graph, op, planar) if touched and planar is not None else None
    if call is not None:
        return Step(ops=(op.index,), outputs=op.outputs, call=call)
    call = _call(graph, op, touched)
    if call is not None and planar is not None:
        call = _faster(graph, op, call)
    return Step(ops=(op.index,), outputs=op.outputs, call=call)


def find_planar(graph: Graph) -> Planar:
    """Tensors that only operators with kernels for planar tensors touch, or such as change it."""
    fitting = {op.index for op in graph.ops if _fits_planar(graph, op)}
    bridges = {op.index for op in graph.ops if lower_bridge(graph, op, True, True) is not None}
    return planar_tensors(graph, lambda op: op.index in fitting, lambda op: op.index in bridges)


def _bridge(graph: Graph, op: Op, planar: Planar) -> KernelCall | None:
    """A convolution between layouts, or in the planar one if only so."""
    whole = all_in(graph, op, planar) and _fits_planar(graph, op)
    return (
        None if whole else lower_bridge(graph, op, op.inputs[0] in planar, op.outputs[0] in planar)
    )


def _faster(graph: Graph, op: Op, call: KernelCall) -> KernelCall:
    """The same operator in the same layout by a kernel for the DSP extension, if there is one."""
    faster: KernelCall | None = None
    match call.params:
        case Conv2d1x1Params():
            faster = lower_vector(graph, op) or lower_pixels(graph, op, call)
        case Conv2dParams() | DepthwiseParams():
            faster = lower_pixels(graph, op, call)
        case FullyConnectedParams():
            faster = lower_vector(graph, op)
        case MaxPoolParams() as params if call.kernel is Kernel.MAX_POOL:
            faster = fast_max_pool(call, params)
        case MeanParams() as params:
            faster = fast_mean(call, params)
        case MulParams() as params:
            faster = fast_mul(call, params, _quants(graph, op))
        case AddParams() as params if call.kernel is Kernel.ADD:
            faster = fast_add(call, params, _quants(graph, op))
        case _:
            pass  # a kernel for the DSP extension already, or none exists
    return faster or call


def _quants(graph: Graph, op: Op) -> tuple[QuantParams, QuantParams, QuantParams]:
    a, b = (quant_of(graph.tensors[i]) for i in op.inputs)
    return a, b, quant_of(graph.op_output(op))


def _fits_planar(graph: Graph, op: Op) -> bool:
    match op.attrs:
        case ReshapeAttrs() | SqueezeAttrs() | ExpandDimsAttrs():
            x, y = graph.tensors[op.inputs[0]], graph.op_output(op)
            return same_in_both(x) and same_in_both(y)
        case ConvAttrs() as attrs:
            return lower_planar_conv(graph, op, attrs) is not None
        case DepthwiseAttrs() as attrs:
            return lower_planar_depthwise(graph, op, attrs) is not None
        case MeanAttrs() | PoolAttrs() | ElementwiseAttrs() | LookupAttrs():
            return True  # the portable kernels walk both layouts
    return False


def _call(graph: Graph, op: Op, planar: bool) -> KernelCall | None:
    call: KernelCall | None = None
    match op.attrs:
        case ReshapeAttrs() | SqueezeAttrs() | ExpandDimsAttrs():
            pass  # the output is a view of the input
        case ConvAttrs() as attrs:
            fast = lower_planar_conv(graph, op, attrs) if planar else None
            call = fast or lower_conv(graph, op, attrs)
        case DepthwiseAttrs() as attrs:
            fast = lower_planar_depthwise(graph, op, attrs) if planar else None
            call = fast or lower_depthwise(graph, op, attrs)
        case FullyConnectedAttrs() as attrs:
            call = lower_fully_connected(graph, op, attrs)
        case PoolAttrs() as attrs:
            call = _pool(graph, op, attrs, planar)
        case MeanAttrs() as attrs:
            call = _mean(graph, op, attrs, planar)
        case ElementwiseAttrs() as attrs:
            call = _elementwise(graph, op, attrs, planar)
        case _:
            call = lower_bytes(graph, op)
    return call


def _pool(graph: Graph, op: Op, attrs: PoolAttrs, planar: bool) -> KernelCall:
    x, y = graph.tensors[op.inputs[0]], graph.op_output(op)
    quant = quant_of(y)
    rows, columns = windows_of(attrs, attrs.kernel)
    low, high = activation_range(attrs.activation, quant.scale, quant.zero_point)
    params = MaxPoolParams(
        in_h=rows_of_batch(op, x, rows),
        in_w=x.shape[2],
        channels=x.shape[3],
        out_h=rows_of_batch(op, y, rows),
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
    if planar:  # the image is one row high: its channels become rows of one channel
        params = replace(
            params,
            in_h=x.shape[3],
            channels=1,
            out_h=x.shape[3],
            kernel_h=1,
            stride_h=1,
            pad_top=0,
        )
    kernel = Kernel.MAX_POOL if op.kind is OpKind.MAX_POOL_2D else Kernel.AVERAGE_POOL
    operands = (TensorOperand(tensor=x.index),)
    return KernelCall(kernel=kernel, params=params, operands=operands)


def _mean(graph: Graph, op: Op, attrs: MeanAttrs, planar: bool) -> KernelCall:
    x, y = graph.tensors[op.inputs[0]], graph.op_output(op)
    qx, qy = quant_of(x), quant_of(y)
    shape, axes = physical_shape(x, planar), physical_axes(attrs.axes, planar)
    extents = _outer_reduced_inner(shape, axes)
    if extents is None:
        raise refuse(
            op,
            f"averages axes {attrs.axes} of {x.shape}, which are not neighbours",
            hint="average one axis after the other, or transpose first",
        )
    outer, reduced, inner = extents
    multiplier, shift = mean_multiplier(qx.scale, qy.scale, reduced)
    check_accumulator(op, reach(qx) * reduced, shift)
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


def _elementwise(graph: Graph, op: Op, attrs: ElementwiseAttrs, planar: bool) -> KernelCall:
    a, b = graph.tensors[op.inputs[0]], graph.tensors[op.inputs[1]]
    y = graph.op_output(op)
    walk = broadcast_walk(*(physical_shape(tensor, planar) for tensor in (a, b, y)))
    if walk is None:
        raise refuse(
            op,
            f"broadcasts {a.shape} with {b.shape}: more than {MAX_DIMS} loops",
            hint="broadcast in two steps",
        )
    operands = tuple(
        _operand(tensor, role, y, planar) for tensor, role in ((a, "operand_a"), (b, "operand_b"))
    )
    if op.kind in {OpKind.ADD, OpKind.SUB}:
        kernel = Kernel.ADD if op.kind is OpKind.ADD else Kernel.SUB
        params = _add(op, (a, b, y), attrs, walk)
        return KernelCall(kernel=kernel, params=params, operands=operands)
    return KernelCall(kernel=Kernel.MUL, params=_mul(op, (a, b, y), attrs, walk), operands=operands)


def _operand(tensor: Tensor, role: str, output: Tensor, planar: bool) -> Operand:
    if tensor.data is not None:
        return ConstOperand(role=role, values=_in_memory_order(tensor.data, planar))
    return TensorOperand(tensor=tensor.index, may_hold_output=tensor.elements == output.elements)


def _in_memory_order(values: ConstArray, planar: bool) -> ConstArray:
    if not planar:
        return values
    rows: ConstArray = values.reshape((1,) * (4 - values.ndim) + values.shape)
    return rows.transpose(0, 3, 1, 2).copy()


def _mul(
    op: Op, tensors: tuple[Tensor, Tensor, Tensor], attrs: ElementwiseAttrs, walk: BroadcastWalk
) -> MulParams:
    a, b, y = (quant_of(tensor) for tensor in tensors)
    multiplier, shift = mul_multiplier(a.scale, b.scale, y.scale)
    check_accumulator(op, reach(a) * reach(b), shift)
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
