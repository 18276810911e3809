"""The training loop: the same weights for the same seed, through or in pieces."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="needs the train extra")
pytest.importorskip("neuralspot_edge", reason="needs the train extra")

from ectopy.errors import InputError, ModelError
from ectopy.training import trainer
from ectopy.training.architecture import build_network
from ectopy.training.batches import BatchSource
from ectopy.training.checkpoint import Checkpoint, load_checkpoint
from ectopy.training.class_bias import fold_bias
from ectopy.training.trainer import Trained
from ectopy.zoo import Configuration, NamedParams, open_bundle, predict_float
from support.strips import made_up_strips, windows_of
from support.training import TINY, write_recipe

pytestmark = pytest.mark.train

STRIPS = made_up_strips({"a": "NNNN" * 10 + "NNVNNA" * 8, "b": "NNNN" * 10 + "NNVNNA" * 8}, seed=1)
VALIDATION = windows_of(made_up_strips({"c": "NNNN" * 10 + "NNVNNA" * 8}, seed=2))
STILL: dict[str, object] = TINY | {"dropout": 0.0, "drop_connect_rate": 0.0}  # type: ignore[operator]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    """Three epochs of four steps of a network with dropout and drop-connect."""
    return open_bundle(write_recipe(tmp_path_factory.mktemp("recipe"))).configuration


def other(
    configuration: Configuration, params: dict[str, object] | None = None, **recipe: object
) -> Configuration:
    changed = replace(configuration, recipe=replace(configuration.recipe, **recipe))  # type: ignore[arg-type]
    if params is None:
        return changed
    architecture = NamedParams(name="efficientnetv2", params=params)  # type: ignore[arg-type]
    return replace(changed, architecture=architecture)


def train(configuration: Configuration, checkpoint: Path, seed: int = 3, **more: Any) -> Trained:
    source = BatchSource(STRIPS, configuration, seed)
    return trainer.train(configuration, source, seed, checkpoint=checkpoint, **more)


def require_equal(found: list[np.ndarray], expected: list[np.ndarray]) -> None:
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)


def arrays(state: Checkpoint) -> list[np.ndarray]:
    return [*state.model, *state.average, *state.optimizer]


@pytest.fixture(scope="module")
def through(tiny: Configuration, tmp_path_factory: pytest.TempPathFactory) -> tuple[Trained, Path]:
    """A training that ran through, looked at with patients it does not learn from."""
    path = tmp_path_factory.mktemp("through") / "c.npz"
    return train(tiny, path, validation=VALIDATION), path


@pytest.mark.parametrize(("name", "count"), [("beat-2-eff-sm", 27_886), ("beat-3-eff-sm", 41_001)])
def test_networks_have_exactly_the_zoos_parameters(name: str, count: int) -> None:
    configuration = open_bundle(name).configuration
    model = build_network(configuration)
    assert model.count_params() == count
    assert model.output_shape == (None, configuration.num_classes)
    assert type(model.layers[-1]).__name__ == "Dense", "the model ends in logits"


def test_layer_names_do_not_depend_on_what_was_built_before(tiny: Configuration) -> None:
    first, second = build_network(tiny), build_network(tiny)
    assert [layer.name for layer in first.layers] == [layer.name for layer in second.layers]


def test_unknown_architecture_is_refused(tiny: Configuration) -> None:
    unknown = replace(tiny, architecture=NamedParams(name="tcn", params={}))
    with pytest.raises(ModelError, match="architecture 'tcn' is not supported"):
        build_network(unknown)


def test_architecture_that_cannot_be_built_is_refused(tiny: Configuration) -> None:
    with pytest.raises(ModelError, match=r"architecture\.params cannot be built"):
        build_network(other(tiny, {"input_filters": "many"}))


def test_a_class_bias_in_the_last_layer_is_added_to_every_output(tiny: Configuration) -> None:
    model = build_network(tiny)
    before = predict_float(model, tiny, VALIDATION.samples)
    fold_bias(model, (0.0, -1.5, 0.25))
    after = predict_float(model, tiny, VALIDATION.samples)
    np.testing.assert_allclose(after - before, [[0.0, -1.5, 0.25]] * len(before), atol=1e-5)


def test_the_same_seed_gives_the_same_weights_with_and_without_a_look_at_validation(
    tiny: Configuration, through: tuple[Trained, Path], tmp_path: Path
) -> None:
    told: list[tuple[int, int, str]] = []

    def remember(done: int, total: int, text: str) -> None:
        told.append((done, total, text))

    again = train(tiny, tmp_path / "c.npz", progress=remember)
    require_equal(again.model.get_weights(), through[0].model.get_weights())
    assert [e.loss for e in again.epochs] == [e.loss for e in through[0].epochs]
    assert [(e.number, e.class_f1) for e in again.epochs] == [(1, None), (2, None), (3, None)]
    assert [done for done, _, _ in told] == [1, 2, 3, 4, 4, 5, 6, 7, 8, 8, 9, 10, 11, 12, 12]
    assert {total for _, total, _ in told} == {12}
    assert told[0][2] == "" and told[-1][2] == f"loss {again.epochs[-1].loss:.3f}"


class InterruptedAt:
    """Progress that is Ctrl-C at a step, and counts the steps."""

    def __init__(self, step: int = -1) -> None:
        self.step, self.calls = step, 0

    def __call__(self, done: int, total: int, text: str) -> None:
        self.calls += 1
        if done == self.step:
            raise KeyboardInterrupt


@pytest.mark.parametrize("step", [3, 10])
def test_a_training_that_was_stopped_and_resumed_ends_in_the_very_same_weights(
    tiny: Configuration, through: tuple[Trained, Path], tmp_path: Path, step: int
) -> None:
    path = tmp_path / "c.npz"
    with pytest.raises(KeyboardInterrupt):
        train(tiny, path, validation=VALIDATION, progress=InterruptedAt(step))
    assert path.exists() is (step > 4)
    resumed = train(tiny, path, validation=VALIDATION)
    require_equal(resumed.model.get_weights(), through[0].model.get_weights())
    assert resumed.epochs == through[0].epochs
    ours, theirs = load_checkpoint(path), load_checkpoint(through[1])
    require_equal(arrays(ours), arrays(theirs))
    assert (ours.batches, ours.epochs) == (theirs.batches, theirs.epochs)


def test_a_checkpoint_holds_all_that_draws_at_random(through: tuple[Trained, Path]) -> None:
    # Without the state of dropout's generators, a resumed training would drop other units.
    state = load_checkpoint(through[1])
    assert sum(not np.issubdtype(a.dtype, np.floating) for a in state.model) >= 2
    assert state.batches["bit_generator"] == "PCG64"


def test_a_finished_training_is_not_trained_further(
    tiny: Configuration, through: tuple[Trained, Path]
) -> None:
    steps = InterruptedAt()
    again = train(tiny, through[1], progress=steps)
    assert steps.calls == 0
    assert again.epochs == through[0].epochs
    require_equal(again.model.get_weights(), through[0].model.get_weights())


def test_a_checkpoint_of_another_network_is_refused(
    tiny: Configuration, through: tuple[Trained, Path]
) -> None:
    with pytest.raises(InputError, match="variables are not those of this model"):
        train(other(tiny, TINY | {"input_filters": 16}), through[1])  # type: ignore[arg-type, operator]


def test_another_seed_gives_other_weights(
    tiny: Configuration, through: tuple[Trained, Path], tmp_path: Path
) -> None:
    one_epoch = other(tiny, epochs=1)
    different = train(one_epoch, tmp_path / "c.npz", seed=4)
    kernel = different.model.get_weights()[0] - through[0].model.get_weights()[0]
    assert np.abs(kernel).max() > 0.05


def test_training_separates_beats_and_scores_the_averaged_weights(
    tiny: Configuration, tmp_path: Path
) -> None:
    longer = other(tiny, STILL, epochs=3, steps_per_epoch=60, learning_rate=0.02)
    result = train(longer, tmp_path / "c.npz", validation=VALIDATION)
    assert result.epochs[-1].loss < 0.6 * result.epochs[0].loss
    outputs = predict_float(result.model, longer, VALIDATION.samples)
    found, truth = outputs.argmax(axis=1), VALIDATION.labels
    for beat, least in ((0, 0.8), (2, 0.8)):
        assert (found[truth == beat] == beat).mean() > least, "wide beats are told from narrow"
    expected = []
    for k in range(3):
        both, hits = (found == k).sum() + (truth == k).sum(), ((found == k) & (truth == k)).sum()
        expected.append(2 * hits / both if both else 0.0)
    assert result.epochs[-1].class_f1 == pytest.approx(expected)
    assert getattr(result.model, "optimizer", None) is None, "the file holds no optimizer"
    state = load_checkpoint(tmp_path / "c.npz")
    require_equal([np.asarray(v) for v in result.model.variables], list(state.average))


def states(monkeypatch: pytest.MonkeyPatch) -> list[Checkpoint]:
    """The state after every epoch."""
    seen: list[Checkpoint] = []

    def remember(_: Path, state: Checkpoint) -> None:
        seen.append(state)

    monkeypatch.setattr(trainer, "save_checkpoint", remember)
    return seen


@pytest.mark.parametrize(("momentum", "kept"), [(0.05, (0.05, 0.05)), (0.99, (2 / 11, 3 / 12))])
def test_weights_are_averaged_as_fast_as_the_recipe_says_and_faster_at_first(
    tiny: Configuration,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    momentum: float,
    kept: tuple[float, float],
) -> None:
    seen = states(monkeypatch)
    train(other(tiny, epochs=3, steps_per_epoch=1, ema_momentum=momentum), tmp_path / "c.npz")
    for before, after, keep in zip(seen, seen[1:], kept, strict=False):
        for old, weight, mean in zip(before.average, after.model, after.average, strict=True):
            if np.issubdtype(mean.dtype, np.floating):
                np.testing.assert_allclose(mean, keep * old + (1 - keep) * weight, atol=1e-6)
            else:
                np.testing.assert_array_equal(mean, weight)


def test_loss_of_an_epoch_is_the_mean_of_its_steps(
    tiny: Configuration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    states(monkeypatch)
    frozen: Callable[..., Configuration] = lambda **k: other(tiny, STILL, learning_rate=0.0, **k)  # noqa: E731
    steps = train(frozen(epochs=4, steps_per_epoch=1), tmp_path / "a.npz").epochs
    (epoch,) = train(frozen(epochs=1, steps_per_epoch=4), tmp_path / "b.npz").epochs
    losses = [step.loss for step in steps]
    assert epoch.loss == pytest.approx(np.mean(losses), rel=1e-4)
    assert np.ptp(losses) > 1e-3


def test_the_rate_rises_to_its_peak_and_ends_at_zero(tiny: Configuration) -> None:
    recipe = other(tiny, epochs=10, steps_per_epoch=100, learning_rate=0.02, weight_decay=0.03)
    optimizer = trainer._optimizer(recipe)
    schedule = optimizer._learning_rate
    rates = [float(schedule(step)) for step in (0, 100, 200, 600, 1000)]
    np.testing.assert_allclose(rates, [0.001, 0.0105, 0.02, 0.01, 0.0], atol=1e-5)
    assert optimizer.weight_decay == 0.03
