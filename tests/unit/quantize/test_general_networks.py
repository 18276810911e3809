"""The files in ``tests/data/networks`` are what their generator makes."""

import pytest

pytest.importorskip("tensorflow", reason="needs the train extra")
pytest.importorskip("neuralspot_edge", reason="needs the train extra")

from ectopy.graph.reader import load_tflite, read_tflite
from ectopy.quantize.convert import runtime_name
from support.general_inputs import INPUTS, NETWORKS
from support.general_networks import BUILDERS, MADE_BY, make_tflite
from support.same_graph import require_same_graph

pytestmark = pytest.mark.train


@pytest.mark.parametrize("name", BUILDERS)
def test_kept_file_is_what_the_generator_makes(name: str) -> None:
    if runtime_name() != MADE_BY:
        pytest.skip(f"the files were made by {MADE_BY}")
    require_same_graph(
        read_tflite(make_tflite(name), name), load_tflite(NETWORKS / f"{name}.tflite")
    )


def test_every_network_has_a_builder_inputs_and_a_file() -> None:
    files = {path.stem for path in NETWORKS.glob("*.tflite")}
    assert set(BUILDERS) == set(INPUTS) == files
