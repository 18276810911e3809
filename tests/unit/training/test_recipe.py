"""What a configuration says of batches is read exactly, or refused in one sentence."""

from dataclasses import fields, replace

import pytest

from ectopy.errors import ModelError
from ectopy.training.recipe import (
    DEFAULT_SHARES,
    Augmentations,
    Origin,
    read_augmentations,
    read_shares,
)
from ectopy.zoo import Configuration, NamedParams, open_bundle

EVERYTHING = {
    "heart_rate": {"low": 0.7, "high": 1.4, "arrhythmia": 0.1},
    "time_scale": {"low": 0.8, "high": 1.2},
    "lead_mix": {"share": 0.4},
    "p_wave": {"share": 0.3},
    "fibrillatory_waves": {"amplitude_mv": 0.15},
    "gain": {"low": 0.5, "high": 2},
    "baseline_wander": {"amplitude_mv": 0.2},
    "noise": {"sigma_mv": 0.05},
    "tilt": {"slope_mv": 0.35},
    "recorded_noise": {"share": 0.25, "low_db": -6, "high_db": 18},
}


def configuration(**recipe: object) -> Configuration:
    original = open_bundle("beat-3-eff-sm").configuration
    return replace(original, recipe=replace(original.recipe, **recipe))  # type: ignore[arg-type]


def with_steps(*steps: tuple[str, dict[str, object]]) -> Configuration:
    return configuration(augmentations=tuple(NamedParams(name=n, params=p) for n, p in steps))  # type: ignore[arg-type]


def test_every_augmentation_reaches_its_field() -> None:
    plan = read_augmentations(with_steps(*EVERYTHING.items()))  # type: ignore[arg-type]
    assert plan == Augmentations(
        heart_rate=(0.7, 1.4),
        sinus_arrhythmia=0.1,
        time_scale=(0.8, 1.2),
        lead_mix=0.4,
        small_p=0.3,
        fibrillatory_mv=0.15,
        gain=(0.5, 2.0),
        wander_mv=0.2,
        noise_mv=0.05,
        tilt_mv=0.35,
        recorded_noise=0.25,
        snr_db=(-6.0, 18.0),
    )
    untouched = Augmentations()
    assert all(getattr(plan, f.name) != getattr(untouched, f.name) for f in fields(plan))


def test_what_is_not_named_changes_nothing() -> None:
    assert read_augmentations(with_steps()) == Augmentations()
    one = read_augmentations(with_steps(("tilt", {"slope_mv": 0.1})))
    assert one == Augmentations(tilt_mv=0.1)


@pytest.mark.parametrize("name", ["beat-2-eff-sm", "beat-3-eff-sm"])
def test_the_shipped_recipes_can_be_read(name: str) -> None:
    shipped = open_bundle(name).configuration
    assert read_augmentations(shipped) != Augmentations()
    assert sum(read_shares(shipped).values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("name", "params", "complaint"),
    [
        ("mixup", {}, "unknown augmentation 'mixup'"),
        ("gain", {"low": 1}, "augmentation gain takes low, high"),
        ("gain", {"low": 1, "high": 2, "p": 1}, "augmentation gain takes low, high"),
        ("gain", {"low": 1, "high": "2"}, "gain: high is '2', not a number from 0.2 to 5"),
        ("gain", {"low": 0, "high": 1}, "gain: low is 0, not a number from 0.2 to 5"),
        ("gain", {"low": 2, "high": 1}, "gain: low is above high"),
        ("time_scale", {"low": 0.1, "high": 1}, "time_scale: low is 0.1"),
        ("heart_rate", {"low": 1, "high": 9, "arrhythmia": 0}, "heart_rate: high is 9"),
        ("heart_rate", {"low": 1, "high": 1, "arrhythmia": 1}, "arrhythmia is 1, not a number"),
        ("noise", {"sigma_mv": True}, "sigma_mv is True"),
        ("noise", {"sigma_mv": -1.0}, "sigma_mv is -1.0"),
        ("noise", {"sigma_mv": float("nan")}, "sigma_mv is nan"),
        ("noise", {"sigma_mv": 10**400}, "sigma_mv is 1000"),
        ("tilt", {"slope_mv": None}, "slope_mv is None"),
        ("lead_mix", {"share": 1.01}, "share is 1.01, not a number from 0 to 1"),
        ("recorded_noise", {"share": 1, "low_db": 9, "high_db": 3}, "low_db is above high_db"),
    ],
)
def test_a_wrong_augmentation_is_refused(
    name: str, params: dict[str, object], complaint: str
) -> None:
    with pytest.raises(ModelError, match=complaint) as caught:
        read_augmentations(with_steps((name, params)))
    assert caught.value.message.startswith("beat-3-eff-sm: ")


def test_a_misspelt_augmentation_is_corrected() -> None:
    with pytest.raises(ModelError) as caught:
        read_augmentations(with_steps(("base_wander", {})))
    assert caught.value.hint == "did you mean 'baseline_wander'?"


def test_an_augmentation_named_twice_is_refused() -> None:
    step = ("tilt", {"slope_mv": 0.1})
    with pytest.raises(ModelError, match="augmentation tilt is named twice"):
        read_augmentations(with_steps(step, step))  # type: ignore[arg-type]


def test_shares_are_parts_of_their_sum() -> None:
    shares = read_shares(configuration(batch_shares={"n": 0.9, "made_pac": 0.3}))
    assert shares == {Origin.N: pytest.approx(0.75), Origin.MADE_PAC: pytest.approx(0.25)}


def test_without_shares_half_of_a_batch_is_normal() -> None:
    assert read_shares(configuration(batch_shares={})) == DEFAULT_SHARES
    assert sum(DEFAULT_SHARES.values()) == 1


def test_an_unknown_share_is_refused_with_the_nearest_known_one() -> None:
    with pytest.raises(ModelError, match="unknown key 'made_pak' in batch_shares") as caught:
        read_shares(configuration(batch_shares={"n": 1, "made_pak": 1}))
    assert "'made_pac'" in caught.value.hint


def test_shares_that_are_all_zero_are_refused() -> None:
    with pytest.raises(ModelError, match="all zero"):
        read_shares(configuration(batch_shares={"n": 0.0}))
