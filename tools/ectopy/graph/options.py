"""Attributes of each operator kind, from its flatbuffer options."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import tflite

from ectopy.graph.rejections import DAMAGED
from ectopy.graph.types import (
    ConvAttrs,
    DepthwiseAttrs,
    ElementwiseAttrs,
    FullyConnectedAttrs,
    LookupAttrs,
    OpAttrs,
    PoolAttrs,
    ReshapeAttrs,
    ResizeAttrs,
    SoftmaxAttrs,
)
from ectopy.vocab import Activation, OpKind, Padding

PADDINGS = MappingProxyType(
    {tflite.Padding.SAME: Padding.SAME, tflite.Padding.VALID: Padding.VALID}
)

ACTIVATIONS = MappingProxyType(
    {
        tflite.ActivationFunctionType.NONE: Activation.NONE,
        tflite.ActivationFunctionType.RELU: Activation.RELU,
        tflite.ActivationFunctionType.RELU6: Activation.RELU6,
        tflite.ActivationFunctionType.RELU_N1_TO_1: Activation.RELU_N1_TO_1,
    }
)


OTHER_OPTIONS = "change the layer, or put what it fuses into a layer of its own; supported " + (
    f"activations: {', '.join(Activation)}; padding: {', '.join(Padding)}"
)
"""Hint for options that are valid, but that we do not execute."""


class OptionError(Exception):
    """A value that we do not take; the reader adds where it is.

    Args:
        reason: What is wrong.
        hint: What the user can do about it.
    """

    def __init__(self, reason: str, hint: str = DAMAGED) -> None:
        super().__init__(reason)
        self.hint = hint


def _one_of(table: Mapping[int, Any], value: int, what: str) -> Any:
    if value not in table:
        raise OptionError(f"{what} number {value} is not supported", OTHER_OPTIONS)
    return table[value]


def fused_activation(options: Any) -> Activation:
    """The activation fused into an operator.

    Raises:
        OptionError: One that we do not know.
    """
    found: Activation = _one_of(ACTIVATIONS, options.FusedActivationFunction(), "fused activation")
    return found


def _padding(options: Any) -> Padding:
    found: Padding = _one_of(PADDINGS, options.Padding(), "padding scheme")
    return found


def _conv(options: Any) -> ConvAttrs:
    return ConvAttrs(
        stride=(options.StrideH(), options.StrideW()),
        dilation=(options.DilationHFactor(), options.DilationWFactor()),
        padding=_padding(options),
        activation=fused_activation(options),
    )


def _depthwise(options: Any) -> DepthwiseAttrs:
    return DepthwiseAttrs(
        stride=(options.StrideH(), options.StrideW()),
        dilation=(options.DilationHFactor(), options.DilationWFactor()),
        padding=_padding(options),
        activation=fused_activation(options),
        depth_multiplier=options.DepthMultiplier(),
    )


def _pool(options: Any) -> PoolAttrs:
    return PoolAttrs(
        kernel=(options.FilterHeight(), options.FilterWidth()),
        stride=(options.StrideH(), options.StrideW()),
        padding=_padding(options),
        activation=fused_activation(options),
    )


def _elementwise(options: Any) -> ElementwiseAttrs:
    return ElementwiseAttrs(activation=fused_activation(options))


def _fully_connected(options: Any) -> FullyConnectedAttrs:
    if options.WeightsFormat() != tflite.FullyConnectedOptionsWeightsFormat.DEFAULT:
        raise OptionError("shuffled weights are not supported", OTHER_OPTIONS)
    return FullyConnectedAttrs(
        activation=fused_activation(options), keep_num_dims=bool(options.KeepNumDims())
    )


def _softmax(options: Any) -> SoftmaxAttrs:
    return SoftmaxAttrs(beta=float(options.Beta()))


def _leaky_relu(options: Any) -> LookupAttrs:
    return LookupAttrs(alpha=float(options.Alpha()))


def _resize(options: Any) -> ResizeAttrs:
    return ResizeAttrs(
        align_corners=bool(options.AlignCorners()),
        half_pixel_centers=bool(options.HalfPixelCenters()),
    )


OptionParser: TypeAlias = tuple[int, type[Any], Callable[[Any], OpAttrs]]

PARSERS: Mapping[OpKind, OptionParser] = MappingProxyType(
    {
        OpKind.CONV_2D: (tflite.BuiltinOptions.Conv2DOptions, tflite.Conv2DOptions, _conv),
        OpKind.DEPTHWISE_CONV_2D: (
            tflite.BuiltinOptions.DepthwiseConv2DOptions,
            tflite.DepthwiseConv2DOptions,
            _depthwise,
        ),
        OpKind.MAX_POOL_2D: (tflite.BuiltinOptions.Pool2DOptions, tflite.Pool2DOptions, _pool),
        OpKind.AVERAGE_POOL_2D: (tflite.BuiltinOptions.Pool2DOptions, tflite.Pool2DOptions, _pool),
        OpKind.SUB: (tflite.BuiltinOptions.SubOptions, tflite.SubOptions, _elementwise),
        OpKind.SOFTMAX: (tflite.BuiltinOptions.SoftmaxOptions, tflite.SoftmaxOptions, _softmax),
        OpKind.RESIZE_NEAREST_NEIGHBOR: (
            tflite.BuiltinOptions.ResizeNearestNeighborOptions,
            tflite.ResizeNearestNeighborOptions,
            _resize,
        ),
        OpKind.LEAKY_RELU: (
            tflite.BuiltinOptions.LeakyReluOptions,
            tflite.LeakyReluOptions,
            _leaky_relu,
        ),
        OpKind.MUL: (tflite.BuiltinOptions.MulOptions, tflite.MulOptions, _elementwise),
        OpKind.ADD: (tflite.BuiltinOptions.AddOptions, tflite.AddOptions, _elementwise),
        OpKind.FULLY_CONNECTED: (
            tflite.BuiltinOptions.FullyConnectedOptions,
            tflite.FullyConnectedOptions,
            _fully_connected,
        ),
    }
)
"""Kind -> number of its options table, accessor class, and parser. Kinds whose options say nothing
are in :data:`WITHOUT_OPTIONS`, those that need the shapes or constants of their operands in
:mod:`ectopy.graph.constant_options`."""

WITHOUT_OPTIONS: Mapping[OpKind, OpAttrs] = MappingProxyType(
    {
        OpKind.RESHAPE: ReshapeAttrs(),
        OpKind.LOGISTIC: LookupAttrs(),
        OpKind.TANH: LookupAttrs(),
        OpKind.HARD_SWISH: LookupAttrs(),
        OpKind.RELU: LookupAttrs(),
        OpKind.RELU6: LookupAttrs(),
        OpKind.QUANTIZE: LookupAttrs(),
    }
)
"""Converters leave their options out."""


def options_of(operator: Any, expected: int, accessor: type[Any]) -> Any:
    """The options table of a flatbuffer operator.

    Raises:
        OptionError: It is missing or belongs to another kind.
    """
    table = operator.BuiltinOptions()
    if table is None or operator.BuiltinOptionsType() != expected:
        raise OptionError("its options are missing or of another kind")
    options = accessor()
    options.Init(table.Bytes, table.Pos)
    return options


def parse_attrs(kind: OpKind, operator: Any) -> OpAttrs:
    """Attributes of a kind for which the options are enough.

    Raises:
        OptionError: An option is missing or not supported.
    """
    if kind in WITHOUT_OPTIONS:
        return WITHOUT_OPTIONS[kind]
    expected, accessor, parser = PARSERS[kind]
    return parser(options_of(operator, expected, accessor))
