import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ectopy.metrics import patient_bootstrap, score
from ectopy.metrics.evaluation import Interval

NAMES = ("N", "PAC")
GOOD, BAD = [[90, 10], [0, 10]], [[50, 50], [10, 0]]

confusions = arrays.arrays(
    np.int64, st.tuples(st.integers(1, 6), st.just(2), st.just(2)), elements=st.integers(0, 40)
)


def test_patients_that_are_alike_give_their_own_scores() -> None:
    record = patient_bootstrap(np.array([GOOD, GOOD]), NAMES, resamples=50)
    accuracy, _ = score(np.array(GOOD), NAMES)
    for name, scores in accuracy.per_class.items():
        found = record.per_class[name]
        for key in ("sensitivity", "ppv", "f1"):
            value = getattr(scores, key)
            assert getattr(found, key) == Interval(low=value, high=value, resamples=50)
    assert (record.patients, record.resamples) == (2, 50)


def test_one_patient_is_no_sample_of_patients() -> None:
    record = patient_bootstrap(np.array([GOOD]), NAMES)
    assert record.patients == 1
    assert record.macro_f1 is record.per_class["N"].sensitivity is None


def test_two_patients_give_the_three_mixtures_in_their_shares() -> None:
    # Both good, mixed, both bad come as 1 : 2 : 1, so 5 % and 95 % are the pure ones.
    record = patient_bootstrap(np.array([GOOD, BAD]), NAMES)
    found = record.per_class["N"].sensitivity
    assert found == Interval(low=0.5, high=0.9, resamples=2000)
    found = record.per_class["PAC"].f1
    both_good = 2 * 10 / (10 + 20)
    assert found is not None
    assert (found.low, found.high) == (0, pytest.approx(both_good))


def test_the_draw_is_of_patients_and_the_same_everywhere() -> None:
    random = np.random.default_rng(0)
    matrices = random.integers(0, 50, (22, 2, 2))
    record = patient_bootstrap(matrices, NAMES, resamples=400, seed=3)
    raw = np.random.PCG64(3).random_raw(400 * 22) % np.uint64(22)
    sums = [matrices[draw].sum(axis=0) for draw in raw.reshape(400, 22).astype(int)]
    values = [score(each, NAMES)[0] for each in sums]
    for name in NAMES:
        f1 = [each.per_class[name].f1 or 0.0 for each in values]
        found = record.per_class[name].f1
        assert found is not None
        np.testing.assert_allclose((found.low, found.high), np.percentile(f1, [5, 95]))
    assert record.macro_f1 is not None
    macro = np.percentile([each.macro_f1 or 0.0 for each in values], [5, 95])
    np.testing.assert_allclose((record.macro_f1.low, record.macro_f1.high), macro)
    assert patient_bootstrap(matrices, NAMES, seed=4) != patient_bootstrap(matrices, NAMES)


def test_resamples_without_a_score_are_left_out_and_counted() -> None:
    only_one_has_pac = np.array([[[10, 0], [0, 4]], [[10, 0], [0, 0]]])
    record = patient_bootstrap(only_one_has_pac, NAMES)
    found = record.per_class["PAC"].f1
    assert found is not None
    assert found.low == found.high == 1
    assert 0.7 < found.resamples / 2000 < 0.8
    assert record.macro_f1 is not None
    assert record.macro_f1.resamples == found.resamples
    nobody = patient_bootstrap(np.array(2 * [[[5, 0], [0, 0]]]), NAMES)
    assert nobody.per_class["PAC"].f1 is None
    assert nobody.macro_f1 is None


@given(confusions)
def test_intervals_stay_within_what_patients_show(matrices: np.ndarray) -> None:
    record = patient_bootstrap(matrices, NAMES, resamples=100)
    for index, name in enumerate(NAMES):
        found = record.per_class[name].sensitivity
        supports = matrices[:, index].sum(axis=1)
        if not supports.any() or len(matrices) == 1:
            assert found is None
            continue
        own = matrices[supports > 0, index, index] / supports[supports > 0]
        if found is not None:
            assert own.min() - 1e-9 <= found.low <= found.high <= own.max() + 1e-9
