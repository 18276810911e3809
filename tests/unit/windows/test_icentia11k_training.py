from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ectopy.errors import DataError, InputError
from ectopy.vocab import FRAME_SAMPLES, R_PEAK_SAMPLE, BeatClass
from ectopy.windows import patient_of
from ectopy.windows.icentia11k import read_segment
from ectopy.windows.icentia11k_training import (
    Excerpt,
    TrainingDraw,
    excerpt_strips,
    read_all_excerpts,
    read_excerpts,
    split_patients,
)
from ectopy.windows.recording import to_trace
from ectopy.windows.rhythm_spans import RhythmSpan, clipped
from support.icentia11k_records import write_segment

BEAT_3 = TrainingDraw(samples_per_patient=(4, 3, 2), class_map=(0, 1, 2))


KNOWN = [1000, 2000, 9250, 12750, 20500, 24000, 26000, 27500, 28750]
"""Beats that BEAT_3 draws."""


def drawn_beats(excerpts: tuple[Excerpt, ...]) -> list[tuple[str, int, int]]:
    return [
        (e.segment, e.start + int(at), int(label))
        for e in excerpts
        for at, label in zip(
            e.recording.beat_samples[e.drawn], e.recording.labels[e.drawn], strict=True
        )
    ]


def classes_drawn(directory: Path, wanted: TrainingDraw) -> Counter[int]:
    return Counter(label for _, _, label in drawn_beats(read_excerpts(directory, "p00007", wanted)))


def test_so_many_beats_of_each_class_are_drawn(tmp_path: Path) -> None:
    for segment in range(3):
        write_segment(tmp_path, 7, segment, symbols="NSNVQN", seconds=60)
    assert classes_drawn(tmp_path, BEAT_3) == {0: 4, 1: 3, 2: 2}
    found = drawn_beats(read_excerpts(tmp_path, "p00007", BEAT_3))
    assert len({segment for segment, _, _ in found}) > 1
    assert len(set(found)) == 9


def test_classes_are_those_of_the_model(tmp_path: Path) -> None:
    write_segment(tmp_path, 7, symbols="NSNV", seconds=100)
    beat_2 = TrainingDraw(samples_per_patient=(5, 8), class_map=(0, 1, 1))
    labels = Counter(
        label for _, _, label in drawn_beats(read_excerpts(tmp_path, "p00007", beat_2))
    )
    assert labels[BeatClass.N] == 5
    assert labels[BeatClass.PAC] + labels[BeatClass.PVC] == 8


def test_a_patient_with_fewer_beats_than_asked_gives_what_there_is(tmp_path: Path) -> None:
    write_segment(tmp_path, 7, symbols="N" * 20 + "S", seconds=30)
    greedy = replace(BEAT_3, samples_per_patient=(5, 40, 40))
    labels = Counter(
        label for _, _, label in drawn_beats(read_excerpts(tmp_path, "p00007", greedy))
    )
    assert labels == {0: 5, 1: 1}


def test_windows_of_excerpts_are_bit_for_bit_those_of_the_segment(tmp_path: Path) -> None:
    write_segment(tmp_path, 7, symbols="NSNV", seconds=120)
    whole = to_trace(read_segment(tmp_path, "p00007_s00").recording)
    everything = replace(BEAT_3, samples_per_patient=(9, 9, 9), margin_s=0.21)
    excerpts = read_excerpts(tmp_path, "p00007", everything)
    assert len(excerpts) > 3
    strips = excerpt_strips(excerpts)
    centres = np.flatnonzero(strips.may_be_centres())
    frame = np.arange(FRAME_SAMPLES) - R_PEAK_SAMPLE
    cut = strips.leads_mv[0][strips.peaks[centres][:, np.newaxis] + frame]
    beats = np.array([at for _, at, _ in drawn_beats(excerpts)])
    at = np.searchsorted(whole.beat_samples, beats)
    assert (whole.beat_samples[at] == beats).all()
    expected = np.empty_like(cut)
    whole.cut(at, expected)
    assert cut.shape == (27, FRAME_SAMPLES)
    assert (cut == expected).all()
    assert (strips.labels[centres] == whole.labels[at]).all()
    assert (np.argmax(cut[:, R_PEAK_SAMPLE - 50 : R_PEAK_SAMPLE + 51], 1) == 50).all()


def test_beats_that_were_not_drawn_are_no_centres(tmp_path: Path) -> None:
    write_segment(tmp_path, 7, symbols="NNQS", seconds=60)
    excerpts = read_excerpts(tmp_path, "p00007", replace(BEAT_3, samples_per_patient=(2, 1, 0)))
    strips = excerpt_strips(iter(excerpts))
    assert strips.labels[strips.may_be_centres()].tolist().count(BeatClass.N) == 2
    assert strips.may_be_centres().sum() == 3
    assert strips.peaks.size > 9
    assert (np.diff(strips.peaks)[np.diff(strips.record_of) == 0] == 100).all()
    one = strips.keep(strips.names[:1])
    drawn = excerpts[0].drawn.sum()
    assert one.may_be_centres().sum() == drawn > 0


def test_no_excerpts_make_no_strips() -> None:
    with pytest.raises(DataError, match="no records"):
        excerpt_strips([])


