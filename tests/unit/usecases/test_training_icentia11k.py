from dataclasses import replace

import pytest

from ectopy.errors import InputError, ModelError
from ectopy.usecases.training_icentia11k import (
    DRAW_SEED,
    MARGIN_S,
    training_draw,
)
from ectopy.windows.icentia11k_training import TrainingDraw
from ectopy.zoo import NamedParams, open_bundle
from ectopy.zoo.fields import JsonValue

BEAT_3 = open_bundle("beat-3-eff-sm").configuration


def named(**params: JsonValue) -> NamedParams:
    return NamedParams(name="icentia11k", params=params)


def test_the_zoos_params_become_its_draw() -> None:
    found = training_draw(
        named(path="./datasets/icentia11k", samples_per_patient=[10, 40, 40], val_patients=0.2),
        BEAT_3,
    )
    assert found == TrainingDraw(
        samples_per_patient=(10, 40, 40),
        class_map=(0, 1, 2),
        validation_share=0.2,
        margin_s=MARGIN_S,
        seed=DRAW_SEED,
    )


def test_a_draw_can_be_bounded() -> None:
    params = named(samples_per_patient=[20, 20], train_patients=500, segments_per_patient=4)
    found = training_draw(params, replace(BEAT_3, class_map=(0, 1, 1)))
    assert (found.patients, found.segments_per_patient) == (500, 4)


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({}, "samples_per_patient is missing"),
        ({"samples_per_patient": 100}, "expected a list"),
        ({"samples_per_patient": [1, "2", 3]}, "a list of integers from 0"),
        ({"samples_per_patient": [1, True, 3]}, "a list of integers from 0"),
        ({"samples_per_patient": [1, 2, 3], "train_patients": 0}, "an integer from 1"),
        ({"samples_per_patient": [1, 2, 3], "val_patients": 1.5}, "a number from 0 to 1"),
    ],
)
def test_a_wrong_value_is_named_with_its_key(params: dict[str, JsonValue], says: str) -> None:
    with pytest.raises(ModelError, match=says) as caught:
        training_draw(named(**params), BEAT_3)
    assert "beat-3-eff-sm: datasets: icentia11k" in caught.value.message


def test_numbers_that_do_not_fit_the_classes_are_refused() -> None:
    with pytest.raises(InputError) as caught:
        training_draw(named(samples_per_patient=[20, 20]), BEAT_3)
    assert "one number for each class" in caught.value.hint
