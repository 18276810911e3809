"""Networks that are no beat classifiers, whole: every operator's output on both machines.

Rows of ECG and images, dilated filters, pooling and softmax; see ``tests/data/networks``.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from ectopy.aot import compile_graph
from ectopy.cycles.image import read_image
from ectopy.graph.reader import load_tflite
from ectopy.graph.types import DepthwiseAttrs, Graph
from ectopy.reference import open_reference
from ectopy.usecases.inspect import inspect_model
from ectopy.vocab import EngineName, Optimize
from firmware.aot_host import HostModels, build
from firmware.virt_image import build_elf, run_virt
from support.general_inputs import INPUTS, NETWORKS, noisy_inputs, typical_inputs
from support.unwanted_symbols import unwanted_among

NAMES = tuple(INPUTS)
Input = npt.NDArray[np.int8]

OPERATORS = {
    "arr-2-eff-sm": {
        "RESHAPE": 1,
        "CONV_2D": 22,
        "DEPTHWISE_CONV_2D": 7,
        "MAX_POOL_2D": 4,
        "MEAN": 8,
        "MUL": 14,
        "ADD": 3,
        "FULLY_CONNECTED": 1,
        "SOFTMAX": 1,
    },
    "seg-4-tcn-sm": {
        "RESHAPE": 2,
        "CONV_2D": 11,
        "DEPTHWISE_CONV_2D": 5,
        "MEAN": 3,
        "MUL": 6,
        "SOFTMAX": 1,
    },
    "mobilenet-v1-0125": {
        "CONV_2D": 15,
        "DEPTHWISE_CONV_2D": 13,
        "MEAN": 1,
        "RESHAPE": 1,
        "SOFTMAX": 1,
    },
    "ds-cnn": {
        "CONV_2D": 5,
        "DEPTHWISE_CONV_2D": 4,
        "AVERAGE_POOL_2D": 1,
        "FULLY_CONNECTED": 1,
        "SOFTMAX": 1,
    },
}
MACS = {
    "arr-2-eff-sm": 556_128,
    "seg-4-tcn-sm": 1_170_752,
    "mobilenet-v1-0125": 2_030_656,
    "ds-cnn": 816_384,
}


@dataclass(frozen=True)
class Case:
    """One input and what tflite-micro makes of it, by tensor index."""

    x: Input
    expected: dict[int, bytes]


def path_of(name: str) -> Path:
    return NETWORKS / f"{name}.tflite"


def graph_of(name: str) -> Graph:
    return load_tflite(path_of(name))


def cases_of(graph: Graph, typical: int, noisy: int) -> list[Case]:
    reference = open_reference(path_of(graph.name).read_bytes(), graph)
    cases = []
    for x in (*noisy_inputs(graph, noisy), *typical_inputs(graph, typical, seed=1)):
        reference.invoke(x)
        tensors = reference.tensors()
        outputs = [op.outputs[0] for op in graph.ops]
        cases.append(Case(x=x, expected={index: tensors[index].tobytes() for index in outputs}))
    return cases


def require_equal(graph: Graph, found: dict[int, bytes], case: Case) -> None:
    for op in graph.ops:
        tensor = op.outputs[0]
        if tensor not in found:
            continue  # it stays inside a kernel of several operators
        assert found[tensor] == case.expected[tensor], f"operator {op.index} ({op.kind})"


def require_shown(graph: Graph, found: dict[int, bytes], optimize: Optimize) -> None:
    """All outputs where every operator is by itself, else at least that of the model."""
    outputs = {op.outputs[0] for op in graph.ops}
    assert found.keys() == outputs if optimize is Optimize.DEBUG else graph.output.index in found


@pytest.fixture(scope="module", params=Optimize)
def host(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> HostModels:
    graphs = [graph_of(name) for name in NAMES]
    return build(graphs, tmp_path_factory.mktemp("host"), request.param)


@pytest.mark.parametrize("name", NAMES)
def test_the_file_holds_the_operators_of_its_architecture(name: str) -> None:
    facts = inspect_model(str(path_of(name)))
    assert Counter(op.kind.value for op in facts.ops) == OPERATORS[name]
    assert facts.macs == MACS[name]
    assert all(engine.supported for engine in facts.engines)
    arena = {engine.engine: engine.arena_bytes for engine in facts.engines}
    assert arena[EngineName.AOT] == compile_graph(graph_of(name)).arena_bytes


def test_segmentation_dilates_two_four_and_eight_times() -> None:
    attrs = [op.attrs for op in graph_of("seg-4-tcn-sm").ops]
    dilations = [a.dilation for a in attrs if isinstance(a, DepthwiseAttrs)]
    assert dilations == [(1, 1), (1, 1), (1, 2), (1, 4), (1, 8)]


@pytest.mark.parametrize("name", NAMES)
def test_activations_are_not_all_clamped_on_typical_inputs(name: str) -> None:
    graph = graph_of(name)
    for case in cases_of(graph, typical=2, noisy=0)[2:]:
        for op in graph.ops:
            values = np.frombuffer(case.expected[op.outputs[0]], np.int8)
            assert len(np.unique(values)) > 1, f"operator {op.index} ({op.kind}) is constant"


@pytest.mark.parametrize("name", NAMES)
def test_every_operator_on_the_host_equals_the_reference(host: HostModels, name: str) -> None:
    number = NAMES.index(name)
    graph = host.graphs[number]
    cases = cases_of(graph, typical=6, noisy=4)
    answers = host.run([(number, case.x) for case in cases])
    for case, outputs in zip(cases, answers, strict=True):
        require_shown(graph, outputs, host.optimize)
        require_equal(graph, outputs, case)


@pytest.mark.e2e
@pytest.mark.parametrize("optimize", Optimize)
@pytest.mark.parametrize("name", NAMES)
def test_every_operator_on_the_virtual_board_equals_the_reference(
    virt_objects: list[Path], tmp_path: Path, name: str, optimize: Optimize
) -> None:
    graph = graph_of(name)
    cases = cases_of(graph, typical=2, noisy=2)
    elf = build_elf(graph, virt_objects, tmp_path, optimize)
    answers = run_virt(elf, graph, [case.x for case in cases], optimize)
    for case, answer in zip(cases, answers, strict=True):
        require_shown(graph, answer.outputs, optimize)
        require_equal(graph, answer.outputs, case)
        assert answer.instructions > MACS[name] / 2, "the ticks are not those of an inference"


@pytest.mark.e2e
@pytest.mark.parametrize("name", NAMES)
def test_the_image_has_no_heap_no_soft_double_and_no_libm(
    virt_objects: list[Path], tmp_path: Path, name: str
) -> None:
    image = read_image(build_elf(graph_of(name), virt_objects, tmp_path))
    assert "ect_engine_invoke" in image.names
    assert unwanted_among(image.names) == set()