def test_an_excerpt_has_its_margins_its_neighbours_and_its_rhythm(tmp_path: Path) -> None:
    write_segment(tmp_path, 7, seconds=60, symbols="N", rhythms=((250, "(N"), (7500, "(AFIB")))
    one = TrainingDraw(samples_per_patient=(1, 0, 0), class_map=(0, 1, 2), margin_s=5.0)
    (excerpt,) = read_excerpts(tmp_path, "p00007", one)
    at = int(excerpt.recording.beat_samples[excerpt.drawn][0])
    whole = read_segment(tmp_path, "p00007_s00").recording
    end = excerpt.start + excerpt.recording.counts.size
    assert (excerpt.recording.counts == whole.counts[excerpt.start : end]).all()
    assert excerpt.start == 0 or at >= (5.0 + 2.56) * 250
    assert end == whole.counts.size or excerpt.recording.counts.size - at >= (5.0 + 2.56) * 250
    assert excerpt.drawn.sum() == 1
    assert excerpt.recording.labels.size >= 7
    assert excerpt.rhythms == clipped(
        (
            RhythmSpan(start=250, end=7500, rhythm="N"),
            RhythmSpan(start=7500, end=whole.counts.size, rhythm="AFIB"),
        ),
        excerpt.start,
        end,
    )


def test_beats_of_no_class_are_neighbours_too(tmp_path: Path) -> None:
    write_segment(tmp_path, 7, seconds=60, symbols="NQ")
    one = TrainingDraw(samples_per_patient=(1, 0, 0), class_map=(0, 1, 2), margin_s=5.0)
    (excerpt,) = read_excerpts(tmp_path, "p00007", one)
    recording = excerpt.recording
    beats = np.union1d(recording.beat_samples, recording.unclassed_samples)
    assert recording.unclassed_samples.size >= 3
    assert (np.diff(beats) == 250).all()


def test_mostly_unclassified_segments_are_left_out(tmp_path: Path) -> None:
    write_segment(tmp_path, 7, 0, symbols="NQQQQ", seconds=60)
    write_segment(tmp_path, 7, 1, symbols="NQQS", seconds=60)
    found = drawn_beats(read_excerpts(tmp_path, "p00007", BEAT_3))
    assert {segment for segment, _, _ in found} == {"p00007_s01"}


def test_segments_per_patient_bounds_what_is_read(tmp_path: Path) -> None:
    for segment in range(4):
        write_segment(tmp_path, 7, segment, symbols="NSV", seconds=60)
    few = replace(BEAT_3, samples_per_patient=(20, 20, 20), segments_per_patient=2)
    found = drawn_beats(read_excerpts(tmp_path, "p00007", few))
    assert len({segment for segment, _, _ in found}) == 2


def test_a_draw_is_the_same_again_and_another_with_another_seed(tmp_path: Path) -> None:
    write_segment(tmp_path, 7, symbols="NSV", seconds=120)
    first = drawn_beats(read_excerpts(tmp_path, "p00007", BEAT_3))
    write_segment(tmp_path, 8)
    assert drawn_beats(read_excerpts(tmp_path, "p00007", BEAT_3)) == first
    assert drawn_beats(read_excerpts(tmp_path, "p00007", replace(BEAT_3, seed=1))) != first
    # By numpy's raw stream, which never changes: the same on every machine.
    assert [at for _, at, _ in first] == KNOWN


def test_patients_are_divided_and_none_is_a_test_patient(tmp_path: Path) -> None:
    for number in (*range(10), 10_000, 10_500):
        write_segment(tmp_path, number, seconds=10)
    training, validation = split_patients(tmp_path, BEAT_3)
    assert (len(training), len(validation)) == (8, 2)
    assert not set(training) & set(validation)
    assert {int(name[1:]) for name in training + validation} == set(range(10))
    fewer, validate = split_patients(tmp_path, replace(BEAT_3, patients=5))
    assert (len(fewer), len(validate)) == (4, 1)
    assert split_patients(tmp_path, replace(BEAT_3, seed=3)) != (training, validation)


def test_all_excerpts_come_by_patient_with_progress(tmp_path: Path) -> None:
    for number in range(5):
        write_segment(tmp_path, number, symbols="NSV")
    steps: list[tuple[int, int]] = []
    training, _ = split_patients(tmp_path, BEAT_3)
    found = read_all_excerpts(
        tmp_path, training, BEAT_3, lambda done, total, _: steps.append((done, total))
    )
    assert tuple(dict.fromkeys(patient_of(e.recording.name) for e in found)) == training
    assert steps == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_single_patient_cannot_be_divided(tmp_path: Path) -> None:
    write_segment(tmp_path, 0)
    with pytest.raises(DataError, match="cannot be divided"):
        split_patients(tmp_path, BEAT_3)


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ({"samples_per_patient": (1, 2)}, "one number for each class"),
        ({"samples_per_patient": (0, 0, 0)}, "not all of them 0"),
        ({"samples_per_patient": (1, -2, 0)}, "from 0"),
        ({"class_map": (0, 1)}, "one class for each label"),
        ({"validation_share": 1.0}, "between 0 and 1"),
        ({"patients": 0}, "positive"),
        ({"segments_per_patient": -1}, "positive"),
        ({"margin_s": 0.0}, "at least 0.2 s"),
        ({"seed": -1}, "seeds"),
    ],
)
def test_a_draw_that_cannot_be_is_refused(wrong: dict[str, object], rule: str) -> None:
    with pytest.raises(InputError) as caught:
        replace(BEAT_3, **wrong)  # type: ignore[arg-type]
    assert rule in caught.value.hint
