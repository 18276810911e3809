import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ectopy.errors import ModelError
from ectopy.zoo.configuration import parse_configuration
from ectopy.zoo.remarks import OUR_KEYS

MODELS = Path(__file__).parents[3] / "models"
SHIPPED = ("beat-2-eff-sm", "beat-3-eff-sm")


def shipped(name: str = "beat-3-eff-sm") -> dict[str, Any]:
    document: dict[str, Any] = json.loads((MODELS / name / "configuration.json").read_text())
    return document


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_configurations_describe_the_models_contract(name: str) -> None:
    configuration = parse_configuration(shipped(name), name)
    assert configuration.name == name
    assert (configuration.sampling_rate, configuration.frame_size) == (100, 512)
    assert configuration.preprocess.epsilon_mv2 == 0.01
    assert configuration.use_logits
    assert configuration.threshold is None


def test_class_maps_of_the_two_models() -> None:
    assert parse_configuration(shipped("beat-2-eff-sm"), "").class_map == (0, 1, 1)
    assert parse_configuration(shipped("beat-3-eff-sm"), "").class_map == (0, 1, 2)


@pytest.mark.parametrize("name", SHIPPED)
def test_record_201_is_left_out_because_its_patient_is_also_202_of_ds2(name: str) -> None:
    recipe = parse_configuration(shipped(name), name).recipe
    assert "201" in recipe.excluded_records
    assert "201" not in {record for fold in recipe.folds for record in fold}


def test_keys_of_the_training_recipe_are_read() -> None:
    ours = {
        "folds": {"1": ["101", "106"], "b": ["108"]},
        "batch_shares": {"n": 0.5, "made_pac": 1},
        "weight_decay": 0.03,
        "ema_momentum": 0.99,
        "excluded_records": ["201", "207"],
    }
    recipe = parse_configuration(shipped() | ours, "").recipe
    assert recipe.folds == (("101", "106"), ("108",))
    assert recipe.batch_shares == {"n": 0.5, "made_pac": 1.0}
    assert (recipe.weight_decay, recipe.ema_momentum) == (0.03, 0.99)
    assert recipe.excluded_records == ("201", "207")


def test_heartkits_own_keys_are_tolerated_and_defaulted() -> None:
    document = shipped() | {"job_dir": "./results", "verbose": 2, "threshold": 0.5}
    for key in ("lr_rate", "augmentations", *OUR_KEYS):
        del document[key]
    configuration = parse_configuration(document, "")
    assert configuration.threshold == 0.5
    assert configuration.recipe.learning_rate == 1e-3
    recipe = configuration.recipe
    assert (recipe.folds, recipe.excluded_records, recipe.batch_shares) == ((), (), {})
    assert (recipe.weight_decay, recipe.ema_momentum) == (0, 0)


@pytest.mark.parametrize(
    "key",
    ["name", "num_classes", "class_map", "class_names", "sampling_rate", "frame_size",
     "preprocesses", "architecture"],
)  # fmt: skip
def test_missing_required_key_is_named(key: str) -> None:
    document = shipped()
    del document[key]
    with pytest.raises(ModelError, match=rf"here\.json: {key} is missing"):
        parse_configuration(document, "here.json")


@pytest.mark.parametrize(
    ("key", "value", "complaint"),
    [
        ("name", "../../etc", "name is"),
        ("name", "", "name is"),
        ("num_classes", 1, "num_classes is 1"),
        ("num_classes", True, "num_classes is True"),
        ("num_classes", 4, "class_names is"),
        ("class_map", {"0": 0, "1": 1}, "class_map: 2 is missing"),
        ("class_map", {"0": 0, "1": 1, "2": 3}, "class_map: 2 is 3"),
        ("class_map", [0, 1, 2], "expected a JSON object"),
        ("class_names", ["N", "N", "PVC"], "class_names is"),
        ("class_names", "abc", "class_names is 'abc'"),
        ("sampling_rate", 250, "at 250 Hz is not supported"),
        ("frame_size", 800, "frame of 800 samples"),
        ("threshold", float("nan"), "threshold is nan"),
        ("threshold", float("inf"), "threshold is inf"),
        ("threshold", 10**400, "threshold is 1000"),
        ("preprocesses", [], "preprocesses is"),
        ("preprocesses", [{"name": "filter", "params": {}}], "preprocesses is"),
        ("preprocesses", [{"name": "layer_norm"}], "layer_norm: epsilon is missing"),
        ("preprocesses", [{"name": "layer_norm", "params": {"epsilon": -1}}], "epsilon is -1"),
        ("preprocesses", ["layer_norm"], "expected a JSON object"),
        ("batch_size", 0, "batch_size is 0"),
        ("excluded_records", [116], "excluded_records is"),
        ("folds", ["101"], "folds: expected a JSON object"),
        ("folds", {"1": []}, "folds is"),
        ("folds", {"1": ["101"], "2": ["101"]}, "folds is"),
        ("folds", {"1": ["101", "101"]}, "folds is"),
        ("folds", {"1": "101"}, "folds: 1 is '101'"),
        ("batch_shares", [0.5], "batch_shares: expected a JSON object"),
        ("batch_shares", {"n": -0.1}, "batch_shares: n is -0.1"),
        ("batch_shares", {"n": None}, "batch_shares: n is missing"),
        ("weight_decay", -1, "weight_decay is -1"),
        ("ema_momentum", 1.1, "ema_momentum is 1.1"),
    ],
)
def test_wrong_value_is_named(key: str, value: object, complaint: str) -> None:
    with pytest.raises(ModelError, match=complaint) as caught:
        parse_configuration(shipped() | {key: value}, "here.json")
    assert caught.value.hint


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@given(key=st.sampled_from(sorted(shipped())), value=JSON)
def test_any_value_of_any_key_is_read_or_refused(key: str, value: Any) -> None:
    document = copy.deepcopy(shipped())
    document[key] = value
    try:
        parse_configuration(document, "here.json")
    except ModelError as error:
        assert "here.json" in error.message


@given(value=JSON)
def test_any_document_is_read_or_refused(value: Any) -> None:
    with pytest.raises(ModelError, match=r"here\.json"):
        parse_configuration(value, "here.json")
