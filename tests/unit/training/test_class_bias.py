"""The class bias: the best macro F1 on a grid, and what it does to a last layer."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ectopy.metrics import confusion_matrix, score
from ectopy.training import class_bias
from ectopy.training.class_bias import ClassBias, choose_bias, fold_bias

NAMES = ("N", "PAC", "PVC")


def rare_ectopy(seed: int, overlap: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Logits of 1,000 windows, most of them N; the true class is 2 above the others."""
    random = np.random.default_rng(seed)
    classes = random.choice(3, 1000, p=(0.9, 0.04, 0.06))
    logits = 2.0 * np.eye(3)[classes] + overlap * random.standard_normal((1000, 3))
    return logits, classes


def f1_by_the_metrics(logits: np.ndarray, classes: np.ndarray) -> tuple[float, ...]:
    confusion = confusion_matrix(classes.astype(np.uint8), logits.argmax(axis=1), 3)
    accuracy, _ = score(confusion, NAMES)
    return tuple(accuracy.per_class[name].f1 or 0.0 for name in NAMES)


@pytest.mark.parametrize("shift", [(0, 3, 3), (0, 3.5, -1.5), (0, -1.7, 0), (0, 0, 2.5)])
def test_a_bias_that_was_added_is_found_and_taken_off(shift: tuple[float, ...]) -> None:
    logits, classes = rare_ectopy(1)
    choice = choose_bias(logits + np.array(shift), classes)
    assert choice.class_f1 == (1, 1, 1)
    np.testing.assert_allclose(np.array(choice.bias) + shift, 0, atol=2)
    if max(shift) > 2:
        assert min(choice.class_f1_without) < 0.5


@given(seed=st.integers(0, 10**6), overlap=st.floats(0, 3))
@settings(max_examples=8, deadline=None)
def test_what_is_reported_is_what_the_metrics_say_of_it(seed: int, overlap: float) -> None:
    logits, classes = rare_ectopy(seed, overlap)
    choice = choose_bias(logits, classes)
    assert choice.class_f1_without == pytest.approx(f1_by_the_metrics(logits, classes))
    assert choice.class_f1 == pytest.approx(f1_by_the_metrics(logits + choice.bias, classes))
    assert np.mean(choice.class_f1) >= np.mean(choice.class_f1_without)
    assert choice.bias[0] == 0
    steps = np.array(choice.bias) / class_bias.STEP
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-6)
    assert all(class_bias.LOWEST <= b <= class_bias.HIGHEST for b in choice.bias)


def test_no_single_step_along_the_grid_is_better() -> None:
    logits, classes = rare_ectopy(2, overlap=1.5)
    choice = choose_bias(logits, classes)
    best = np.mean(choice.class_f1)
    assert best > np.mean(choice.class_f1_without) + 0.02
    for index in (1, 2):
        for value in np.arange(class_bias.LOWEST, class_bias.HIGHEST, class_bias.STEP):
            bias = np.array(choice.bias)
            bias[index] = value
            assert np.mean(f1_by_the_metrics(logits + bias, classes)) <= best + 1e-12


def test_the_far_top_is_found_where_the_near_one_is_lower() -> None:
    # Two valleys: raising PAC alone or PVC alone first makes things worse.
    logits = np.array([[0.0, 2.2, 2.0], [0.0, 2.2, 2.0], [0, 3.4, 1.0], [0, 1.0, 3.3]] * 20)
    classes = np.array([0, 0, 1, 2] * 20)
    assert choose_bias(logits, classes).class_f1 == (1, 1, 1)


def test_a_class_that_is_not_there_scores_nothing_and_breaks_nothing() -> None:
    logits, classes = rare_ectopy(1)
    two = classes != 1
    choice = choose_bias(logits[two], classes[two])
    assert choice.class_f1 == (1, 0, 1)


def test_the_bias_is_added_to_that_of_the_last_layer() -> None:
    class Bias:
        value = np.array([1.0, 2.0, 3.0], dtype=np.float32)

        def assign(self, value: np.ndarray) -> None:
            self.value = value

        def __array__(self, *_: Any, **__: Any) -> np.ndarray:
            return self.value

    layers = {"top": SimpleNamespace(bias=Bias()), "stem": SimpleNamespace(bias=Bias())}
    fold_bias(SimpleNamespace(get_layer=layers.__getitem__), (0.0, -1.5, 0.25))
    np.testing.assert_allclose(layers["top"].bias.value, [1.0, 0.5, 3.25])
    assert layers["top"].bias.value.dtype == np.float32
    np.testing.assert_allclose(layers["stem"].bias.value, [1, 2, 3])


def test_a_choice_is_plain_numbers() -> None:
    choice = choose_bias(*rare_ectopy(1))
    assert isinstance(choice, ClassBias)
    for values in (choice.bias, choice.class_f1, choice.class_f1_without):
        assert all(type(value) is float for value in values)
