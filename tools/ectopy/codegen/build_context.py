"""Plan and bundle facts to template contexts: every name and every literal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

import ectopy
from ectopy.aot.params import KernelParams, StructParams
from ectopy.aot.types import (
    OPERANDS_AS_ARRAY,
    AbsentOperand,
    ConstOperand,
    KernelCall,
    Operand,
    Plan,
    Step,
)
from ectopy.codegen.context import (
    AotContext,
    ArrayContext,
    BannerContext,
    FieldContext,
    ImageInfo,
    InfoContext,
    StepContext,
    StructContext,
    TensorContext,
)
from ectopy.codegen.literals import c_float, c_int, c_int64, c_rows, c_string, c_type
from ectopy.graph.types import ConstArray, Graph

ARENA_ALIGNMENT = 16
"""Bytes; at least that of the offsets, more so that moving code does not move the speed."""

_Names = dict[int, str]
"""By the identity of an array."""


def aot_context(graph: Graph, plan: Plan) -> AotContext:
    """Everything in model_aot.c."""
    names = _array_names(plan)
    return AotContext(
        banner=banner(graph),
        version=c_string(ectopy.__version__),
        arena_bytes=plan.arena_bytes,
        alignment=ARENA_ALIGNMENT,
        input=_tensor(graph, plan, graph.inputs[0]),
        op_outputs=tuple(_tensor(graph, plan, op.outputs[0]) for op in graph.ops),
        together=any(len(step.ops) > 1 for step in plan.steps),
        steps=tuple(_step(graph, plan, step, names) for step in plan.steps),
    )


def _array_names(plan: Plan) -> _Names:
    """Of each array of constants; steps that compute the same operator share them."""
    names: _Names = {}
    for step in plan.steps:
        for operand in step.call.operands if step.call is not None else ():
            if isinstance(operand, ConstOperand):
                names.setdefault(id(operand.values), f"op{step.ops[0]}_{operand.role}")
    return names


def info_context(graph: Graph, info: ImageInfo) -> InfoContext:
    """Everything in model_info.c."""
    quant_in, quant_out = graph.input.quant, graph.output.quant
    assert quant_in is not None and quant_out is not None
    values = {
        "name": c_string(info.name),
        "tflite_sha256": c_string(graph.sha256),
        "class_names": "class_names",
        "class_count": c_int(len(info.class_names)),
        "frame_samples": c_int(info.frame_samples),
        "sampling_hz": c_int(info.sampling_hz),
        "input_scale": c_float(quant_in.scale),
        "input_zero_point": c_int(quant_in.zero_point),
        "output_scale": c_float(quant_out.scale),
        "output_zero_point": c_int(quant_out.zero_point),
        "epsilon_n2": c_int64(info.epsilon_n2),
        "golden_count": c_int(len(info.golden_inputs)),
        "golden_inputs": "golden_inputs",
        "golden_outputs": "golden_outputs",
    }
    return InfoContext(
        banner=banner(graph),
        class_names=tuple(c_string(name) for name in info.class_names),
        golden=(
            _array("golden_inputs", info.golden_inputs),
            _array("golden_outputs", info.golden_outputs),
        ),
        fields=tuple(FieldContext(name=name, value=value) for name, value in values.items()),
    )


def banner(graph: Graph) -> BannerContext:
    """Names in comments must not end the comment."""
    return BannerContext(
        version=ectopy.__version__,
        model="".join(c for c in graph.name if c.isalnum() or c in "-_. "),
        sha256=graph.sha256,
    )


def _step(graph: Graph, plan: Plan, step: Step, names: _Names) -> StepContext:
    kinds = " + ".join(graph.ops[op].kind for op in step.ops)
    if step.call is None:
        call = f"/* {kinds}: the same bytes in another shape */"
        return StepContext(ops=step.ops, kinds=kinds, arrays=(), struct=None, call=call)
    prefix = f"op{step.ops[0]}"
    return StepContext(
        ops=step.ops,
        kinds=kinds,
        arrays=_arrays(prefix, step.call, names),
        struct=_struct(prefix, step.call.params),
        call=_call(prefix, plan, step, names),
    )


def _arrays(prefix: str, call: KernelCall, names: _Names) -> tuple[ArrayContext, ...]:
    """Those that have not been defined for a step before."""
    constants = [
        _array(f"{prefix}_{operand.role}", operand.values, of_model=True)
        for operand in call.operands
        if isinstance(operand, ConstOperand)
        and names[id(operand.values)] == f"{prefix}_{operand.role}"
    ]
    return (*constants, *_arrays_of(prefix, call.params))


def _arrays_of(prefix: str, params: Any) -> Iterator[ArrayContext]:
    """Those that a struct, or one inside it, points to."""
    for field in fields(params):
        name, value = f"{prefix}_{field.name}", getattr(params, field.name)
        if isinstance(value, np.ndarray):
            yield _array(name, value, of_model=True)
        elif is_dataclass(value):
            yield from _arrays_of(name, value)


def _array(name: str, values: ConstArray, *, of_model: bool = False) -> ArrayContext:
    return ArrayContext(
        name=name, c_type=c_type(values), count=values.size, of_model=of_model, rows=c_rows(values)
    )


def _struct(prefix: str, params: KernelParams) -> StructContext:
    return StructContext(name=prefix, c_type=params.c_type, fields=_fields(prefix, params))


def _fields(prefix: str, params: KernelParams | StructParams) -> tuple[FieldContext, ...]:
    return tuple(
        FieldContext(name=f.name, value=_value(f"{prefix}_{f.name}", getattr(params, f.name)))
        for f in fields(params)
    )


def _value(name: str, value: int | tuple[int, ...] | StructParams | ConstArray) -> str:
    if isinstance(value, np.ndarray):
        return name
    if isinstance(value, tuple):
        return f"{{{', '.join(c_int(item) for item in value)}}}"
    if is_dataclass(value):
        inner = ", ".join(f".{f.name} = {f.value}" for f in _fields(name, value))
        return f"{{{inner}}}"
    return c_int(value)


def _call(prefix: str, plan: Plan, step: Step, names: _Names) -> str:
    assert step.call is not None

    def argument(operand: Operand) -> str:
        if isinstance(operand, ConstOperand):
            return names[id(operand.values)]
        if isinstance(operand, AbsentOperand):
            return "NULL"
        return f"arena + {plan.offset_of(operand.tensor)}"

    operands = [argument(operand) for operand in step.call.operands]
    if step.call.kernel in OPERANDS_AS_ARRAY:
        operands = [f"(const int8_t *const[]){{{', '.join(operands)}}}"]
    outputs = [f"arena + {plan.offset_of(output)}" for output in step.outputs]
    return f"{step.call.kernel}({', '.join([f'&{prefix}', *operands, *outputs])});"


def _tensor(graph: Graph, plan: Plan, index: int) -> TensorContext:
    tensor = graph.tensors[index]
    assert tensor.quant is not None
    placed = plan.has_place(index)
    return TensorContext(
        offset=c_int(plan.offset_of(index) if placed else 0),
        planes=c_int(tensor.shape[-1] if index in plan.planar else 1),
        nbytes=c_int(tensor.nbytes if placed else 0),
        scale=c_float(tensor.quant.scale),
        zero_point=c_int(tensor.quant.zero_point),
    )
