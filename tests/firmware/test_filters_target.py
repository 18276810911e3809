"""Loops in assembly have no twin on the target: random filters on an emulated Cortex-M4."""

from pathlib import Path

from ectopy.graph.reader import read_tflite
from ectopy.reference import open_reference
from firmware.aot_target import build_target
from firmware.random_models import RandomFilters, RandomRows
from firmware.test_kernels import assert_equal, inputs_of
from support.cortex_m4 import require_toolchain

FILTERS, ROWS = 64, 16


def test_random_filters_on_the_target_equal_the_reference(tmp_path: Path) -> None:
    require_toolchain()
    files = [RandomFilters(3000 + seed).build() for seed in range(FILTERS)]
    files += [RandomRows(3000 + seed).build() for seed in range(ROWS)]
    graphs = [read_tflite(data, f"random {i}") for i, data in enumerate(files)]
    target = build_target(graphs, tmp_path)
    for number, (data, graph) in enumerate(zip(files, graphs, strict=True)):
        reference = open_reference(data, graph)
        for x in inputs_of(graph, number):
            assert_equal(graph, target.run(number, x), reference, x)
