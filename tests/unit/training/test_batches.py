"""Batches: whose beats, of what kind, under what label; augmented and normalized."""

from dataclasses import replace

import numpy as np
import pytest

from ectopy.errors import DataError, ModelError
from ectopy.preprocess import normalize
from ectopy.training import batches
from ectopy.training.batches import Batch, BatchSource
from ectopy.vocab import FRAME_SAMPLES, R_PEAK_SAMPLE
from ectopy.windows import augment, rhythm
from ectopy.windows.augment import Retimed
from ectopy.windows.rhythm import BEATS, NEIGHBOURS
from ectopy.windows.strips import Strips
from ectopy.zoo import Configuration, NamedParams, open_bundle
from support.strips import join, made_up_strips, strips_of_signal

STRIPS = made_up_strips(
    {
        "a": "NNNN" * 40 + "NNNV" * 45,
        "b": "NNNN" * 40 + "NNNA" * 9 + "NNNN" * 30,
        "c": "NNNN" * 12 + "NNVNNA" * 5,
    }
)
NOTHING: tuple[NamedParams, ...] = ()
EVEN = {"n": 0.25, "pac": 0.25, "pvc": 0.5}


def configuration(name: str = "beat-3-eff-sm", **recipe: object) -> Configuration:
    """The shipped recipe, but for what a test says; of its numbers no test depends on any."""
    original = open_bundle(name).configuration
    small = {"batch_windows": 64, "batch_shares": {}} | recipe
    return replace(original, recipe=replace(original.recipe, **small))  # type: ignore[arg-type]


def steps(**params: dict[str, float]) -> tuple[NamedParams, ...]:
    return tuple(NamedParams(name=name, params=values) for name, values in params.items())


def draw(strips: Strips = STRIPS, seed: int = 1, **recipe: object) -> Batch:
    recipe.setdefault("augmentations", NOTHING)
    return BatchSource(strips, configuration(**recipe), seed).draw()


