"""How a model is turned down: one wording for all rejections."""

from __future__ import annotations

from ectopy.errors import ModelError
from ectopy.vocab import OpKind

REQUANTIZE = (
    "convert again with full-integer quantization (int8 input and output, int8 weights): "
    "`ectopy quantize` does that"
)
"""Hint for everything that another conversion of the same network repairs."""

SUPPORTED = f"supported operators: {', '.join(OpKind)}"
"""Hint for operators we do not know."""

FIXED_SHAPE = "convert again from a network with a fixed input shape and a batch of 1"
"""Hint for shapes that are not known before the program runs."""

TOO_LARGE = "no board we know has memory for that; is this the right file?"
"""Hint for absurd sizes."""

DAMAGED = "the file is damaged or was not written by a TFLite converter; copy or convert it again"
"""Hint for structure that no converter writes."""


def op_error(index: int, kind: str, reason: str, *, hint: str = DAMAGED) -> ModelError:
    """The error that names operator index, kind and reason."""
    return ModelError(f"operator {index} ({kind}): {reason}", hint=hint)


def file_error(reason: str, *, hint: str = DAMAGED) -> ModelError:
    """The error for what belongs to no single operator."""
    return ModelError(f"not a usable TFLite model: {reason}", hint=hint)
