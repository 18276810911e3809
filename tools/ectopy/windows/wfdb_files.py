"""Records in PhysioNet's WFDB format, read through wfdb and doubted at every step."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import wfdb

from ectopy.errors import DataError
from ectopy.windows.annotations import Annotations, parse_annotations

# What wfdb raises on files that are not what it expects; it has no error type of its own.
_WFDB_ERRORS = (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError)

_BYTES_PER_SAMPLE = {"212": 1.5, "16": 2.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """What all records of a database have in common.

    Attributes:
        rate_hz: Sampling rate.
        missing_hint: What to do about a file that is not there.
        damaged_hint: What to do about a file that is not what it should be.
    """

    rate_hz: int
    missing_hint: str
    damaged_hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a header says, after it was checked.

    Attributes:
        leads: One name per channel, as are the members below.
        samples: Of each channel.
        dat_bytes: What the signal file must hold.
        baselines: Counts at 0 mV.
    """

    leads: tuple[str, ...]
    samples: int
    dat_bytes: int
    counts_per_mv: tuple[float, ...]
    baselines: tuple[int, ...]


def file_names(record: str) -> tuple[str, str, str]:
    """Header, signal and annotation file of a record."""
    return f"{record}.hea", f"{record}.dat", f"{record}.atr"


def require_files(directory: Path, record: str, database: Database) -> None:
    """Raises DataError if one of a record's files is missing."""
    for name in file_names(record):
        if not (path := directory / name).is_file():
            raise DataError(f"record {record}: {path} is missing", hint=database.missing_hint)


def read_header(directory: Path, record: str, database: Database) -> Header:
    """A record's header.

    Raises:
        DataError: It cannot be read, or describes no record of the database.
    """
    path = directory / f"{record}.hea"
    try:
        raw: Any = wfdb.rdheader(str(directory / record))
        if complaint := _complaint(raw, record, database.rate_hz):
            raise damaged(record, path, complaint, database)
        return Header(
            leads=tuple(str(name) for name in raw.sig_name),
            samples=int(raw.sig_len),
            dat_bytes=int(raw.n_sig * raw.sig_len * _BYTES_PER_SAMPLE[raw.fmt[0]]),
            counts_per_mv=tuple(float(gain) for gain in raw.adc_gain),
            baselines=tuple(int(baseline) for baseline in raw.baseline),
        )
    except _WFDB_ERRORS as error:
        what = f"cannot be read as a WFDB header ({error})"
        raise damaged(record, path, what, database) from error


def _complaint(raw: Any, record: str, rate_hz: int) -> str:
    """What keeps a wfdb header from being one of the database; empty if nothing does."""
    if not isinstance(raw, wfdb.Record) or not raw.n_sig:
        return "describes no signal"
    checks = (
        (raw.fs == rate_hz, f"says {raw.fs} Hz, not {rate_hz}"),
        (bool(raw.sig_len) and raw.sig_len > 0, "gives no length"),
        (set(raw.file_name) == {f"{record}.dat"}, f"names signal files {raw.file_name}"),
        (raw.fmt[0] in _BYTES_PER_SAMPLE and len(set(raw.fmt)) == 1, f"has formats {raw.fmt}"),
        (set(raw.samps_per_frame) == {1}, "has more than one sample a frame"),
        (not any(raw.byte_offset) and not any(raw.skew), "has byte offsets or skew"),
        (all(g > 0 for g in raw.adc_gain) and set(raw.units) == {"mV"}, "is not in millivolts"),
    )
    return next((text for ok, text in checks if not ok), "")


def read_counts(
    directory: Path, record: str, header: Header, channel: int, database: Database
) -> npt.NDArray[np.int32]:
    """One signal of a record in ADC counts relative to the baseline, int32 (m,).

    Raises:
        DataError: The signal file is shorter than the header says, or cannot be read.
        OSError: There is no such file.
    """
    path = directory / f"{record}.dat"
    # Before wfdb allocates what a damaged header may promise.
    if (size := path.stat().st_size) < header.dat_bytes:
        what = f"is short: {size:,} bytes of {header.dat_bytes:,}"
        raise damaged(record, path, what, database)
    try:
        raw: Any = wfdb.rdrecord(
            str(directory / record), channels=[channel], physical=False, return_res=32
        )
        counts = np.asarray(raw.d_signal[:, 0], dtype=np.int32)
    except _WFDB_ERRORS as error:
        raise damaged(record, path, f"cannot be read ({error})", database) from error
    return counts - np.int32(header.baselines[channel])


def read_annotations(directory: Path, record: str, samples: int, database: Database) -> Annotations:
    """The annotations of a record.

    Args:
        directory: Holds ``<record>.atr``.
        record: Record name.
        samples: Length of the record; an annotation outside is an error.
        database: Of the record.

    Raises:
        DataError: The file is cut, out of order, or places something outside the record.
        OSError: There is no such file.
    """
    path = directory / f"{record}.atr"
    try:
        return parse_annotations(path.read_bytes(), samples, database.rate_hz)
    except ValueError as error:
        raise damaged(record, path, str(error), database) from error


def damaged(record: str, path: Path, what: str, database: Database) -> DataError:
    """The error about a file that is there and not what it should be."""
    return DataError(f"record {record}: {path} {what}", hint=database.damaged_hint)
