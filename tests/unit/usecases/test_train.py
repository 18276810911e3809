"""The way of a training: who is learnt from, what lies in the folder, how it goes on."""

import json
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ectopy.cli import main
from ectopy.errors import DataError, InputError, ModelError
from ectopy.training.class_bias import choose_bias
from ectopy.usecases import train as train_usecase
from ectopy.usecases.train import TrainOutcome, TrainRequest, train_bundle
from ectopy.usecases.train_folder import CROSS_VALIDATION
from ectopy.windows import NoiseHalf
from ectopy.zoo import open_bundle
from support.training import FOLDS, WINDOWS, Trainings, fake_trainings, write_recipe

EVERYBODY = ("101", "106", "108", "109")


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch) -> Trainings:
    return fake_trainings(monkeypatch)


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    return write_recipe(tmp_path / "recipe")


def train(recipe: Path, out_dir: Path, **more: Any) -> TrainOutcome:
    request = {"data_dir": None, "seed": 5} | more
    return train_bundle(TrainRequest(bundle=open_bundle(recipe), out_dir=out_dir, **request))


def read(path: Path) -> Any:
    return json.loads(path.read_text())


def test_each_fold_is_left_out_once_and_the_last_training_learns_from_all(
    trainings: Trainings, recipe: Path, tmp_path: Path
) -> None:
    train(recipe, tmp_path / "run")
    assert trainings.learnt == [
        ("fold-1.checkpoint.npz", ("108", "109")),
        ("fold-2.checkpoint.npz", ("101", "106", "109")),
        ("all-patients.checkpoint.npz", EVERYBODY),
    ]
    assert trainings.validated == [tuple(FOLDS["1"]), tuple(FOLDS["2"]), ()]
    assert trainings.seeds == [5, 5, 5]


def test_whom_the_recipe_excludes_nobody_learns_from(trainings: Trainings, tmp_path: Path) -> None:
    folder = write_recipe(tmp_path / "recipe", excluded_records=["109"])
    train(folder, tmp_path / "run")
    assert {r for _, records in trainings.learnt for r in records} == {"101", "106", "108"}


