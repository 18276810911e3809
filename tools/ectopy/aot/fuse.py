"""Neighbouring operators that become one step.

A matrix product over channels takes in the multiplication by a value per channel before it
(squeeze-and-excite) and the addition behind it (a residual): each saves a pass over a tensor, and
the tensor. Every rounding in between is kept.
"""

from __future__ import annotations

from dataclasses import replace

from ectopy.aot.layout import Planar
from ectopy.aot.lower_rows import gated_rows
from ectopy.aot.params import (
    AddDenseM4Params,
    Conv2d1x1M4Params,
    GateParams,
    ResidualParams,
)
from ectopy.aot.search import gate_constants
from ectopy.aot.support import quant_of
from ectopy.aot.types import (
    AbsentOperand,
    ConstOperand,
    KernelCall,
    Operand,
    Step,
    TensorOperand,
)
from ectopy.graph.types import Graph, QuantParams

RESIDUAL_BITS = 8
"""Bits that the factor of a residual has more: the kernel takes them off with those of its bytes,
which it reads times 256."""

INT32_LIMIT = 2**31


def fuse_products(graph: Graph, steps: tuple[Step, ...], planar: Planar) -> tuple[Step, ...]:
    """MUL, CONV_2D 1x1 and ADD by one kernel where they follow each other.

    Args:
        graph: The model.
        steps: Its operators, each by a kernel of its own.
        planar: Tensors stored channel after channel, to which these kernels keep anyway.
    """
    fused: list[Step] = []
    for step in steps:
        before = fused[-1] if fused else None
        together = None if before is None else _pair(graph, before, step)
        if together is None:
            fused.append(step)
        else:
            fused[-1] = together
    return tuple(fused)


def _pair(graph: Graph, first: Step, second: Step) -> Step | None:
    if first.call is None or second.call is None or first.again or second.again:
        return None
    if graph.readers(first.outputs[0]) != second.ops:
        return None
    call: KernelCall | None = None
    if isinstance(second.call.params, Conv2d1x1M4Params):
        call = _gated(graph, first, second.call, second.call.params)
    elif isinstance(first.call.params, Conv2d1x1M4Params):
        call = _with_residual(first, first.call, first.call.params, second.call)
    if call is None:
        return None
    return Step(ops=first.ops + second.ops, outputs=second.outputs, call=call)


def _gated(
    graph: Graph, first: Step, product: KernelCall, params: Conv2d1x1M4Params
) -> KernelCall | None:
    assert first.call is not None
    # No matter if a kernel of rows can compute it: the product counts in other units.
    mul = gated_rows(first.call)
    if mul is None or (mul.rows, mul.count) != (params.in_c, params.pixels):
        return None  # such as one value for all channels, or one for each pixel
    x, gate = mul.operands
    source, _, *rest = product.operands
    shape = graph.tensors[first.outputs[0]].shape
    if not isinstance(x, TensorOperand) or source != replace(x, tensor=first.outputs[0]):
        return None
    if graph.tensors[x.tensor].shape != shape:
        return None
    a = quant_of(graph.tensors[x.tensor])
    b = _quant_of_gate(graph, first, x.tensor)
    constants = gate_constants(a, b, quant_of(graph.tensors[first.outputs[0]]))
    if constants is None:
        return None
    gated = GateParams(
        in_zero_point=a.zero_point,
        gate_zero_point=b.zero_point,
        factor=constants.factor,
        offset=constants.offset,
    )
    return KernelCall(
        kernel=product.kernel,
        params=replace(params, gate=gated),
        operands=(x, _input(gate, "gate"), *rest),
    )


def _quant_of_gate(graph: Graph, mul: Step, x: int) -> QuantParams:
    a, b = graph.ops[mul.ops[0]].inputs
    return quant_of(graph.tensors[b if a == x else a])


def _with_residual(
    first: Step, product: KernelCall, params: Conv2d1x1M4Params, addition: KernelCall
) -> KernelCall | None:
    if not isinstance(addition.params, AddDenseM4Params):
        return None
    x, gate, already, stream = product.operands
    if not isinstance(already, AbsentOperand):
        return None  # it adds something already
    a, b = addition.operands
    own, other = addition.params.a_factor, addition.params.b_factor
    residual = b
    if not isinstance(a, TensorOperand) or a.tensor != first.outputs[0]:
        own, other, residual = other, own, a
    if abs(other) << RESIDUAL_BITS >= INT32_LIMIT:
        return None
    added = ResidualParams(
        own_factor=own,
        factor=other << RESIDUAL_BITS,
        offset=addition.params.offset,
    )
    return KernelCall(
        kernel=product.kernel,
        params=replace(params, residual=added),
        operands=(x, gate, _input(residual, "residual"), stream),
    )


def _input(operand: Operand, role: str) -> Operand:
    return replace(operand, role=role) if isinstance(operand, ConstOperand) else operand
