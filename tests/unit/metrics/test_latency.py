import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ectopy.metrics import nearest_rank


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=300), st.integers(1, 100))
def test_it_is_the_smallest_value_that_enough_do_not_exceed(values: list[int], p: int) -> None:
    found = nearest_rank(np.array(values, dtype=np.uint32), p)
    candidates = [v for v in values if 100 * sum(w <= v for w in values) >= p * len(values)]
    assert found == min(candidates)


def test_known_values() -> None:
    ticks = np.arange(1, 201, dtype=np.uint32)
    assert nearest_rank(ticks, 50) == 100
    assert nearest_rank(ticks, 99) == 198
    assert nearest_rank(ticks, 100) == 200


def test_nothing_measured_gives_none() -> None:
    assert nearest_rank(np.array([], dtype=np.uint32), 50) is None


@pytest.mark.parametrize("percent", [0, 101])
def test_percent_outside_its_range_is_an_error(percent: int) -> None:
    with pytest.raises(ValueError, match="not a percentile"):
        nearest_rank(np.array([1]), percent)
