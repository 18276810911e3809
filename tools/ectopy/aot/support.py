"""Checks that all operators share on their way to a kernel."""

from __future__ import annotations

from ectopy.errors import ModelError
from ectopy.graph.geometry import Window
from ectopy.graph.rejections import FIXED_SHAPE, op_error
from ectopy.graph.types import Op, QuantParams, Tensor

INT32_MAX = 2**31 - 1

DOUBLED_LIMIT = 2**30
"""Most kernels double an accumulator before they multiply it, so it has 30 bits and a sign."""

ONE_IMAGE = f"{FIXED_SHAPE}; then the converter does not cut dilated convolutions into batches"

_HINT = "run `ectopy inspect` on the model to see what each engine supports"


def refuse(op: Op, reason: str, hint: str = _HINT) -> ModelError:
    """The error for an operator that the AOT engine does not compute.

    Args:
        op: The operator.
        reason: What it does that no kernel does.
        hint: The way out, if there is one.
    """
    return op_error(op.index, op.kind, f"{reason}; the AOT engine cannot compute that", hint=hint)


def quant_of(tensor: Tensor) -> QuantParams:
    """Quantization of a tensor that has one, as the reader verified."""
    assert tensor.quant is not None
    return tensor.quant


def rows_of_batch(op: Op, tensor: Tensor, rows: Window) -> int:
    """Rows of all images of an NHWC tensor, one after the other.

    Spatial kernels work on one image. A batch is one where windows are one row high and no row is
    left out, as in networks along time.

    Args:
        op: For the message.
        tensor: Of four dimensions.
        rows: The operator's vertical window.

    Raises:
        ModelError: The tensor is a batch of several, and windows are higher.
    """
    batch, height = tensor.shape[:2]
    if batch != 1 and (rows.taps, rows.stride) != (1, 1):
        raise refuse(op, f"its input holds a batch of {batch}", hint=ONE_IMAGE)
    return batch * height


def check_accumulator(op: Op, bound: int, shift: int) -> None:
    """Proves that sums and their requantization stay in int32.

    Args:
        op: For the message.
        bound: Largest magnitude the accumulator and its partial sums can take.
        shift: TFLite shift of its multiplier; positive ones widen it.

    Raises:
        ModelError: It might.
    """
    if bound << max(shift, 0) > INT32_MAX:
        raise refuse(
            op,
            f"a part of its accumulator may reach {bound} * 2^{max(shift, 0)}, beyond int32",
            hint="its biases are as large as int32 can hold: calibrate with more samples, or leave "
            "the layer out",
        )
