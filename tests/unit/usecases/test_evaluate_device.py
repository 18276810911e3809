"""Scores from the answers that a board gave in a run of ``ectopy bench``."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ectopy import metrics
from ectopy.errors import InputError
from ectopy.graph.reader import load_tflite
from ectopy.records import DatasetRecord, RunRecord, to_json
from ectopy.usecases import evaluate
from ectopy.usecases.evaluate import EvaluateRequest, evaluate_bundle
from ectopy.usecases.metrics_file import model_hashes
from ectopy.vocab import EvaluationSplit, ScoreSource
from ectopy.windows import NoiseCondition, NoiseName
from ectopy.zoo import open_bundle
from support.ecg import made_up_windows
from support.invented_record import CLASSES, invented_record

BUNDLE = open_bundle("beat-3-eff-sm")
DS2 = made_up_windows({"100": (6, 2, 2), "232": (4, 1, 0)})
DS2 = replace(DS2, info=replace(DS2.info, split="ds2", sha256="5a" * 32))


@pytest.fixture(autouse=True)
def _made_up_ds2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "load_windows", lambda _: DS2)
    monkeypatch.setattr(evaluate, "load_rhythms", lambda w, _: np.full(len(w), "AFIB"))


def answers() -> np.ndarray:
    """Of a device that takes every PAC for a PVC."""
    outputs = np.full((len(DS2), 3), -20, dtype=np.int64)
    outputs[np.arange(len(DS2)), np.where(DS2.labels == 1, 2, DS2.labels)] = 90
    return outputs


def record_of(outputs: np.ndarray, **dataset: object) -> RunRecord:
    confusion = metrics.confusion_matrix(DS2.labels, outputs.argmax(axis=1), 3)
    accuracy, notes = metrics.score(confusion, CLASSES)
    record = invented_record()
    tflite = model_hashes(BUNDLE)[ScoreSource.INT8]
    measured = DatasetRecord(
        name="mitdb",
        split="ds2",
        windows=len(DS2),
        limit=None,
        sha256=DS2.info.sha256,
        label_map="N=NLRej PAC=AaJS PVC=VE",
    )
    return replace(
        record,
        model=replace(record.model, tflite_sha256=tflite),
        dataset=replace(measured, **dataset),  # type: ignore[arg-type]
        accuracy=accuracy,
        notes=record.notes | notes | {"dataset.limit": "none", "accuracy": "few windows"},
    )


def write_run(
    folder: Path, record: RunRecord | None = None, outputs: np.ndarray | None = None
) -> Path:
    outputs = answers() if outputs is None else outputs
    record = record_of(outputs) if record is None else record
    folder.mkdir()
    (folder / "record.json").write_text(to_json(record))
    with (folder / "outputs.csv").open("w", newline="") as file:
        table = csv.writer(file)
        ticks = ["ticks_total", "ticks_preprocess", "ticks_invoke"]
        table.writerow(
            ["window", "record", "beat_sample", "true_class", *ticks]
            + [f"device_{i}" for i in range(3)]
        )
        for i, said in enumerate(outputs.tolist()):
            table.writerow([i, DS2.records[i], DS2.beat_samples[i], DS2.labels[i], 3, 1, 2, *said])
    return folder


def request(run: Path, out: Path) -> EvaluateRequest:
    return EvaluateRequest(bundle=BUNDLE, split=None, source=run, data_dir=None, out_path=out)


def test_a_run_is_scored_by_what_the_board_answered(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run-7")
    evaluation = evaluate_bundle(request(run, tmp_path / "m.json"))
    assert evaluation.accuracy.confusion == ((10, 0, 0), (0, 0, 3), (0, 0, 2))
    assert (evaluation.split, evaluation.source) == (EvaluationSplit.DS2, ScoreSource.DEVICE)
    device = evaluation.device
    assert device is not None
    assert (device.board, device.emulated, device.run) == ("virt", True, "run-7")
    assert "virt (emulated)" in evaluation.runtime
    assert evaluation.windows_sha256 == DS2.info.sha256


def test_confidence_is_that_of_dequantized_outputs(tmp_path: Path) -> None:
    evaluation = evaluate_bundle(request(write_run(tmp_path / "run"), tmp_path / "m.json"))
    output = load_tflite(open_bundle("beat-3-eff-sm").require_tflite()).output.quant
    assert output is not None
    odds = np.exp(110 * output.scale)
    (filled,) = [each for each in evaluation.reliability.bins if each.windows]
    assert filled.confidence == pytest.approx(odds / (odds + 2))
    assert filled.accuracy == 12 / 15


def test_the_record_itself_names_a_run_too(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    evaluation = evaluate_bundle(request(run / "record.json", tmp_path / "m.json"))
    assert evaluation.device is not None and evaluation.device.run == "run"


def test_another_run_of_the_board_replaces_its_entry(tmp_path: Path) -> None:
    out = tmp_path / "m.json"
    evaluate_bundle(request(write_run(tmp_path / "one"), out))
    before = out.read_text()
    evaluate_bundle(request(write_run(tmp_path / "two"), out))
    assert before.replace('"one"', '"two"') == out.read_text()
    silicon = record_of(answers())
    silicon = replace(silicon, board=replace(silicon.board, name="apollo4p", emulated=False))
    evaluate_bundle(request(write_run(tmp_path / "three", silicon), out))
    assert out.read_text().count('"emulated": true') == 1
    assert out.read_text().count('"emulated": false') == 1


def test_a_run_of_another_model_is_refused(tmp_path: Path) -> None:
    record = record_of(answers())
    other = replace(record, model=replace(record.model, tflite_sha256="00" * 32))
    with pytest.raises(InputError, match=r"run is of another model: .* 000000000000") as caught:
        evaluate_bundle(request(write_run(tmp_path / "run", other), tmp_path / "m.json"))
    assert "--limit all" in caught.value.hint
    assert not (tmp_path / "m.json").exists()


@pytest.mark.parametrize(
    ("dataset", "complaint"),
    [
        ({"limit": 15}, "measured 15 windows, not the whole split"),
        ({"name": "synthetic"}, "is of synthetic ECG"),
        ({"label_map": "N=NLR PAC=AaJS PVC=VE"}, "has other classes: N=NLR "),
        ({"split": "ds1"}, "is of ds1, and DS1 is scored on the host"),
        ({"sha256": "00" * 32}, r"over other windows \(000000000000\) .* \(5a5a5a5a5a5a\)"),
    ],
)
def test_a_run_over_anything_else_is_refused(
    tmp_path: Path, dataset: dict[str, object], complaint: str
) -> None:
    run = write_run(tmp_path / "run", record_of(answers(), **dataset))
    with pytest.raises(InputError, match=complaint):
        evaluate_bundle(request(run, tmp_path / "m.json"))


def test_a_run_that_ended_early_is_refused(tmp_path: Path) -> None:
    partial = replace(record_of(answers()), partial=True)
    with pytest.raises(InputError, match="not the whole split"):
        evaluate_bundle(request(write_run(tmp_path / "run", partial), tmp_path / "m.json"))


def test_a_record_without_its_outputs_is_refused(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    (run / "outputs.csv").unlink()
    with pytest.raises(InputError, match=r"no outputs\.csv beside the record"):
        evaluate_bundle(request(run, tmp_path / "m.json"))


def test_outputs_in_another_order_are_refused(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    header, first, second, *rest = (run / "outputs.csv").read_text().splitlines()
    (run / "outputs.csv").write_text("\n".join([header, second, first, *rest]))
    with pytest.raises(InputError, match="over other windows"):
        evaluate_bundle(request(run, tmp_path / "m.json"))


def test_noise_and_other_splits_do_not_go_with_a_run(tmp_path: Path) -> None:
    wanted = request(write_run(tmp_path / "run"), tmp_path / "m.json")
    noise = NoiseCondition(names=(NoiseName.MA,), snr_db=6)
    with pytest.raises(InputError, match="noise cannot be added"):
        evaluate_bundle(replace(wanted, noise=noise))
    with pytest.raises(InputError, match="ds1 is scored on the host"):
        evaluate_bundle(replace(wanted, split=EvaluationSplit.DS1))
