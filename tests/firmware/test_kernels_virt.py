"""Generated C on the virtual board against tflite-micro: every operator's output."""

from pathlib import Path

import pytest

from ectopy.graph.reader import read_tflite
from ectopy.reference import open_reference
from firmware.aot_virt import build_elf, run_virt
from firmware.random_bytes import RandomBytes
from firmware.random_models import RandomModel, RandomRows
from support.general_inputs import noisy_inputs

pytestmark = pytest.mark.e2e

MODELS = 12
"""Of each kind; an image takes half a second."""


@pytest.mark.parametrize("kind", [RandomModel, RandomRows, RandomBytes])
def test_every_operator_of_random_models_equals_the_reference_on_the_virtual_board(
    virt_objects: list[Path], tmp_path: Path, kind: type[RandomModel]
) -> None:
    for seed in range(3000, 3000 + MODELS):
        data = kind(seed).build()
        graph = read_tflite(data, f"random{seed}")
        reference = open_reference(data, graph)
        inputs = noisy_inputs(graph, 2, seed)
        answers = run_virt(build_elf(graph, virt_objects, tmp_path), graph, inputs)
        for x, answer in zip(inputs, answers, strict=True):
            reference.invoke(x)
            expected = reference.tensors()
            for op in graph.ops:
                tensor = op.outputs[0]
                assert answer.outputs[tensor] == expected[tensor].tobytes(), (
                    f"seed {seed}, operator {op.index} ({op.kind})"
                )
