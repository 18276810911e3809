"""Each patient is classified by the model that never saw him, and by no other."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ectopy.training.class_bias import choose_bias
from ectopy.training.cross_validation import cross_validate
from ectopy.windows import WindowSet
from ectopy.zoo import Configuration, open_bundle
from support.ecg import bump_widths, made_up_windows

FOLDS = tuple(
    made_up_windows({name: (60 + n, 5, 9 - n)}, seed=n) for n, name in enumerate(("101", "106"))
)
SHIFT = np.array([0.0, 1.5, -0.7])


def answers(inputs: np.ndarray, number: int) -> np.ndarray:
    """Logits by the width of the bump and the number of the model, with some overlap."""
    width = bump_widths(inputs)
    distance = np.abs(width[:, np.newaxis] - np.arange(3))
    return (SHIFT + 1e-3 * number - 3 * distance).astype(np.float32)


def run(use_logits: bool = True) -> tuple[Configuration, Any, list[tuple[int, str]]]:
    configuration = replace(open_bundle("beat-3-eff-sm").configuration, use_logits=use_logits)
    asked: list[tuple[int, str]] = []

    def train_without(number: int, fold: WindowSet) -> Any:
        asked.append((number, fold.records[0]))

        def model(inputs: np.ndarray, training: bool) -> np.ndarray:
            logits = answers(inputs, number)
            if use_logits:
                return logits
            powers = np.exp(logits)
            return powers / powers.sum(axis=1, keepdims=True)

        return model

    return configuration, cross_validate(configuration, FOLDS, train_without), asked


def test_windows_of_a_fold_are_answered_by_its_own_model() -> None:
    _, found, asked = run()
    assert asked == [(0, "101"), (1, "106")]
    assert found.records.tolist() == ["101"] * 74 + ["106"] * 74
    np.testing.assert_array_equal(found.classes, np.concatenate([f.labels for f in FOLDS]))
    number = (found.logits.max(axis=1) % 0.1 > 0).astype(int)
    assert found.logits.shape == (148, 3)
    assert number.size == 148
    best = found.logits[found.classes == 1]
    assert not np.array_equal(best[:5], best[5:]), "the two models answer differently"


def test_the_bias_is_chosen_on_all_folds_together() -> None:
    _, found, _ = run()
    expected = choose_bias(found.logits, found.classes)
    assert found.choice == expected
    assert np.mean(found.choice.class_f1) > np.mean(found.choice.class_f1_without)


def test_probabilities_lead_to_the_bias_of_their_logits() -> None:
    _, logits, _ = run()
    _, probabilities, _ = run(use_logits=False)
    assert probabilities.choice.class_f1 == pytest.approx(logits.choice.class_f1)
    assert probabilities.choice.bias == logits.choice.bias
    apart = probabilities.logits - logits.logits
    np.testing.assert_allclose(apart, apart[:, :1] * np.ones(3), atol=1e-4)


def test_a_probability_of_zero_is_still_a_number() -> None:
    configuration = replace(open_bundle("beat-3-eff-sm").configuration, use_logits=False)

    def sure(_: int, fold: WindowSet) -> Any:
        return lambda inputs, training: np.eye(3, dtype=np.float32)[np.zeros(len(inputs), int)]

    found = cross_validate(configuration, FOLDS, sure)
    assert np.isfinite(found.logits).all()
