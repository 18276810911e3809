import shutil
from pathlib import Path

import numpy as np
import pytest

from ectopy.errors import InputError, ModelError, ToolError
from ectopy.zoo import (
    bundle_names,
    class_labels,
    label_map,
    open_bundle,
    predict_float,
    require_tensorflow,
)

MODELS = Path(__file__).parents[3] / "models"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    target = tmp_path / "mine"
    target.mkdir()
    shutil.copy(MODELS / "beat-3-eff-sm" / "configuration.json", target)
    return target


def test_shipped_bundles_open_by_name_from_anywhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert {"beat-2-eff-sm", "beat-3-eff-sm"} <= set(bundle_names())
    bundle = open_bundle("beat-2-eff-sm")
    assert bundle.path == MODELS / "beat-2-eff-sm"
    assert bundle.configuration.class_names == ("N", "PAC/PVC")


def test_models_of_the_working_directory_come_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, folder: Path
) -> None:
    local = tmp_path / "models" / "beat-3-eff-sm"
    local.parent.mkdir()
    folder.rename(local)
    monkeypatch.chdir(tmp_path)
    assert open_bundle("beat-3-eff-sm").path == local.resolve()


def test_hidden_folders_are_no_bundles(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, folder: Path
) -> None:
    hidden = tmp_path / "models" / ".trash"
    hidden.parent.mkdir()
    folder.rename(hidden)
    monkeypatch.chdir(tmp_path)
    assert ".trash" not in bundle_names()


def test_bundle_opens_by_path(folder: Path) -> None:
    assert open_bundle(str(folder)).path == folder.resolve()
    assert open_bundle(folder).name == "beat-3-eff-sm"


def test_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(ModelError, match="no model bundle 'beat-3-ef-sm'") as caught:
        open_bundle("beat-3-ef-sm")
    assert caught.value.hint == "did you mean beat-3-eff-sm?"
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("published", ["beat-2-eff-sm", "beat-3-eff-sm"])
def test_a_model_that_is_still_in_the_zoo_is_said_to_be_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, published: str
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(ModelError) as caught:
        open_bundle(f"heartkit-{published}")
    assert caught.value.hint == f"get it: ectopy zoo fetch {published}"


@pytest.mark.parametrize("name", ["", "zzz", "models/zzz", "\0", "x" * 5000])
def test_name_that_leads_nowhere_is_one_error(name: str) -> None:
    with pytest.raises(ModelError):
        open_bundle(name)


def test_folder_without_configuration_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"has no configuration\.json"):
        open_bundle(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe\x00", b"[" * 100_000, b"[1]", b"{}", b'{"name": NaN}']
)
def test_broken_configuration_is_refused(folder: Path, content: bytes) -> None:
    (folder / "configuration.json").write_bytes(content)
    with pytest.raises(ModelError, match=r"configuration\.json"):
        open_bundle(folder)


def test_absurdly_large_configuration_is_refused(folder: Path) -> None:
    (folder / "configuration.json").write_bytes(b" " * ((1 << 20) + 1))
    with pytest.raises(ModelError, match="larger than"):
        open_bundle(folder)


def test_missing_model_files_are_named_with_the_command_that_makes_them(folder: Path) -> None:
    bundle = open_bundle(folder)
    with pytest.raises(ModelError, match=r"model\.keras does not exist") as keras:
        bundle.require_keras()
    with pytest.raises(ModelError, match=r"model\.tflite does not exist") as tflite:
        bundle.require_tflite()
    assert "ectopy train" in keras.value.hint
    assert "ectopy quantize" in tflite.value.hint
    bundle.tflite_path.write_bytes(b"x")
    assert bundle.require_tflite() == bundle.tflite_path


def test_class_labels_merge_as_the_class_map_says() -> None:
    labels = np.array([0, 1, 2, 0], dtype=np.uint8)
    merged = class_labels(open_bundle("beat-2-eff-sm").configuration, labels)
    assert merged.tolist() == [0, 1, 1, 0]
    assert merged.dtype == np.uint8


@pytest.mark.parametrize(
    ("model", "stated"),
    [
        ("beat-3-eff-sm", "N=NLRej PAC=AaJS PVC=VE"),
        ("beat-2-eff-sm", "N=NLRej PAC/PVC=AaJSVE"),
    ],
)
def test_the_label_map_is_that_of_the_classes_of_the_model(model: str, stated: str) -> None:
    assert label_map(open_bundle(model).configuration) == stated


def test_label_outside_the_class_map_is_refused() -> None:
    with pytest.raises(InputError, match="label 3"):
        class_labels(open_bundle("beat-2-eff-sm").configuration, np.array([3], dtype=np.uint8))


def test_absent_tensorflow_is_explained() -> None:
    with pytest.raises(ToolError, match="no_such_module_here is not installed") as caught:
        require_tensorflow("no_such_module_here")
    assert "ectopy[train]" in caught.value.hint


def test_predict_float_normalizes_and_keeps_the_order_over_parts() -> None:
    configuration = open_bundle("beat-3-eff-sm").configuration
    samples = np.arange(1100, dtype=np.float32)[:, None] * np.ones(512, np.float32)
    samples[:, 0] += np.arange(1100) % 7

    def model(x: np.ndarray, training: bool) -> np.ndarray:
        assert not training
        assert x.shape[1:] == (512, 1)
        return x[:, :3, 0]

    outputs = predict_float(model, configuration, samples)
    expected_std = np.sqrt(samples.astype(float).var(axis=1) + 0.01)
    expected = (samples[:, 0] - samples.astype(float).mean(axis=1)) / expected_std
    np.testing.assert_allclose(outputs[:, 0], expected, atol=1e-4)
