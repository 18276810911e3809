# ruff: noqa: E402 - skip before importing what needs TensorFlow
"""Bundles as heartKIT leaves them, built from its own configurations by its own library."""

import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

tf = pytest.importorskip("tensorflow", reason="needs the train extra")
keras = pytest.importorskip("keras", reason="needs the train extra")
pytest.importorskip("neuralspot_edge", reason="needs the train extra")

from ectopy.cli import main
from ectopy.errors import ModelError
from ectopy.graph.kind import TfliteKind, identify
from ectopy.preprocess import normalize
from ectopy.quantize.convert import load_keras
from ectopy.training.architecture import build_network
from ectopy.usecases import evaluate, training_set
from ectopy.usecases.inspect import inspect_model
from ectopy.usecases.zoo import int8_state
from ectopy.usecases.zoo_types import Check, Verdict
from ectopy.usecases.zoo_verify import verify_bundle
from ectopy.windows import WindowRequest, WindowSet
from ectopy.zoo import Bundle, open_bundle
from ectopy.zoo.obtain import ImportRequest, import_bundle
from support.ecg import made_up_windows
from support.zoo_bundles import METRICS, heartkit_configuration

# The first test builds, trains and converts two models; slow where two cores are shared.
pytestmark = [pytest.mark.train, pytest.mark.timeout(900)]

NAMES = ("beat-2-eff-sm", "beat-3-eff-sm")
RECORDS = ("101", "106", "108", "109", "112", "114", "124", "201", "220", "223")
DS1 = made_up_windows(dict.fromkeys(RECORDS, (12, 4, 4)))


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """heartKIT's job folders: BEAT-2 with the tflite its export makes, BEAT-3 with a float one."""
    return {name: export(tmp_path_factory.mktemp("export"), name) for name in NAMES}


@pytest.fixture(autouse=True)
def quiet_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def load(_: WindowRequest) -> WindowSet:
        return DS1

    monkeypatch.setattr(training_set, "load_split", lambda *_: DS1)
    monkeypatch.setattr(evaluate, "load_windows", load)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def export(folder: Path, name: str) -> Path:
    document = heartkit_configuration(name)
    (folder / "configuration.json").write_text(json.dumps(document))
    (folder / "metrics.json").write_text(json.dumps(METRICS))
    model = build_network(open_bundle(folder).configuration)
    # As its training does: compiled, trained, saved with the optimizer and a loss of its own.
    model.compile(
        optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecayRestarts(1e-3, 10)),
        loss=keras.losses.CategoricalFocalCrossentropy(from_logits=True),
    )
    inputs = normalize(DS1.samples, 0.01)[:, :, np.newaxis]
    one_hot = np.eye(document["num_classes"])[DS1.labels % document["num_classes"]]
    model.train_on_batch(inputs, one_hot)
    model.save(folder / "model.keras")
    softmax = keras.Sequential([model, keras.layers.Softmax()])
    content = convert(softmax, quantized=name == "beat-2-eff-sm")
    (folder / "model.tflite").write_bytes(content)
    return folder


