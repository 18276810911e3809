"""Small int8 .tflite models from a compact description, without TensorFlow.

Two levels:

* :class:`ModelSpec`, :class:`TensorSpec`, :class:`OpSpec`: plain mutable descriptions of what is in
  the flatbuffer, so that a test can spoil one thing and write the file.
* :class:`ModelBuilder`: adds one operator per call and works out shapes and bias scales.

    builder = ModelBuilder(seed=1)
    x = builder.input((1, 1, 16, 4), Quant(0.05, 3))
    y = builder.conv_2d(x, channels=8, kernel=(1, 3), stride=(1, 2), output=Quant(0.1, -128))
    data = builder.finish(y)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from types import MappingProxyType
from typing import Any

import flatbuffers
import numpy as np
import numpy.typing as npt
import tflite

from ectopy.vocab import Activation, Padding

INT8, INT32, FLOAT32 = (
    tflite.TensorType.INT8,
    tflite.TensorType.INT32,
    tflite.TensorType.FLOAT32,
)


@dataclass(frozen=True, slots=True)
class Quant:
    """Per-tensor quantization of an activation."""

    scale: float
    zero_point: int


@dataclass(slots=True, kw_only=True)
class TensorSpec:
    """One tensor as it stands in the file."""

    name: str
    shape: tuple[int, ...]
    type: int = INT8
    scales: tuple[float, ...] = ()
    zero_points: tuple[int, ...] = ()
    axis: int = 0
    data: bytes | None = None
    buffer: int | None = None
    shape_signature: tuple[int, ...] | None = None
    is_variable: bool = False


@dataclass(slots=True, kw_only=True)
class OpSpec:
    """One operator as it stands in the file; ``options`` are the fields of ``table``."""

    code: str
    inputs: list[int]
    outputs: list[int]
    table: str | None = None
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class ModelSpec:
    """A model with one subgraph, which is written ``subgraphs`` times."""

    tensors: list[TensorSpec] = field(default_factory=list)
    ops: list[OpSpec] = field(default_factory=list)
    inputs: list[int] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)
    subgraphs: int = 1

    def to_bytes(self) -> bytes:
        """The .tflite file."""
        return _Writer(self).write()


class _Writer:
    def __init__(self, spec: ModelSpec) -> None:
        self.spec = spec
        self.fb = flatbuffers.Builder(1024)

    def write(self) -> bytes:
        codes = sorted({op.code for op in self.spec.ops})
        subgraph = self._subgraph(codes)
        subgraphs = self._offsets([subgraph] * self.spec.subgraphs)
        buffers = self._buffers()
        code_vector = self._offsets([self._code(code) for code in codes])
        tflite.ModelStart(self.fb)
        tflite.ModelAddVersion(self.fb, 3)
        tflite.ModelAddOperatorCodes(self.fb, code_vector)
        tflite.ModelAddSubgraphs(self.fb, subgraphs)
        tflite.ModelAddBuffers(self.fb, buffers)
        self.fb.Finish(tflite.ModelEnd(self.fb), b"TFL3")
        return bytes(self.fb.Output())

    def _offsets(self, items: list[int]) -> int:
        self.fb.StartVector(4, len(items), 4)
        for item in reversed(items):
            self.fb.PrependUOffsetTRelative(item)
        return int(self.fb.EndVector())

    def _vector(self, values: Any, dtype: str) -> int:
        return int(self.fb.CreateNumpyVector(np.asarray(values, dtype)))

    def _code(self, code: str) -> int:
        number = getattr(tflite.BuiltinOperator, code)
        custom = self.fb.CreateString("Mine") if code == "CUSTOM" else None
        tflite.OperatorCodeStart(self.fb)
        tflite.OperatorCodeAddDeprecatedBuiltinCode(self.fb, min(number, 127))
        tflite.OperatorCodeAddBuiltinCode(self.fb, number)
        tflite.OperatorCodeAddVersion(self.fb, 1)
        if custom is not None:
            tflite.OperatorCodeAddCustomCode(self.fb, custom)
        return int(tflite.OperatorCodeEnd(self.fb))

    def _buffers(self) -> int:
        written = []
        for data in [None, *(tensor.data for tensor in self.spec.tensors)]:
            content = None
            if data is not None:
                # Constants are 16-byte aligned in real files; tflite-micro reads them in place.
                self.fb.StartVector(1, len(data), 16)
                self.fb.head -= len(data)
                self.fb.Bytes[self.fb.head : self.fb.head + len(data)] = data
                content = self.fb.EndVector()
            tflite.BufferStart(self.fb)
            if content is not None:
                tflite.BufferAddData(self.fb, content)
            written.append(int(tflite.BufferEnd(self.fb)))
        return self._offsets(written)

    def _quantization(self, tensor: TensorSpec) -> int | None:
        if not tensor.scales and not tensor.zero_points:
            return None
        scales = self._vector(tensor.scales, "<f4")
        zero_points = self._vector(tensor.zero_points, "<i8")
        tflite.QuantizationParametersStart(self.fb)
        tflite.QuantizationParametersAddScale(self.fb, scales)
        tflite.QuantizationParametersAddZeroPoint(self.fb, zero_points)
        tflite.QuantizationParametersAddQuantizedDimension(self.fb, tensor.axis)
        return int(tflite.QuantizationParametersEnd(self.fb))

    def _tensor(self, index: int, tensor: TensorSpec) -> int:
        name = self.fb.CreateString(tensor.name)
        shape = self._vector(tensor.shape, "<i4")
        signature = (
            None if tensor.shape_signature is None else self._vector(tensor.shape_signature, "<i4")
        )
        quantization = self._quantization(tensor)
        tflite.TensorStart(self.fb)
        tflite.TensorAddName(self.fb, name)
        tflite.TensorAddShape(self.fb, shape)
        tflite.TensorAddType(self.fb, tensor.type)
        tflite.TensorAddBuffer(self.fb, index + 1 if tensor.buffer is None else tensor.buffer)
        tflite.TensorAddIsVariable(self.fb, tensor.is_variable)
        if quantization is not None:
            tflite.TensorAddQuantization(self.fb, quantization)
        if signature is not None:
            tflite.TensorAddShapeSignature(self.fb, signature)
        return int(tflite.TensorEnd(self.fb))

    def _op(self, op: OpSpec, codes: list[str]) -> int:
        options = None
        if op.table is not None:
            values = {
                name: self._vector(value, "<i4") if isinstance(value, tuple) else value
                for name, value in op.options.items()
            }
            getattr(tflite, f"{op.table}Start")(self.fb)
            for name, value in values.items():
                getattr(tflite, f"{op.table}Add{name}")(self.fb, value)
            options = getattr(tflite, f"{op.table}End")(self.fb)
        inputs = self._vector(op.inputs, "<i4")
        outputs = self._vector(op.outputs, "<i4")
        tflite.OperatorStart(self.fb)
        tflite.OperatorAddOpcodeIndex(self.fb, codes.index(op.code))
        tflite.OperatorAddInputs(self.fb, inputs)
        tflite.OperatorAddOutputs(self.fb, outputs)
        if options is not None:
            tflite.OperatorAddBuiltinOptionsType(self.fb, getattr(tflite.BuiltinOptions, op.table))
            tflite.OperatorAddBuiltinOptions(self.fb, options)
        return int(tflite.OperatorEnd(self.fb))

    def _subgraph(self, codes: list[str]) -> int:
        tensors = self._offsets([self._tensor(i, t) for i, t in enumerate(self.spec.tensors)])
        ops = self._offsets([self._op(op, codes) for op in self.spec.ops])
        inputs = self._vector(self.spec.inputs, "<i4")
        outputs = self._vector(self.spec.outputs, "<i4")
        tflite.SubGraphStart(self.fb)
        tflite.SubGraphAddTensors(self.fb, tensors)
        tflite.SubGraphAddInputs(self.fb, inputs)
        tflite.SubGraphAddOutputs(self.fb, outputs)
        tflite.SubGraphAddOperators(self.fb, ops)
        return int(tflite.SubGraphEnd(self.fb))


class ModelBuilder:
    """Adds operators one by one; each returns the index of its output tensor.

    Weights are drawn from ``seed`` unless given. ``spec`` holds what was built so far and may be
    spoiled before :meth:`finish`.
    """

    def __init__(self, seed: int = 0) -> None:
        self.spec = ModelSpec()
        self.random = np.random.default_rng(seed)

    def input(self, shape: tuple[int, ...], quant: Quant) -> int:
        """The model's input."""
        index = self._activation("input", shape, quant)
        self.spec.inputs.append(index)
        return index

    def finish(self, *outputs: int) -> bytes:
        """The file, with these model outputs."""
        self.spec.outputs = list(outputs)
        return self.spec.to_bytes()

    def constant(self, values: npt.NDArray[Any], quant: Quant) -> int:
        """An int8 constant, for ADD and MUL."""
        array = np.asarray(values, np.int8)
        return self._add(
            TensorSpec(
                name="constant",
                shape=array.shape,
                scales=(quant.scale,),
                zero_points=(quant.zero_point,),
                data=array.tobytes(),
            )
        )

    def conv_2d(
        self,
        x: int,
        *,
        channels: int,
        output: Quant,
        kernel: tuple[int, int] = (1, 1),
        stride: tuple[int, int] = (1, 1),
        dilation: tuple[int, int] = (1, 1),
        padding: Padding = Padding.SAME,
        activation: Activation = Activation.NONE,
        scales: tuple[float, ...] = (0.01,),
    ) -> int:
        """CONV_2D; one weight scale, or one per output channel."""
        batch, height, width, depth = self.spec.tensors[x].shape
        weights = self._weights((channels, *kernel, depth), scales, axis=0)
        bias = self._bias(x, weights, channels)
        rows, columns = _window_outputs((height, width), kernel, stride, dilation, padding)
        y = self._activation("conv", (batch, rows, columns, channels), output)
        options = _window_options(stride, padding, activation) | {
            "DilationHFactor": dilation[0],
            "DilationWFactor": dilation[1],
        }
        return self._op("CONV_2D", [x, weights, bias], y, "Conv2DOptions", options)

    def depthwise_conv_2d(
        self,
        x: int,
        *,
        output: Quant,
        multiplier: int = 1,
        kernel: tuple[int, int] = (1, 3),
        stride: tuple[int, int] = (1, 1),
        dilation: tuple[int, int] = (1, 1),
        padding: Padding = Padding.SAME,
        activation: Activation = Activation.NONE,
        scales: tuple[float, ...] = (0.01,),
    ) -> int:
        """DEPTHWISE_CONV_2D; one weight scale, or one per output channel."""
        batch, height, width, depth = self.spec.tensors[x].shape
        channels = depth * multiplier
        weights = self._weights((1, *kernel, channels), scales, axis=3)
        bias = self._bias(x, weights, channels)
        rows, columns = _window_outputs((height, width), kernel, stride, dilation, padding)
        y = self._activation("depthwise", (batch, rows, columns, channels), output)
        options = _window_options(stride, padding, activation) | {
            "DilationHFactor": dilation[0],
            "DilationWFactor": dilation[1],
            "DepthMultiplier": multiplier,
        }
        return self._op(
            "DEPTHWISE_CONV_2D", [x, weights, bias], y, "DepthwiseConv2DOptions", options
        )

    def max_pool_2d(
        self,
        x: int,
        *,
        kernel: tuple[int, int],
        stride: tuple[int, int],
        padding: Padding = Padding.SAME,
        activation: Activation = Activation.NONE,
    ) -> int:
        """MAX_POOL_2D; the output keeps the input's quantization."""
        batch, height, width, depth = self.spec.tensors[x].shape
        rows, columns = _window_outputs((height, width), kernel, stride, (1, 1), padding)
        y = self._activation("pool", (batch, rows, columns, depth), self._quant_of(x))
        options = _window_options(stride, padding, activation) | {
            "FilterHeight": kernel[0],
            "FilterWidth": kernel[1],
        }
        return self._op("MAX_POOL_2D", [x], y, "Pool2DOptions", options)

    def average_pool_2d(
        self,
        x: int,
        *,
        kernel: tuple[int, int],
        stride: tuple[int, int],
        padding: Padding = Padding.SAME,
        activation: Activation = Activation.NONE,
    ) -> int:
        """AVERAGE_POOL_2D; the output keeps the input's quantization."""
        y = self.max_pool_2d(
            x, kernel=kernel, stride=stride, padding=padding, activation=activation
        )
        self.spec.ops[-1].code = "AVERAGE_POOL_2D"
        return y

    def mean(self, x: int, *, axes: tuple[int, ...], output: Quant, keep_dims: bool = True) -> int:
        """MEAN over ``axes``."""
        shape = self.spec.tensors[x].shape
        reduced = {axis % len(shape) for axis in axes}
        kept = tuple(
            1 if axis in reduced else size
            for axis, size in enumerate(shape)
            if keep_dims or axis not in reduced
        )
        y = self._activation("mean", kept, output)
        operands = [x, self._int32(axes)]
        return self._op("MEAN", operands, y, "ReducerOptions", {"KeepDims": keep_dims})

    def add(
        self, a: int, b: int, *, output: Quant, activation: Activation = Activation.NONE
    ) -> int:
        """ADD with broadcasting."""
        return self._elementwise("ADD", a, b, output, activation)

    def sub(
        self, a: int, b: int, *, output: Quant, activation: Activation = Activation.NONE
    ) -> int:
        """SUB with broadcasting."""
        return self._elementwise("SUB", a, b, output, activation)

    def mul(
        self, a: int, b: int, *, output: Quant, activation: Activation = Activation.NONE
    ) -> int:
        """MUL with broadcasting."""
        return self._elementwise("MUL", a, b, output, activation)

    def fully_connected(
        self,
        x: int,
        *,
        units: int,
        output: Quant,
        activation: Activation = Activation.NONE,
        scales: tuple[float, ...] = (0.01,),
        bias: bool = True,
        keep_num_dims: bool = False,
    ) -> int:
        """FULLY_CONNECTED over the last axis; one weight scale, or one per unit."""
        shape = self.spec.tensors[x].shape
        weights = self._weights((units, shape[-1]), scales, axis=0)
        rows = shape[:-1] if keep_num_dims else (prod(shape[:-1]),)
        y = self._activation("dense", (*rows, units), output)
        operands = [x, weights, self._bias(x, weights, units) if bias else -1]
        options = {
            "FusedActivationFunction": _activation_number(activation),
            "KeepNumDims": keep_num_dims,
        }
        return self._op("FULLY_CONNECTED", operands, y, "FullyConnectedOptions", options)

    def reshape(self, x: int, shape: tuple[int, ...]) -> int:
        """RESHAPE with a constant shape and without options, as TensorFlow 2.21 writes it."""
        y = self._activation("reshape", shape, self._quant_of(x))
        return self._op("RESHAPE", [x, self._int32(shape)], y, None, {})

    def squeeze(self, x: int, axes: tuple[int, ...] = ()) -> int:
        """SQUEEZE of ``axes``, or of all that are 1 long."""
        shape = self.spec.tensors[x].shape
        dropped = {axis % len(shape) for axis in axes} or {i for i, n in enumerate(shape) if n == 1}
        y = self._activation(
            "squeeze",
            tuple(n for i, n in enumerate(shape) if i not in dropped),
            self._quant_of(x),
        )
        return self._op("SQUEEZE", [x], y, "SqueezeOptions", {"SqueezeDims": axes} if axes else {})

    def expand_dims(self, x: int, axis: int) -> int:
        """EXPAND_DIMS at ``axis`` of the output."""
        shape = self.spec.tensors[x].shape
        place = axis % (len(shape) + 1)
        wide = (*shape[:place], 1, *shape[place:])
        y = self._activation("expand", wide, self._quant_of(x))
        return self._op("EXPAND_DIMS", [x, self._int32((axis,))], y, None, {})

    def pad(self, x: int, margins: list[tuple[int, int]], value: int | None = None) -> int:
        """PAD, or PADV2 with ``value``."""
        sizes = zip(margins, self.spec.tensors[x].shape, strict=True)
        shape = tuple(before + size + after for (before, after), size in sizes)
        y = self._activation("pad", shape, self._quant_of(x))
        operands = [x, self._int32(np.array(margins).reshape(-1, 2))]
        if value is None:
            return self._op("PAD", operands, y, None, {})
        fill = self.constant(np.array([value]), self._quant_of(x))
        return self._op("PADV2", [*operands, fill], y, None, {})

    def concatenation(self, operands: list[int], axis: int) -> int:
        """CONCATENATION of tensors of one quantization."""
        shapes = [list(self.spec.tensors[x].shape) for x in operands]
        shape = shapes[0]
        shape[axis] = sum(each[axis] for each in shapes[1:]) + shape[axis]
        y = self._activation("concatenation", tuple(shape), self._quant_of(operands[0]))
        return self._op("CONCATENATION", operands, y, "ConcatenationOptions", {"Axis": axis})

    def strided_slice(
        self,
        x: int,
        begin: tuple[int, ...],
        end: tuple[int, ...],
        strides: tuple[int, ...],
        masks: Mapping[str, int] = MappingProxyType({}),
    ) -> int:
        """STRIDED_SLICE; ``masks`` are of ``begin``, ``end`` and ``shrink``."""
        kept = []
        for axis, size in enumerate(self.spec.tensors[x].shape):
            if masks.get("shrink", 0) >> axis & 1:
                continue
            first = None if masks.get("begin", 0) >> axis & 1 else begin[axis]
            last = None if masks.get("end", 0) >> axis & 1 else end[axis]
            kept.append(len(range(size)[slice(first, last, strides[axis])]))
        y = self._activation("slice", tuple(kept), self._quant_of(x))
        names = {"begin": "BeginMask", "end": "EndMask", "shrink": "ShrinkAxisMask"}
        options = {names[name]: value for name, value in masks.items()}
        operands = [x, self._int32(begin), self._int32(end), self._int32(strides)]
        return self._op("STRIDED_SLICE", operands, y, "StridedSliceOptions", options)

    def transpose(self, x: int, axes: tuple[int, ...]) -> int:
        """TRANSPOSE."""
        shape = self.spec.tensors[x].shape
        y = self._activation("transpose", tuple(shape[axis] for axis in axes), self._quant_of(x))
        return self._op("TRANSPOSE", [x, self._int32(axes)], y, None, {})

    def space_to_batch(self, x: int, block: tuple[int, ...], margins: list[tuple[int, int]]) -> int:
        """SPACE_TO_BATCH_ND."""
        batch, *space, depth = self.spec.tensors[x].shape
        sizes = zip(space, margins, block, strict=True)
        cut = [(size + sum(margin)) // length for size, margin, length in sizes]
        y = self._activation("batched", (batch * prod(block), *cut, depth), self._quant_of(x))
        operands = [x, self._int32(block), self._int32(np.array(margins))]
        return self._op("SPACE_TO_BATCH_ND", operands, y, None, {})

    def batch_to_space(self, x: int, block: tuple[int, ...], crops: list[tuple[int, int]]) -> int:
        """BATCH_TO_SPACE_ND."""
        batch, *space, depth = self.spec.tensors[x].shape
        sizes = zip(space, crops, block, strict=True)
        whole = [size * length - sum(crop) for size, crop, length in sizes]
        y = self._activation("spaced", (batch // prod(block), *whole, depth), self._quant_of(x))
        operands = [x, self._int32(block), self._int32(np.array(crops))]
        return self._op("BATCH_TO_SPACE_ND", operands, y, None, {})

    def resize_nearest(self, x: int, size: tuple[int, int], **options: bool) -> int:
        """RESIZE_NEAREST_NEIGHBOR; ``options`` are AlignCorners and HalfPixelCenters."""
        batch, _, _, depth = self.spec.tensors[x].shape
        y = self._activation("resize", (batch, *size, depth), self._quant_of(x))
        table = "ResizeNearestNeighborOptions"
        return self._op("RESIZE_NEAREST_NEIGHBOR", [x, self._int32(size)], y, table, dict(options))

    def softmax(self, x: int, beta: float = 1.0) -> int:
        """SOFTMAX along the last axis."""
        y = self._activation("softmax", self.spec.tensors[x].shape, Quant(1 / 256, -128))
        return self._op("SOFTMAX", [x], y, "SoftmaxOptions", {"Beta": beta})

    def lookup(self, kind: str, x: int, output: Quant | None = None, alpha: float = 0.0) -> int:
        """LOGISTIC, TANH, RELU6 (whose output is given), HARD_SWISH, RELU, LEAKY_RELU, QUANTIZE."""
        given = {"LOGISTIC": Quant(1 / 256, -128), "TANH": Quant(1 / 128, 0)}
        quant = output or given.get(kind) or self._quant_of(x)
        y = self._activation(kind.lower(), self.spec.tensors[x].shape, quant)
        tables = {"LEAKY_RELU": "LeakyReluOptions"}
        return self._op(kind, [x], y, tables.get(kind), {"Alpha": alpha} if alpha else {})

    def _elementwise(self, kind: str, a: int, b: int, output: Quant, activation: Activation) -> int:
        shapes = (self.spec.tensors[a].shape, self.spec.tensors[b].shape)
        y = self._activation(kind.lower(), np.broadcast_shapes(*shapes), output)
        options = {"FusedActivationFunction": _activation_number(activation)}
        return self._op(kind, [a, b], y, f"{kind.capitalize()}Options", options)

    def _quant_of(self, index: int) -> Quant:
        tensor = self.spec.tensors[index]
        return Quant(tensor.scales[0], tensor.zero_points[0])

    def _add(self, tensor: TensorSpec) -> int:
        self.spec.tensors.append(tensor)
        return len(self.spec.tensors) - 1

    def _activation(self, name: str, shape: tuple[int, ...], quant: Quant) -> int:
        return self._add(
            TensorSpec(
                name=f"{name}_{len(self.spec.tensors)}",
                shape=shape,
                scales=(quant.scale,),
                zero_points=(quant.zero_point,),
            )
        )

    def _int32(self, values: npt.ArrayLike) -> int:
        array = np.asarray(values, "<i4")
        return self._add(
            TensorSpec(name="plain", shape=array.shape, type=INT32, data=array.tobytes())
        )

    def _weights(self, shape: tuple[int, ...], scales: tuple[float, ...], axis: int) -> int:
        values = self.random.integers(-127, 128, shape, np.int8)
        return self._add(
            TensorSpec(
                name="weights",
                shape=shape,
                scales=scales,
                zero_points=(0,) * len(scales),
                axis=axis if len(scales) > 1 else 0,
                data=values.tobytes(),
            )
        )

    def _bias(self, x: int, weights: int, channels: int) -> int:
        input_scale = np.float32(self.spec.tensors[x].scales[0])
        scales = tuple(
            float(input_scale * np.float32(scale)) for scale in self.spec.tensors[weights].scales
        )
        values = self.random.integers(-5000, 5000, channels, np.int32)
        return self._add(
            TensorSpec(
                name="bias",
                shape=(channels,),
                type=INT32,
                scales=scales,
                zero_points=(0,) * len(scales),
                data=values.astype("<i4").tobytes(),
            )
        )

    def _op(
        self, code: str, inputs: list[int], y: int, table: str | None, options: dict[str, Any]
    ) -> int:
        self.spec.ops.append(
            OpSpec(code=code, inputs=inputs, outputs=[y], table=table, options=options)
        )
        return y


def _activation_number(activation: Activation) -> int:
    return int(getattr(tflite.ActivationFunctionType, activation.value))


def _window_options(
    stride: tuple[int, int], padding: Padding, activation: Activation
) -> dict[str, int]:
    return {
        "Padding": int(getattr(tflite.Padding, padding.value)),
        "StrideH": stride[0],
        "StrideW": stride[1],
        "FusedActivationFunction": _activation_number(activation),
    }


def _window_outputs(
    sizes: tuple[int, int],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
    padding: Padding,
) -> tuple[int, int]:
    """Positions of the window on each axis, counted rather than calculated."""

    def positions(axis: int) -> int:
        last = sizes[axis] - (kernel[axis] - 1) * dilation[axis]
        return len(range(0, sizes[axis] if padding is Padding.SAME else last, stride[axis]))

    return positions(0), positions(1)
