"""Mistakes that int8 kernels are known for, each as a way to compute an operator wrongly.

A device's tensor that one of them reproduces byte by byte, from right inputs, names its cause.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ectopy.fixedpoint import (
    INT8_MAX,
    INT8_MIN,
    Int32Array,
    saturating_rounding_doubling_high_mul,
)
from ectopy.graph.geometry import Window, windows_of
from ectopy.graph.types import ConvAttrs, DepthwiseAttrs, Graph, Op, PoolAttrs, QuantParams, Tensor
from ectopy.reference.executor import KERNELS
from ectopy.reference.interpreter import Int8Array
from ectopy.reference.kernels.rescale import TFLITE, Arithmetic
from ectopy.vocab import Activation, Cause, Padding

Array: TypeAlias = npt.NDArray[Any]
Variant: TypeAlias = tuple[Graph, Op, list[Array]]
"""An operator with its operands, changed so that a right kernel makes the mistake."""

INT16_MIN, INT16_MAX = -(2**15), 2**15 - 1


def explain(graph: Graph, op: Op, inputs: list[Array], device: Int8Array) -> tuple[Cause, ...]:
    """The mistakes that turn ``inputs`` into exactly what the device has.

    Args:
        graph: Of the model.
        op: The operator.
        inputs: Its operands as the reference has them, constants included.
        device: What the device has for its output, in the output's shape.

    Returns:
        In the order of :class:`~ectopy.vocab.Cause`; more than one where this tensor does not tell
        them apart, none where no known mistake fits or the device is right.
    """
    right = KERNELS[op.kind](graph, op, inputs, TFLITE)
    if np.array_equal(right, device):
        return ()
    causes = {
        cause for cause, wrong in _mistakes(graph, op, inputs) if np.array_equal(wrong, device)
    }
    return tuple(cause for cause in Cause if cause in causes)


def _mistakes(graph: Graph, op: Op, inputs: list[Array]) -> Iterator[tuple[Cause, Int8Array]]:
    kernel = KERNELS[op.kind]
    for cause, arithmetic in ARITHMETIC_FAULTS.items():
        yield cause, kernel(graph, op, inputs, arithmetic)
    for cause, variants in OPERAND_FAULTS.items():
        for variant in variants(graph, op, inputs):
            yield cause, kernel(*variant, TFLITE)


def _single_rounding(x: Any, multiplier: Any, shift: Any) -> Int32Array:
    """One rounding, ties up: TFLite's alternative (``TFLITE_SINGLE_ROUNDING``)."""
    total = 31 - np.asarray(shift, np.int64)
    product = np.asarray(x, np.int64) * np.asarray(multiplier, np.int64)
    return ((product + (np.int64(1) << (total - 1))) >> total).astype(np.int32)


def _truncation(x: Any, multiplier: Any, shift: Any) -> Int32Array:
    product = np.asarray(x, np.int64) * np.asarray(multiplier, np.int64)
    return (product >> (31 - np.asarray(shift, np.int64))).astype(np.int32)


def _rounding_ties_up(x: Any, multiplier: Any, shift: Any) -> Int32Array:
    """Both roundings, the second as ``(x + half) >> bits``."""
    shifts = np.asarray(shift, np.int64)
    left, right = np.maximum(shifts, 0), np.maximum(-shifts, 0)
    widened = (np.asarray(x, np.int64) << left).astype(np.int32)
    high = saturating_rounding_doubling_high_mul(widened, multiplier).astype(np.int64)
    return ((high + ((np.int64(1) << right) >> 1)) >> right).astype(np.int32)


def _wraps_at_16_bits(accumulators: Int32Array) -> Int32Array:
    return accumulators.astype(np.int16).astype(np.int32)


def _saturates_at_16_bits(accumulators: Int32Array) -> Int32Array:
    return np.minimum(np.maximum(accumulators, INT16_MIN), INT16_MAX).astype(np.int32)


def _int8_only(values: Array, output: Tensor, activation: Activation) -> Int8Array:
    return np.minimum(np.maximum(values, INT8_MIN), INT8_MAX).astype(np.int8)


def _wraps_at_8_bits(values: Array, output: Tensor, activation: Activation) -> Int8Array:
    return values.astype(np.int8)


