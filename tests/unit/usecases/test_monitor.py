"""The replay as a stream: which window when, which beat when, without board or terminal."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from ectopy.graph.reader import load_tflite
from ectopy.protocol import InferResult
from ectopy.report.monitor.beats import Beat
from ectopy.usecases.monitor import Reading, stream_beats
from ectopy.usecases.monitor_play import PICTURES_PER_S, Pace, play
from ectopy.zoo import open_bundle
from support.invented_replay import invented_beats, invented_tape


def reading(**changes: object) -> Reading:
    bundle = open_bundle("beat-3-eff-sm")
    return replace(Reading.of(bundle, load_tflite(bundle.tflite_path)), **changes)


@dataclass
class FakeBoard:
    """Answers class 2 to windows whose R peak is the highest sample, class 0 to others."""

    seen: list[np.ndarray] = field(default_factory=list)

    def __call__(self, windows: Iterable[bytes]) -> Iterator[InferResult]:
        for index, window in enumerate(windows):
            samples = np.frombuffer(window, dtype="<i2")
            self.seen.append(samples)
            outputs = [0, -128, 127] if samples[256] == samples.max() else [127, -128, 0]
            yield InferResult(
                index=index,
                ticks_total=3,
                ticks_preprocess=1,
                ticks_invoke=2,
                cycles_invoke=0,
                outputs=np.array(outputs, dtype=np.int8).tobytes(),
            )


@pytest.mark.parametrize("ahead", [False, True])
def test_every_peak_is_one_beat_in_order_of_time(ahead: bool) -> None:
    tape, board = invented_tape(), FakeBoard()
    beats = list(stream_beats(tape, board, reading(), ahead=ahead))
    assert [beat.time_s for beat in beats] == (tape.peaks / 100).tolist()
    assert [beat.verdict is not None for beat in beats] == tape.has_window.tolist()
    assert len(board.seen) == tape.has_window.sum() == 13
    assert all(window[256] == window.max() == 1000 for window in board.seen)
    assert {beat.verdict.said for beat in beats if beat.verdict} == {2}
    assert beats[0].rr_s is None
    assert beats[5].rr_s == 2.0, "over the beat that was missed"


def test_a_window_is_sent_when_its_beat_is_asked_for_and_no_sooner() -> None:
    board = FakeBoard()
    beats = stream_beats(invented_tape(), board, reading(), ahead=False)
    for expected in (0, 0, 0, 1, 2):
        next(beats)
        assert len(board.seen) == expected


def test_annotations_are_in_the_classes_of_the_model() -> None:
    beats = list(stream_beats(invented_tape(), FakeBoard(), reading(), ahead=True))
    assert [beat.annotated for beat in beats[:5]] == [0, 0, 0, 2, 0]
    merged = list(
        stream_beats(invented_tape(), FakeBoard(), reading(class_map=(0, 1, 1)), ahead=True)
    )
    assert merged[3].annotated == 1
    extra = next(beat for beat in beats if beat.time_s == 7.5)
    assert (extra.annotation, extra.annotated, extra.right) == (None, None, None)


def test_probabilities_are_the_softmax_of_dequantized_logits() -> None:
    ours = reading()
    quant = ours.graph.output.quant
    assert quant is not None
    beat = list(stream_beats(invented_tape(), FakeBoard(), ours, ahead=True))[3]
    assert beat.verdict is not None
    powers = np.exp(quant.scale * np.array([0.0, -128.0, 127.0]))
    assert beat.verdict.probabilities == pytest.approx(powers / powers.sum())
    whole = replace(ours, logits=False)
    beat = list(stream_beats(invented_tape(), FakeBoard(), whole, ahead=True))[3]
    assert beat.verdict is not None
    plain = quant.scale * (np.array([0, -128, 127]) - quant.zero_point)
    assert beat.verdict.probabilities == pytest.approx(plain)


@dataclass
class FakeTime:
    """A clock that sleeping moves, and work when told how long it takes."""

    now: float = 100.0
    late_s: float = 0.0
    sleeps: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds + self.late_s

    def pace(self, speed: float | None) -> Pace:
        return Pace(speed=speed, now_s=lambda: self.now, sleep=self.sleep)


def slow(beats: list[Beat], clock: FakeTime, seconds: float) -> Iterator[Beat]:
    for beat in beats:
        clock.now += seconds
        yield beat


def all_beats() -> list[Beat]:
    return invented_beats(invented_tape(), 99.0)


@pytest.mark.parametrize("speed", [1.0, 4.0])
def test_beats_come_when_their_window_is_complete(speed: float) -> None:
    clock = FakeTime()
    moments = list(play(invented_tape(), iter(all_beats()), clock.pace(speed)))
    step_s = speed / PICTURES_PER_S
    seen = [(moment.clock_s, beat.time_s) for moment in moments for beat in moment.beats]
    assert [time_s for _, time_s in seen] == [b.time_s for b in all_beats() if b.time_s < 17.44]
    assert all(0.0 <= clock_s - time_s - 2.56 <= step_s + 1e-6 for clock_s, time_s in seen)
    assert moments[-1].clock_s == 20.0
    assert clock.now - 100.0 == pytest.approx(20.0 / speed, abs=0.05)


def test_lateness_does_not_add_up() -> None:
    clock = FakeTime(late_s=0.013)
    moments = list(play(invented_tape(), iter(all_beats()), clock.pace(1.0)))
    assert clock.now - 100.0 == pytest.approx(20.0, abs=0.06)
    assert len(moments) == pytest.approx(20 * PICTURES_PER_S, rel=0.02)


def test_a_slow_board_delays_beats_but_not_the_picture() -> None:
    clock = FakeTime()
    moments = list(play(invented_tape(), slow(all_beats(), clock, 1.5), clock.pace(1.0)))
    assert [len(moment.beats) <= 1 for moment in moments].count(False) == 0
    assert sum(len(moment.beats) for moment in moments) == 16
    gaps = np.diff([moment.clock_s for moment in moments])
    assert gaps.max() <= 1.6


def test_at_full_speed_nobody_sleeps() -> None:
    clock = FakeTime()
    moments = list(play(invented_tape(), iter(all_beats()), clock.pace(None)))
    assert not clock.sleeps
    assert [len(moment.beats) for moment in moments] == [1] * 16 + [0]
    assert [m.clock_s for m in moments] == sorted(m.clock_s for m in moments)


def test_a_tape_without_peaks_ends() -> None:
    tape = invented_tape(peaks=np.zeros(0, dtype=np.int64))
    assert [m.clock_s for m in play(tape, iter(()), FakeTime().pace(None))] == [20.0]
    assert list(play(tape, iter(()), FakeTime().pace(1.0)))[-1].clock_s == 20.0
