"""Random models of one row around matrix products: gated, with a residual, both or neither."""

from math import sqrt

import numpy as np

from ectopy.vocab import Padding
from firmware.random_models import TYPICAL, RandomModel
from support.tflite_builder import Quant

CHANNELS = (1, 2, 3, 7, 8, 15, 16, 17, 24, 31, 33, 40, 48, 64, 72, 127, 128)
TWICE = (False, False, False, True)
PIXELS = (4, 8, 12, 16, 24, 32, 64, 128, 256, 512)


class RandomProducts(RandomModel):
    """Few operators, but all widths, channel counts and ends of the range of zero points."""

    def build(self) -> bytes:
        pixels, channels = self.pick(*PIXELS), self.pick(*CHANNELS)
        entry = self.pick(*[1] * 7, channels)
        x = self.builder.input((1, 1, pixels, entry), self.quant(0.03))
        x = self.widen(x, channels)
        for _ in range(self.pick(1, 2)):
            x = self.block(x)
        return self.builder.finish(x if self.pick(*[False] * 7, True) else self.means(x))

    def widen(self, x: int, channels: int) -> int:
        """Every channel another function of the only one, by addition and broadcasting."""
        values = self.random.integers(-128, 128, (1, 1, 1, channels))
        constant = self.builder.constant(values, self.quant(0.02))
        return self.builder.add(x, constant, output=self.quant(self.scale_of(x)))

    def means(self, x: int) -> int:
        return self.builder.mean(x, axes=(1, 2), output=self.quant(self.scale_of(x) * 0.5))

    def block(self, x: int) -> int:
        """As in EfficientNet: depthwise, squeeze-and-excite, product, residual.

        The depthwise kernel for planar rows takes eight pixels at a time.
        """
        same = self.pick(True, False)
        channels = self.shape_of(x)[-1] if same else self.pick(*CHANNELS)
        y = x
        if self.shape_of(x)[2] % 8 == 0 and self.pick(True, False):
            sign = self.pick(-128, -128, 127)
            y = self.builder.depthwise_conv_2d(
                x,
                kernel=(1, 3),
                padding=Padding.SAME,
                output=Quant(self.sum_quant(x, 3).scale, sign),
            )
        if self.pick(True, True, False):
            y = self.gated(y)
        y = self.builder.conv_2d(
            y,
            channels=channels,
            output=self.sum_quant(y, self.shape_of(y)[-1]),
            scales=self.weight_scales(channels),
        )
        if not same or self.pick(True, False, False):
            return y
        operands = (x, y) if self.pick(True, False) else (y, x)
        scale = max(self.scale_of(x), self.scale_of(y))
        total = self.builder.add(*operands, output=self.quant(scale))
        return self.builder.add(total, x, output=self.quant(scale)) if self.pick(*TWICE) else total

    def gated(self, y: int) -> int:
        """By a value for each channel, or by one for all, which is no gate of the product."""
        gate = self.builder.mean(y, axes=(1, 2), output=self.quant(self.scale_of(y)))
        scale = float(np.float32(self.random.uniform(0.003, 0.005)))
        channels = self.shape_of(y)[-1]
        sums = self.scale_of(gate) * TYPICAL * sqrt(channels)
        gate = self.builder.conv_2d(
            gate,
            channels=channels,
            output=Quant(scale, self.pick(-128, -128, 0)),
            scales=(float(np.float32(scale / sums)),),
        )
        if self.pick(*[False] * 7, True):
            gate = self.builder.mean(gate, axes=(1, 2, 3), output=Quant(scale, -128))
        output = self.quant(self.scale_of(y) * self.pick(0.8, 0.8, 0.3))
        operands = (y, gate) if self.pick(True, False) else (gate, y)
        return self.builder.mul(*operands, output=output)