def test_the_folder_holds_all_that_made_the_weights(
    trainings: Trainings, recipe: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    outcome = train(recipe, run)
    assert {p.name for p in run.iterdir()} == {
        "configuration.json", "request.json", "model.keras", "training.json",
        "cross_validation.json", "oof.npz", "fold-1.checkpoint.npz", "fold-2.checkpoint.npz",
        "all-patients.checkpoint.npz",
    }  # fmt: skip
    configuration = (run / "configuration.json").read_bytes()
    assert configuration == (recipe / "configuration.json").read_bytes()
    log = read(run / "training.json")
    assert (log["model"], log["seed"]) == ("tiny", 5)
    assert set(EVERYBODY) < set(log["records"]) and "201" not in log["records"]
    assert log["windows"] == 4 * 20
    assert log["class_bias"] == list(outcome.class_bias)
    assert log["epochs"] == [{"number": 1}]
    assert outcome.bundle.path == run.resolve()


def test_the_bias_is_chosen_on_patients_left_out_and_put_into_the_last_layer(
    trainings: Trainings, recipe: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    outcome = train(recipe, run)
    with np.load(run / "oof.npz") as oof:
        assert oof["records"].tolist() == ["101"] * 20 + ["106"] * 20 + ["108"] * 20
        np.testing.assert_array_equal(oof["classes"], WINDOWS.labels[:60])
        choice = choose_bias(oof["logits"], oof["classes"])
    assert outcome.class_bias == choice.bias and min(choice.bias) < 0
    assert outcome.class_f1 == choice.class_f1
    chosen = read(run / CROSS_VALIDATION)
    assert (chosen["model"], chosen["seed"]) == ("tiny", 5)
    assert chosen["bias"] == list(choice.bias)
    np.testing.assert_allclose(read(run / "model.keras")["bias"], choice.bias)


def test_with_the_bias_of_another_training_only_the_last_one_is_trained(
    trainings: Trainings, recipe: Path, tmp_path: Path
) -> None:
    first = train(recipe, tmp_path / "first")
    trainings.learnt.clear()
    second = train(recipe, tmp_path / "second", seed=6, bias_from=tmp_path / "first")
    assert trainings.learnt == [("all-patients.checkpoint.npz", EVERYBODY)]
    assert second.class_bias == first.class_bias
    assert second.class_f1 is None
    assert not (tmp_path / "second" / CROSS_VALIDATION).exists()
    assert read(tmp_path / "second" / "training.json")["class_bias"] == list(first.class_bias)


def test_a_recipe_without_folds_needs_the_bias_of_another(
    trainings: Trainings, tmp_path: Path
) -> None:
    recipe = write_recipe(tmp_path / "recipe", folds=None)
    with pytest.raises(ModelError, match="names no folds") as caught:
        train(recipe, tmp_path / "run")
    assert "--bias-from" in caught.value.hint
    assert not (tmp_path / "run").exists()


def test_a_fold_that_holds_everybody_leaves_nobody_to_learn_from(
    trainings: Trainings, tmp_path: Path
) -> None:
    recipe = write_recipe(tmp_path / "recipe", folds={"1": list(EVERYBODY)})
    with pytest.raises(DataError, match="hold no beat"):
        train(recipe, tmp_path / "run")


def test_recorded_noise_is_the_half_that_tests_never_hear(
    trainings: Trainings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = {"name": "recorded_noise", "params": {"share": 1, "low_db": 0, "high_db": 6}}
    halves: list[NoiseHalf] = []

    def read_noise(_: Path | None, half: NoiseHalf) -> Any:
        halves.append(half)
        raise DataError("seen enough")

    monkeypatch.setattr(train_usecase, "read_noise", read_noise)
    train(write_recipe(tmp_path / "without"), tmp_path / "run")
    assert halves == []
    with pytest.raises(DataError, match="seen enough"):
        train(write_recipe(tmp_path / "with", augmentations=[noise]), tmp_path / "noisy")
    assert halves == [NoiseHalf.FIRST]


def test_a_training_that_was_interrupted_goes_on_in_its_folder(
    trainings: Trainings, recipe: Path, tmp_path: Path
) -> None:
    trainings.interrupt_at = "fold-2.checkpoint.npz"
    with pytest.raises(KeyboardInterrupt):
        train(recipe, tmp_path / "run")
    with pytest.raises(InputError, match="holds a training already"):
        train(recipe, tmp_path / "run")
    trainings.interrupt_at = ""
    outcome = train(recipe, tmp_path / "run", resume=True)
    through = train(recipe, tmp_path / "through")
    assert (outcome.class_bias, outcome.class_f1) == (through.class_bias, through.class_f1)
    with pytest.raises(InputError, match="another model, seed"):
        train(recipe, tmp_path / "run", resume=True, seed=6)


def test_going_on_remembers_the_bias_that_was_taken(
    trainings: Trainings, recipe: Path, tmp_path: Path
) -> None:
    bias = train(recipe, tmp_path / "first").class_bias
    trainings.interrupt_at = "all-patients.checkpoint.npz"
    with pytest.raises(KeyboardInterrupt):
        train(recipe, tmp_path / "run", bias_from=tmp_path / "first")
    trainings.interrupt_at = ""
    trainings.learnt.clear()
    assert train(recipe, tmp_path / "run", resume=True).class_bias == bias
    assert [name for name, _ in trainings.learnt] == ["all-patients.checkpoint.npz"]


def test_nothing_to_resume_is_an_error_that_leaves_no_folder(
    trainings: Trainings, recipe: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="holds no training to resume"):
        train(recipe, tmp_path / "absent", resume=True)
    assert not (tmp_path / "absent").exists()


def test_a_model_can_be_trained_anew_in_its_own_folder(trainings: Trainings, recipe: Path) -> None:
    # What an earlier training of the bundle left for people is no choice of this one.
    (recipe / CROSS_VALIDATION).write_text('{"bias": [0, 2, 2]}')
    outcome = train(recipe, recipe)
    assert outcome.class_bias != (0, 2, 2)
    assert read(recipe / CROSS_VALIDATION)["bias"] == list(outcome.class_bias)


def test_a_folder_that_cannot_be_written_is_one_error_before_anything_is_read(
    trainings: Trainings, recipe: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written") as caught:
        train(recipe, tmp_path / "file" / "run")
    assert "--out" in caught.value.hint
    assert trainings.learnt == []


@pytest.mark.parametrize("victim", ["model.keras", "oof.npz", "training.json"])
def test_a_disk_that_fills_up_is_one_error(
    trainings: Trainings, recipe: Path, tmp_path: Path, victim: str
) -> None:
    run = tmp_path / "run"
    trainings.interrupt_at = "fold-1.checkpoint.npz"
    with pytest.raises(KeyboardInterrupt):
        train(recipe, run)
    trainings.interrupt_at = ""
    (run / victim).mkdir()  # cannot be written by anybody, root neither
    with pytest.raises(InputError, match=f"{victim} cannot be written"):
        train(recipe, run, resume=True)


def test_ctrl_c_says_how_to_go_on_and_that_works(
    trainings: Trainings, recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "a run"
    trainings.interrupt_at = "fold-2.checkpoint.npz"
    words = ["train", "--model", str(recipe), "--seed", "7", "--out", str(run)]
    with pytest.raises(SystemExit) as ended:
        main([*words, "--data-dir", str(tmp_path)])
    assert ended.value.code == 130
    shown = capsys.readouterr().err
    assert "training fold-1: 1/2" in shown
    (line,) = (each for each in shown.splitlines() if each.startswith("go on with: "))
    command = shlex.split(line.removeprefix("go on with: "))
    assert command[:2] == ["ectopy", "train"]
    assert command[command.index("--data-dir") + 1] == str(tmp_path)
    trainings.interrupt_at = ""
    main(command[1:])
    shown = capsys.readouterr().err
    assert "F1 of patients that the models had not seen: N 1.000" in shown
    assert f"next: ectopy quantize --model {run}" in shown
    assert (run / "model.keras").exists()
    assert set(trainings.seeds) == {7}


def test_ctrl_c_before_there_is_a_training_promises_nothing(
    trainings: Trainings,
    recipe: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(train_usecase, "require_trainable", interrupted)
    with pytest.raises(SystemExit) as ended:
        main(["train", "--model", str(recipe), "--out", str(tmp_path / "run")])
    assert ended.value.code == 130
    assert "go on with" not in capsys.readouterr().err


def test_resume_without_a_folder_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["train", "--resume"])
    assert ended.value.code == 2
    assert "--resume needs --out" in capsys.readouterr().err
