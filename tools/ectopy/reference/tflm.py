"""Adapter to tflite-micro's interpreter with its reference kernels: the oracle."""

from __future__ import annotations

import struct
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

import numpy as np

from ectopy.errors import ToolError
from ectopy.graph.costs import WEIGHTED
from ectopy.graph.types import Graph
from ectopy.reference.interpreter import (
    Int8Array,
    activations,
    nothing_inferred,
    shaped_input,
)

MODULE = "tflite_micro"
PACKAGE = "tflite-micro"

BYTES_PER_TENSOR = 4096
"""Generous allowance for what the interpreter keeps per tensor and operator."""

BYTES_PER_CHANNEL = 32
"""For multiplier, shift and zero points, which it keeps per channel even where they are equal."""


def tflm_installed() -> bool:
    """Whether tflite-micro can be imported here."""
    return find_spec(MODULE) is not None


class TflmInterpreter:
    """A model in tflite-micro; a :class:`HostInterpreter`.

    Inference runs with the normal memory plan. Intermediate tensors are overwritten there, so
    :meth:`tensors` repeats the last inference in a second interpreter that preserves them.

    Args:
        tflite: The bytes from which ``graph`` was read.
        graph: The verified graph; files that did not pass verification can crash the interpreter.

    Raises:
        ToolError: tflite-micro is not installed, or refuses the model.
    """

    def __init__(self, tflite: bytes, graph: Graph) -> None:
        self._tflite = tflite
        self._graph = graph
        self._interpreter = _open(tflite, graph, preserve=False)
        self._preserving: Any = None
        self._last: Int8Array | None = None
        try:
            self._name = f"{PACKAGE} {version(PACKAGE)}"
        except PackageNotFoundError:
            self._name = PACKAGE

    @property
    def name(self) -> str:
        """tflite-micro with its version."""
        return self._name

    def invoke(self, x: Int8Array) -> Int8Array:
        """One inference; see :class:`HostInterpreter`."""
        self._last = shaped_input(self._graph, x).copy()
        return _run(self._interpreter, self._last)

    def tensors(self) -> dict[int, Int8Array]:
        """Every activation of the last inference; see :class:`HostInterpreter`."""
        if self._last is None:
            raise nothing_inferred()
        if self._preserving is None:
            self._preserving = _open(self._tflite, self._graph, preserve=True)
        _run(self._preserving, self._last)
        return {index: self._read(index) for index in activations(self._graph)}

    def _read(self, index: int) -> Int8Array:
        values = self._preserving.GetTensor(index, 0)["tensor_data"]
        return np.array(values, np.int8).reshape(self._graph.tensors[index].shape)


def _open(tflite: bytes, graph: Graph, *, preserve: bool) -> Any:
    if not tflm_installed():
        raise ToolError(
            "tflite-micro is not installed",
            hint=f"`pip install {PACKAGE}` (x86-64 Linux), or use the reference executor",
        )
    from tflite_micro import runtime  # noqa: PLC0415  (optional, and slow to import)

    config = runtime.InterpreterConfig
    try:
        return runtime.Interpreter.from_bytes(
            tflite,
            arena_size=_arena_bytes(graph),
            intrepreter_config=(
                config.kPreserveAllTensors if preserve else config.kAllocationRecording
            ),
        )
    except (RuntimeError, ValueError, TypeError, IndexError, struct.error) as error:
        # Its Python part reads the flatbuffer once more, damaged corners that we do not visit too.
        raise ToolError(
            f"tflite-micro refuses the model: {error}", hint="its own message is above"
        ) from error


def _arena_bytes(graph: Graph) -> int:
    activation_bytes = sum(graph.tensors[index].nbytes for index in activations(graph))
    channels = sum(graph.op_output(op).shape[-1] for op in graph.ops if op.kind in WEIGHTED)
    # MEAN keeps an int32 accumulator per output besides.
    return (
        5 * activation_bytes
        + BYTES_PER_CHANNEL * channels
        + BYTES_PER_TENSOR * (len(graph.tensors) + len(graph.ops))
    )


def _run(interpreter: Any, x: Int8Array) -> Int8Array:
    try:
        interpreter.set_input(x, 0)
        interpreter.invoke()
        output: Int8Array = np.array(interpreter.get_output(0), np.int8)
    except (RuntimeError, ValueError) as error:
        raise ToolError(
            f"tflite-micro failed in the inference: {error}", hint="its own message is above"
        ) from error
    return output
