import gzip
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ectopy.autodeploy import exact_floats, export_dataset
from ectopy.errors import ToolError
from ectopy.graph.reader import load_tflite
from ectopy.graph.types import Graph, QuantParams

MODEL = Path(__file__).parents[3] / "models" / "beat-3-eff-sm" / "model.tflite"
ALL_STEPS = np.arange(-128, 128).astype(np.int8)


def graph_with(scale: float, zero_point: int) -> Graph:
    """The shipped model with another input quantization."""
    graph = load_tflite(MODEL)
    quant = QuantParams(scales=(scale,), zero_points=(zero_point,))
    object.__setattr__(graph.input, "quant", quant)
    return graph


def as_ns_autodeploy(values: np.ndarray, scale: float, zero_point: int) -> np.ndarray:
    """Its arithmetic: a division, an addition, and a cast that cuts off."""
    return np.asarray(values / scale + zero_point, dtype=np.int8)


def windows_of_all_steps() -> np.ndarray:
    return np.stack([np.tile(ALL_STEPS, 2), np.tile(ALL_STEPS[::-1], 2)])


@settings(deadline=None)  # its first example pays for what is loaded only once
@given(
    scale=st.floats(2**-14, 2**10, width=32),
    zero_point=st.integers(-128, 127),
    single=st.booleans(),
)
def test_its_truncation_of_our_floats_gives_our_int8_for_any_quantization(
    scale: float, zero_point: int, single: bool
) -> None:
    quantized = windows_of_all_steps()
    values = exact_floats(graph_with(scale, zero_point), quantized)
    # LiteRT gives the scale as a float, its flatbuffer fallback may give a float32.
    kind = np.float32 if single else float
    seen = as_ns_autodeploy(values, kind(scale), zero_point)
    np.testing.assert_array_equal(seen.reshape(2, -1), quantized)
    in_single = as_ns_autodeploy(values.astype(np.float32), np.float32(scale), zero_point)
    np.testing.assert_array_equal(in_single.reshape(2, -1), quantized)
    np.testing.assert_array_equal(np.rint(values / scale + zero_point).reshape(2, -1), quantized)


def test_plain_values_of_the_steps_would_be_cut_off_to_other_steps_in_single_precision() -> None:
    """Why there is a shift: on the shipped model's own scale."""
    quant = load_tflite(MODEL).input.quant
    assert quant is not None
    plain = (ALL_STEPS.astype(np.float64) - quant.zero_point) * quant.scale
    seen = as_ns_autodeploy(plain.astype(np.float32), quant.scale, quant.zero_point)
    assert (seen != ALL_STEPS).any()


def test_the_file_is_a_compressed_pickle_with_the_shape_that_its_interpreter_takes(
    tmp_path: Path,
) -> None:
    graph = load_tflite(MODEL)
    quantized = windows_of_all_steps()
    path = tmp_path / "dataset.pkl"
    export_dataset(path, graph, quantized, np.array([0, 2], dtype=np.uint8))
    with gzip.open(path) as file:
        data = pickle.load(file)
    assert set(data) == {"X", "y", "XT", "yt"}
    assert data["XT"].shape == (2, *graph.input.shape[1:])
    assert np.array([data["XT"][0]]).shape == graph.input.shape
    assert data["yt"].tolist() == [0, 2]
    assert graph.input.quant is not None
    seen = as_ns_autodeploy(data["XT"], graph.input.quant.scale, graph.input.quant.zero_point)
    np.testing.assert_array_equal(seen.reshape(2, -1), quantized)


def test_the_same_windows_give_the_same_file(tmp_path: Path) -> None:
    graph, labels = load_tflite(MODEL), np.zeros(2, dtype=np.uint8)
    for name in ("a", "b"):
        export_dataset(tmp_path / name, graph, windows_of_all_steps(), labels)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_disk_that_takes_no_dataset_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"cannot write .*dataset\.pkl"):
        export_dataset(
            tmp_path / "no" / "dataset.pkl",
            load_tflite(MODEL),
            windows_of_all_steps(),
            np.zeros(2, dtype=np.uint8),
        )
