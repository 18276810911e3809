"""Inputs like those that the networks of ``tests/data/networks`` are made for; no TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ectopy.graph.types import Graph
from ectopy.preprocess import normalize
from ectopy.vocab import DatasetName, Split
from ectopy.windows import WindowRequest, load_windows

FloatArray = npt.NDArray[np.float32]
Draw = Callable[[int, np.random.Generator], FloatArray]
"""Makes inputs, float32 (n, ...), from how many and a random generator."""

NETWORKS = Path(__file__).parents[1] / "data" / "networks"
EPSILON_MV2 = 0.01
PATCH = 8
"""Pixels of a patch's edge."""


def _ecg(samples: int) -> Draw:
    """The middle of synthetic windows, normalized as the zoo does it."""

    def draw(count: int, random: np.random.Generator) -> FloatArray:
        wanted = WindowRequest(
            dataset=DatasetName.SYNTHETIC,
            split=Split.DS1,
            limit=count,
            seed=int(random.integers(1 << 30)),
        )
        windows = load_windows(wanted).samples
        before = (windows.shape[1] - samples) // 2
        return normalize(windows[:, before : before + samples], EPSILON_MV2)

    return draw


def _patches(height: int, width: int) -> Draw:
    """Images from -1 to 1: coarse patches under fine noise."""

    def draw(count: int, random: np.random.Generator) -> FloatArray:
        rows, columns = -(-height // PATCH), -(-width // PATCH)
        coarse = random.uniform(-1, 1, (count, rows, columns))
        patches = coarse.repeat(PATCH, axis=1).repeat(PATCH, axis=2)[:, :height, :width]
        noise = random.normal(0, 0.2, patches.shape)
        return np.clip(patches + noise, -1, 1).astype(np.float32)

    return draw


INPUTS: Mapping[str, Draw] = {
    "arr-2-eff-sm": _ecg(512),
    "seg-4-tcn-sm": _ecg(256),
    "mobilenet-v1-0125": _patches(96, 96),
    "ds-cnn": _patches(49, 10),
}
"""Of every network."""


def typical_inputs(graph: Graph, count: int, seed: int) -> list[npt.NDArray[np.int8]]:
    """Inputs of the network that a graph is named after, quantized as it wants them."""
    quant = graph.input.quant
    assert quant is not None
    values = INPUTS[graph.name](count, np.random.default_rng(seed))
    steps = np.round(values / np.float32(quant.scale)) + quant.zero_point
    return list(np.clip(steps, -128, 127).astype(np.int8).reshape(count, *graph.input.shape))


def noisy_inputs(graph: Graph, count: int, seed: int = 0) -> list[npt.NDArray[np.int8]]:
    """Both ends of the range, then noise."""
    random = np.random.default_rng(seed)
    ends = [np.full(graph.input.shape, value, np.int8) for value in (-128, 127)]
    return ends + [random.integers(-128, 128, graph.input.shape, np.int8) for _ in range(count)]
