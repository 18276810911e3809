"""Python packages whose layers a zoo's ``model.keras`` may hold."""

from __future__ import annotations

from collections.abc import Mapping

EDGE_LIBRARIES: Mapping[str, str] = {
    "neuralspot_edge": "neuralspot-edge",
    "helia_edge": "helia-edge",
}
"""Importable name -> what to install. Importing one registers its layers with Keras; nothing else
that a file names is ever imported."""
