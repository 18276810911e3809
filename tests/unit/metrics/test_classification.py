import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ectopy.metrics import confusion_matrix, predicted_classes, score

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
