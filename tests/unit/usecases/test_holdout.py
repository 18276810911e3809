from dataclasses import replace

import numpy as np
import pytest

from ectopy.errors import ModelError
from ectopy.usecases import holdout
from ectopy.windows import WindowRequest, WindowSet, window_hash
from ectopy.zoo import Configuration, open_bundle
from support.ecg import made_up_windows

DS1 = made_up_windows(
    {"101": (5, 0, 0), "106": (4, 0, 2), "124": (3, 1, 0), "201": (2, 2, 2), "220": (3, 1, 0)}
)


@pytest.fixture(autouse=True)
def _made_up_ds1(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(request: WindowRequest) -> WindowSet:
        assert request.split.value == "ds1"
        assert request.limit is None
        return DS1

    monkeypatch.setattr(holdout, "load_windows", load)


def configuration(**recipe: tuple[str, ...]) -> Configuration:
    original = open_bundle("beat-3-eff-sm").configuration
    return replace(original, recipe=replace(original.recipe, **recipe))  # type: ignore[arg-type]


def test_no_patient_is_on_both_sides_and_excluded_ones_on_none() -> None:
    chosen = configuration(validation_records=("106", "124"), excluded_records=("201",))
    both = holdout.load_holdout(chosen, None)
    assert set(both.training.records) == {"101", "220"}
    assert set(both.validation.records) == {"106", "124"}
    np.testing.assert_array_equal(
        both.validation.samples, DS1.samples[np.isin(DS1.records, ["106", "124"])]
    )
    assert len(both.training) == len(both.training.labels) == 9


def test_each_side_says_what_it_is_and_has_its_own_hash() -> None:
    chosen = configuration(validation_records=("106",))
    side = holdout.load_holdout(chosen, None).validation
    assert side.info.split == "ds1-val"
    assert side.info.sha256 == window_hash(
        side.samples, side.labels, side.records, side.beat_samples
    )


def test_a_patient_of_ds2_may_not_stay_in_ds1() -> None:
    with pytest.raises(ModelError, match="the patient of record 201 is also in DS2") as caught:
        holdout.load_holdout(configuration(excluded_records=()), None)
    assert "excluded_records" in caught.value.hint


def test_a_record_held_out_and_left_out_is_left_out() -> None:
    chosen = configuration(validation_records=("106", "124"), excluded_records=("106", "201"))
    both = holdout.load_holdout(chosen, None)
    assert set(both.validation.records) == {"124"}
    assert set(both.training.records) == {"101", "220"}


def test_configuration_without_validation_records_is_refused() -> None:
    with pytest.raises(ModelError, match="names no validation_records"):
        holdout.load_holdout(configuration(validation_records=()), None)


@pytest.mark.parametrize("key", ["validation_records", "excluded_records"])
def test_records_of_the_test_set_cannot_be_held_out(key: str) -> None:
    with pytest.raises(ModelError, match="not records of DS1: 100"):
        holdout.load_holdout(configuration(**{key: ("100",)}), None)
