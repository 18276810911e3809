"""Assembly has no sanitizer and no twin on the target: random products on an emulated Cortex-M4."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from ectopy.graph.reader import read_tflite
from ectopy.reference import open_reference
from firmware.aot_target import COMPILER, build_target
from firmware.random_models import RandomRows
from firmware.random_products import RandomProducts

PRODUCTS, ROWS, INPUTS = 64, 16, 2


@pytest.mark.skipif(shutil.which(COMPILER) is None, reason=f"no {COMPILER}")
def test_every_operator_on_the_target_equals_the_reference(tmp_path: Path) -> None:
    files = [RandomProducts(2000 + seed).build() for seed in range(PRODUCTS)]
    files += [RandomRows(1000 + seed).build() for seed in range(ROWS)]
    graphs = [read_tflite(data, f"target {i}") for i, data in enumerate(files)]
    models = build_target(graphs, tmp_path)
    random = np.random.default_rng(5)
    for number, (data, graph) in enumerate(zip(files, graphs, strict=True)):
        interpreter = open_reference(data, graph)
        for _ in range(INPUTS):
            x = random.integers(-128, 128, graph.input.shape, np.int8)
            outputs = models.run(number, x)
            interpreter.invoke(x)
            expected = interpreter.tensors()
            for tensor, ours in outputs.items():
                assert ours == expected[tensor].tobytes(), f"{graph.name}, tensor {tensor}"
