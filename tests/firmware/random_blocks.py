"""Random residual blocks with squeeze-and-excite: made for size, they compute rows twice."""

from ectopy.vocab import Padding
from firmware.random_models import RandomRows
from support.tflite_builder import Quant

CHANNELS = (2, 3, 4, 7, 8, 15, 16, 17, 24, 31, 32, 33, 40, 48, 63, 64, 65)
WIDTHS = (8, 16, 24, 32, 40, 64, 72, 128)


class RandomBlocks(RandomRows):
    """One block or two, of all widths and channel counts; sometimes not quite such a block."""

    def build(self) -> bytes:
        width, channels = self.pick(*WIDTHS), self.pick(*CHANNELS)
        x = self.builder.input((1, 1, 2 * width, 1), self.quant(0.05))
        x = self.builder.conv_2d(
            x,
            channels=channels,
            kernel=(1, 3),
            stride=(1, 2),
            padding=Padding.SAME,
            output=self.sum_quant(x, 3),
            scales=self.weight_scales(channels),
        )
        for _ in range(self.pick(1, 1, 2)):
            x = self.block(x)
        return self.builder.finish(self.head(x))

    def block(self, x: int) -> int:
        taps = self.pick(1, 2, 3, 5, 7, 8, 9, 9, 9)
        sign = self.pick(*[-128] * 9, 0)
        channels = self.shape_of(x)[-1]
        y = self.builder.depthwise_conv_2d(
            x,
            kernel=(1, taps),
            padding=Padding.SAME,
            output=Quant(self.sum_quant(x, taps).scale, sign),
            scales=self.weight_scales(channels),
        )
        y = self.excite(y, sign)
        y = self.builder.conv_2d(
            y,
            channels=channels,
            output=self.sum_quant(y, channels),
            scales=self.weight_scales(channels),
        )
        other = x if self.pick(*[True] * 9, False) else y
        operands = (other, y) if self.pick(True, False) else (y, other)
        scale = max(self.scale_of(x), self.scale_of(y))
        return self.builder.add(*operands, output=self.quant(scale))
