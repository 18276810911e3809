"""Semantic checks of a graph."""

from ectopy.graph.types import Graph


def verify(graph: Graph) -> None:
    pass