def convert(model: Any, *, quantized: bool, dynamic: bool = False) -> bytes:
    """Float input and output; int8 inside, int8 weights only, or float."""

    def representative() -> Iterator[list[np.ndarray]]:
        for window in normalize(DS1.samples[:32], 0.01):
            yield [window[np.newaxis, :, np.newaxis]]

    with tempfile.TemporaryDirectory() as folder:
        archive = keras.export.ExportArchive()
        archive.track(model)
        archive.add_endpoint(
            name="serve",
            fn=lambda x: model(x, training=False),
            input_signature=[tf.TensorSpec((1, 512, 1), tf.float32, name="input")],
        )
        archive.write_out(folder, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        if quantized or dynamic:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if quantized:
            converter.representative_dataset = representative
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        data: bytes = converter.convert()
    return data


def checks_of(bundle: Bundle, subject: str) -> list[Check]:
    return [check for check in verify_bundle(bundle.name).checks if check.subject == subject]


@pytest.mark.parametrize("name", NAMES)
def test_a_model_of_the_zoo_is_checked_against_its_configuration(
    exports: dict[str, Path], name: str
) -> None:
    bundle = import_bundle(ImportRequest(source=exports[name])).bundle
    verification = verify_bundle(bundle.name)
    assert verification.passed
    (architecture,) = checks_of(bundle, "architecture")
    count = {"beat-2-eff-sm": "27,886", "beat-3-eff-sm": "41,001"}[name]
    assert architecture.verdict is Verdict.OK
    assert architecture.finding.startswith(f"{count} parameters")
    (loaded,) = checks_of(bundle, "architecture in TensorFlow")
    assert loaded.verdict is Verdict.OK
    assert "have the shapes that the configuration builds" in loaded.finding


@pytest.mark.parametrize(
    ("name", "kind"),
    [("beat-2-eff-sm", TfliteKind.INT8_FLOAT_IO), ("beat-3-eff-sm", TfliteKind.FLOAT)],
)
def test_the_converters_files_are_told_apart(
    exports: dict[str, Path], name: str, kind: TfliteKind
) -> None:
    assert identify((exports[name] / "model.tflite").read_bytes()).kind is kind
    bundle = import_bundle(ImportRequest(source=exports[name])).bundle
    said = checks_of(bundle, "model.tflite")
    assert f"ectopy quantize --model {bundle.name}" in said[0].advice
    usable, state = int8_state(bundle)
    assert not usable
    assert "ectopy quantize" in state
    differs = any("heartKIT's export makes" in check.finding for check in said)
    assert differs is (kind is TfliteKind.FLOAT)


def test_int8_weights_alone_are_dynamic_range(exports: dict[str, Path]) -> None:
    model = load_keras(open_bundle(exports["beat-2-eff-sm"]))
    assert identify(convert(model, quantized=False, dynamic=True)).kind is TfliteKind.DYNAMIC_RANGE


@pytest.mark.parametrize("name", NAMES)
def test_a_bundle_of_the_zoo_goes_through_quantize_and_is_then_usable(
    exports: dict[str, Path], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = import_bundle(ImportRequest(source=exports[name])).bundle
    main(["quantize", "--model", bundle.name])
    assert f"{bundle.name} on ds1" in " ".join(capsys.readouterr().out.split())
    assert int8_state(bundle) == (True, "int8, usable")
    facts = inspect_model(bundle.name)
    assert [engine.supported for engine in facts.engines] == [True] * len(facts.engines)
    verification = verify_bundle(bundle.name)
    assert verification.passed
    hashes = {c.finding.partition(" ")[0]: c.finding for c in checks_of(bundle, "sha256")}
    assert "made here by ectopy quantize from this model.keras" in hashes["model.tflite"]

    main(["evaluate", "--model", bundle.name])
    assert json.loads((bundle.path / "metrics.json").read_text()) == METRICS
    entry = json.loads((bundle.path / "evaluation.json").read_text())
    assert entry["model"] == bundle.name


def custom_layer_model(path: Path) -> None:
    # One of the few layers of the library that can be saved at all.
    from neuralspot_edge.layers.preprocessing import AddSineWave

    inputs = keras.Input((512, 1), name="input")
    y = AddSineWave(sample_rate=100.0, frequency=10.0)(inputs)
    y = keras.layers.GlobalAveragePooling1D()(y)
    keras.Model(inputs, keras.layers.Dense(2)(y)).save(path)


def test_layers_of_the_edge_library_are_loaded(tmp_path: Path) -> None:
    (tmp_path / "configuration.json").write_text(json.dumps(heartkit_configuration()))
    custom_layer_model(tmp_path / "model.keras")
    # Another process, so that nothing is registered with Keras yet.
    script = (
        "import sys\n"
        "from ectopy.quantize.convert import load_keras\n"
        "from ectopy.zoo import open_bundle\n"
        "assert 'neuralspot_edge' not in sys.modules\n"
        "print([type(l).__name__ for l in load_keras(open_bundle(sys.argv[1])).layers])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert "AddSineWave" in done.stdout, done.stderr


def test_layers_of_other_packages_are_refused_before_keras_sees_them(
    exports: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "configuration.json").write_text(json.dumps(heartkit_configuration()))
    with zipfile.ZipFile(exports["beat-2-eff-sm"] / "model.keras") as archive:
        content = {info.filename: archive.read(info) for info in archive.infolist()}
    description = json.loads(content["config.json"])
    description["config"]["layers"][2] |= {"module": "antigravity", "registered_name": "x>Y"}
    content["config.json"] = json.dumps(description).encode()
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)

    def never(*_: object, **__: object) -> None:
        raise AssertionError("Keras was asked")

    monkeypatch.setattr(keras.saving, "load_model", never)
    with pytest.raises(ModelError, match="it holds layers of antigravity"):
        load_keras(open_bundle(tmp_path))


def test_a_library_that_is_not_installed_is_named_with_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ectopy.quantize import convert as module

    (tmp_path / "configuration.json").write_text(json.dumps(heartkit_configuration()))
    custom_layer_model(tmp_path / "model.keras")
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ModelError, match="which is not installed") as caught:
        load_keras(open_bundle(tmp_path))
    assert "pip install neuralspot-edge" in caught.value.hint


def test_another_network_than_the_configurations_is_named_by_its_first_layer(
    exports: dict[str, Path], tmp_path: Path
) -> None:
    document = heartkit_configuration()
    document["architecture"]["params"]["blocks"][1]["filters"] = 56
    (tmp_path / "configuration.json").write_text(json.dumps(document))
    (tmp_path / "model.keras").write_bytes((exports["beat-2-eff-sm"] / "model.keras").read_bytes())
    verification = verify_bundle(str(tmp_path))
    assert not verification.passed
    failed = [c.finding for c in verification.checks if c.verdict is Verdict.FAILED]
    assert len(failed) == 2
    assert "layer stage2.mbconv1.red.conv is Conv2D 1x1x32x40" in failed[0]
    assert "the configuration builds" in failed[1]


def test_an_architecture_that_we_cannot_build_is_loaded_and_no_failure(
    exports: dict[str, Path], tmp_path: Path
) -> None:
    document = heartkit_configuration() | {"architecture": {"name": "tcn", "params": {}}}
    (tmp_path / "configuration.json").write_text(json.dumps(document))
    (tmp_path / "model.keras").write_bytes((exports["beat-2-eff-sm"] / "model.keras").read_bytes())
    verification = verify_bundle(str(tmp_path))
    assert verification.passed
    (loaded,) = [c for c in verification.checks if c.subject == "architecture in TensorFlow"]
    assert loaded.finding.startswith("it loads, and its input and output")
