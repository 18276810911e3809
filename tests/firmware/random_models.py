"""Random small int8 models that visit the corners of every kernel."""

from collections.abc import Callable
from math import prod

import numpy as np

from ectopy.vocab import Activation, Padding
from support.tflite_builder import ModelBuilder, Quant

ACTIVATIONS = (*[Activation.NONE] * 5, *Activation)
TYPICAL = 74.0
"""Root mean square of a uniform int8 value."""


class RandomModel:
    """A chain of random operators with side branches that merge again."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.builder = ModelBuilder(seed)

    def build(self) -> bytes:
        shape = (1, self.pick(1, 1, 3, 6), self.pick(1, 12, 17, 24), self.pick(1, 2, 3, 5, 8, 9))
        x = self.builder.input(shape, self.quant(self.pick(0.01, 0.05)))
        operators: list[Callable[[int], int]] = [
            self.conv,
            self.conv,
            self.matrix,
            self.depthwise,
            self.depthwise,
            self.depthwise,
            self.pool,
            self.elementwise,
            self.squeeze_and_excite,
            self.residual,
            self.reshaped,
        ]
        for _ in range(self.pick(3, 4, 5, 6)):
            x = operators[self.random.integers(len(operators))](x)
        return self.builder.finish(self.head(x))

    def pick(self, *choices):  # type: ignore[no-untyped-def]
        return choices[self.random.integers(len(choices))]

    def quant(self, scale: float) -> Quant:
        inside = int(self.random.integers(-100, 100))
        zero_point = int(self.pick(-128, 127, 0, inside, inside, inside))
        return Quant(float(np.float32(scale * self.random.uniform(0.3, 3))), zero_point)

    def scale_of(self, x: int) -> float:
        return self.builder.spec.tensors[x].scales[0]

    def shape_of(self, x: int) -> tuple[int, ...]:
        return self.builder.spec.tensors[x].shape

    def weight_scales(self, channels: int) -> tuple[float, ...]:
        count = self.pick(1, channels)
        return tuple(float(np.float32(s)) for s in self.random.uniform(0.002, 0.02, count))

    def sum_quant(self, x: int, taps: int) -> Quant:
        """An output scale at which sums of products mostly stay inside int8, or just not."""
        return self.quant(self.scale_of(x) * 0.01 * TYPICAL * np.sqrt(taps))

    def window(self, x: int) -> dict[str, object]:
        _, height, width, _ = self.shape_of(x)
        kernel = (self.pick(1, min(2, height), min(3, height)), self.pick(1, 3, 4, 9))
        valid = kernel[1] <= width and self.pick(True, False)
        dilated = not valid and self.pick(True, False)
        return {
            "kernel": kernel,
            "stride": (1, 1) if dilated else (self.pick(1, 2), self.pick(1, 2, 3)),
            "dilation": (self.pick(1, 2, 3), self.pick(1, 2, 3)) if dilated else (1, 1),
            "padding": Padding.VALID if valid else Padding.SAME,
            "activation": self.pick(*ACTIVATIONS),
        }

    def conv(self, x: int) -> int:
        channels = self.pick(1, 3, 4, 6, 8)
        window = self.window(x)
        output = self.sum_quant(x, prod(window["kernel"]) * self.shape_of(x)[-1])  # type: ignore[arg-type]
        scales = self.weight_scales(channels)
        return self.builder.conv_2d(x, channels=channels, output=output, scales=scales, **window)  # type: ignore[arg-type]

    def matrix(self, x: int) -> int:
        channels = self.pick(1, 2, 5, 8)
        output = self.sum_quant(x, self.shape_of(x)[-1])
        return self.builder.conv_2d(
            x,
            channels=channels,
            output=output,
            activation=self.pick(*ACTIVATIONS),
            scales=self.weight_scales(channels),
        )

    def depthwise(self, x: int) -> int:
        multiplier = self.pick(1, 1, 1, 2, 3)
        window = self.window(x)
        output = self.sum_quant(x, prod(window["kernel"]))  # type: ignore[arg-type]
        scales = self.weight_scales(self.shape_of(x)[-1] * multiplier)
        return self.builder.depthwise_conv_2d(
            x,
            multiplier=multiplier,
            output=output,
            scales=scales,
            **window,  # type: ignore[arg-type]
        )

    def pool(self, x: int) -> int:
        window = self.window(x) | {"dilation": None}
        del window["dilation"]
        return self.builder.max_pool_2d(x, **window)  # type: ignore[arg-type]

    def elementwise(self, x: int) -> int:
        """With a constant: same shape, per channel, or a scalar; on either side."""
        shape = self.shape_of(x)
        constant_shape = self.pick(shape, shape[-1:], (1,), (1, shape[1], 1, shape[3]))
        values = self.random.integers(-128, 128, constant_shape)
        constant = self.builder.constant(values, self.quant(0.02))
        operands = (x, constant) if self.pick(True, False) else (constant, x)
        if self.pick(True, False):
            output = self.quant(self.scale_of(x) * self.pick(0.5, 1, 2))
            return self.builder.add(*operands, output=output, activation=self.pick(*ACTIVATIONS))
        output = self.quant(self.scale_of(x) * 0.02 * TYPICAL)
        return self.builder.mul(*operands, output=output, activation=self.pick(*ACTIVATIONS))

    def squeeze_and_excite(self, x: int) -> int:
        gate = self.builder.mean(x, axes=(1, 2), output=self.quant(self.scale_of(x)))
        gate = self.builder.conv_2d(
            gate, channels=self.shape_of(x)[-1], output=self.quant(0.01), scales=(0.01,)
        )
        return self.builder.mul(x, gate, output=self.quant(self.scale_of(x)))

    def residual(self, x: int) -> int:
        channels = self.shape_of(x)[-1]
        branch = self.builder.conv_2d(x, channels=channels, output=self.sum_quant(x, channels))
        operands = (x, branch) if self.pick(True, False) else (branch, x)
        return self.builder.add(*operands, output=self.quant(self.scale_of(x)))

    def reshaped(self, x: int) -> int:
        _, height, width, channels = self.shape_of(x)
        return self.builder.reshape(x, (1, width, height, channels))

    def head(self, x: int) -> int:
        axes = self.pick((1, 2), (1,), (2,), (3,), (1, 2, 3))
        keep = self.pick(True, False)
        y = self.builder.mean(
            x, axes=axes, output=self.quant(self.scale_of(x) * 0.5), keep_dims=keep
        )
        if self.pick(True, False) and len(self.shape_of(y)) > 1:
            units = self.pick(1, 2, 3, 7)
            return self.builder.fully_connected(
                y,
                units=units,
                output=self.sum_quant(y, self.shape_of(y)[-1]),
                activation=self.pick(*ACTIVATIONS),
                scales=self.weight_scales(units),
                bias=self.pick(True, False),
            )
        return y


class RandomRows(RandomModel):
    """Images one row high, on which the kernels for the DSP extension work; all their corners.

    Mostly without activations that clamp inside int8, which would send the model to the portable
    kernels.
    """

    def build(self) -> bytes:
        width = self.pick(16, 24, 32, 48, 64, 128, 256)
        x = self.builder.input((1, 1, width, 1), self.quant(self.pick(0.01, 0.05)))
        x = self.pick(self.stem, self.widen)(x)
        operators: list[Callable[[int], int]] = [
            self.matrix,
            self.matrix,
            self.depthwise,
            self.depthwise,
            self.halve,
            self.elementwise,
            self.squeeze_and_excite,
            self.squeeze_and_excite,
            self.residual,
        ]
        for _ in range(self.pick(2, 3, 4, 5)):
            x = operators[self.random.integers(len(operators))](x)
        return self.builder.finish(self.head(x))

    def activation(self) -> Activation:
        return self.pick(*[Activation.NONE] * 30, Activation.RELU, Activation.RELU6)  # type: ignore[no-any-return]

    def stem(self, x: int) -> int:
        taps = self.pick(1, 2, 3, 5, 7, 9)
        return self.builder.conv_2d(
            x,
            channels=self.pick(1, 2, 3, 8),
            kernel=(1, taps),
            stride=(1, 2),
            padding=Padding.SAME,
            output=self.sum_quant(x, taps),
            activation=self.activation(),
        )

    def widen(self, x: int) -> int:
        """A single channel to several; a filter of 11 taps is too long for the row kernel."""
        taps = self.pick(9, 9, 9, 11)
        return self.builder.conv_2d(
            x,
            channels=self.pick(4, 5, 24),
            kernel=(1, taps),
            stride=(1, 2),
            padding=Padding.SAME,
            output=self.sum_quant(x, taps),
            scales=(0.004,),
        )

    def matrix(self, x: int) -> int:
        channels = self.pick(2, 3, 5, 8, 17)
        return self.builder.conv_2d(
            x,
            channels=channels,
            output=self.sum_quant(x, self.shape_of(x)[-1]),
            activation=self.activation(),
            scales=self.weight_scales(channels),
        )

    def depthwise(self, x: int) -> int:
        taps = self.pick(1, 2, 3, 4, 5, 7, 8, 9)
        return self.builder.depthwise_conv_2d(
            x,
            kernel=(1, taps),
            padding=Padding.SAME,
            output=self.sum_quant(x, taps),
            activation=self.activation(),
            scales=self.weight_scales(self.shape_of(x)[-1]),
        )

    def quant(self, scale: float) -> Quant:
        """Often as behind a ReLU: the least output stands for zero."""
        drawn = super().quant(scale)
        return Quant(drawn.scale, self.pick(-128, drawn.zero_point))

    def halve(self, x: int) -> int:
        return self.builder.max_pool_2d(x, kernel=(1, 2), stride=(1, 2), padding=Padding.SAME)

    def squeeze_and_excite(self, x: int) -> int:
        """Mostly of values that are never negative, as behind RELU and a sigmoid."""
        sign = self.pick(-128, -128, 0)
        channels = self.shape_of(x)[-1]
        y = self.builder.conv_2d(
            x, channels=channels, output=Quant(self.sum_quant(x, channels).scale, sign)
        )
        return self.excite(y, sign)

    def excite(self, y: int, sign: int) -> int:
        channels = self.shape_of(y)[-1]
        scale = self.scale_of(y)
        gate = self.builder.mean(y, axes=(1, 2), output=Quant(scale, sign))
        for units in (self.pick(1, 3, 6), channels):
            output = Quant(float(np.float32(self.random.uniform(0.003, 0.005))), -128)
            sums = self.scale_of(gate) * TYPICAL * np.sqrt(self.shape_of(gate)[-1])
            gate = self.builder.conv_2d(
                gate,
                channels=units,
                output=output,
                scales=(float(np.float32(output.scale / sums)),),
            )
        output = Quant(float(np.float32(scale * 0.8)), self.pick(sign, -128, 127))
        operands = (y, gate) if self.pick(True, False) else (gate, y)
        return self.builder.mul(*operands, output=output)


class RandomFilters(RandomRows):
    """Filters along rows, with what may be computed together with them, in all combinations."""

    def build(self) -> bytes:
        width = self.pick(16, 32, 48, 64, 240, 512)
        x = self.builder.input((1, 1, width, 1), self.quant(self.pick(0.01, 0.05)))
        x = self.stem(x)
        for _ in range(self.pick(1, 2, 3)):
            x = self.block(x)
        return self.builder.finish(self.head(x))

    def block(self, x: int) -> int:
        y = self.depthwise(x)
        residual = self.pick(True, False, False, False)
        if not residual and self.pick(True, True, False):
            y = self.halve(y)
        if self.pick(True, True, False):
            y = self.excite(y, -128)
        return self.builder.add(x, y, output=self.quant(self.scale_of(y))) if residual else y
