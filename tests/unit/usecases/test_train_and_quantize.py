"""From a configuration to an int8 model with report and metrics, on made-up windows."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ectopy.cli import main
from ectopy.errors import ToolError
from ectopy.graph.reader import read_tflite
from ectopy.preprocess import normalize
from ectopy.quantize.report import f1_drop
from ectopy.usecases import evaluate
from ectopy.usecases.quantize import QuantizeRequest, quantize_bundle
from ectopy.usecases.training_set import load_training_windows
from ectopy.windows import WindowRequest, WindowSet
from ectopy.zoo import open_bundle, require_tensorflow
from support.same_graph import require_same_graph
from support.training import WINDOWS, use_made_up_records, write_recipe


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration that trains in seconds, on made-up records."""

    def load(_: WindowRequest) -> WindowSet:
        return WINDOWS

    use_made_up_records(monkeypatch)
    monkeypatch.setattr(evaluate, "load_windows", load)
    return write_recipe(tmp_path / "recipe", epochs=2)


@pytest.mark.train
def test_training_ends_in_a_bundle_that_quantizes_reproducibly(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("tensorflow", reason="needs the train extra")
    pytest.importorskip("neuralspot_edge", reason="needs the train extra")
    main(["train", "--model", str(recipe), "--out", str(tmp_path / "run")])
    assert "next: ectopy quantize" in capsys.readouterr().err
    bundle = open_bundle(tmp_path / "run")
    log = json.loads((bundle.path / "training.json").read_text())
    assert (log["seed"], log["windows"]) == (0, 4 * 20)
    assert [epoch["number"] for epoch in log["epochs"]] == [1, 2]
    assert "TensorFlow" in log["runtime"]

    report = quantize_bundle(QuantizeRequest(bundle=bundle, data_dir=None, out_dir=bundle.path))
    tflite = bundle.require_tflite().read_bytes()
    assert hashlib.sha256(tflite).hexdigest() == report.tflite_sha256
    assert len(report.layers) > 10
    assert (report.scored_split, report.scored_windows) == ("ds1", 80)
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
    main(["evaluate", "--model", str(bundle.path), "--from", "float"])
    entries = json.loads(bundle.metrics_path.read_text())["evaluations"]
    confusions = {e["source"]: e["accuracy"]["confusion"] for e in entries}
    assert confusions["float"] == [list(row) for row in report.float_scores.confusion]
    assert confusions["int8"] == [list(row) for row in report.int8_scores.confusion]


class SeenEnoughError(Exception):
    """Ends a use case where the test has seen enough."""


@pytest.mark.train
def test_calibration_takes_windows_of_the_training_patients_only(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tensorflow", reason="needs the train extra")
    from ectopy.quantize import convert

    bundle = open_bundle(recipe)
    allowed = {w.tobytes() for w in normalize(WINDOWS.samples[WINDOWS.records != "201"], 0.01)}

    def look(model: Any, inputs: np.ndarray) -> bytes:
        assert {w.tobytes() for w in inputs} == allowed
        raise SeenEnoughError

    monkeypatch.setattr(convert, "load_keras", lambda _: None)
    monkeypatch.setattr(convert, "convert_to_int8", look)
    with pytest.raises(SeenEnoughError):
        quantize_bundle(QuantizeRequest(bundle=bundle, data_dir=None, out_dir=tmp_path))


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
    training = load_training_windows(bundle.configuration, ecg_dir)
    chosen = draw_calibration(training, CALIBRATION_WINDOWS, report["seed"])
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
