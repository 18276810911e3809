"""Small records in MIT-BIH's own format, written by the tests that need them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import wfdb

from ectopy.windows import synthetic

RECORD_SAMPLES = 360 * 20
RecordWriter = Callable[..., Path]


@pytest.fixture
def write_record() -> RecordWriter:
    """Writes 20 s of two leads with a beat a second, labelled N, A, V in turn."""

    def write(
        directory: Path,
        record: str = "100",
        rate_hz: int = 360,
        leads: tuple[str, str] = ("V5", "MLII"),
        symbols: str = "NAV",
    ) -> Path:
        directory.mkdir(parents=True, exist_ok=True)
        beats = np.arange(1, 20) * 360
        seconds = np.arange(RECORD_SAMPLES)[:, None] / 360
        pulses = np.exp(-0.5 * ((seconds - beats[None, :] / 360) / 0.015) ** 2).sum(axis=1)
        counts = np.rint(200 * np.stack((0.5 * pulses, pulses), axis=1)).astype(np.int64) + 1024
        wfdb.wrsamp(
            record,
            fs=rate_hz,
            units=["mV", "mV"],
            sig_name=list(leads),
            d_signal=counts,
            fmt=["212", "212"],
            adc_gain=[200.0, 200.0],
            baseline=[1024, 1024],
            write_dir=str(directory),
        )
        labels = [symbols[i % len(symbols)] for i in range(beats.size)]
        wfdb.wrann(record, "atr", beats, symbol=labels, write_dir=str(directory))
        return directory

    return write


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No records anywhere, an empty cache (returned), and virtual patients of one minute."""
    monkeypatch.delenv("ECTOPY_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(synthetic, "DURATION_S", 60)
    return tmp_path / "cache" / "ectopy" / "mitdb"
