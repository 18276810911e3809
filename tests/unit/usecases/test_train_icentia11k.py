"""Training on icentia11k: most training patients teach, the others choose the class bias."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ectopy.cli import main
from ectopy.errors import DataError, InputError, ModelError
from ectopy.training.class_bias import choose_bias
from ectopy.usecases.train import TrainOutcome, TrainRequest, train_bundle
from ectopy.usecases.train_folder import CROSS_VALIDATION
from ectopy.windows import patient_of
from ectopy.zoo import open_bundle
from support.icentia11k_records import write_segment
from support.training import Trainings, fake_trainings, write_recipe

BEATS = [6, 3, 3]
DRAW = {"samples_per_patient": BEATS, "val_patients": 0.4}
PATIENTS = {f"p{number:05d}" for number in range(5)}


@pytest.fixture(autouse=True)
def _no_records_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ECTOPY_DATA", raising=False)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """Five training patients, and one who tests and must not be read."""
    for patient in range(5):
        write_segment(tmp_path / "icentia11k", patient, symbols="NNNNNNSNNNNNNVQ", seconds=130)
    folder = write_segment(tmp_path / "icentia11k", 10_000)
    (folder / "p10000_s00.dat").write_bytes(b"")
    return tmp_path


def recipe(folder: Path, **changes: object) -> Path:
    datasets = [{"name": "icentia11k", "params": DRAW}]
    augmentations = [{"name": "lead_mix", "params": {"share": 0.5}}]
    wanted = {"datasets": datasets, "folds": None, "augmentations": augmentations} | changes
    return write_recipe(folder / "recipe", **wanted)


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch) -> Trainings:
    return fake_trainings(monkeypatch)


def train(folder: Path, data_dir: Path, out_dir: Path, **more: Any) -> TrainOutcome:
    request = {"data_dir": data_dir, "seed": 5} | more
    return train_bundle(TrainRequest(bundle=open_bundle(folder), out_dir=out_dir, **request))


def read(path: Path) -> Any:
    return json.loads(path.read_text())


def people(records: Any) -> set[str]:
    return {patient_of(record) for record in records}


def test_some_patients_teach_and_the_bias_is_chosen_on_the_others(
    trainings: Trainings, data_dir: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    outcome = train(recipe(tmp_path), data_dir, run)
    assert {name for name, _ in trainings.learnt} == {"without-validation.checkpoint.npz"}
    (taught, *_), (validated, *_) = [r for _, r in trainings.learnt], trainings.validated
    assert (len(people(taught)), len(people(validated))) == (3, 2)
    assert people(taught) | people(validated) == PATIENTS
    with np.load(run / "oof.npz") as oof:
        assert people(oof["records"]) == people(validated)
        counts = np.bincount(oof["classes"])
        choice = choose_bias(oof["logits"], oof["classes"])
    assert counts[0] > 4 * counts[1] > 0, "classes as often as they come"
    assert outcome.class_bias == choice.bias == tuple(read(run / CROSS_VALIDATION)["bias"])
    assert outcome.class_f1 == choice.class_f1
    np.testing.assert_allclose(read(run / "model.keras")["bias"], choice.bias)
    log = read(run / "training.json")
    assert log["dataset"] == "icentia11k"
    assert (set(log["records"]), set(log["validation_records"])) == (
        people(taught),
        people(validated),
    )
    assert log["windows"] == 3 * sum(BEATS)
    assert log["validation_windows"] == counts.sum()


def test_the_patients_are_the_same_for_every_seed_and_the_hash_tells_the_beats(
    trainings: Trainings, data_dir: Path, tmp_path: Path
) -> None:
    train(recipe(tmp_path), data_dir, tmp_path / "first")
    train(recipe(tmp_path), data_dir, tmp_path / "second", seed=6)
    more = [{"name": "icentia11k", "params": DRAW | {"samples_per_patient": [7, 3, 3]}}]
    train(recipe(tmp_path, datasets=more), data_dir, tmp_path / "third")
    first, second, third = (
        read(tmp_path / run / "training.json") for run in ("first", "second", "third")
    )
    same = ("records", "windows_sha256", "validation_records", "validation_sha256")
    assert [first[key] for key in same] == [second[key] for key in same]
    assert third["windows_sha256"] != first["windows_sha256"]
    assert third["validation_sha256"] == first["validation_sha256"]


def test_a_bias_can_be_taken_and_a_training_be_resumed(
    trainings: Trainings, data_dir: Path, tmp_path: Path
) -> None:
    folder = recipe(tmp_path)
    first = train(folder, data_dir, tmp_path / "first")
    trainings.interrupt_at = "without-validation.checkpoint.npz"
    with pytest.raises(KeyboardInterrupt):
        train(folder, data_dir, tmp_path / "run", bias_from=tmp_path / "first")
    trainings.interrupt_at = ""
    second = train(folder, data_dir, tmp_path / "run", resume=True)
    assert (second.class_bias, second.class_f1) == (first.class_bias, None)


def test_what_the_zoo_writes_beside_its_datasets_is_read(
    trainings: Trainings, data_dir: Path, tmp_path: Path
) -> None:
    datasets = [{"name": "icentia11k", "params": {"path": "./datasets/icentia11k"}}]
    train(recipe(tmp_path, datasets=datasets, **DRAW), data_dir, tmp_path / "run")
    assert read(tmp_path / "run" / "training.json")["windows"] == 3 * sum(BEATS)


@pytest.mark.parametrize(
    ("datasets", "says"),
    [
        ([{"name": "ptbxl", "params": {}}], "not trained on 'ptbxl'"),
        ([{"name": "mitdb"}, {"name": "icentia11k"}], "not trained on 'mitdb', 'icentia11k'"),
        ([{"name": "icentia11k", "params": {}}], "samples_per_patient is missing"),
    ],
)
def test_what_cannot_be_trained_on_is_refused_before_there_is_a_folder(
    trainings: Trainings, data_dir: Path, tmp_path: Path, datasets: object, says: str
) -> None:
    folder = recipe(tmp_path, datasets=datasets, samples_per_patient=None)
    with pytest.raises(ModelError, match=says) as caught:
        train(folder, data_dir, tmp_path / "run")
    assert caught.value.hint
    assert not (tmp_path / "run").exists()


def test_numbers_that_do_not_fit_the_classes_are_refused(
    trainings: Trainings, data_dir: Path, tmp_path: Path
) -> None:
    datasets = [{"name": "icentia11k", "params": {"samples_per_patient": [6, 3]}}]
    with pytest.raises(InputError, match="cannot be drawn so"):
        train(recipe(tmp_path, datasets=datasets), data_dir, tmp_path / "run")


def test_recorded_noise_that_is_not_there_is_one_error_before_patients_are_read(
    trainings: Trainings, data_dir: Path, tmp_path: Path
) -> None:
    noise = [{"name": "recorded_noise", "params": {"share": 1, "low_db": 0, "high_db": 6}}]
    with pytest.raises(DataError, match="no records of noise") as caught:
        train(recipe(tmp_path, augmentations=noise), data_dir, tmp_path / "run")
    assert "nstdb" in caught.value.hint


def test_absent_records_say_where_to_get_them(trainings: Trainings, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no icentia11k records") as caught:
        train(recipe(tmp_path), tmp_path, tmp_path / "run")
    assert "physionet.org" in caught.value.hint


@pytest.mark.train
def test_a_whole_training_ends_in_a_bundle(
    data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("tensorflow", reason="needs the train extra")
    pytest.importorskip("neuralspot_edge", reason="needs the train extra")
    from ectopy.quantize.convert import load_keras

    folder, run = recipe(tmp_path, epochs=2), tmp_path / "run"
    words = ["train", "--model", str(folder), "--data-dir", str(data_dir), "--out", str(run)]
    main(words)
    shown = capsys.readouterr().err
    assert "training patients: 3/3" in shown
    assert "F1 of patients that the models had not seen" in shown
    log = read(run / "training.json")
    assert [epoch["number"] for epoch in log["epochs"]] == [1, 2]
    with np.load(run / "oof.npz") as oof, np.load(run / "without-validation.checkpoint.npz"):
        assert people(oof["records"]) == set(log["validation_records"])
    bias = np.asarray(load_keras(open_bundle(run)).get_layer("top").bias)
    main([*words, "--resume"])
    again = np.asarray(load_keras(open_bundle(run)).get_layer("top").bias)
    np.testing.assert_array_equal(bias, again)
