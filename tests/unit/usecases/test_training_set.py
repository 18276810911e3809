"""Nobody who tests a model has helped to make it."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ectopy.errors import ModelError
from ectopy.usecases import training_set
from ectopy.usecases.training_set import (
    load_training_strips,
    load_training_windows,
    training_records,
)
from ectopy.vocab import Split
from ectopy.windows import SPLITS, WindowSet, load_split, patient_of, window_hash
from ectopy.windows.strips import Strips
from ectopy.zoo import Configuration, open_bundle
from support.ecg import made_up_windows
from support.strips import made_up_strips

DS1, DS2 = SPLITS[Split.DS1], SPLITS[Split.DS2]
WINDOWS = made_up_windows({"101": (5, 0, 0), "106": (4, 0, 2), "201": (2, 2, 2), "202": (1, 0, 0)})
SHIPPED = ("beat-2-eff-sm", "beat-3-eff-sm")


def configuration(
    excluded: tuple[str, ...] = (), folds: tuple[tuple[str, ...], ...] = ()
) -> Configuration:
    original = open_bundle("beat-3-eff-sm").configuration
    recipe = replace(original.recipe, excluded_records=excluded, folds=folds)
    return replace(original, recipe=recipe)


def test_the_two_sets_are_of_other_patients_but_for_the_man_of_201_and_202() -> None:
    assert not set(DS1) & set(DS2)
    assert patient_of("201") == patient_of("202")
    shared = {patient_of(r) for r in DS1} & {patient_of(r) for r in DS2}
    assert shared == {patient_of("202")}


@pytest.mark.parametrize("excluded", [(), ("201",), ("101", "230")])
def test_no_record_and_no_patient_of_ds2_may_be_learnt_from(excluded: tuple[str, ...]) -> None:
    records = training_records(configuration(excluded))
    assert set(records) == set(DS1) - {"201", *excluded}
    assert len(records) == len(set(records))
    assert not {patient_of(r) for r in records} & {patient_of(r) for r in DS2}


@pytest.mark.parametrize("name", SHIPPED)
def test_the_folds_of_the_shipped_recipes_hold_each_patient_once(name: str) -> None:
    shipped = open_bundle(name).configuration
    folds = [{patient_of(r) for r in fold} for fold in shipped.recipe.folds]
    assert len(folds) > 1
    assert sum(map(len, folds)) == len(set.union(*folds))
    assert set.union(*folds) == {patient_of(r) for r in training_records(shipped)}


@pytest.mark.parametrize("record", ["100", "202", "104", "abc"])
def test_only_records_of_ds1_can_be_named(record: str) -> None:
    for chosen in (configuration((record,)), configuration(folds=(("101",), (record,)))):
        with pytest.raises(ModelError, match=f"not records of DS1: {record}") as caught:
            training_records(chosen)
        assert "101 106 108" in caught.value.hint


def test_a_fold_cannot_bring_back_whom_the_recipe_or_ds2_rules_out() -> None:
    with pytest.raises(ModelError, match="folds name 106, not to be learnt from"):
        training_records(configuration(("106",), folds=(("101", "106"),)))
    with pytest.raises(ModelError, match="folds name 201, not to be learnt from") as caught:
        training_records(configuration(folds=(("101",), ("201",))))
    assert "also in DS2" in caught.value.hint


def test_windows_are_those_of_the_training_records_in_their_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def load(split: Split, data_dir: Path | None) -> WindowSet:
        assert (split, data_dir) == (Split.DS1, Path("data"))
        return WINDOWS

    monkeypatch.setattr(training_set, "load_split", load)
    windows = load_training_windows(configuration(("106",)), Path("data"))
    assert windows.records.tolist() == ["101"] * 5
    np.testing.assert_array_equal(windows.samples, WINDOWS.samples[:5])
    assert windows.info.split == "ds1"
    assert windows.info.sha256 == window_hash(
        windows.samples, windows.labels, windows.records, windows.beat_samples
    )


def test_strips_are_those_of_the_training_records(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def load(records: Iterable[str], _: Path | None) -> Strips:
        asked.extend(records)
        return made_up_strips({"101": "NNN"})

    monkeypatch.setattr(training_set, "load_strips", load)
    load_training_strips(configuration(("106",)), None)
    assert set(asked) == set(DS1) - {"106", "201"}


@pytest.mark.parametrize("name", SHIPPED)
def test_real_training_patients_are_strangers_to_ds2(ecg_dir: Path, name: str) -> None:
    strips = load_training_strips(open_bundle(name).configuration, ecg_dir)
    assert not {patient_of(r) for r in strips.names} & {patient_of(r) for r in DS2}
    minutes = np.diff(strips.starts) / 100 / 60
    np.testing.assert_allclose(minutes, 30.1, atol=0.1)
    assert strips.leads_mv.shape == (2, strips.starts[-1])


def test_no_real_window_of_ds2_is_among_those_of_training(ecg_dir: Path) -> None:
    training = load_training_windows(open_bundle("beat-3-eff-sm").configuration, ecg_dir)
    tested = load_split(Split.DS2, ecg_dir)
    assert not {patient_of(r) for r in set(training.records)} & {
        patient_of(r) for r in set(tested.records)
    }
    seen = {window.tobytes() for window in training.samples}
    assert len(seen) == len(training) > 48_000
    assert not any(window.tobytes() in seen for window in tested.samples)
