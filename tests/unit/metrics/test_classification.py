import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ectopy.metrics import (
    confusion_by_group,
    confusion_matrix,
    predicted_classes,
    score,
    specificity,
)

NAMES = ("N", "PAC", "PVC")

pairs = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=60)


def arrays(drawn: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    both = np.array(drawn, dtype=np.uint8).reshape(-1, 2)
    return both[:, 0], both[:, 1]


@given(pairs)
def test_confusion_counts_each_pair(drawn: list[tuple[int, int]]) -> None:
    matrix = confusion_matrix(*arrays(drawn), classes=3)
    for true in range(3):
        for predicted in range(3):
            assert matrix[true, predicted] == drawn.count((true, predicted))


@given(pairs)
def test_scores_equal_their_definitions(drawn: list[tuple[int, int]]) -> None:
    record, notes = score(confusion_matrix(*arrays(drawn), classes=3), NAMES)
    f1: list[float | None] = []
    weighted = 0.0
    for index, name in enumerate(NAMES):
        tp = sum(t == index and p == index for t, p in drawn)
        fn = sum(t == index and p != index for t, p in drawn)
        fp = sum(t != index and p == index for t, p in drawn)
        scores = record.per_class[name]
        assert scores.sensitivity == (pytest.approx(tp / (tp + fn)) if tp + fn else None)
        assert scores.ppv == (pytest.approx(tp / (tp + fp)) if tp + fp else None)
        assert scores.f1 == (pytest.approx(2 * tp / (2 * tp + fp + fn)) if tp + fp + fn else None)
        assert (scores.sensitivity is None) == (f"accuracy.per_class.{name}.sensitivity" in notes)
        f1.append(scores.f1)
        weighted += (scores.f1 or 0.0) * (tp + fn)
    if None in f1:
        assert record.macro_f1 is None
    else:
        assert record.macro_f1 == pytest.approx(sum(f1) / 3)  # type: ignore[arg-type]
    if drawn:
        right = sum(t == p for t, p in drawn)
        assert record.accuracy == pytest.approx(right / len(drawn))
        assert record.weighted_f1 == pytest.approx(weighted / len(drawn))
    else:
        assert record.accuracy is record.weighted_f1 is None


def test_scores_of_a_known_matrix() -> None:
    record, notes = score(np.array([[90, 10], [5, 15]]), ("normal", "ectopic"))
    assert record.confusion == ((90, 10), (5, 15))
    assert record.per_class["ectopic"].sensitivity == 0.75
    assert record.per_class["ectopic"].ppv == 0.6
    assert record.per_class["ectopic"].f1 == pytest.approx(2 / 3)
    assert record.accuracy == 105 / 120
    assert not notes


def test_a_class_without_windows_is_null_and_says_why() -> None:
    record, notes = score(np.array([[5, 0, 1], [0, 0, 0], [0, 0, 2]]), NAMES)
    assert record.per_class["PAC"].f1 is None
    assert record.macro_f1 is None
    assert "PAC" in notes["accuracy.macro_f1"]
    assert "none classified" in notes["accuracy.per_class.PAC.f1"]
    assert record.weighted_f1 is not None


def test_a_label_outside_the_classes_is_an_error() -> None:
    with pytest.raises(ValueError, match="outside"):
        confusion_matrix(np.array([3]), np.array([0]), classes=3)


def test_labels_and_predictions_must_be_as_many() -> None:
    with pytest.raises(ValueError, match="2 labels for 1 predictions"):
        confusion_matrix(np.array([0, 1]), np.array([0]), classes=3)


def test_the_largest_output_wins_and_the_first_of_equals() -> None:
    outputs = np.array([[-128, 5, 4], [7, 7, -1], [-128, -128, -127]], dtype=np.int8)
    assert predicted_classes(outputs).tolist() == [1, 0, 2]


@given(pairs)
def test_specificity_is_the_share_of_others_left_alone(drawn: list[tuple[int, int]]) -> None:
    found = specificity(confusion_matrix(*arrays(drawn), classes=3), NAMES)
    for index, name in enumerate(NAMES):
        tn = sum(index not in (t, p) for t, p in drawn)
        fp = sum(t != index and p == index for t, p in drawn)
        assert found[name] == (pytest.approx(tn / (tn + fp)) if tn + fp else None)


def test_each_record_has_its_own_confusion() -> None:
    labels, predictions = np.array([0, 1, 1, 0, 0]), np.array([0, 1, 0, 1, 0])
    names, matrices = confusion_by_group(
        labels, predictions, np.array(["b", "a", "b", "a", "b"]), classes=2
    )
    assert names == ["a", "b"]
    assert matrices.tolist() == [[[0, 1], [0, 1]], [[2, 0], [1, 0]]]
    np.testing.assert_array_equal(
        matrices.sum(axis=0), confusion_matrix(labels, predictions, classes=2)
    )


@pytest.mark.train
@settings(deadline=None)
@given(pairs.filter(bool))
def test_scores_are_those_of_scikit_learn(drawn: list[tuple[int, int]]) -> None:
    sklearn = pytest.importorskip("sklearn.metrics", reason="needs the train extra")
    labels, predictions = arrays(drawn)
    matrix = confusion_matrix(labels, predictions, classes=3)
    every = [0, 1, 2]
    assert matrix.tolist() == sklearn.confusion_matrix(labels, predictions, labels=every).tolist()
    ppv, sensitivity, f1, _ = sklearn.precision_recall_fscore_support(
        labels, predictions, labels=every, zero_division=np.nan
    )
    record, _ = score(matrix, NAMES)
    found = record.per_class.values()
    nan = float("nan")
    for ours, theirs in (
        ([nan if each.ppv is None else each.ppv for each in found], ppv),
        ([nan if each.sensitivity is None else each.sensitivity for each in found], sensitivity),
        ([nan if each.f1 is None else each.f1 for each in found], f1),
    ):
        np.testing.assert_allclose(ours, theirs)
    inverted = sklearn.multilabel_confusion_matrix(labels, predictions, labels=every)
    for index, each in enumerate(specificity(matrix, NAMES).values()):
        (tn, fp), _ = inverted[index]
        assert each == (pytest.approx(tn / (tn + fp)) if tn + fp else None)
