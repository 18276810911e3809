from math import log10, sqrt
from pathlib import Path

import numpy as np
import pytest
import wfdb
from hypothesis import given
from hypothesis import strategies as st

from ectopy.errors import DataError
from ectopy.vocab import DatasetName, Split
from ectopy.windows import (
    NoiseCondition,
    NoiseHalf,
    NoiseName,
    NoiseTraces,
    WindowRequest,
    add_noise,
    load_windows,
    noise_power_mv2,
    read_noise,
    signal_power_mv2,
)
from ectopy.windows.recording import Trace

pytestmark = pytest.mark.usefixtures("bare_machine")

SAMPLES = 7200
BW, MA = NoiseName.BW, NoiseName.MA


def write_noise(directory: Path, name: str, channels: int = 2, rate_hz: int = 360) -> None:
    """20 s of each kind: channel 0 is louder in the second half, channel 1 half as loud."""
    directory.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(len(name) + ord(name[0]))
    loud = np.where(np.arange(SAMPLES) < SAMPLES // 2, 20, 60)
    counts = np.rint(random.standard_normal((SAMPLES, channels)) * loud[:, None])
    counts[:, 1:] //= 2
    wfdb.wrsamp(
        name,
        fs=rate_hz,
        units=["mV"] * channels,
        sig_name=[f"noise{i + 1}" for i in range(channels)],
        d_signal=counts.astype(np.int64),
        fmt=["16"] * channels,
        adc_gain=[200.0] * channels,
        baseline=[0] * channels,
        write_dir=str(directory),
    )


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    for name in NoiseName:
        write_noise(tmp_path / "nstdb", name)
    return tmp_path


def trace(name: str = "100", qrs_mv: float = 2.0, samples: int = 40_000) -> Trace:
    """A beat a second, ``qrs_mv`` tall and a sample wide; every fourth is a PVC of twice that."""
    peaks = np.arange(300, samples - 300, 100)
    labels = np.where(np.arange(peaks.size) % 4 == 3, 2, 0).astype(np.uint8)
    millivolts = np.zeros(samples, dtype=np.float32)
    millivolts[peaks] = qrs_mv * np.where(labels == 2, 2, 1)
    return Trace(
        name=name,
        millivolts=millivolts,
        peaks=peaks,
        beat_samples=(peaks * 3.6).astype(np.int32),
        labels=labels,
    )


def made_up_noise(samples: int = 9_000) -> NoiseTraces:
    random = np.random.default_rng(1)
    wander = np.cumsum(random.standard_normal((2, samples)), axis=1)
    return NoiseTraces(
        half=NoiseHalf.SECOND,
        millivolts={
            BW: wander.astype(np.float32),
            MA: random.standard_normal((2, samples)).astype(np.float32),
        },
    )


def test_signal_power_is_that_of_a_sinusoid_as_tall_as_the_qrs() -> None:
    # A sinusoid of 2 mV from peak to peak has a mean square of 1**2 / 2.
    assert signal_power_mv2(trace(qrs_mv=2.0)) == pytest.approx(0.5)


def test_signal_power_forgets_the_largest_and_smallest_twentieth_of_300_beats() -> None:
    measured = trace(samples=60_000)
    normal = measured.peaks[measured.labels == 0]
    assert normal.size > 300
    measured.millivolts[normal[:15]] = 100.0
    measured.millivolts[normal[15:30]] = 0.01
    measured.millivolts[normal[300:]] = 50.0
    assert signal_power_mv2(measured) == pytest.approx(0.5)
    measured.millivolts[normal[30]] = 100.0
    assert signal_power_mv2(measured) > 0.5


def test_noise_power_is_what_moves_within_a_second() -> None:
    second = np.tile([0.3, -0.3], 50)
    steps = np.repeat(np.arange(40) * 7.0, 100)
    assert noise_power_mv2(np.tile(second, 40) + steps) == pytest.approx(0.09)
    later = np.concatenate([np.tile(second, 300), np.zeros(9_950)])
    assert noise_power_mv2(later) == pytest.approx(0.09)


def test_noise_power_forgets_the_loudest_and_stillest_twentieth() -> None:
    loudness = np.full(100, 0.2)
    loudness[:5], loudness[5:10] = 9.0, 0.0
    noise = np.tile([1.0, -1.0], 5_000) * np.repeat(loudness, 100)
    assert noise_power_mv2(noise) == pytest.approx(0.04)


@given(
    st.sampled_from([(BW,), (MA,), (BW, MA)]),
    st.floats(-10, 30),
    st.integers(0, 50),
    st.floats(0.1, 8),
)
def test_the_noise_that_was_added_has_the_ratio_asked_for(
    names: tuple[NoiseName, ...], snr_db: float, seed: int, qrs_mv: float
) -> None:
    clean = trace(qrs_mv=qrs_mv)
    condition = NoiseCondition(names=names, snr_db=snr_db, seed=seed)
    noisy = add_noise(clean, made_up_noise(), condition)
    added = noisy.millivolts.astype(np.float64) - clean.millivolts
    measured_db = 10 * log10(signal_power_mv2(clean) / noise_power_mv2(added))
    assert measured_db == pytest.approx(snr_db, abs=0.01)
    assert noisy.labels is clean.labels


def test_two_kinds_of_noise_have_equal_power() -> None:
    random = np.random.default_rng(2)
    alternating = np.tile([1.0, -1.0], 45_000)
    # At right angles within each second, so that powers add.
    pairs = np.tile([1.0, 1.0, -1.0, -1.0], 22_500)
    noise = NoiseTraces(
        half=NoiseHalf.SECOND,
        millivolts={
            BW: np.tile(pairs, (2, 1)).astype(np.float32) * 5,
            MA: np.tile(alternating, (2, 1)).astype(np.float32) / 9,
        },
    )
    clean = trace(qrs_mv=float(random.uniform(1, 3)))
    both = add_noise(clean, noise, NoiseCondition(names=(BW, MA), snr_db=6))
    added = both.millivolts.astype(np.float64) - clean.millivolts
    share = [abs(np.mean(added * np.roll(pairs, k)[: added.size])) for k in range(4)]
    part_of_bw = max(share)
    part_of_ma = abs(np.mean(added * alternating[: added.size]))
    assert part_of_bw == pytest.approx(part_of_ma, rel=1e-3)
    wanted = sqrt(signal_power_mv2(clean) / 10**0.6 / 2)
    assert part_of_bw == pytest.approx(wanted, rel=1e-3)


def test_noise_is_begun_again_at_its_end_without_a_step() -> None:
    clean = trace()
    ramp = np.arange(9_000, dtype=np.float32) / 100
    noise = NoiseTraces(half=NoiseHalf.SECOND, millivolts={BW: np.stack([ramp, ramp])})
    noisy = add_noise(clean, noise, NoiseCondition(names=(BW,), snr_db=0))
    added = np.diff(noisy.millivolts.astype(np.float64) - clean.millivolts)
    assert np.abs(added).max() < 1.01 * np.median(added)
    # Where it begins again, the noise stands still for a sample: every 9,000 of the 40,000.
    assert np.count_nonzero(added < 0.5 * np.median(added)) in (4, 5)


def test_places_depend_on_the_seed_and_the_record_only() -> None:
    noise, condition = made_up_noise(), NoiseCondition(names=(BW, MA), snr_db=6)
    one = add_noise(trace("100"), noise, condition).millivolts
    np.testing.assert_array_equal(one, add_noise(trace("100"), noise, condition).millivolts)
    assert (one != add_noise(trace("101"), noise, condition).millivolts).any()
    other_seed = NoiseCondition(names=(BW, MA), snr_db=6, seed=1)
    assert (one != add_noise(trace("100"), noise, other_seed).millivolts).any()


def test_flat_signals_are_refused() -> None:
    condition = NoiseCondition(names=(BW,), snr_db=6)
    flat = NoiseTraces(
        half=NoiseHalf.SECOND, millivolts={BW: np.ones((2, 9_000), dtype=np.float32)}
    )
    with pytest.raises(DataError, match="the noise is flat"):
        add_noise(trace(), flat, condition)
    with pytest.raises(DataError, match="record 100: no QRS complex"):
        add_noise(trace(qrs_mv=0), made_up_noise(), condition)


def test_halves_are_two_channels_at_100_hz(data_dir: Path) -> None:
    first, second = (read_noise(data_dir, half) for half in NoiseHalf)
    assert set(first.millivolts) == {BW, MA}
    for noise in (*first.millivolts.values(), *second.millivolts.values()):
        assert noise.shape == (2, SAMPLES // 2 * 100 // 360)
        assert noise.dtype == np.float32
    ratio = second.millivolts[BW].std(axis=1) / first.millivolts[BW].std(axis=1)
    np.testing.assert_allclose(ratio, 3, rtol=0.15)


def test_a_half_does_not_hear_the_other(data_dir: Path, tmp_path: Path) -> None:
    raw = wfdb.rdrecord(str(data_dir / "nstdb" / "bw"), physical=False).d_signal
    raw[: SAMPLES // 2] = 30_000
    before = read_noise(data_dir, NoiseHalf.SECOND).millivolts[BW]
    wfdb.wrsamp(
        "bw",
        fs=360,
        units=["mV", "mV"],
        sig_name=["noise1", "noise2"],
        d_signal=raw,
        fmt=["16", "16"],
        adc_gain=[200.0, 200.0],
        baseline=[0, 0],
        write_dir=str(tmp_path / "nstdb"),
    )
    np.testing.assert_array_equal(read_noise(data_dir, NoiseHalf.SECOND).millivolts[BW], before)


@pytest.mark.parametrize("place", ["", "nstdb", "mitdb"])
def test_noise_is_found_from_where_records_are_named(data_dir: Path, place: str) -> None:
    (data_dir / "mitdb").mkdir()
    assert read_noise(data_dir / place, NoiseHalf.FIRST).half is NoiseHalf.FIRST


def test_absent_noise_says_where_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no records of noise \(bw and ma\)") as caught:
        read_noise(tmp_path, NoiseHalf.FIRST)
    assert "https://physionet.org/content/nstdb/" in caught.value.hint


def test_damaged_noise_is_refused(data_dir: Path) -> None:
    path = data_dir / "nstdb" / "ma.dat"
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(DataError, match=r"ma\.dat is short") as caught:
        read_noise(data_dir, NoiseHalf.FIRST)
    assert "nstdb" in caught.value.hint
    path.unlink()
    with pytest.raises(DataError, match="No such file"):
        read_noise(data_dir, NoiseHalf.FIRST)
    write_noise(data_dir / "nstdb", "ma", channels=1)
    with pytest.raises(DataError, match="has 1 channels, not 2"):
        read_noise(data_dir, NoiseHalf.FIRST)
    write_noise(data_dir / "nstdb", "ma", rate_hz=250)
    with pytest.raises(DataError, match="says 250 Hz"):
        read_noise(data_dir, NoiseHalf.FIRST)


def test_windows_with_noise_are_other_windows_of_the_same_beats(data_dir: Path) -> None:
    def load(noise: NoiseCondition | None) -> tuple[object, ...]:
        windows = load_windows(
            WindowRequest(
                dataset=DatasetName.SYNTHETIC, split=Split.DS2, data_dir=data_dir, noise=noise
            )
        )
        return windows.samples, windows.labels.tolist(), windows.info

    clean, labels, info = load(None)
    noisy, labels_of_noisy, noisy_info = load(NoiseCondition(names=(MA,), snr_db=6))
    assert labels == labels_of_noisy
    assert info.sha256 != noisy_info.sha256  # type: ignore[attr-defined]
    assert "Noise Stress Test" in noisy_info.citation  # type: ignore[attr-defined]
    assert "Noise Stress Test" not in info.citation  # type: ignore[attr-defined]
    spread = np.asarray(noisy).std(axis=1) / np.asarray(clean).std(axis=1)
    assert (spread > 1).mean() > 0.95


def test_neighbours_share_their_noise(data_dir: Path) -> None:
    noisy = load_windows(
        WindowRequest(
            dataset=DatasetName.SYNTHETIC,
            split=Split.DS2,
            data_dir=data_dir,
            noise=NoiseCondition(names=(BW, MA), snr_db=6),
        )
    )
    # Some shift by one beat makes the next window the same ECG.
    first, second = noisy.samples[0], noisy.samples[1]
    assert any(np.array_equal(first[k:], second[:-k]) for k in range(30, 200))
