import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ectopy.metrics import probabilities, reliability

answers = st.lists(st.tuples(st.floats(0.01, 1), st.booleans()), min_size=1, max_size=80)


def arrays(drawn: list[tuple[float, bool]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([c for c, _ in drawn]), np.array([r for _, r in drawn])


def test_logits_become_probabilities() -> None:
    logits = np.array([[0.0, np.log(3)], [1000.0, 0.0]])
    np.testing.assert_allclose(
        probabilities(logits, use_logits=True), [[0.25, 0.75], [1, 0]], atol=1e-12
    )


def test_probabilities_stay_what_they_are() -> None:
    odds = np.array([[0.3, 0.7]], dtype=np.float32)
    np.testing.assert_array_equal(probabilities(odds, use_logits=False), odds.astype(np.float64))


def test_reliability_of_a_known_set() -> None:
    confidences = np.array([0.35, 0.95, 0.95, 0.85, 0.90])
    right = np.array([True, True, False, True, False])
    record = reliability(confidences, right)
    filled = {(b.low, b.high): b for b in record.bins if b.windows}
    assert list(filled) == [(0.3, 0.4), (0.8, 0.9), (0.9, 1.0)]
    # 0.90 belongs to the bin that ends there.
    assert [b.windows for b in filled.values()] == [1, 2, 2]
    assert [b.accuracy for b in filled.values()] == [1.0, 0.5, 0.5]
    assert filled[0.8, 0.9].confidence == pytest.approx(0.875)
    assert record.ece == pytest.approx((0.65 + 2 * 0.375 + 2 * 0.45) / 5)
    empty = record.bins[0]
    assert (empty.windows, empty.confidence, empty.accuracy) == (0, None, None)


def test_honest_confidence_has_no_error() -> None:
    record = reliability(np.full(100, 0.75), np.arange(100) < 75)
    assert record.ece == pytest.approx(0)


@given(answers, st.integers(1, 20))
def test_bins_hold_every_window_where_it_belongs(
    drawn: list[tuple[float, bool]], bins: int
) -> None:
    confidences, right = arrays(drawn)
    record = reliability(confidences, right, bins)
    assert sum(b.windows for b in record.bins) == len(drawn)
    assert 0 <= record.ece <= 1
    for each in record.bins:
        if each.confidence is not None:
            assert each.low - 1e-9 <= each.confidence <= each.high + 1e-9
    mean = sum((b.accuracy or 0) * b.windows for b in record.bins) / len(drawn)
    assert mean == pytest.approx(right.mean())


@pytest.mark.train
@settings(deadline=None)
@given(answers)
def test_the_curve_is_that_of_scikit_learn(drawn: list[tuple[float, bool]]) -> None:
    calibration = pytest.importorskip("sklearn.calibration", reason="needs the train extra")
    confidences, right = arrays(drawn)
    confidences = np.round(confidences, 3) + 1e-4  # off the edges, which scikit-learn rounds
    confidences = confidences.clip(max=1)
    true, mean = calibration.calibration_curve(right, confidences, n_bins=10)
    filled = [b for b in reliability(confidences, right).bins if b.windows]
    np.testing.assert_allclose([b.accuracy for b in filled], true)
    np.testing.assert_allclose([b.confidence for b in filled], mean)
