"""The layers with weights that a zoo configuration promises, worked out in plain numbers.

An independent second statement of what the libraries build, so that a model can be held against
its configuration where TensorFlow is not installed.

Source: neuralspot-edge 0.2.2, ``models/efficientnet.py`` and ``layers/mbconv.py``; helia-edge 0.6.2
builds the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ectopy.errors import ModelError
from ectopy.zoo.archive import MAX_LAYERS, WeightLayer
from ectopy.zoo.configuration import Configuration
from ectopy.zoo.fields import Fields

NAME = "efficientnetv2"
DIVISOR = 8
LARGEST = 1 << 16
"""Of filters and kernels; a promise beyond that is a mistake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    filters: int
    depth: int
    kernel: tuple[int, int]
    strides: tuple[int, int]
    expansion: float
    squeeze: float


@dataclass(slots=True)
class _Network:
    """Layers so far, and what leaves the last one."""

    columns: int
    channels: int = 1
    layers: list[WeightLayer] = field(default_factory=list)

    def conv(self, name: str, filters: int, kernel: tuple[int, int] = (1, 1)) -> None:
        count = kernel[0] * kernel[1] * self.channels * filters
        self._add(name, "Conv2D", (*kernel, self.channels, filters), count)
        self.channels = filters

    def normalization(self, name: str) -> None:
        self._add(name, "BatchNormalization", (self.channels,), 4 * self.channels)

    def depthwise(self, name: str, kernel: tuple[int, int]) -> None:
        count = kernel[0] * kernel[1] * self.channels
        self._add(name, "DepthwiseConv2D", (*kernel, self.channels, 1), count)

    def squeeze_excite(self, name: str, ratio: float) -> None:
        inner, outer = int(self.channels // ratio), self.channels
        for part, (before, after) in {"sq": (outer, inner), "ex": (inner, outer)}.items():
            shape = (1, 1, before, after)
            self._add(f"{name}.{part}", "Conv2D", shape, before * after + after, columns=1)

    def dense(self, name: str, units: int) -> None:
        shape = (self.channels, units)
        self.layers.append(
            WeightLayer(
                name=name,
                kind="Dense",
                shape=shape,
                columns=None,
                parameters=(self.channels + 1) * units,
            )
        )

    def _add(
        self, name: str, kind: str, shape: tuple[int, ...], count: int, columns: int | None = None
    ) -> None:
        self.layers.append(
            WeightLayer(
                name=name, kind=kind, shape=shape, columns=columns or self.columns, parameters=count
            )
        )


def promised_layers(configuration: Configuration) -> tuple[WeightLayer, ...] | None:
    """Layers with weights in order; None for an architecture that is not worked out here.

    Raises:
        ModelError: ``architecture.params`` cannot be built.
    """
    if configuration.architecture.name != NAME:
        return None
    where = f"{configuration.name}: architecture.params"
    params = Fields.of(dict(configuration.architecture.params), where)
    network = _Network(columns=configuration.frame_size)
    if filters := params.integer("input_filters", low=0, high=LARGEST, default=0):
        kernel = _pair(params, "input_kernel_size", 3)
        strides = _pair(params, "input_strides", 2)
        network.conv("stem", divisible(filters), kernel)
        network.columns = -(-network.columns // strides[1])
        network.normalization("stem.bn")
    for number, block in enumerate(_blocks(params), start=1):
        _add_stage(network, f"stage{number}", block)
    if filters := params.integer("output_filters", low=0, high=LARGEST, default=0):
        network.conv("neck", divisible(filters))
        network.normalization("neck.bn")
    if params.flag("include_top", default=True):
        network.dense("top", configuration.num_classes)
    return tuple(network.layers)


def first_difference(promised: Sequence[WeightLayer], found: Sequence[WeightLayer]) -> str:
    """Where two networks part, in words; empty if they do not. Names do not count."""
    for wanted, layer in zip(promised, found, strict=False):
        if (wanted.kind, wanted.shape) != (layer.kind, layer.shape):
            return (
                f"layer {layer.name} is {_words(layer)}; the configuration makes {wanted.name} "
                f"there, {_words(wanted)}"
            )
        if wanted.columns is not None and wanted.columns != layer.columns:
            return (
                f"layer {layer.name} sees {layer.columns} samples in time; the configuration "
                f"makes it {wanted.columns}"
            )
    if len(promised) != len(found):
        return f"it has {len(found)} layers with weights; the configuration makes {len(promised)}"
    return ""


def divisible(filters: int) -> int:
    """The library's rounding of filters to a multiple of eight, never down by more than 10 %."""
    rounded = max(DIVISOR, (filters + DIVISOR // 2) // DIVISOR * DIVISOR)
    return rounded + DIVISOR if rounded < 0.9 * filters else rounded


def _add_stage(network: _Network, stage: str, block: _Block) -> None:
    for depth in range(1, block.depth + 1):
        name = f"{stage}.mbconv{depth}"
        if len(network.layers) > MAX_LAYERS:
            raise ModelError(f"{stage}: more than {MAX_LAYERS} layers")
        if block.expansion != 1:
            network.conv(f"{name}.exp", max(1, int(network.channels * block.expansion)))
            network.normalization(f"{name}.exp.bn")
        network.depthwise(f"{name}.dp", block.kernel)
        strides = block.strides if depth == 1 else (1, 1)
        symmetric = block.kernel[0] == block.kernel[1]
        if symmetric:
            network.columns = -(-network.columns // strides[1])
        network.normalization(f"{name}.dp.bn")
        if not symmetric and sum(strides) > 2:
            network.columns = -(-network.columns // strides[1])
        if block.squeeze:
            network.squeeze_excite(f"{name}.se", block.squeeze * block.expansion)
        network.conv(f"{name}.red", divisible(block.filters))
        network.normalization(f"{name}.red.bn")


def _blocks(params: Fields) -> list[_Block]:
    return [
        _Block(
            filters=block.integer("filters", low=1, high=LARGEST),
            depth=block.integer("depth", low=1, high=MAX_LAYERS, default=1),
            kernel=_pair(block, "kernel_size", 3),
            strides=_pair(block, "strides", 1),
            expansion=block.number("ex_ratio", low=0.01, high=1000, default=1.0),
            squeeze=block.number("se_ratio", low=0, high=LARGEST, default=8.0),
        )
        for block in params.sections("blocks", default=())
    ]


def _pair(fields: Fields, key: str, default: int) -> tuple[int, int]:
    """A size for both directions, or one for each."""
    value = fields.values.get(key)
    if not isinstance(value, list | tuple):
        size = fields.integer(key, low=1, high=LARGEST, default=default)
        return (size, size)
    if len(value) != 2 or not all(type(v) is int and 1 <= v <= LARGEST for v in value):
        raise fields.wrong(key, f"one or two integers from 1 to {LARGEST}")
    return (int(str(value[0])), int(str(value[1])))


def _words(layer: WeightLayer) -> str:
    return f"{layer.kind} {'x'.join(map(str, layer.shape))}"
