import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ectopy.metrics import TensorDifference, compare_outputs, first_difference

two_outputs = st.integers(0, 8).flatmap(
    lambda n: st.tuples(*[arrays(np.int8, (n, 3), elements=st.integers(-128, 127))] * 2)
)


@given(two_outputs)
def test_mismatches_count_windows_not_bytes(both: tuple[np.ndarray, np.ndarray]) -> None:
    device, reference = both
    record, notes = compare_outputs(device, reference, "r")
    rows = list(zip(device.tolist(), reference.tolist(), strict=True))
    assert record.output_mismatches == sum(a != b for a, b in rows)
    assert record.windows_compared == len(rows)
    if rows:
        assert record.max_abs_lsb == max(
            abs(x - y) for a, b in rows for x, y in zip(a, b, strict=True)
        )
    else:
        assert record.max_abs_lsb is None
        assert "agreement.max_abs_lsb" in notes


def test_the_extremes_do_not_wrap() -> None:
    low = np.array([[-128]], dtype=np.int8)
    high = np.array([[127]], dtype=np.int8)
    assert compare_outputs(low, high, "r")[0].max_abs_lsb == 255


def test_different_shapes_are_an_error() -> None:
    with pytest.raises(ValueError, match="differ in shape"):
        compare_outputs(np.zeros((2, 3), np.int8), np.zeros((1, 3), np.int8), "r")


def test_the_first_difference_is_the_first_in_memory() -> None:
    reference = np.zeros((1, 2, 3, 4), np.int8)
    device = reference.copy()
    device[0, 1, 0, 3], device[0, 1, 2, 0] = -128, 5
    reference[0, 1, 0, 3] = 127
    assert first_difference(device, reference) == TensorDifference(
        position=(0, 1, 0, 3),
        device=-128,
        reference=127,
        differing=2,
        elements=24,
        max_abs_lsb=255,
    )


def test_equal_tensors_have_no_first_difference_and_other_shapes_are_an_error() -> None:
    ones = np.ones((2, 2), np.int8)
    assert first_difference(ones, ones.copy()) is None
    with pytest.raises(ValueError, match="differ in shape"):
        first_difference(ones, ones.ravel())
