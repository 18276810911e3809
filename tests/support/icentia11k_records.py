"""Small records in Icentia11k's own format, written as its makers' script writes them."""

from pathlib import Path

import numpy as np
import wfdb

RATE_HZ = 250
GAIN = (2**15 - 1) * 6 / (0.9375 * 2820)
"""Counts a millivolt, from the script."""

Note = tuple[int, str]


def write_segment(
    root: Path,
    patient: int,
    segment: int = 0,
    symbols: str = "NSVQ",
    seconds: int = 40,
    rhythms: tuple[Note, ...] = (),
) -> Path:
    """A beat a second, its height told by its symbol; ``symbols`` in turn, none for no ``.atr``.

    Args:
        root: Gets ``pNN/pNNNNN/``.
        rhythms: Sample and text of each rhythm annotation.

    Returns:
        The folder of the patient.
    """
    name = f"p{patient:05d}"
    folder = root / name[:3] / name
    folder.mkdir(parents=True, exist_ok=True)
    record = f"{name}_s{segment:02d}"
    beats = np.arange(1, seconds) * RATE_HZ
    labels = [(symbols or "Q")[i % max(len(symbols), 1)] for i in range(beats.size)]
    height_mv = np.array([{"N": 1.0, "S": 1.25, "V": 2.0}.get(s, 0.5) for s in labels])
    at_beats = np.zeros(seconds * RATE_HZ + 1)
    at_beats[beats] = height_mv
    bump = np.exp(-0.5 * (np.arange(-40, 41) / 4.0) ** 2)
    signal = np.convolve(at_beats, bump, "same") + 0.001 * (patient % 97) + 0.0001 * segment
    wfdb.wrsamp(
        record,
        fs=RATE_HZ,
        units=["mV"],
        sig_name=["ecg"],
        p_signal=signal[:, None],
        fmt=["16"],
        adc_gain=[GAIN],
        baseline=[0],
        write_dir=str(folder),
    )
    if symbols:
        each = [(int(b), s, "") for b, s in zip(beats, labels, strict=True)]
        write_annotations(folder, record, [*each, *((at, "+", note) for at, note in rhythms)])
    return folder


def write_annotations(folder: Path, record: str, each: list[tuple[int, str, str]]) -> None:
    """Sample, symbol and note of each annotation, in any order."""
    samples, symbols, notes = zip(*sorted(each), strict=True)
    wfdb.wrann(
        record,
        "atr",
        np.array(samples),
        symbol=list(symbols),
        chan=np.zeros(len(samples), dtype=int),
        aux_note=list(np.array(notes, dtype="<U6")),
        fs=RATE_HZ,
        write_dir=str(folder),
    )
