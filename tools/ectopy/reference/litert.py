"""Adapter to LiteRT, TensorFlow Lite's successor, with its own optimised kernels.

Not the oracle: its optimised kernels round some operators differently from what runs on
microcontrollers. It is what most people mean by "the model on a PC".
"""

from __future__ import annotations

import warnings
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

import numpy as np

from ectopy.errors import ToolError
from ectopy.graph.types import Graph
from ectopy.reference.interpreter import (
    Int8Array,
    activations,
    nothing_inferred,
    shaped_input,
)

PACKAGE = "ai-edge-litert"


class LiteRtInterpreter:
    """A model in LiteRT; a :class:`HostInterpreter`.

    Args:
        tflite: The bytes from which ``graph`` was read.
        graph: The verified graph.

    Raises:
        ToolError: LiteRT is not installed, or refuses the model.
    """

    def __init__(self, tflite: bytes, graph: Graph) -> None:
        self._graph = graph
        self._interpreter = _open(tflite)
        self._invoked = False
        try:
            self._name = f"LiteRT {version(PACKAGE)}"
        except PackageNotFoundError:
            self._name = "LiteRT"

    @property
    def name(self) -> str:
        """LiteRT with its version."""
        return self._name

    def invoke(self, x: Int8Array) -> Int8Array:
        """One inference; see :class:`HostInterpreter`."""
        self._interpreter.set_tensor(self._graph.input.index, shaped_input(self._graph, x))
        self._interpreter.invoke()
        self._invoked = True
        return np.array(self._interpreter.get_tensor(self._graph.output.index), np.int8)

    def tensors(self) -> dict[int, Int8Array]:
        """Every activation of the last inference; see :class:`HostInterpreter`."""
        if not self._invoked:
            raise nothing_inferred()
        return {
            index: np.array(self._interpreter.get_tensor(index), np.int8)
            for index in activations(self._graph)
        }


def _open(tflite: bytes) -> Any:
    if find_spec("ai_edge_litert") is None:
        raise ToolError("LiteRT is not installed", hint=f"`pip install {PACKAGE}`")
    from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415  (optional)

    try:
        with warnings.catch_warnings():
            # It advises against preserving tensors, which is what tensors() is for.
            warnings.simplefilter("ignore")
            interpreter = Interpreter(model_content=tflite, experimental_preserve_all_tensors=True)
        interpreter.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        raise ToolError(
            f"LiteRT refuses the model: {error}", hint="`ectopy inspect` shows its operators"
        ) from error
    return interpreter
