"""Random models of the operators that move bytes or look them up, among convolutions."""

from collections.abc import Callable

import numpy as np

from ectopy.vocab import Padding
from firmware.random_models import ACTIVATIONS, RandomModel
from support.tflite_builder import Quant


class RandomBytes(RandomModel):
    """Like :class:`RandomModel`, with every operator kind that it lacks; some end in a softmax."""

    def build(self) -> bytes:
        shape = self.pick(
            (1, 1, 1, 1),
            (1, 1, 24, 3),
            (1, 6, 12, 5),
            (1, 3, 17, 1),
            (1, 1, 48, 8),
        )
        x = self.builder.input(shape, self.quant(self.pick(0.01, 0.05, 0.2)))
        operators: list[Callable[[int], int]] = [
            self.conv,
            self.matrix,
            self.depthwise,
            self.average,
            self.difference,
            self.activation,
            self.activation,
            self.pad,
            self.joined,
            self.sliced,
            self.transposed,
            self.enlarged,
            self.batched,
            self.narrow_and_wide,
            self.residual,
        ]
        for _ in range(self.pick(3, 4, 5, 6)):
            x = operators[self.random.integers(len(operators))](x)
            x = self.bounded(x)
        return self.builder.finish(self.pick(self.head, self.classes)(x))

    def bounded(self, x: int) -> int:
        """Padding and joining make tensors grow; this halves the large ones."""
        while np.prod(self.shape_of(x)) > 4000:
            _, height, width, _ = self.shape_of(x)
            x = self.builder.average_pool_2d(
                x, kernel=(min(2, height), min(3, width)), stride=(2, 2)
            )
            if self.shape_of(x)[1:3] == (1, 1):
                x = self.matrix(x)
        return x

    def average(self, x: int) -> int:
        window = self.window(x) | {"dilation": None}
        del window["dilation"]
        return self.builder.average_pool_2d(x, **window)  # type: ignore[arg-type]

    def difference(self, x: int) -> int:
        shape = self.shape_of(x)
        constant_shape = self.pick(shape, shape[-1:], (1,), (1, shape[1], 1, shape[3]))
        values = self.random.integers(-128, 128, constant_shape)
        other = self.pick(self.builder.constant(values, self.quant(0.02)), x)
        operands = (x, other) if self.pick(True, False) else (other, x)
        output = self.quant(self.scale_of(x) * self.pick(0.5, 1, 2))
        return self.builder.sub(*operands, output=output, activation=self.pick(*ACTIVATIONS))

    def activation(self, x: int) -> int:
        kind = self.pick(
            "LOGISTIC", "TANH", "HARD_SWISH", "RELU", "RELU6", "LEAKY_RELU", "QUANTIZE"
        )
        if kind in {"LOGISTIC", "TANH", "RELU6"}:
            return self.builder.lookup(kind, x)
        slope = float(np.float32(self.random.uniform(0.01, 0.9))) if kind == "LEAKY_RELU" else 0.0
        return self.builder.lookup(kind, x, self.quant(self.scale_of(x)), slope)

    def pad(self, x: int) -> int:
        margins = [
            (0, 0),
            *((int(a), int(b)) for a, b in self.random.integers(0, 3, (3, 2))),
        ]
        if self.pick(True, False):
            margins[3] = (0, 0)
        return self.builder.pad(
            x, margins, self.pick(None, None, int(self.random.integers(-128, 128)))
        )

    def joined(self, x: int) -> int:
        axis = self.pick(1, 2, 3, -1)
        shape = list(self.shape_of(x))
        shape[axis] = self.pick(1, 2, 3)
        values = self.random.integers(-128, 128, shape)
        same = Quant(self.scale_of(x), self.builder.spec.tensors[x].zero_points[0])
        constant = self.builder.constant(values, same)
        operands = self.pick([x, constant], [constant, x], [x, x], [x, constant, x], [x])
        return self.builder.concatenation(operands, axis)

    def sliced(self, x: int) -> int:
        """Part of each axis but the batch; backwards now and then."""
        begins, ends, strides = [0], [1], [1]
        for size in self.shape_of(x)[1:]:
            first, last = sorted(int(i) for i in self.random.integers(0, size, 2))
            step = self.pick(1, 1, 1, 2, 3, -1)
            begins.append(first if step > 0 else last)
            ends.append(last + 1 if step > 0 else first - size - 1)
            strides.append(step)
        return self.builder.strided_slice(
            x, tuple(begins), tuple(ends), tuple(strides), {"end": self.pick(0, 4)}
        )

    def transposed(self, x: int) -> int:
        axes = tuple(1 + int(axis) for axis in self.random.permutation(3))
        return self.builder.transpose(x, (0, *axes))

    def enlarged(self, x: int) -> int:
        _, height, width, _ = self.shape_of(x)
        size = (height * self.pick(1, 2), width * self.pick(1, 2, 3))
        return self.builder.resize_nearest(x, size, HalfPixelCenters=self.pick(True, False))

    def batched(self, x: int) -> int:
        """As converters write a dilated convolution of unknown size; one-row windows only."""
        _, height, width, _ = self.shape_of(x)
        block = (
            self.pick(*[n for n in range(1, height + 1) if height % n == 0]),
            self.pick(*[n for n in range(1, width + 1) if width % n == 0]),
        )
        x = self.builder.space_to_batch(x, block, [(0, 0), (0, 0)])
        taps = self.pick(*range(1, min(4, self.shape_of(x)[2] + 1)))
        output = self.sum_quant(x, taps * self.shape_of(x)[-1])
        window = {"kernel": (1, taps), "padding": self.pick(Padding.SAME, Padding.VALID)}
        match self.pick("conv", "depthwise", "max", "average"):
            case "conv":
                x = self.builder.conv_2d(x, channels=self.pick(2, 3), output=output, **window)
            case "depthwise":
                x = self.builder.depthwise_conv_2d(x, output=output, **window)
            case "max":
                x = self.builder.max_pool_2d(x, stride=(1, 1), **window)
            case _:
                x = self.builder.average_pool_2d(x, stride=(1, 1), **window)
        _, height, width, _ = self.shape_of(x)
        crops = [
            (int(self.random.integers(height * block[0])), 0),
            (0, int(self.random.integers(width * block[1]))),
        ]
        return self.builder.batch_to_space(x, block, crops)

    def narrow_and_wide(self, x: int) -> int:
        """Three dimensions and four again."""
        if self.pick(True, False) and self.shape_of(x)[1] == 1:
            return self.builder.expand_dims(self.builder.squeeze(x, (1,)), 1)
        shape = self.shape_of(x)
        flat = self.builder.reshape(x, (1, shape[1] * shape[2], shape[3]))
        return self.builder.expand_dims(flat, self.pick(1, -3))

    def classes(self, x: int) -> int:
        """Flattened to logits and their softmax, or the softmax of each pixel."""
        if self.pick(True, False):
            return self.builder.softmax(x, self.pick(1.0, 0.5))
        elements = int(np.prod(self.shape_of(x)))
        flat = self.builder.reshape(x, (1, elements))
        y = self.builder.fully_connected(
            flat, units=self.pick(2, 3, 10), output=Quant(0.1, int(self.pick(-128, 127, 5)))
        )
        return self.builder.softmax(y, self.pick(1.0, 1.0, 3.0))
