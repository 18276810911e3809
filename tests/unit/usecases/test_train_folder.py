"""One folder, one training; and what may be taken from another."""

import json
from pathlib import Path

import pytest

from ectopy.errors import InputError
from ectopy.usecases.train_folder import (
    holds_training,
    mark,
    read_bias,
    read_chosen_bias,
    read_json,
    require_new,
    require_same,
    write_json,
)
from ectopy.zoo import open_bundle

BUNDLE = open_bundle("beat-3-eff-sm")
RECIPE = BUNDLE.path / "configuration.json"
REQUEST = {"model": "beat-3-eff-sm", "seed": 3, "class_bias": None}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of a training that was begun."""
    (tmp_path / "configuration.json").write_bytes(RECIPE.read_bytes())
    mark(tmp_path, REQUEST)
    return tmp_path


def test_a_new_folder_may_hold_a_bundle_but_no_training(folder: Path, tmp_path: Path) -> None:
    assert holds_training(folder)
    with pytest.raises(InputError, match="holds a training already") as caught:
        require_new(folder)
    assert "--resume" in caught.value.hint and "--out" in caught.value.hint
    for fresh in (tmp_path / "absent", RECIPE.parent):
        assert not holds_training(fresh)
        require_new(fresh)


def test_checkpoints_whose_training_is_not_known_are_not_gone_on_with(tmp_path: Path) -> None:
    (tmp_path / "fold-1.checkpoint.npz").touch()
    with pytest.raises(InputError, match="holds a training already"):
        require_new(tmp_path)


def test_the_same_training_can_be_resumed(folder: Path) -> None:
    path = require_same(folder, REQUEST, RECIPE)
    assert read_json(path) == REQUEST


@pytest.mark.parametrize(
    "other",
    [{"model": "beat-2-eff-sm"}, {"seed": 4}, {"class_bias": [0, -1, 1]}],
    ids=["model", "seed", "class_bias"],
)
def test_another_training_cannot(folder: Path, other: dict[str, object]) -> None:
    with pytest.raises(InputError, match="another model, seed, class bias or configuration"):
        require_same(folder, REQUEST | other, RECIPE)


def test_a_recipe_that_was_changed_or_lost_since_cannot(folder: Path) -> None:
    copy = folder / "configuration.json"
    copy.write_bytes(copy.read_bytes() + b"\n")
    with pytest.raises(InputError, match="another model, seed, class bias or configuration"):
        require_same(folder, REQUEST, RECIPE)
    copy.unlink()
    with pytest.raises(InputError, match="another model, seed, class bias or configuration"):
        require_same(folder, REQUEST, RECIPE)


def test_a_bias_that_was_taken_need_not_be_named_again(folder: Path) -> None:
    mark(folder, REQUEST | {"class_bias": [0.0, -1.0, 1.5]})
    path = require_same(folder, REQUEST, RECIPE)
    assert read_bias(path, "class_bias", BUNDLE.configuration) == (0.0, -1.0, 1.5)
    require_same(folder, REQUEST | {"class_bias": [0.0, -1.0, 1.5]}, RECIPE)
    with pytest.raises(InputError, match="another model"):
        require_same(folder, REQUEST | {"class_bias": [0.0, -1.0, 1.4]}, RECIPE)


def test_nothing_to_resume_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no training to resume") as caught:
        require_same(tmp_path / "absent", REQUEST, RECIPE)
    assert "leave --resume out" in caught.value.hint
    assert not (tmp_path / "absent").exists()


def test_the_bias_of_another_training_of_the_recipe_is_taken(folder: Path) -> None:
    write_json(folder / "cross_validation.json", {"bias": [0, -1.5, 0.25], "seed": 3})
    assert read_chosen_bias(folder, BUNDLE.configuration) == (0.0, -1.5, 0.25)


def test_the_bias_of_another_recipe_is_refused(folder: Path) -> None:
    write_json(folder / "cross_validation.json", {"bias": [0, -1.5, 0.25]})
    recipe = json.loads(RECIPE.read_text())
    # Keys that are not ours may differ; the learning rate may not.
    write_json(folder / "configuration.json", recipe | {"job_dir": "elsewhere"})
    read_chosen_bias(folder, BUNDLE.configuration)
    write_json(folder / "configuration.json", recipe | {"lr_rate": 0.123})
    with pytest.raises(InputError, match="is another recipe") as caught:
        read_chosen_bias(folder, BUNDLE.configuration)
    assert "--bias-from" in caught.value.hint


@pytest.mark.parametrize(
    "bias", [[0, 1], [0, 1, 2, 3], [0, 1, "2"], [0, 1, True], [0, 1, 1e9], [0, 1, None], "012", {}]
)
def test_a_bias_that_is_none_is_refused(folder: Path, bias: object) -> None:
    write_json(folder / "cross_validation.json", {"bias": bias})
    with pytest.raises(InputError, match="is no class bias of beat-3-eff-sm"):
        read_chosen_bias(folder, BUNDLE.configuration)


def test_a_bias_that_is_not_a_number_is_refused(folder: Path) -> None:
    (folder / "cross_validation.json").write_text('{"bias": [0, NaN, 1]}')
    with pytest.raises(InputError, match="is no class bias"):
        read_chosen_bias(folder, BUNDLE.configuration)


def test_a_training_that_chose_no_bias_has_none_to_give(folder: Path) -> None:
    with pytest.raises(InputError, match=r"cross_validation\.json cannot be read"):
        read_chosen_bias(folder, BUNDLE.configuration)
    write_json(folder / "cross_validation.json", {})
    with pytest.raises(InputError, match="holds no class bias"):
        read_chosen_bias(folder, BUNDLE.configuration)


@pytest.mark.parametrize("content", ["", "{", "[]", "[" * 99_999, "\x00"])
def test_a_file_that_is_no_object_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "request.json").write_text(content)
    with pytest.raises(InputError, match=r"request\.json (cannot be read|is no JSON object)"):
        read_json(tmp_path / "request.json")


def test_a_file_that_cannot_be_written_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "request.json"
    write_json(path, {"seed": 1})
    original = Path.write_text

    def full(self: Path, text: str, **more: str) -> int:
        original(self, text[:3], **more)  # type: ignore[arg-type]
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(InputError, match=r"request\.json cannot be written: No space") as caught:
        write_json(path, {"seed": 2})
    assert "--out" in caught.value.hint
    assert read_json(path) == {"seed": 1}
