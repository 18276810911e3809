import hashlib
import importlib.util
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ectopy.errors import InputError, ModelError, ToolError
from ectopy.usecases import evaluate
from ectopy.usecases.evaluate import EvaluateRequest, EvaluationSplit, Precision, evaluate_bundle
from ectopy.usecases.holdout import Holdout
from ectopy.windows import WindowRequest, WindowSet
from ectopy.zoo import Bundle, label_map, open_bundle
from support.ecg import made_up_windows

DS2 = made_up_windows({"100": (6, 2, 2), "103": (4, 1, 0)})


@pytest.fixture(autouse=True)
def _made_up_ds2(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(request: WindowRequest) -> WindowSet:
        assert request.split.value == "ds2"
        return DS2

    monkeypatch.setattr(evaluate, "load_windows", load)


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    original = open_bundle("beat-3-eff-sm")
    for path in (original.path / "configuration.json", original.require_tflite()):
        shutil.copy(path, tmp_path)
    return open_bundle(tmp_path)


def request(
    bundle: Bundle, precision: Precision = Precision.INT8, out: Path | None = None
) -> EvaluateRequest:
    return EvaluateRequest(
        bundle=bundle,
        split=EvaluationSplit.DS2,
        precision=precision,
        data_dir=None,
        out_path=out or bundle.metrics_path,
    )


def written(bundle: Bundle) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads(bundle.metrics_path.read_text())["evaluations"]
    return entries


def test_metrics_say_what_was_scored_on_what(bundle: Bundle) -> None:
    evaluation = evaluate_bundle(request(bundle))
    (entry,) = written(bundle)
    assert entry["split"] == "ds2"
    assert entry["windows"] == 15
    assert entry["windows_sha256"] == DS2.info.sha256
    tflite = bundle.tflite_path.read_bytes()
    assert entry["model_sha256"] == hashlib.sha256(tflite).hexdigest()
    assert [sum(row) for row in entry["accuracy"]["confusion"]] == [10, 3, 2]
    assert entry["accuracy"]["accuracy"] == evaluation.accuracy.accuracy
    document = json.loads(bundle.metrics_path.read_text())
    assert "Moody GB" in document["data"]
    assert "ODC-By 1.0" in document["data"]


def test_ds1_val_is_the_side_that_was_held_out(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = Holdout(training=made_up_windows({"101": (9, 0, 0)}), validation=DS2)
    monkeypatch.setattr(evaluate, "load_holdout", lambda *_: both)
    wanted = replace(request(bundle), split=EvaluationSplit.DS1_VAL)
    assert evaluate_bundle(wanted).windows == len(DS2)


def test_evaluating_again_replaces_the_entry_and_keeps_the_others(bundle: Bundle) -> None:
    evaluate_bundle(request(bundle))
    document = json.loads(bundle.metrics_path.read_text())
    other_split = document["evaluations"][0] | {"split": "ds1-val"}
    other_precision = document["evaluations"][0] | {"precision": "float", "model_sha256": "k"}
    document["evaluations"] += [other_split, other_precision]
    bundle.metrics_path.write_text(json.dumps(document))
    evaluate_bundle(request(bundle))
    found = [(e["split"], e["precision"]) for e in written(bundle)]
    assert found == [("ds1-val", "int8"), ("ds2", "float"), ("ds2", "int8")]


def test_entries_of_an_older_model_are_dropped(bundle: Bundle) -> None:
    evaluate_bundle(request(bundle))
    document = json.loads(bundle.metrics_path.read_text())
    document["evaluations"].append(
        document["evaluations"][0] | {"split": "ds1-val", "model_sha256": "of another model"}
    )
    bundle.metrics_path.write_text(json.dumps(document))
    evaluate_bundle(request(bundle))
    assert [e["split"] for e in written(bundle)] == ["ds2"]


def test_same_model_and_windows_write_the_same_bytes(bundle: Bundle, tmp_path: Path) -> None:
    again = tmp_path / "sub" / "metrics.json"
    evaluate_bundle(request(bundle))
    evaluate_bundle(request(bundle, out=again))
    assert again.read_bytes() == bundle.metrics_path.read_bytes()


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"evaluations": [{"split": "ds2"}]}', "[" * 99_999]
)
def test_foreign_metrics_file_is_not_overwritten(bundle: Bundle, content: str) -> None:
    bundle.metrics_path.write_text(content)
    with pytest.raises(InputError, match="is not a metrics file of ectopy"):
        evaluate_bundle(request(bundle))
    assert bundle.metrics_path.read_text() == content


