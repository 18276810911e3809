"""The shipped models, compiled, on noise and on real beats: every operator's output."""

from pathlib import Path

import numpy as np
import pytest

from ectopy.graph.reader import load_tflite
from ectopy.preprocess import quantize_windows, to_microvolts
from ectopy.reference import HostInterpreter, open_reference
from ectopy.vocab import DatasetName, Optimize, Split
from ectopy.windows import WindowRequest, load_windows
from ectopy.zoo import Bundle, bundle_names, open_bundle
from firmware.aot_host import HostModels, build

NOISE_WINDOWS = 6
REAL_WINDOWS = 10

BUNDLES = [bundle for bundle in map(open_bundle, bundle_names()) if bundle.tflite_path.is_file()]


@pytest.fixture(scope="module", params=Optimize)
def models(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> HostModels:
    graphs = [load_tflite(bundle.tflite_path) for bundle in BUNDLES]
    return build(graphs, tmp_path_factory.mktemp("models"), request.param)


@pytest.fixture(scope="module")
def references(models: HostModels) -> list[HostInterpreter]:
    pairs = zip(BUNDLES, models.graphs, strict=True)
    return [open_reference(bundle.tflite_path.read_bytes(), graph) for bundle, graph in pairs]


def assert_all_equal(
    models: HostModels, references: list[HostInterpreter], number: int, windows: np.ndarray
) -> None:
    graph = models.graphs[number]
    answers = models.run([(number, window) for window in windows])
    for window, outputs in zip(windows, answers, strict=True):
        references[number].invoke(window)
        expected = references[number].tensors()
        for op in graph.ops:
            tensor = op.outputs[0]
            if tensor not in outputs:
                continue  # it stays inside a kernel of several operators
            assert outputs[tensor] == expected[tensor].tobytes(), f"operator {op.index} ({op.kind})"


@pytest.mark.parametrize("number", range(len(BUNDLES)), ids=[b.name for b in BUNDLES])
def test_noise_gives_the_reference_outputs(
    models: HostModels, references: list[HostInterpreter], number: int
) -> None:
    random = np.random.default_rng(number)
    size = models.graphs[number].input.elements
    assert_all_equal(
        models, references, number, random.integers(-128, 128, (NOISE_WINDOWS, size), np.int8)
    )


@pytest.mark.parametrize("number", range(len(BUNDLES)), ids=[b.name for b in BUNDLES])
def test_real_beats_give_the_reference_outputs(
    models: HostModels, references: list[HostInterpreter], number: int, ecg_dir: Path
) -> None:
    bundle: Bundle = BUNDLES[number]
    quant = models.graphs[number].input.quant
    assert quant is not None
    wanted = WindowRequest(
        dataset=DatasetName.MITDB,
        split=Split.DS1,
        data_dir=ecg_dir,
        limit=REAL_WINDOWS,
    )
    microvolts = to_microvolts(load_windows(wanted).samples)
    windows = quantize_windows(
        microvolts, bundle.configuration.preprocess, quant.scale, quant.zero_point
    )
    assert_all_equal(models, references, number, windows)
