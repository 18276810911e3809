import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ectopy.graph.types import QuantParams
from ectopy.report import Outputs
from ectopy.report.examples import MOST_EXAMPLES, choose_examples, softmax

QUANT = QuantParams(scales=(0.5,), zero_points=(-10,))


def outputs_of(true_classes: list[int], device: list[list[int]], records: list[str]) -> Outputs:
    n = len(true_classes)
    return Outputs(
        windows=np.arange(n),
        records=np.array(records),
        beat_samples=10 * np.arange(n),
        true_classes=np.array(true_classes),
        ticks_preprocess=np.zeros(n, np.int64),
        ticks_invoke=np.zeros(n, np.int64),
        device=np.array(device, np.int8).reshape(n, -1),
    )


def samples(n: int) -> np.ndarray:
    return np.repeat(np.arange(n, dtype=np.float32)[:, None], 512, axis=1)


def test_only_mistakes_are_chosen_most_confident_and_other_records_first() -> None:
    device = [[9, 0], [50, 0], [60, 0], [40, 0], [0, 9], [70, -128]]
    outputs = outputs_of([0, 1, 1, 1, 1, 0], device, ["a", "a", "a", "b", "a", "c"])
    chosen = choose_examples(outputs, samples(6), QUANT)
    assert [(e.record, e.beat_sample, e.true_class, e.said) for e in chosen] == [
        ("a", 20, 1, 0),
        ("b", 30, 1, 0),
        ("a", 10, 1, 0),
    ]
    assert [float(e.millivolts[0]) for e in chosen] == [2.0, 3.0, 1.0]


def test_probabilities_are_the_softmax_of_real_valued_outputs() -> None:
    outputs = outputs_of([1], [[-6, -10]], ["a"])
    (only,) = choose_examples(outputs, samples(1), QUANT)
    odds = only.probabilities[0] / only.probabilities[1]
    assert odds == pytest.approx(np.exp(0.5 * 4))
    assert choose_examples(outputs, samples(1), None)[0].probabilities == ()


def test_no_mistakes_give_no_examples() -> None:
    assert choose_examples(outputs_of([0], [[1, 0]], ["a"]), samples(1), QUANT) == ()


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.lists(st.integers(-128, 127), min_size=3, max_size=3)),
        min_size=1,
        max_size=60,
    )
)
def test_examples_are_few_wrong_and_different(rows: list[tuple[int, list[int]]]) -> None:
    outputs = outputs_of([r[0] for r in rows], [r[1] for r in rows], ["r"] * len(rows))
    chosen = choose_examples(outputs, samples(len(rows)), QUANT)
    assert len(chosen) <= MOST_EXAMPLES
    assert len({e.beat_sample for e in chosen}) == len(chosen)
    for each in chosen:
        assert each.said != each.true_class
        assert sum(each.probabilities) == pytest.approx(1)
        assert each.probabilities[each.said] == max(each.probabilities)


@given(st.lists(st.integers(-128, 127), min_size=1, max_size=5))
def test_softmax_is_a_distribution_even_for_steep_scales(values: list[int]) -> None:
    steep = QuantParams(scales=(1e6,), zero_points=(3,))
    probabilities = softmax(np.array(values, np.int8), steep)
    assert np.isfinite(probabilities).all()
    assert probabilities.sum() == pytest.approx(1)