ARITHMETIC_FAULTS: Mapping[Cause, Arithmetic] = MappingProxyType(
    {
        Cause.SINGLE_ROUNDING: Arithmetic(rescale=_single_rounding),
        Cause.TRUNCATION: Arithmetic(rescale=_truncation),
        Cause.ROUNDING_TIES_UP: Arithmetic(rescale=_rounding_ties_up),
        Cause.OUTPUT_ZERO_POINT_SIGN: Arithmetic(output_zero_point=-1),
        Cause.OUTPUT_ZERO_POINT_MISSING: Arithmetic(output_zero_point=0),
        Cause.ACCUMULATOR_OVERFLOW: Arithmetic(accumulator=_wraps_at_16_bits),
        Cause.ACCUMULATOR_SATURATION: Arithmetic(accumulator=_saturates_at_16_bits),
        Cause.ACTIVATION_CLAMP_MISSING: Arithmetic(clamp=_int8_only),
        Cause.CLAMP_MISSING: Arithmetic(clamp=_wraps_at_8_bits),
    }
)


def _negated(graph: Graph, op: Op, inputs: list[Array]) -> Iterator[Variant]:
    yield from _with_zero_points(graph, op, inputs, sign=-1)


def _left_out(graph: Graph, op: Op, inputs: list[Array]) -> Iterator[Variant]:
    yield from _with_zero_points(graph, op, inputs, sign=0)


def _with_zero_points(graph: Graph, op: Op, inputs: list[Array], sign: int) -> Iterator[Variant]:
    """The zero point of each activation operand times ``sign``, one at a time, then all."""
    present = [graph.tensors[index] for index in op.inputs if index >= 0]
    operands = {each.index: each for each in present if each.data is None}
    groups = [[tensor] for tensor in operands.values()]
    if len(groups) > 1:
        groups.append(list(operands.values()))
    for group in groups:
        changed = graph
        for tensor in group:
            quant = _scaled_zero_point(tensor, sign)
            changed = _with_tensor(changed, replace(tensor, quant=quant))
        yield changed, op, inputs


def _scaled_zero_point(tensor: Tensor, sign: int) -> QuantParams | None:
    if tensor.quant is None:
        return None
    points = tuple(sign * point for point in tensor.quant.zero_points)
    return replace(tensor.quant, zero_points=points)


def _zero_padded(graph: Graph, op: Op, inputs: list[Array]) -> Iterator[Variant]:
    """The input with a border of zeros, and the same windows without padding."""
    attrs = op.attrs
    if not isinstance(attrs, ConvAttrs | DepthwiseAttrs | PoolAttrs):
        return
    x = graph.tensors[op.inputs[0]]
    kernel = attrs.kernel if isinstance(attrs, PoolAttrs) else inputs[1].shape[1:3]
    vertical, horizontal = windows_of(attrs, (kernel[0], kernel[1]))
    _, rows, columns, _ = graph.op_output(op).shape
    border = (
        (0, 0),
        _border(vertical, x.shape[1], rows),
        _border(horizontal, x.shape[2], columns),
        (0, 0),
    )
    padded = np.pad(inputs[0], border)
    changed = _with_tensor(graph, replace(x, shape=padded.shape))
    yield changed, replace(op, attrs=replace(attrs, padding=Padding.VALID)), [padded, *inputs[1:]]


def _border(window: Window, inputs: int, outputs: int) -> tuple[int, int]:
    before = window.pad_before(inputs, outputs)
    return before, max(0, (outputs - 1) * window.stride + window.extent - inputs - before)


def _with_tensor(graph: Graph, tensor: Tensor) -> Graph:
    tensors = list(graph.tensors)
    tensors[tensor.index] = tensor
    return replace(graph, tensors=tuple(tensors))


OPERAND_FAULTS: Mapping[Cause, Callable[[Graph, Op, list[Array]], Iterator[Variant]]] = (
    MappingProxyType(
        {
            Cause.PADDING_ZERO: _zero_padded,
            Cause.INPUT_ZERO_POINT_SIGN: _negated,
            Cause.INPUT_ZERO_POINT_MISSING: _left_out,
        }
    )
)