class Seen:
    """What the source asked of the augmentations."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.centres, self.intervals = np.empty(0, int), np.empty((0, BEATS - 1))
        self.stretch, self.strength = np.empty(0), np.empty((0, BEATS))
        self.has_p = np.empty((0, BEATS), bool)
        retime, scale = augment.retime, augment.scale_p_waves

        def look_at_times(
            strips: Strips, centres: np.ndarray, intervals: np.ndarray, *more: np.ndarray
        ) -> Retimed:
            self.centres, self.intervals = centres, intervals
            self.stretch, self.has_p = more
            return retime(strips, centres, intervals, *more)

        def look_at_p(samples: np.ndarray, beats: np.ndarray, strength: np.ndarray) -> np.ndarray:
            self.strength = strength
            return scale(samples, beats, strength)

        monkeypatch.setattr(augment, "retime", look_at_times)
        monkeypatch.setattr(augment, "scale_p_waves", look_at_p)

    @property
    def change(self) -> np.ndarray:
        """Wanted intervals over those of the record, (n, BEATS - 1)."""
        return self.intervals / augment.intervals_around(STRIPS, self.centres)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    return Seen(monkeypatch)


def test_origins_share_the_batches_as_the_recipe_says() -> None:
    shares = np.bincount(draw(batch_windows=4000, batch_shares=EVEN).classes, minlength=3) / 4000
    np.testing.assert_allclose(shares, [0.25, 0.25, 0.5], atol=0.03)


def test_without_shares_half_a_batch_is_normal() -> None:
    shares = np.bincount(draw(batch_windows=4000).classes, minlength=3) / 4000
    np.testing.assert_allclose(shares, [0.5, 0.25, 0.25], atol=0.03)


def test_merged_classes_are_drawn_by_beat_and_labelled_by_class() -> None:
    chosen = configuration("beat-2-eff-sm", batch_windows=4000, augmentations=NOTHING)
    shares = np.bincount(BatchSource(STRIPS, chosen, seed=1).draw().classes) / 4000
    np.testing.assert_allclose(shares, [0.5, 0.5], atol=0.03)


@pytest.mark.parametrize(
    ("origin", "expected"),
    [("n", 0), ("pac", 1), ("pvc", 2), ("made_pac", 1), ("made_n", 0), ("fibrillation", 0)],
)
def test_each_origin_has_its_label_and_beats_of_its_kind(
    seen: Seen, origin: str, expected: int
) -> None:
    batch = draw(batch_windows=300, batch_shares={origin: 1.0})
    assert (batch.classes == expected).all()
    recorded = {"pac": 1, "pvc": 2}.get(origin, 0)
    assert (STRIPS.labels[seen.centres] == recorded).all()


def test_patients_share_an_origin_by_the_square_root_of_their_beats(seen: Seen) -> None:
    draw(batch_windows=20_000, batch_shares={"pvc": 1.0})
    usable = STRIPS.fits() & (STRIPS.labels == 2)
    roots = np.sqrt(np.bincount(STRIPS.record_of[usable], minlength=3))
    shares = np.bincount(STRIPS.record_of[seen.centres], minlength=3) / 20_000
    assert roots[0] > 2 * roots[2] > 0
    np.testing.assert_allclose(shares, roots / roots.sum(), atol=0.02)
    of_a = np.unique(seen.centres[STRIPS.record_of[seen.centres] == 0], return_counts=True)[1]
    assert of_a.min() > 0.5 * of_a.max(), "within a record all beats alike"


def test_excerpts_of_one_patient_count_as_one(seen: Seen) -> None:
    records = {
        "p00001_s00+0": "NNNN" * 10,
        "p00001_s03+500": "NNNN" * 10,
        "p00002_s00+5": "NNNN" * 19,
    }
    strips = made_up_strips(records)
    draw(strips, batch_windows=20_000, batch_shares={"n": 1.0})
    shares = np.bincount(strips.record_of[seen.centres]) / 20_000
    np.testing.assert_allclose(shares, (0.24, 0.24, 0.52), atol=0.02)


def test_only_drawn_beats_are_in_the_middle_and_the_others_beside_them(seen: Seen) -> None:
    drawn = np.zeros(STRIPS.peaks.size, dtype=bool)
    drawn[20:60:10] = True
    strips = replace(STRIPS, drawn=drawn)
    draw(strips, batch_windows=2000, batch_shares={"n": 0.5, "made_pac": 0.5})
    assert set(seen.centres) == {20, 30, 40, 50}
    whole = augment.intervals_around(STRIPS, seen.centres)
    np.testing.assert_array_equal(augment.intervals_around(strips, seen.centres), whole)


def test_every_beat_has_its_neighbours_and_its_window_in_its_own_record(seen: Seen) -> None:
    draw(batch_windows=5000, batch_shares={"n": 1.0})
    first, last = STRIPS.record_of[seen.centres - 6], STRIPS.record_of[seen.centres + 6]
    np.testing.assert_array_equal(first, last)
    assert STRIPS.fits()[seen.centres].all()
    everything = np.isin(np.arange(STRIPS.peaks.size), seen.centres)
    of_a = np.flatnonzero(STRIPS.record_of == 0)
    assert (
        everything[of_a[6]] and not everything[of_a[:6]].any() and not everything[of_a[-6:]].any()
    )


def test_a_beat_whose_window_leaves_the_record_is_not_drawn(seen: Seen) -> None:
    # At 170 beats a minute six neighbours are nearer than the ends of the window.
    fast = strips_of_signal(np.zeros((2, 2000)), list(range(20, 1980, 35)))
    draw(fast, batch_windows=2000, batch_shares={"n": 0.5, "made_n": 0.5})
    assert fast.fits()[seen.centres].all()
    assert not fast.fits()[6:-6].all()


def test_beats_without_a_class_are_neighbours_only(seen: Seen) -> None:
    strips = made_up_strips({"a": "NNNF" * 50})
    draw(strips, batch_windows=2000, batch_shares={"n": 1.0})
    assert (strips.labels[seen.centres] == 0).all()
    assert (strips.labels[seen.centres + 1] == 255).any()


def test_only_patients_that_were_kept_are_drawn(seen: Seen) -> None:
    draw(STRIPS.keep(["b"]), batch_shares={"n": 0.5, "pac": 0.5}, batch_windows=500)
    kept = STRIPS.keep(["b"])
    assert (kept.record_of[seen.centres] == 1).all()
    np.testing.assert_array_equal(kept.leads_mv, STRIPS.leads_mv)


def test_without_augmentations_recorded_beats_are_the_windows_of_the_record(
    monkeypatch: pytest.MonkeyPatch, seen: Seen
) -> None:
    monkeypatch.setattr(augment, "scale_beats", lambda samples, *_: samples)
    batch = draw(batch_windows=200, batch_shares=EVEN)
    start = STRIPS.peaks[seen.centres] - R_PEAK_SAMPLE
    windows = STRIPS.leads_mv[0, start[:, np.newaxis] + np.arange(FRAME_SAMPLES)]
    np.testing.assert_allclose(batch.inputs[:, :, 0], normalize(windows, 0.01), atol=1e-4)
    np.testing.assert_array_equal(batch.classes, STRIPS.labels[seen.centres])


def test_beats_are_made_of_regular_normal_rhythm_only(seen: Seen) -> None:
    draw(batch_windows=3000, batch_shares={"made_pac": 0.4, "made_n": 0.3, "fibrillation": 0.3})
    around = seen.centres[:, np.newaxis] + np.arange(-2, 3)
    assert (STRIPS.labels[around] == 0).all()
    assert (STRIPS.record_of[seen.centres] == 2).any()
    nears = np.diff(STRIPS.peaks[around], axis=1)
    assert (np.abs(nears / np.median(nears, axis=1, keepdims=True) - 1) < 0.15).all()


def test_an_uneven_rhythm_makes_no_beats() -> None:
    # 80, 80, 100, 80, 80, 100 samples: every normal beat has a long interval within two beats.
    peaks = 700 + np.cumsum([80, 80, 100] * 20)
    uneven = strips_of_signal(np.zeros((2, 7000)), peaks.tolist())
    draw(uneven, batch_shares={"n": 1.0})
    with pytest.raises(DataError, match="no beat for 'made_pac'"):
        draw(uneven, batch_shares={"n": 0.5, "made_pac": 0.5})


def test_an_ectopic_neighbour_in_even_time_keeps_a_beat_from_being_remade(seen: Seen) -> None:
    even = strips_of_signal(np.zeros((2, 7000)), list(range(700, 6300, 80)), ("NNNNNNA" * 10)[:70])
    draw(even, batch_windows=1000, batch_shares={"made_pac": 1.0})
    near = seen.centres[:, np.newaxis] + np.arange(-2, 3)
    assert (even.labels[near] == 0).all()
    assert (even.labels[seen.centres - 3] == 1).any()


def test_a_made_pac_comes_early_and_a_made_n_in_time_beside_an_early_one(seen: Seen) -> None:
    draw(batch_windows=1000, batch_shares={"made_pac": 1.0})
    assert (seen.change[:, NEIGHBOURS - 1] < 0.97).all()
    assert (seen.change[:, NEIGHBOURS - 1] > 0.45).all()
    assert (seen.strength[:, NEIGHBOURS] != 0).mean() > 0.4, "P of an early beat looks different"
    draw(batch_windows=1000, batch_shares={"made_n": 1.0})
    assert (seen.change[:, NEIGHBOURS - 1] >= 0.95).all(), "as it was, or after a pause"
    assert (seen.strength[:, NEIGHBOURS] == 0).all()
    assert (seen.change < 0.97).any(axis=1).mean() > 0.95


def test_fibrillation_is_irregular_and_has_no_p_waves(seen: Seen) -> None:
    shaking = steps(fibrillatory_waves={"amplitude_mv": 0.1})
    still = draw(batch_windows=200, batch_shares={"fibrillation": 1.0}, seed=3)
    assert (seen.strength == 1).all()
    spread = np.log(seen.intervals).std(axis=1)
    assert np.median(spread) > 0.15
    moving = draw(
        batch_windows=200, batch_shares={"fibrillation": 1.0}, seed=3, augmentations=shaking
    )
    assert np.abs(moving.inputs - still.inputs).max() > 0.05
    normal = draw(batch_windows=200, batch_shares={"n": 1.0}, seed=3)
    same = draw(batch_windows=200, batch_shares={"n": 1.0}, seed=3, augmentations=shaking)
    np.testing.assert_array_equal(normal.inputs, same.inputs)


def test_a_pvc_brings_no_p_wave_along(seen: Seen) -> None:
    draw(batch_windows=500, batch_shares={"n": 0.5, "pvc": 0.5})
    around = seen.centres[:, np.newaxis] + np.arange(-NEIGHBOURS, NEIGHBOURS + 1)
    np.testing.assert_array_equal(seen.has_p, STRIPS.labels[around] != 2)


def test_rate_and_time_scale_reach_the_beats(seen: Seen) -> None:
    draw(batch_windows=500, batch_shares={"n": 1.0})
    np.testing.assert_array_equal(seen.change, 1)
    np.testing.assert_array_equal(seen.stretch, 1)
    draw(
        batch_windows=500,
        batch_shares={"n": 1.0},
        augmentations=steps(
            heart_rate={"low": 1.2, "high": 1.4, "arrhythmia": 0.0},
            time_scale={"low": 0.7, "high": 0.8},
        ),
    )
    changed = seen.change[:, 0][seen.change[:, 0] != 1]
    assert changed.size > 200 and changed.min() >= 1.2 and changed.max() <= 1.4
    assert seen.stretch.min() >= 0.7 and seen.stretch.max() <= 0.8


def lead_shares(share: float) -> tuple[float, float]:
    """Of windows that are the first lead itself, and of those that are another one."""
    time = np.arange(8000)
    leads = np.stack([np.sin(time / 9.0), np.sin(time / 31.0)])
    strips = strips_of_signal(leads, list(range(700, 7000, 80)))
    batch = draw(
        strips,
        batch_windows=600,
        batch_shares={"n": 1.0},
        augmentations=steps(lead_mix={"share": share}),
    )
    spectrum = np.abs(np.fft.rfft(batch.inputs[:, :, 0], axis=1))
    first = spectrum[:, round(512 / 9 / 2 / np.pi)]
    second = spectrum[:, round(512 / 31 / 2 / np.pi)]
    return float((second < 0.1 * first).mean()), float((second > 0.6 * first).mean())


def test_leads_are_mixed_as_often_as_the_recipe_says() -> None:
    assert lead_shares(0.0) == (1.0, 0.0)
    own, other = lead_shares(1.0)
    assert own < 0.25 and other > 0.4


NOISE = np.cumsum(np.random.default_rng(0).standard_normal((4, 9000)), axis=1).astype(np.float32)


@pytest.mark.parametrize(
    ("step", "share"),
    [
        ({"heart_rate": {"low": 0.8, "high": 1.2, "arrhythmia": 0.1}}, 0.6),
        ({"time_scale": {"low": 0.8, "high": 1.2}}, 1.0),
        ({"lead_mix": {"share": 0.5}}, 1.0),
        ({"p_wave": {"share": 0.3}}, 0.3),
        ({"gain": {"low": 0.5, "high": 2.0}}, 1.0),
        ({"baseline_wander": {"amplitude_mv": 0.3}}, 0.6),
        ({"noise": {"sigma_mv": 0.1}}, 0.6),
        ({"tilt": {"slope_mv": 0.5}}, 0.3),
        ({"recorded_noise": {"share": 0.4, "low_db": 3.0, "high_db": 9.0}}, 0.4),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_each_augmentation_reaches_its_share_of_the_windows(
    step: dict[str, dict[str, float]], share: float
) -> None:
    recipe: dict[str, object] = {"batch_windows": 500, "batch_shares": {"n": 1.0}}
    plain = draw(**recipe, seed=7)
    chosen = configuration(**recipe, augmentations=steps(**step))
    changed = BatchSource(STRIPS, chosen, 7, NOISE).draw()
    np.testing.assert_array_equal(plain.classes, changed.classes)
    moved = (np.abs(plain.inputs - changed.inputs) > 1e-5).any(axis=(1, 2)).mean()
    assert share - 0.1 < moved < share + 0.15


def test_recorded_noise_must_be_there_if_the_recipe_adds_it() -> None:
    chosen = configuration(
        augmentations=steps(recorded_noise={"share": 0.4, "low_db": 3.0, "high_db": 9.0})
    )
    with pytest.raises(DataError, match="adds recorded noise, and there is none") as caught:
        BatchSource(STRIPS, chosen, 0)
    assert "nstdb" in caught.value.hint


def test_the_seed_decides() -> None:
    chosen = configuration()
    first, second, other = (BatchSource(STRIPS, chosen, s, NOISE) for s in (7, 7, 8))
    for _ in range(3):
        batch, again = first.draw(), second.draw()
        np.testing.assert_array_equal(batch.inputs, again.inputs)
        np.testing.assert_array_equal(batch.classes, again.classes)
    assert not np.array_equal(batch.inputs, other.draw().inputs)


def test_a_source_goes_on_where_another_stopped() -> None:
    chosen = configuration()
    first, later = (BatchSource(STRIPS, chosen, s, NOISE) for s in (7, 99))
    first.draw()
    later.state = first.state
    np.testing.assert_array_equal(first.draw().inputs, later.draw().inputs)
    np.testing.assert_array_equal(first.draw().inputs, later.draw().inputs)


def test_batches_are_what_the_network_takes() -> None:
    batch = BatchSource(STRIPS, configuration(), 0, NOISE).draw()
    assert batch.inputs.shape == (64, FRAME_SAMPLES, 1)
    assert batch.inputs.dtype == np.float32
    assert batch.classes.dtype == np.int32
    assert np.isfinite(batch.inputs).all()
    assert np.abs(batch.inputs.mean(axis=1)).max() < 1e-3
    assert (batch.inputs.var(axis=1) < 1).all()


def test_the_records_are_not_touched() -> None:
    before = STRIPS.leads_mv.copy(), STRIPS.peaks.copy()
    BatchSource(STRIPS, configuration(), 0, NOISE).draw()
    np.testing.assert_array_equal(STRIPS.leads_mv, before[0])
    np.testing.assert_array_equal(STRIPS.peaks, before[1])


def test_records_without_a_wanted_beat_are_refused_at_once() -> None:
    with pytest.raises(DataError, match="no beat for 'pac' of batch_shares") as caught:
        draw(STRIPS.keep(["a"]), batch_shares={"n": 0.5, "pac": 0.5})
    assert "batch_shares" in caught.value.message + caught.value.hint
    draw(STRIPS.keep(["a"]), batch_shares={"n": 0.5, "pac": 0.0})
    too_short = join({"x": strips_of_signal(np.zeros((2, 3000)), [800, 900, 1000])})
    with pytest.raises(DataError, match="no beat for 'n'"):
        draw(too_short, batch_shares={"n": 1.0})


def test_an_unknown_share_or_augmentation_is_refused_at_once() -> None:
    with pytest.raises(ModelError, match="batch_shares"):
        draw(batch_shares={"afib": 1.0})
    with pytest.raises(ModelError, match="unknown augmentation"):
        draw(augmentations=steps(mixup={}))


def test_origins_and_rhythms_cover_each_other() -> None:
    assert set(batches.BEAT_OF) == set(batches.Origin)
    assert rhythm.BEATS == 2 * rhythm.NEIGHBOURS + 1
