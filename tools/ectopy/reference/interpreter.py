"""What every host interpreter of an int8 model offers."""

from __future__ import annotations

from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from ectopy.errors import InputError
from ectopy.graph.types import Graph

Int8Array: TypeAlias = npt.NDArray[np.int8]


class HostInterpreter(Protocol):
    """Runs one model on the host, one window at a time."""

    @property
    def name(self) -> str:
        """Which implementation, with its version."""

    def invoke(self, x: Int8Array) -> Int8Array:
        """One inference.

        Args:
            x: int8, of the model's input shape or flat.

        Returns:
            int8 of the model's output shape; a copy.

        Raises:
            InputError: ``x`` has another type or number of elements.
        """

    def tensors(self) -> dict[int, Int8Array]:
        """Every activation of the last inference, by tensor index; the input too, no constants.

        Raises:
            InputError: Nothing was inferred yet.
        """


def shaped_input(graph: Graph, x: Int8Array) -> Int8Array:
    """``x`` in the model's input shape.

    Raises:
        InputError: It has another type or number of elements.
    """
    if x.dtype != np.int8 or x.size != graph.input.elements:
        raise InputError(
            f"the model takes {graph.input.elements} int8 values, not {x.size} of type {x.dtype}",
            hint="quantize one window with the model's input scale and zero point",
        )
    return np.ascontiguousarray(x).reshape(graph.input.shape)


def activations(graph: Graph) -> tuple[int, ...]:
    """Indices of the input and of every operator's output, in order of execution."""
    return (graph.input.index, *(op.outputs[0] for op in graph.ops))


def nothing_inferred() -> InputError:
    """The error for asking for tensors too early."""
    return InputError("there are no tensors before the first inference", hint="call invoke first")
