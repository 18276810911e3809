import json

import numpy as np
import pytest

from ectopy.errors import InputError
from ectopy.metrics.mistakes import (
    Judged,
    choose_examples,
    confusion_by_rhythm,
    from_json,
    rhythms_by_record,
    to_json,
)
from support.card_bundle import mistakes

NAMES = ("N", "PAC", "PVC")


def judged(*answers: tuple[str, str, int, int, float]) -> Judged:
    """Record, rhythm, true class, class said, its probability."""
    records, rhythms, true, said, odds = zip(*answers, strict=True)
    probabilities = np.full((len(answers), 3), 0.0)
    probabilities[np.arange(len(answers)), said] = odds
    return Judged(
        class_names=NAMES,
        true_classes=np.array(true),
        predictions=np.array(said),
        probabilities=probabilities,
        records=np.array(records),
        beat_samples=np.arange(len(answers), dtype=np.int32) * 10,
        rhythms=np.array(rhythms),
    )


def test_the_most_confident_mistake_of_the_worst_record_stands_for_its_kind() -> None:
    found = choose_examples(
        judged(
            ("100", "N", 0, 0, 1.0),
            ("100", "N", 0, 1, 0.99),  # the most confident, but not of the worst record
            ("200", "B", 0, 1, 0.6),
            ("200", "AFIB", 0, 1, 0.8),
            ("200", "N", 0, 1, 0.7),
            ("100", "N", 2, 0, 0.5),
        )
    )
    kinds = [(each.true_class, each.said, each.record, each.beat_sample) for each in found]
    assert kinds == [("N", "PAC", "200", 30), ("N", "PAC", "100", 10), ("PVC", "N", "100", 50)]
    assert (found[0].rhythm, found[0].probability) == ("AFIB", 0.8)


def test_six_kinds_have_one_example_each() -> None:
    wrong = [(t, s) for t in range(3) for s in range(3) if t != s]
    found = choose_examples(judged(*((r, "N", t, s, 0.9) for t, s in wrong for r in ("1", "2"))))
    assert len({(each.true_class, each.said) for each in found}) == len(found) == 6


def test_where_nothing_is_wrong_there_is_no_example() -> None:
    assert choose_examples(judged(("100", "N", 1, 1, 0.9))) == ()


def test_rhythms_are_counted_most_beats_first() -> None:
    answers = judged(("1", "B", 2, 0, 0.9), ("1", "N", 0, 0, 0.9), ("2", "N", 0, 1, 0.9))
    assert confusion_by_rhythm(answers) == {
        "N": ((1, 1, 0), (0, 0, 0), (0, 0, 0)),
        "B": ((0, 0, 0), (0, 0, 0), (1, 0, 0)),
    }
    assert rhythms_by_record(answers) == {"1": {"B": 1, "N": 1}, "2": {"N": 1}}


def test_the_file_is_read_as_written_and_nothing_else_is() -> None:
    file = mistakes("ab")
    document = json.loads(to_json(file))
    assert from_json(document) == file
    with pytest.raises(InputError, match="schema version 2"):
        from_json(document | {"schema_version": 2})
    with pytest.raises(InputError, match="unknown key more"):
        from_json(document | {"more": 1})
