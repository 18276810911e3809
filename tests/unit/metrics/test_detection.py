import numpy as np
import pytest

from ectopy.metrics.detection import DetectorScore, match_beats


def paired(annotated: list[int], detected: list[int], rate_hz: int = 100) -> list[int]:
    return match_beats(np.array(annotated, int), np.array(detected, int), rate_hz).tolist()


def test_beats_within_150_ms_are_pairs() -> None:
    assert paired([100, 200, 300], [100, 214, 316]) == [0, 1, -1]
    assert paired([360, 720], [414, 777], 360) == [0, -1]


def test_no_annotation_is_given_twice() -> None:
    assert paired([100], [95, 104]).count(0) == 1


@pytest.mark.parametrize(("annotated", "detected"), [([], [1, 2]), ([1, 2], []), ([], [])])
def test_nothing_pairs_with_nothing(annotated: list[int], detected: list[int]) -> None:
    assert paired(annotated, detected) == [-1] * len(detected)


def test_scores() -> None:
    score = DetectorScore(found=90, missed=10, extra=30)
    assert (score.sensitivity, score.ppv) == (0.9, 0.75)
    nothing = DetectorScore(found=0, missed=0, extra=0)
    assert (nothing.sensitivity, nothing.ppv) == (None, None)
