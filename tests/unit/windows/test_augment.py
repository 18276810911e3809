"""Each augmentation: what it must change, how far, and what it must leave alone."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ectopy.vocab import FRAME_SAMPLES, R_PEAK_SAMPLE
from ectopy.windows import augment
from ectopy.windows.augment import Retimed
from ectopy.windows.rhythm import BEATS, NEIGHBOURS
from ectopy.windows.strips import Strips
from support.strips import MARGIN, join, strips_of_signal

FEW = settings(max_examples=25, deadline=None)
SEEDS = st.integers(0, 2**32 - 1)
FRAME = np.arange(FRAME_SAMPLES)
Make = Callable[[np.random.Generator], np.ndarray]


def rhythms(shortest: int, longest: int = 150) -> st.SearchStrategy[list[int]]:
    """RR intervals of one window, in samples."""
    return st.lists(st.integers(shortest, longest), min_size=BEATS - 1, max_size=BEATS - 1)


def peaks_of(intervals: list[int]) -> np.ndarray:
    return MARGIN + np.concatenate(([0], np.cumsum(intervals)))


def noise_strips(intervals: list[int], seed: int = 0) -> Strips:
    """Two leads in which every sample is unlike all others."""
    peaks = peaks_of(intervals)
    signal = np.random.default_rng(seed).standard_normal((2, peaks[-1] + MARGIN))
    return strips_of_signal(signal, peaks.tolist())


def spike_strips(intervals: list[int]) -> Strips:
    """One lead, zero but for a sample at each R peak, each as tall as its number."""
    peaks = peaks_of(intervals)
    signal = np.zeros((1, peaks[-1] + MARGIN))
    signal[0, peaks] = 1 + np.arange(BEATS)
    return strips_of_signal(signal, peaks.tolist())


def retime(
    strips: Strips, intervals: list[int], stretch: float = 1.0, has_p: bool = True
) -> Retimed:
    """The one window of thirteen beats."""
    return augment.retime(
        strips,
        np.array([NEIGHBOURS]),
        np.array([intervals], dtype=float),
        np.array([stretch]),
        np.full((1, BEATS), has_p),
    )


def inside(beats: np.ndarray, before: float = 0, after: float = 0) -> list[int]:
    """Numbers of the beats that are in the window with so much around them."""
    whole = (beats - before >= 0) & (beats + after < FRAME_SAMPLES)
    return np.flatnonzero(whole).tolist()


@given(intervals=rhythms(40), seed=SEEDS)
@FEW
def test_own_intervals_give_the_windows_of_the_record(intervals: list[int], seed: int) -> None:
    strips = noise_strips(intervals, seed)
    cut = retime(strips, np.diff(strips.peaks).tolist())
    start = strips.peaks[NEIGHBOURS] - R_PEAK_SAMPLE
    expected = strips.leads_mv[:, start : start + FRAME_SAMPLES]
    np.testing.assert_allclose(cut.leads_mv[:, 0], expected, atol=1e-5)
    np.testing.assert_array_equal(cut.beats[0], strips.peaks - start)
    np.testing.assert_array_equal(
        augment.intervals_around(strips, np.array([NEIGHBOURS]))[0], intervals
    )


@given(old=rhythms(30), new=rhythms(10))
@FEW
def test_every_beat_is_where_it_should_be_and_nowhere_else(old: list[int], new: list[int]) -> None:
    cut = retime(spike_strips(old), new)
    at_least_280_ms = np.maximum(new, 28)
    np.testing.assert_array_equal(np.diff(cut.beats[0]), at_least_280_ms)
    assert cut.beats[0, NEIGHBOURS] == R_PEAK_SAMPLE
    window = cut.leads_mv[0, 0]
    seen = inside(cut.beats[0])
    expected = np.zeros(FRAME_SAMPLES)
    expected[cut.beats[0, seen].astype(int)] = 1 + np.array(seen)
    np.testing.assert_array_equal(window, expected)


@given(old=rhythms(32), new=rhythms(32), has_p=st.booleans(), seed=SEEDS)
@FEW
def test_p_and_qrs_are_copied_sample_for_sample(
    old: list[int], new: list[int], has_p: bool, seed: int
) -> None:
    strips = noise_strips(old, seed)
    cut = retime(strips, new, has_p=has_p)
    onset = 20 if has_p else 8
    beats = inside(cut.beats[0], onset, 8)
    assert NEIGHBOURS in beats
    for beat in beats:
        there, here = strips.peaks[beat], int(cut.beats[0, beat])
        np.testing.assert_array_equal(
            cut.leads_mv[:, 0, here - onset : here + 9],
            strips.leads_mv[:, there - onset : there + 9],
        )


def test_t_moves_with_its_own_beat_while_there_is_room() -> None:
    strips = noise_strips([90] * 12)
    longer = retime(strips, [120] * 12).leads_mv[0, 0]
    same = retime(strips, [90] * 12).leads_mv[0, 0]
    t_end = R_PEAK_SAMPLE + int(36 * np.sqrt(0.9))
    np.testing.assert_allclose(longer[R_PEAK_SAMPLE:t_end], same[R_PEAK_SAMPLE:t_end], atol=1e-5)
    assert np.abs(longer[t_end + 5 :] - same[t_end + 5 :]).max() > 1


@given(old=rhythms(12), new=rhythms(1), stretch=st.floats(0.5, 2), has_p=st.booleans())
@FEW
def test_time_only_runs_forward(
    old: list[int], new: list[int], stretch: float, has_p: bool
) -> None:
    peaks = peaks_of(old)
    clock = np.arange(peaks[-1] + MARGIN, dtype=float)[np.newaxis]
    cut = retime(strips_of_signal(clock, peaks.tolist()), new, stretch, has_p)
    assert (np.diff(cut.leads_mv[0, 0]) >= 0).all()
    assert cut.leads_mv[0, 0, R_PEAK_SAMPLE] == peaks[NEIGHBOURS]


@given(old=rhythms(0, 40), new=rhythms(1), stretch=st.floats(0.5, 2), has_p=st.booleans())
@FEW
def test_the_classified_beat_stays_at_256_in_whatever_crowd(
    old: list[int], new: list[int], stretch: float, has_p: bool
) -> None:
    peaks = peaks_of(old)
    clock = np.arange(peaks[-1] + MARGIN, dtype=float)[np.newaxis]
    cut = retime(strips_of_signal(clock, peaks.tolist()), new, stretch, has_p)
    assert cut.beats[0, NEIGHBOURS] == R_PEAK_SAMPLE
    assert cut.leads_mv[0, 0, R_PEAK_SAMPLE] == peaks[NEIGHBOURS]


@given(twice=st.integers(0, BEATS - 2))
@FEW
def test_two_annotations_at_one_place_disturb_no_other_beat(twice: int) -> None:
    old = [80] * 12
    old[twice] = 0
    cut = retime(spike_strips(old), [80] * 12)
    for beat in set(inside(cut.beats[0])) - {twice, twice + 1}:
        assert cut.leads_mv[0, 0, int(cut.beats[0, beat])] == 1 + beat


@given(old=rhythms(40), new=rhythms(40), stretch=st.floats(0.7, 1.4))
@FEW
def test_stretched_time_is_stretched_about_the_middle_beat(
    old: list[int], new: list[int], stretch: float
) -> None:
    peaks = peaks_of(old)
    time = np.arange(peaks[-1] + MARGIN)
    bumps = np.exp(-0.5 * ((time[:, None] - peaks) / 3.0) ** 2).sum(axis=1)
    cut = retime(strips_of_signal(bumps[np.newaxis], peaks.tolist()), new, stretch)
    offsets = np.concatenate(([0], np.cumsum(new)))
    expected = R_PEAK_SAMPLE + (offsets - offsets[NEIGHBOURS]) / stretch
    np.testing.assert_allclose(cut.beats[0], expected)
    window = cut.leads_mv[0, 0]
    for beat in inside(expected, 10, 10):
        near = np.arange(round(expected[beat]) - 8, round(expected[beat]) + 9)
        tallest = near[np.argmax(window[near])]
        assert abs(tallest - expected[beat]) <= 1
        half = (window[near] > 0.5).sum()
        assert abs(half - 2 * 3.0 * 1.1774 / stretch) <= 2, "waves are as much narrower"


@given(old=rhythms(28), new=rhythms(28), stretch=st.floats(0.7, 1.4), seed=SEEDS)
@FEW
def test_retiming_makes_no_amplitude_that_was_not_there(
    old: list[int], new: list[int], stretch: float, seed: int
) -> None:
    strips = noise_strips(old, seed)
    cut = retime(strips, new, stretch)
    assert cut.leads_mv.shape == (2, 1, FRAME_SAMPLES)
    assert cut.leads_mv.dtype == np.float32
    low, high = strips.leads_mv.min() - 1e-5, strips.leads_mv.max() + 1e-5
    assert low <= cut.leads_mv.min() and cut.leads_mv.max() <= high


def test_a_window_never_reaches_into_another_patient() -> None:
    quiet = strips_of_signal(np.zeros((1, 800)), (100 + 50 * np.arange(BEATS)).tolist())
    loud = strips_of_signal(np.full((1, 800), 100.0), (100 + 50 * np.arange(BEATS)).tolist())
    strips = join({"a": loud, "b": quiet, "c": loud})
    centres = BEATS * np.arange(3) + NEIGHBOURS
    cut = augment.retime(
        strips, centres, np.full((3, 12), 28.0), np.full(3, 3.0), np.ones((3, BEATS), bool)
    )
    for row, level in enumerate((100, 0, 100)):
        np.testing.assert_array_equal(cut.leads_mv[0, row], level)


def test_rows_of_a_batch_do_not_know_of_each_other() -> None:
    strips = noise_strips([80] * 30)
    centres, random = np.arange(6, 20), np.random.default_rng(0)
    n = len(centres)
    intervals, stretch = random.uniform(30, 150, (n, 12)), random.uniform(0.7, 1.4, n)
    has_p, strength = random.random((n, BEATS)) < 0.5, random.uniform(-1, 2, (n, BEATS))
    together = augment.retime(strips, centres, intervals, stretch, has_p)
    scaled = augment.scale_p_waves(together.leads_mv[0], together.beats, strength)
    taller = augment.scale_beats(together.leads_mv[0], together.beats, strength)
    for row in range(n):
        at = slice(row, row + 1)
        alone = augment.retime(strips, centres[at], intervals[at], stretch[at], has_p[at])
        np.testing.assert_allclose(alone.leads_mv[:, 0], together.leads_mv[:, row], atol=1e-4)
        p_alone = augment.scale_p_waves(alone.leads_mv[0], alone.beats, strength[at])
        np.testing.assert_allclose(p_alone[0], scaled[row], atol=1e-3)
        beats_alone = augment.scale_beats(alone.leads_mv[0], alone.beats, strength[at])
        np.testing.assert_allclose(beats_alone[0], taller[row], atol=1e-3)


BEAT_GRID = np.arange(BEATS)[np.newaxis] * 70.0 + R_PEAK_SAMPLE - 70 * NEIGHBOURS
"""R peaks of a regular rhythm; seven of them in the window, at 46, 116, ... 466."""
SEEN = [3, 4, 5, 6, 7, 8, 9]


def p_waves() -> np.ndarray:
    """Nothing but a P wave of 0.2 mV 125 ms before each R peak, on a slope."""
    bumps = 0.2 * np.exp(-0.5 * ((FRAME[:, None] - BEAT_GRID + 12.5) / 1.2) ** 2).sum(axis=1)
    return bumps[np.newaxis].astype(np.float32)


@given(strength=st.lists(st.floats(-1, 2), min_size=BEATS, max_size=BEATS))
@FEW
def test_each_p_wave_is_scaled_by_its_own_strength_and_all_else_stays(
    strength: list[float],
) -> None:
    slope = 0.001 * FRAME[np.newaxis].astype(np.float32)
    before = p_waves() + slope
    after = augment.scale_p_waves(before, BEAT_GRID, np.array([strength]))
    assert after.dtype == np.float32
    for beat in SEEN:
        peak = int(BEAT_GRID[0, beat])
        at = slice(peak - 17, peak - 8)
        expected = (1 - strength[beat]) * p_waves()[0, at] + slope[0, at]
        np.testing.assert_allclose(after[0, at], expected, atol=2e-3)
    elsewhere = np.ones(FRAME_SAMPLES, dtype=bool)
    for peak in BEAT_GRID[0].astype(int):
        elsewhere[max(peak - 20, 0) : max(peak - 4, 0)] = False
    np.testing.assert_array_equal(after[0, elsewhere], before[0, elsewhere])


def test_p_waves_are_gone_at_one_and_upside_down_at_two() -> None:
    gone = augment.scale_p_waves(p_waves(), BEAT_GRID, np.ones((1, BEATS)))
    assert np.abs(gone).max() < 0.005
    down = augment.scale_p_waves(p_waves(), BEAT_GRID, np.full((1, BEATS), 2.0))
    np.testing.assert_allclose(down, -p_waves(), atol=0.005)
    same = augment.scale_p_waves(p_waves(), BEAT_GRID, np.zeros((1, BEATS)))
    np.testing.assert_array_equal(same, p_waves())


def test_a_changed_p_wave_comes_and_goes_without_a_step() -> None:
    plateau = np.zeros((1, FRAME_SAMPLES), np.float32)
    plateau[0, R_PEAK_SAMPLE - 19 : R_PEAK_SAMPLE - 5] = 1  # between the two ends of the P wave
    pulled = augment.scale_p_waves(plateau, BEAT_GRID, np.ones((1, BEATS)))[0]
    # 15 samples long, an eighth of it coming and an eighth going.
    ramp = np.minimum(1, 8 * np.minimum(np.arange(1, 15), np.arange(14, 0, -1)) / 15)
    np.testing.assert_allclose(pulled[R_PEAK_SAMPLE - 19 : R_PEAK_SAMPLE - 5], 1 - ramp, atol=1e-6)
    assert (ramp < 1).sum() == 2 and ramp[0] == pytest.approx(8 / 15)


@given(gain=st.lists(st.floats(0.2, 3), min_size=BEATS, max_size=BEATS), seed=SEEDS)
@FEW
def test_each_r_peak_has_its_own_gain_and_those_between_lie_between(
    gain: list[float], seed: int
) -> None:
    samples = np.random.default_rng(seed).uniform(0.5, 2, (1, FRAME_SAMPLES)).astype(np.float32)
    factor = augment.scale_beats(samples, BEAT_GRID, np.array([gain]))[0] / samples[0]
    peaks = BEAT_GRID[0, SEEN].astype(int)
    np.testing.assert_allclose(factor[peaks], np.array(gain)[SEEN], rtol=1e-5)
    line = np.interp(FRAME, BEAT_GRID[0], gain)
    np.testing.assert_allclose(factor, line, rtol=1e-5)


@given(seed=SEEDS)
@FEW
def test_mixed_leads_are_the_leads_at_right_angles_and_never_taller(seed: int) -> None:
    random = np.random.default_rng(seed)
    leads = random.standard_normal((2, 5, FRAME_SAMPLES)).astype(np.float32)
    quarter = np.pi / 2 * np.array([0, 1, 2, 3, 0.5])
    mixed = augment.mix_leads(leads, quarter)
    np.testing.assert_array_equal(mixed[0], leads[0, 0])
    for row, expected in ((1, leads[1, 1]), (2, -leads[0, 2]), (3, -leads[1, 3])):
        np.testing.assert_allclose(mixed[row], expected, atol=1e-5)
    np.testing.assert_allclose(mixed[4], (leads[0, 4] + leads[1, 4]) * np.sqrt(0.5), atol=1e-5)
    anywhere = augment.mix_leads(leads, random.uniform(-np.pi, np.pi, 5))
    assert (np.abs(anywhere) <= np.hypot(*leads) + 1e-5).all()


def test_of_a_single_lead_nothing_is_mixed() -> None:
    lead = np.ones((1, 2, FRAME_SAMPLES), np.float32)
    np.testing.assert_array_equal(augment.mix_leads(lead, np.array([1.0, 3.0])), lead[0])


@given(low=st.floats(0, 0.1), more=st.floats(0.01, 0.2), seed=SEEDS)
@FEW
def test_fibrillatory_waves_are_as_tall_and_as_fast_as_they_should(
    low: float, more: float, seed: int
) -> None:
    waves = augment.fibrillatory_waves(40, (low, low + more), np.random.default_rng(seed))
    assert waves.shape == (40, FRAME_SAMPLES) and waves.dtype == np.float32
    tallest = np.abs(waves).max(axis=1)
    assert (tallest <= 1.4 * (low + more) + 5 * 0.02).all()  # the finer waves, and noise
    assert (tallest >= 0.55 * low).all()
    loudest_hz = np.abs(np.fft.rfft(waves, axis=1)).argmax(axis=1) / 5.12
    tall = loudest_hz[tallest > 0.15]
    assert (tall > 2).all() and (tall < 14).all()
    assert tall.size < 3 or np.ptp(tall) > 0.5


@given(low=st.floats(0.2, 1), ratio=st.floats(1, 5), seed=SEEDS)
@FEW
def test_gains_lie_in_their_range(low: float, ratio: float, seed: int) -> None:
    drawn = augment.gains(500, (low, low * ratio), np.random.default_rng(seed))
    assert drawn.shape == (500, 1) and drawn.dtype == np.float32
    position = np.log(drawn / low) / max(np.log(ratio), 1e-6)
    assert (drawn >= low * (1 - 1e-6)).all() and (drawn <= low * ratio * (1 + 1e-6)).all()
    if ratio > 1.01:
        assert abs(position.mean() - 0.5) < 0.1, "as often smaller as larger"


@given(amplitude=st.floats(0.05, 1), seed=SEEDS)
@FEW
def test_wander_is_slow_and_not_taller_than_three_waves(amplitude: float, seed: int) -> None:
    wander = augment.baseline_wander(200, amplitude, np.random.default_rng(seed))
    assert wander.shape == (200, FRAME_SAMPLES) and wander.dtype == np.float32
    assert 0.8 * amplitude < np.abs(wander).max() <= 3 * amplitude
    assert np.abs(np.diff(wander)).max() <= 3 * amplitude * 2 * np.pi * 0.6 / 100 * 1.01


@given(sigma=st.floats(0.01, 1), seed=SEEDS)
@FEW
def test_white_noise_is_white_and_not_louder_than_asked(sigma: float, seed: int) -> None:
    noise = augment.white_noise(200, sigma, np.random.default_rng(seed))
    assert noise.shape == (200, FRAME_SAMPLES) and noise.dtype == np.float32
    deviation = noise.std(axis=1)
    assert 0.9 * sigma < deviation.max() < 1.2 * sigma
    assert 0.4 * sigma < deviation.mean() < 0.6 * sigma
    unit = noise / deviation[:, np.newaxis]
    assert abs((unit[:, 1:] * unit[:, :-1]).mean()) < 0.02
    assert abs(unit.mean()) < 0.02


@given(slope=st.floats(0.05, 2), seed=SEEDS)
@FEW
def test_tilt_is_a_line_through_zero(slope: float, seed: int) -> None:
    line = augment.tilt(200, slope, np.random.default_rng(seed))
    assert line.shape == (200, FRAME_SAMPLES) and line.dtype == np.float32
    assert np.abs(np.diff(line, 2)).max() < 1e-5 * max(1, slope)
    np.testing.assert_allclose(line[:, 0], -line[:, -1], atol=1e-6)
    assert 0.8 * slope < np.abs(line).max() <= slope
    assert line[:, 0].min() < 0 < line[:, 0].max()


def power_of_signal(samples: np.ndarray) -> np.ndarray:
    low, high = np.percentile(samples, (1, 99), axis=1)
    return (high - low) ** 2 / 8


def power_of_noise(noise: np.ndarray) -> np.ndarray:
    seconds = noise[:, :500].reshape(len(noise), 5, 100)
    return seconds.std(axis=2).mean(axis=1) ** 2


@given(snr_db=st.floats(-12, 24), seed=SEEDS)
@FEW
def test_recorded_noise_reaches_the_ratio_that_was_asked_for(snr_db: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    samples = random.standard_normal((30, FRAME_SAMPLES)) * random.uniform(0.2, 3, (30, 1))
    traces = np.cumsum(random.standard_normal((4, 3000)), axis=1).astype(np.float32)
    noise = augment.recorded_noise(
        samples.astype(np.float32), traces, (snr_db, snr_db), np.random.default_rng(seed)
    )
    assert noise.shape == samples.shape and noise.dtype == np.float32
    ratio_db = 10 * np.log10(power_of_signal(samples) / power_of_noise(noise))
    np.testing.assert_allclose(ratio_db, snr_db, atol=0.01)


def test_the_ratio_is_drawn_from_its_range() -> None:
    random = np.random.default_rng(0)
    samples = random.standard_normal((500, FRAME_SAMPLES)).astype(np.float32)
    noise = augment.recorded_noise(samples, samples[:3].repeat(3, axis=1), (3.0, 24.0), random)
    ratio_db = 10 * np.log10(power_of_signal(samples) / power_of_noise(noise))
    assert 2.99 < ratio_db.min() < 4 and 23 < ratio_db.max() < 24.01


def test_recorded_noise_is_a_piece_of_a_trace_either_way_up() -> None:
    clock = np.arange(5000, dtype=np.float32)
    traces = np.stack([clock**2, np.sin(clock)])
    samples = np.random.default_rng(0).standard_normal((60, FRAME_SAMPLES)).astype(np.float32)
    noise = augment.recorded_noise(samples, traces, (6.0, 6.0), np.random.default_rng(1))
    # The second difference of a square is its factor, whatever piece was cut; its first, the place.
    noise = noise[(np.abs(np.diff(noise, 2, axis=1)).std(axis=1) < 0.01)]
    assert 15 < len(noise) < 45, "the others are pieces of the sine"
    bend = np.diff(noise.astype(float), 2, axis=1).mean(axis=1) / 2
    start = (noise[:, 1] - noise[:, 0]) / bend / 2 - 0.5
    assert (start > -1).all() and (start < 5000 - FRAME_SAMPLES).all()
    assert np.ptp(start) > 2000
    assert (bend > 0).any() and (bend < 0).any()


SAMPLES = np.random.default_rng(3).standard_normal((9, FRAME_SAMPLES)).astype(np.float32)


@pytest.mark.parametrize(
    "make",
    [
        lambda random: augment.fibrillatory_waves(9, (0.1, 0.2), random),
        lambda random: augment.gains(9, (0.5, 2), random),
        lambda random: augment.baseline_wander(9, 0.3, random),
        lambda random: augment.white_noise(9, 0.3, random),
        lambda random: augment.tilt(9, 0.3, random),
        lambda random: augment.recorded_noise(SAMPLES, SAMPLES.repeat(2, axis=1), (3, 9), random),
    ],
    ids=["fibrillatory_waves", "gains", "wander", "white_noise", "tilt", "recorded_noise"],
)
def test_the_seed_decides_and_every_window_is_changed_in_its_own_way(make: Make) -> None:
    made = make(np.random.default_rng(5))
    np.testing.assert_array_equal(made, make(np.random.default_rng(5)))
    assert not np.array_equal(made, make(np.random.default_rng(6)))
    assert len(np.unique(made, axis=0)) == 9
