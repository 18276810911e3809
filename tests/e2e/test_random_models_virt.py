"""Random models on an emulated Cortex-M4 against tflite-micro: every operator's output."""

from pathlib import Path

import pytest

from ectopy.graph.reader import read_tflite
from ectopy.reference import open_reference
from ectopy.vocab import Optimize
from firmware.aot_virt import build_for_virt
from firmware.random_blocks import RandomBlocks
from firmware.random_bytes import RandomBytes
from firmware.random_models import RandomFilters, RandomModel, RandomRows
from firmware.random_products import RandomProducts
from firmware.test_kernels import assert_equal, inputs_of

pytestmark = pytest.mark.e2e

MODELS = {
    RandomModel: 12,
    RandomRows: 24,
    RandomBytes: 12,
    RandomFilters: 48,
    RandomProducts: 64,
    RandomBlocks: 24,
}
"""Most of what only assembly computes on this processor."""


@pytest.mark.parametrize("optimize", [each for each in Optimize if each.for_production])
def test_every_operator_equals_the_reference_on_the_emulated_processor(
    tmp_path: Path, optimize: Optimize
) -> None:
    files = [kind(5000 + seed).build() for kind, count in MODELS.items() for seed in range(count)]
    graphs = [read_tflite(data, f"random {i}") for i, data in enumerate(files)]
    models = build_for_virt(graphs, tmp_path, optimize)
    jobs = [(i, x) for i, graph in enumerate(graphs) for x in list(inputs_of(graph, i))[:3]]
    references = [open_reference(data, g) for data, g in zip(files, graphs, strict=True)]
    for (number, x), outputs in zip(jobs, models.run(jobs), strict=True):
        assert_equal(graphs[number], outputs, references[number], x)
