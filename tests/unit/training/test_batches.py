from dataclasses import replace

import numpy as np
import pytest

from ectopy.errors import ModelError
from ectopy.training.batches import AUGMENTATIONS, BatchSource, augmentations
from ectopy.zoo import Configuration, NamedParams, open_bundle
from support.ecg import made_up_windows

WINDOWS = made_up_windows({"a": (200, 0, 90), "b": (200, 9, 0), "c": (50, 1, 10)})


def configuration(name: str = "beat-3-eff-sm", **recipe: object) -> Configuration:
    original = open_bundle(name).configuration
    return replace(original, recipe=replace(original.recipe, **recipe))  # type: ignore[arg-type]


def test_classes_share_the_batches_as_documented() -> None:
    source = BatchSource(WINDOWS, configuration(batch_windows=4000, augmentations=()), seed=1)
    shares = np.bincount(source.draw().classes, minlength=3) / 4000
    np.testing.assert_allclose(shares, [0.5, 0.25, 0.25], atol=0.03)


def test_patients_share_a_class_by_the_square_root_of_their_windows() -> None:
    chosen = configuration(batch_windows=20_000, augmentations=())
    inputs = BatchSource(WINDOWS, chosen, seed=1).draw()
    pvc = inputs.inputs[inputs.classes == 2][:, :, 0]
    # Normalization is one-to-one, so a window is recognised by its normalized samples.
    alone = BatchSource(made_up_windows({"a": (0, 0, 1)}), chosen, seed=1)
    assert (alone.draw().classes == 2).all()
    of_a = WINDOWS.samples[(WINDOWS.records == "a") & (WINDOWS.labels == 2)]
    of_a = (of_a - of_a.mean(axis=1, keepdims=True)) / np.sqrt(of_a.var(axis=1) + 0.01)[:, None]
    first_samples = np.round(of_a[:, 0], 3)
    share = np.isin(np.round(pvc[:, 0], 3), first_samples).mean()
    expected = np.sqrt(90) / (np.sqrt(90) + np.sqrt(10))
    assert abs(share - expected) < 0.05


def test_merged_classes_are_balanced_by_beat_and_labelled_by_class() -> None:
    chosen = configuration("beat-2-eff-sm", batch_windows=4000, augmentations=())
    shares = np.bincount(BatchSource(WINDOWS, chosen, seed=1).draw().classes) / 4000
    np.testing.assert_allclose(shares, [0.5, 0.5], atol=0.03)


def test_same_seed_draws_the_same_batches_and_another_seed_others() -> None:
    first, second, other = (BatchSource(WINDOWS, configuration(), seed=s) for s in (7, 7, 8))
    for _ in range(3):
        batch = first.draw()
        again = second.draw()
        np.testing.assert_array_equal(batch.inputs, again.inputs)
        np.testing.assert_array_equal(batch.classes, again.classes)
    assert not np.array_equal(batch.inputs, other.draw().inputs)


def test_batches_are_normalized() -> None:
    batch = BatchSource(WINDOWS, configuration(), seed=0).draw()
    assert batch.inputs.shape == (64, 512, 1)
    assert batch.inputs.dtype == np.float32
    assert np.abs(batch.inputs.mean(axis=1)).max() < 1e-3
    assert (batch.inputs.var(axis=1) < 1).all()


def test_augmentations_reach_every_window_of_a_batch() -> None:
    plain = BatchSource(WINDOWS, configuration(augmentations=()), seed=7).draw()
    augmented = BatchSource(WINDOWS, configuration(), seed=7).draw()
    np.testing.assert_array_equal(plain.classes, augmented.classes)
    assert (plain.inputs != augmented.inputs).any(axis=(1, 2)).all()


def test_augmentations_do_not_touch_the_windows_they_draw_from() -> None:
    before = WINDOWS.samples.copy()
    BatchSource(WINDOWS, configuration(), seed=0).draw()
    np.testing.assert_array_equal(WINDOWS.samples, before)


@pytest.mark.parametrize(
    ("name", "params", "largest"),
    [
        ("gain", {"low": 0.5, "high": 2.0}, 1.01),
        ("baseline_wander", {"amplitude_mv": 0.2}, 0.2),
        ("noise", {"sigma_mv": 0.01}, 0.06),
    ],
)
def test_augmentation_changes_windows_within_its_bound(
    name: str, params: dict[str, float], largest: float
) -> None:
    steps = (NamedParams(name=name, params=params),)
    (augment,) = augmentations(configuration(augmentations=steps))
    samples = np.ones((50, 512), np.float32)
    changed = augment(samples, np.random.default_rng(0))
    assert changed.dtype == np.float32
    assert 0 < np.abs(changed - samples).max() <= largest
    assert len(np.unique(changed[:, 100])) == 50, "each window is changed in its own way"


@pytest.mark.parametrize(
    ("step", "complaint"),
    [
        (NamedParams(name="mixup", params={}), "unknown augmentation 'mixup'"),
        (NamedParams(name="gain", params={"low": 1}), "gain takes low, high"),
        (NamedParams(name="gain", params={"low": 1, "high": "2"}), "gain takes positive numbers"),
        (NamedParams(name="noise", params={"sigma_mv": True}), "noise takes positive numbers"),
        (NamedParams(name="noise", params={"sigma_mv": -1.0}), "noise takes positive"),
        (NamedParams(name="gain", params={"low": 0.0, "high": 1.0}), "gain takes positive"),
    ],
)
def test_wrong_augmentation_is_refused(step: NamedParams, complaint: str) -> None:
    with pytest.raises(ModelError, match=complaint):
        augmentations(configuration(augmentations=(step,)))


def test_every_augmentation_of_the_shipped_recipes_is_known() -> None:
    for name in ("beat-2-eff-sm", "beat-3-eff-sm"):
        assert {step.name for step in configuration(name).recipe.augmentations} <= set(
            AUGMENTATIONS
        )


def test_rate_keeps_the_beat_in_place_and_moves_its_neighbours() -> None:
    steps = (NamedParams(name="rate", params={"low": 1.25, "high": 1.25}),)
    (augment,) = augmentations(configuration(augmentations=steps))
    samples = np.zeros((1, 512), np.float32)
    samples[0, [156, 256, 356]] = 1.0
    stretched = augment(samples, np.random.default_rng(0))
    assert stretched[0, 256] == 1.0
    assert np.flatnonzero(stretched[0]).tolist() == [176, 256, 336]
    assert stretched.dtype == np.float32
