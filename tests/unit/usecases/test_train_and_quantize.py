"""From a configuration to an int8 model with report and metrics, on made-up windows."""

import hashlib
import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ectopy.cli import main
from ectopy.errors import InputError, ToolError
from ectopy.graph.reader import read_tflite
from ectopy.preprocess import normalize
from ectopy.quantize.report import f1_drop
from ectopy.usecases import holdout
from ectopy.usecases.holdout import load_holdout
from ectopy.usecases.quantize import QuantizeRequest, quantize_bundle
from ectopy.usecases.train import TrainRequest, train_bundle
from ectopy.windows import WindowRequest, WindowSet
from ectopy.zoo import Bundle, open_bundle, require_tensorflow
from support.ecg import made_up_windows
from support.same_graph import require_same_graph

RECORDS = ("101", "106", "108", "109", "112", "114", "124", "201", "220", "223")
DS1 = made_up_windows(dict.fromkeys(RECORDS, (12, 4, 4)))


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration that trains in seconds."""

    def load(request: WindowRequest) -> WindowSet:
        return DS1

    monkeypatch.setattr(holdout, "load_windows", load)
    document = json.loads((open_bundle("beat-3-eff-sm").path / "configuration.json").read_text())
    document |= {"epochs": 12, "steps_per_epoch": 5, "batch_size": 16, "name": "tiny"}
    folder = tmp_path / "recipe"
    folder.mkdir()
    (folder / "configuration.json").write_text(json.dumps(document))
    return folder


def trained(recipe: Path, out_dir: Path) -> Bundle:
    request = TrainRequest(bundle=open_bundle(recipe), data_dir=None, seed=0, out_dir=out_dir)
    return train_bundle(request).bundle


@pytest.mark.train
def test_training_ends_in_a_bundle_that_quantizes_reproducibly(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("tensorflow", reason="needs the train extra")
    pytest.importorskip("neuralspot_edge", reason="needs the train extra")
    bundle = trained(recipe, tmp_path / "run")
    log = json.loads((bundle.path / "training.json").read_text())
    assert log["seed"] == 0
    assert log["validation_windows"] == 4 * 20
    assert log["training_windows"] == 5 * 20

    report = quantize_bundle(QuantizeRequest(bundle=bundle, data_dir=None, out_dir=bundle.path))
    tflite = bundle.require_tflite().read_bytes()
    assert hashlib.sha256(tflite).hexdigest() == report.tflite_sha256
    assert len(report.layers) == 68
    assert report.validation_windows == 80
    assert report.float_scores.macro_f1 is not None
    assert report.max_f1_drop < 0.2
    assert report.max_f1_drop == f1_drop(report.float_scores, report.int8_scores)
    assert json.loads((bundle.path / "quantize.json").read_text())["model"] == "tiny"

    elsewhere = tmp_path / "again"
    arguments = ["quantize", "--model", str(bundle.path), "--out", str(elsewhere)]
    main([*arguments, "--max-f1-drop", "1"])
    assert (elsewhere / "model.tflite").read_bytes() == tflite
    assert "SQNR" in capsys.readouterr().out

    main(["evaluate", "--model", str(bundle.path)])
    main(["evaluate", "--model", str(bundle.path), "--precision", "float"])
    entries = json.loads(bundle.metrics_path.read_text())["evaluations"]
    assert [e["source"] for e in entries] == ["float", "int8"]
    confusions = [e["accuracy"]["confusion"] for e in entries]
    assert confusions[0] == [list(row) for row in report.float_scores.confusion]
    assert confusions[1] == [list(row) for row in report.int8_scores.confusion]


class SeenEnoughError(Exception):
    """Ends a use case where the test has seen enough."""


@pytest.mark.train
def test_calibration_takes_windows_of_the_training_patients_only(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tensorflow", reason="needs the train extra")
    from ectopy.quantize import convert

    bundle = open_bundle(recipe)
    training = load_holdout(bundle.configuration, None).training
    allowed = {w.tobytes() for w in normalize(training.samples, 0.01)}

    def look(model: Any, inputs: np.ndarray) -> bytes:
        assert len(inputs) == len(training)
        assert {w.tobytes() for w in inputs} == allowed
        raise SeenEnoughError

    monkeypatch.setattr(convert, "load_keras", lambda _: None)
    monkeypatch.setattr(convert, "convert_to_int8", look)
    with pytest.raises(SeenEnoughError):
        quantize_bundle(QuantizeRequest(bundle=bundle, data_dir=None, out_dir=tmp_path))


@pytest.mark.train
def test_training_learns_from_one_side_and_is_judged_on_the_other(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tensorflow", reason="needs the train extra")
    pytest.importorskip("neuralspot_edge", reason="needs the train extra")
    from ectopy.training import trainer

    def look(_: object, training: WindowSet, validation: WindowSet, *__: object) -> None:
        assert set(training.records) == {"101", "108", "109", "112", "114"}
        assert set(validation.records) == {"106", "124", "220", "223"}
        raise SeenEnoughError

    monkeypatch.setattr(trainer, "train", look)
    with pytest.raises(SeenEnoughError):
        trained(recipe, tmp_path / "run")


@pytest.mark.train
@pytest.mark.parametrize("full_from_the_start", [True, False])
def test_a_folder_that_cannot_be_written_is_one_error(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full_from_the_start: bool
) -> None:
    pytest.importorskip("tensorflow", reason="needs the train extra")
    pytest.importorskip("neuralspot_edge", reason="needs the train extra")
    from ectopy.training import trainer

    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    began: list[bool] = []

    def train(*_: object) -> Any:
        began.append(True)
        return SimpleNamespace(model=SimpleNamespace(save=full))

    monkeypatch.setattr(trainer, "train", train)
    if full_from_the_start:  # root may write anywhere, so ask nobody
        monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(InputError, match="cannot be written") as caught:
        trained(recipe, tmp_path / "run")
    assert "--out" in caught.value.hint
    assert bool(began) is not full_from_the_start


@pytest.mark.train
@pytest.mark.parametrize("name", ["beat-2-eff-sm", "beat-3-eff-sm"])
def test_shipped_tflite_is_what_quantize_makes_of_the_shipped_keras_model(
    ecg_dir: Path, name: str
) -> None:
    pytest.importorskip("tensorflow", reason="needs the train extra")
    from ectopy.quantize.calibration import CALIBRATION_WINDOWS, draw_calibration
    from ectopy.quantize.convert import convert_to_int8, load_keras, runtime_name

    bundle = open_bundle(name)
    report = json.loads((bundle.path / "quantize.json").read_text())
    if runtime_name() != report["float_runtime"]:
        pytest.skip(f"the shipped model was made by {report['float_runtime']}")
    training = load_holdout(bundle.configuration, ecg_dir).training
    chosen = draw_calibration(training, CALIBRATION_WINDOWS, seed=0)
    samples = training.samples[chosen]
    assert hashlib.sha256(samples.tobytes()).hexdigest() == report["calibration_sha256"]
    inputs = normalize(samples, bundle.configuration.preprocess.epsilon_mv2)
    made = read_tflite(convert_to_int8(load_keras(bundle), inputs), name)
    shipped = read_tflite(bundle.require_tflite().read_bytes(), name)
    require_same_graph(made, shipped)


def test_without_tensorflow_the_commands_say_how_to_get_it(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        require_tensorflow()
    except ToolError:
        pass
    else:
        pytest.skip("TensorFlow is here")
    for verb in ("train", "quantize"):
        with pytest.raises(SystemExit) as ended:
            main([verb, "--model", str(recipe), "--out", str(tmp_path / "out")])
        assert ended.value.code == 1
        shown = " ".join(capsys.readouterr().err.split())
        assert "is not installed" in shown
        assert "ectopy[train]" in shown
    assert not (tmp_path / "out").exists()
