import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ectopy.errors import DataError
from ectopy.quantize.calibration import draw_calibration
from support.ecg import made_up_windows

WINDOWS = made_up_windows({"a": (200, 0, 0), "b": (100, 10, 10), "c": (5, 0, 0)})


def test_every_patient_gives_the_same_until_it_has_no_more() -> None:
    chosen = draw_calibration(WINDOWS, 65, seed=0)
    records, counts = np.unique(WINDOWS.records[chosen], return_counts=True)
    assert dict(zip(records.tolist(), counts.tolist(), strict=True)) == {"a": 30, "b": 30, "c": 5}


def test_same_seed_draws_the_same_windows_and_another_seed_others() -> None:
    first = draw_calibration(WINDOWS, 60, seed=4)
    np.testing.assert_array_equal(first, draw_calibration(WINDOWS, 60, seed=4))
    assert not np.array_equal(first, draw_calibration(WINDOWS, 60, seed=5))


def test_draw_is_pinned_so_that_shipped_models_can_be_made_again() -> None:
    assert draw_calibration(WINDOWS, 6, seed=0).tolist() == [11, 196, 269, 302, 321, 323]


@given(count=st.integers(1, 400), seed=st.integers(0, 2**32))
def test_windows_are_distinct_ascending_and_balanced(count: int, seed: int) -> None:
    chosen = draw_calibration(WINDOWS, count, seed)
    assert len(chosen) == min(count, len(WINDOWS))
    assert (np.diff(chosen) > 0).all()
    counts = {r: int((WINDOWS.records[chosen] == r).sum()) for r in ("a", "b", "c")}
    available = {"a": 200, "b": 120, "c": 5}
    open_records = [counts[r] for r in counts if counts[r] < available[r]]
    assert max(open_records, default=0) - min(open_records, default=0) <= 1


def test_no_window_is_an_error() -> None:
    with pytest.raises(DataError, match="no windows to calibrate"):
        draw_calibration(made_up_windows({"a": (0, 0, 0)}), 5, seed=0)
