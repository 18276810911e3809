"""Preprocess of a window, equal bit for bit to ``firmware/app/preprocess.c``.

A window of n samples x (integer microvolts) becomes ``(x - mean) / sqrt(var + epsilon)`` and is
quantized with the model's input scale and zero point. Sums are exact integers, so that host and
device cannot differ in the order of additions; the rest is five float32 operations per sample or
window, each rounded once (no fused multiply-add), the same in numpy and on a Cortex-M4F.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ectopy.errors import DataError

_CLAMP = np.float32(512.0)
"""Beyond what int8 holds for any zero point, and far inside what int32 holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preprocess:
    """Normalization of a window, part of a model's contract.

    Attributes:
        epsilon_mv2: Added to the variance, in square millivolts.
        frame_samples: Samples of a window.
    """

    epsilon_mv2: float
    frame_samples: int

    @property
    def epsilon_n2(self) -> int:
        """Epsilon in square microvolts times ``frame_samples`` squared."""
        return round(self.epsilon_mv2 * 1e6 * self.frame_samples**2)


def round_half_away(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Nearest integers, halves away from zero; exact for any float32."""
    whole = np.trunc(values)
    rounded: npt.NDArray[np.float32] = whole + np.trunc((values - whole) * np.float32(2.0))
    return rounded


def to_microvolts(samples_mv: npt.NDArray[np.float32]) -> npt.NDArray[np.int16]:
    """Integer microvolts of millivolts, rounded half away from zero and saturated.

    Args:
        samples_mv: float32, any shape.

    Raises:
        DataError: A sample is not a number.
    """
    if np.isnan(samples_mv).any():
        raise DataError("a window holds samples that are not numbers", hint="check the record")
    near = np.clip(samples_mv, np.float32(-33), np.float32(33))  # so that nothing overflows
    microvolts = np.clip(near * np.float32(1000.0), np.float32(-32768), np.float32(32767))
    return round_half_away(microvolts.astype(np.float32)).astype(np.int16)


def quantize_windows(
    samples_uv: npt.NDArray[np.int16], preprocess: Preprocess, scale: float, zero_point: int
) -> npt.NDArray[np.int8]:
    """The model's int8 input for each window, as the device computes it.

    Args:
        samples_uv: int16 (n, frame_samples), microvolts.
        preprocess: The model's normalization.
        scale: Input scale of the model, a float32 value.
        zero_point: Input zero point of the model.

    Returns:
        int8 (n, frame_samples). A window without any variance where epsilon is 0 becomes all
        zero points.
    """
    n = preprocess.frame_samples
    x = samples_uv.astype(np.int64)
    total = x.sum(axis=1, keepdims=True)
    deviation = (n * x - total).astype(np.float32)
    spread = n * (x * x).sum(axis=1, keepdims=True) - total * total + preprocess.epsilon_n2
    root = np.sqrt(np.maximum(spread, 1).astype(np.float32)) * np.float32(scale)
    gain = np.where(spread > 0, np.float32(1.0) / root, np.float32(0.0))
    steps = round_half_away(np.clip(deviation * gain, -_CLAMP, _CLAMP))
    return np.clip(steps.astype(np.int32) + zero_point, -128, 127).astype(np.int8)


def normalize(samples_mv: npt.NDArray[np.floating], epsilon_mv2: float) -> npt.NDArray[np.float32]:
    """The same normalization in plain floating point, for training.

    Args:
        samples_mv: (n, frame_samples), millivolts.
        epsilon_mv2: Added to the variance, in square millivolts.

    Returns:
        float32 (n, frame_samples).
    """
    x = samples_mv.astype(np.float64)
    centred = x - x.mean(axis=1, keepdims=True)
    variance = (centred * centred).mean(axis=1, keepdims=True)
    normal: npt.NDArray[np.float32] = (centred / np.sqrt(variance + epsilon_mv2)).astype(np.float32)
    return normal
