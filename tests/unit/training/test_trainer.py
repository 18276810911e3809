from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="needs the train extra")
pytest.importorskip("neuralspot_edge", reason="needs the train extra")

from ectopy.errors import DataError, ModelError
from ectopy.training import trainer
from ectopy.training.architecture import build_network
from ectopy.training.trainer import train
from ectopy.zoo import Configuration, NamedParams, open_bundle, predict_float
from support.ecg import made_up_windows

pytestmark = pytest.mark.train

TRAINING = made_up_windows({"a": (60, 20, 20), "b": (60, 20, 20)}, seed=1)
VALIDATION = made_up_windows({"c": (30, 8, 8)}, seed=2)


def short(epochs: int = 2) -> Configuration:
    configuration = open_bundle("beat-3-eff-sm").configuration
    recipe = replace(configuration.recipe, epochs=epochs, steps_per_epoch=4, batch_windows=16)
    return replace(configuration, recipe=recipe)


def with_architecture(name: str, params: dict[str, Any]) -> Configuration:
    return replace(short(), architecture=NamedParams(name=name, params=params))


@pytest.mark.parametrize(("name", "count"), [("beat-2-eff-sm", 27_886), ("beat-3-eff-sm", 41_001)])
def test_networks_have_exactly_the_zoos_parameters(name: str, count: int) -> None:
    configuration = open_bundle(name).configuration
    model = build_network(configuration)
    assert model.count_params() == count
    assert model.output_shape == (None, configuration.num_classes)
    assert type(model.layers[-1]).__name__ == "Dense", "the model ends in logits"


def test_layer_names_do_not_depend_on_what_was_built_before() -> None:
    first, second = build_network(short()), build_network(short())
    assert [layer.name for layer in first.layers] == [layer.name for layer in second.layers]


def test_unknown_architecture_is_refused() -> None:
    with pytest.raises(ModelError, match="architecture 'tcn' is not supported"):
        build_network(with_architecture("tcn", {}))


def test_architecture_that_cannot_be_built_is_refused() -> None:
    with pytest.raises(ModelError, match=r"architecture\.params cannot be built"):
        build_network(with_architecture("efficientnetv2", {"input_filters": "many"}))


def test_same_seed_gives_the_same_weights_and_progress_reaches_its_total() -> None:
    told: list[tuple[int, int]] = []
    first = train(short(), TRAINING, VALIDATION, 3, lambda d, t, _: told.append((d, t)))
    second = train(short(), TRAINING, VALIDATION, 3)
    for a, b in zip(first.model.get_weights(), second.model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert first.epochs == second.epochs
    assert told[-1] == (8, 8)
    assert not first.interrupted


def test_training_separates_beats_of_different_width_and_keeps_the_best_epoch() -> None:
    result = train(short(epochs=15), TRAINING, VALIDATION, 0)
    assert result.best.macro_f1 > 0.9
    assert result.best.macro_f1 == max(epoch.macro_f1 for epoch in result.epochs)
    outputs = predict_float(result.model, short(), VALIDATION.samples)
    assert (outputs.argmax(axis=1) == VALIDATION.labels).mean() > 0.9
    assert getattr(result.model, "optimizer", None) is None, "the file holds no optimizer"


def test_interrupt_keeps_the_best_epoch_so_far() -> None:
    def interrupt(done: int, total: int, text: str) -> None:
        if done == 6:
            raise KeyboardInterrupt

    result = train(short(epochs=3), TRAINING, VALIDATION, 0, interrupt)
    assert result.interrupted
    assert [epoch.number for epoch in result.epochs] == [1]


def script_scores(monkeypatch: pytest.MonkeyPatch, right: list[bool]) -> list[list[np.ndarray]]:
    """Lets each epoch's look find all beats right or all wrong; gets the weights at each look."""
    seen: list[list[np.ndarray]] = []

    def outputs(model: Any, *_: object) -> np.ndarray:
        seen.append(model.get_weights())
        shift = 0 if right[min(len(seen), len(right)) - 1] else 1
        return np.eye(3)[(VALIDATION.labels + shift) % 3]

    monkeypatch.setattr(trainer, "predict_float", outputs)
    return seen


def test_weights_are_those_of_the_best_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = script_scores(monkeypatch, [False, True, False])
    result = train(short(epochs=3), TRAINING, VALIDATION, 0)
    assert result.best.number == 2
    for kept, best in zip(result.model.get_weights(), seen[1], strict=True):
        np.testing.assert_array_equal(kept, best)
    assert any((a != b).any() for a, b in zip(seen[1], seen[2], strict=True))


def test_training_ends_when_patience_does(monkeypatch: pytest.MonkeyPatch) -> None:
    script_scores(monkeypatch, [True])
    monkeypatch.setattr(trainer, "PATIENCE_EPOCHS", 2)
    told: list[tuple[int, int]] = []
    result = train(
        short(epochs=9), TRAINING, VALIDATION, 0, lambda done, total, _: told.append((done, total))
    )
    assert [epoch.number for epoch in result.epochs] == [1, 2, 3]
    assert told[-1] == (36, 36)


def test_loss_of_an_epoch_is_that_of_its_last_step() -> None:
    recipe = replace(short().recipe, learning_rate=0.0)
    one_by_one = replace(short(), recipe=replace(recipe, epochs=4, steps_per_epoch=1))
    at_once = replace(short(), recipe=replace(recipe, epochs=1, steps_per_epoch=4))
    steps = train(one_by_one, TRAINING, VALIDATION, 0).epochs
    (epoch,) = train(at_once, TRAINING, VALIDATION, 0).epochs
    assert epoch.loss == pytest.approx(steps[-1].loss, rel=1e-3)
    assert len({step.loss for step in steps}) == 4


def test_empty_validation_is_refused() -> None:
    with pytest.raises(DataError, match="no windows"):
        train(short(), TRAINING, made_up_windows({"c": (0, 0, 0)}), 0)
