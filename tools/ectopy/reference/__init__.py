"""Readable int8 executor of a graph, and adapters to host interpreters."""

from __future__ import annotations

from ectopy.graph.types import Graph
from ectopy.reference.executor import ReferenceExecutor
from ectopy.reference.interpreter import HostInterpreter
from ectopy.reference.litert import LiteRtInterpreter
from ectopy.reference.tflm import TflmInterpreter, tflm_installed

__all__ = [
    "HostInterpreter",
    "LiteRtInterpreter",
    "ReferenceExecutor",
    "TflmInterpreter",
    "open_reference",
]


def open_reference(tflite: bytes, graph: Graph) -> HostInterpreter:
    """The interpreter with which device outputs are compared.

    Args:
        tflite: The model file.
        graph: The graph read from it.

    Returns:
        tflite-micro where it is installed, else our own executor; ``name`` says which.

    Raises:
        ToolError: tflite-micro is installed but refuses the model.
    """
    return TflmInterpreter(tflite, graph) if tflm_installed() else ReferenceExecutor(graph)