def test_bundle_without_the_model_is_refused_before_windows_are_read(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate, "load_windows", None)
    bundle.tflite_path.unlink()
    with pytest.raises(ModelError, match=r"model\.tflite does not exist"):
        evaluate_bundle(request(bundle))
    with pytest.raises(ModelError, match=r"model\.keras does not exist"):
        evaluate_bundle(request(bundle, Precision.FLOAT))


@pytest.mark.skipif(importlib.util.find_spec("tensorflow") is not None, reason="TensorFlow is here")
def test_float_model_without_tensorflow_is_explained(bundle: Bundle) -> None:
    bundle.keras_path.write_bytes(b"any")
    with pytest.raises(ToolError, match="is not installed"):
        evaluate_bundle(request(bundle, Precision.FLOAT))


def test_metrics_that_are_no_file_are_refused_unread(bundle: Bundle) -> None:
    with pytest.raises(InputError, match="is not a file"):
        evaluate_bundle(request(bundle, out=bundle.path))


def test_metrics_that_cannot_be_written_are_an_error(bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        evaluate_bundle(request(bundle, out=tmp_path / "file" / "metrics.json"))


def test_model_that_is_not_the_bundles_is_refused(bundle: Bundle) -> None:
    two_classes = open_bundle("beat-2-eff-sm").path / "configuration.json"
    shutil.copy(two_classes, bundle.path)
    with pytest.raises(ModelError, match="promises 512 to 2"):
        evaluate_bundle(request(open_bundle(bundle.path)))


@pytest.mark.parametrize("name", ["beat-2-eff-sm", "beat-3-eff-sm"])
def test_shipped_metrics_are_of_the_shipped_models(name: str) -> None:
    bundle = open_bundle(name)
    entries = {(e["split"], e["precision"]): e for e in written(bundle)}
    files = {"int8": bundle.tflite_path, "float": bundle.keras_path}
    assert {("ds1-val", "int8"), ("ds2", "int8")} <= set(entries)
    for (_, precision), entry in entries.items():
        digest = hashlib.sha256(files[precision].read_bytes()).hexdigest()
        assert entry["model_sha256"] == digest
        assert entry["label_map"] == label_map(bundle.configuration)
    assert entries["ds2", "int8"]["windows"] == 49_175


@pytest.mark.parametrize("name", ["beat-2-eff-sm", "beat-3-eff-sm"])
def test_shipped_card_shows_the_shipped_metrics(name: str) -> None:
    bundle = open_bundle(name)
    card = (bundle.path / "card.md").read_text()
    assert "Not a medical device" in card
    for entry in written(bundle):
        for class_name, scores in entry["accuracy"]["per_class"].items():
            cells = [f"{100 * scores[key]:.1f}" for key in ("sensitivity", "ppv", "f1")]
            row = [entry["split"], entry["precision"], class_name, *cells]
            assert f"| {' | '.join(row)} |" in card


def test_the_zoos_test_patients_are_scored_with_their_citation(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[WindowRequest] = []

    def load(wanted: WindowRequest) -> WindowSet:
        asked.append(wanted)
        return DS2

    monkeypatch.setattr(evaluate, "load_windows", load)
    split = EvaluationSplit.ICENTIA11K_TEST
    evaluation = evaluate_bundle(replace(request(bundle), split=split))
    assert [(w.dataset.value, w.split, w.limit) for w in asked] == [("icentia11k", "test", 50_000)]
    assert "CC BY-NC-SA" in evaluation.citation
    assert json.loads(bundle.metrics_path.read_text())["data"] == evaluation.citation
    evaluate_bundle(request(bundle))
    both = json.loads(bundle.metrics_path.read_text())["data"]
    assert "CC BY-NC-SA" in both
    assert "ODC-By" in both
