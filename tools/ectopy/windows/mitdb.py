"""The MIT-BIH Arrhythmia Database as recordings, read through wfdb, doubted at every step."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import wfdb

from ectopy.errors import DataError
from ectopy.vocab import LABEL_MAP, Split
from ectopy.windows.recording import Recording

NAME = "mitdb"
RATE_HZ = 360
PREFERRED_LEAD = "MLII"

_DS1 = "101 106 108 109 112 114 115 116 118 119 122 124 201 203 205 207 208 209 215 220 223 230"
_DS2 = "100 103 105 111 113 117 121 123 200 202 210 212 213 214 219 221 222 228 231 232 233 234"

SPLITS: dict[Split, tuple[str, ...]] = {
    Split.DS1: tuple(_DS1.split()),
    Split.DS2: tuple(_DS2.split()),
}
"""Inter-patient split of de Chazal P, O'Dwyer M, Reilly RB, IEEE Trans Biomed Eng 51(7), 2004.

The paced records 102, 104, 107 and 217 are left out. Two records are of one man: 201 (DS1) and
202 (DS2); see :func:`patient_of`.
"""

CITATION = (
    "MIT-BIH Arrhythmia Database 1.0.0, PhysioNet, doi:10.13026/C2F305. "
    "Moody GB, Mark RG. The impact of the MIT-BIH Arrhythmia Database. "
    "IEEE Eng in Med and Biol 20(3):45-50, 2001. "
    "Goldberger AL, Amaral LAN, Glass L, et al. PhysioBank, PhysioToolkit, and PhysioNet. "
    "Circulation 101(23):e215-e220, 2000. "
    "Licence: Open Data Commons Attribution 1.0 (ODC-By 1.0)."
)
"""Names, references and licence; shown wherever a result made from these records is shown."""

CHECKSUMS = "SHA256SUMS.txt"
"""PhysioNet's list of checksums, or the one ``ectopy data fetch`` writes, beside the records."""

FETCH_HINT = (
    "run `ectopy data fetch mitdb`, or name the directory that holds mitdb/ "
    "with --data-dir or $ECTOPY_DATA"
)

UNCLASSED_BEATS = "FQ/f!"
"""Symbols of beats without a class: fusion, unclassifiable, paced, ventricular flutter waves."""

_DAMAGED_HINT = f"the file is damaged or not MIT-BIH's; {FETCH_HINT}"

# What wfdb raises on files that are not what it expects; it has no error type of its own.
_WFDB_ERRORS = (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError)

_BYTES_PER_SAMPLE = {"212": 1.5, "16": 2.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A checked header of a record.

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


def patient_of(record: str) -> str:
    """The person behind a record: 201 and 202 are the same man, all others one record each.

    The published split has 201 in DS1 and 202 in DS2, so whatever learns from DS1 and is tested
    on DS2 must leave 201 out.

    Source: MIT-BIH database directory, "Records 201 and 202 are from the same male subject".
    """
    return "201" if record == "202" else record


def holds_records(directory: Path) -> bool:
    """Whether at least one header of the database lies in ``directory``."""
    return any((directory / f"{r}.hea").is_file() for split in SPLITS.values() for r in split)


def find_records(directory: Path) -> Path | None:
    """The directory of the records: ``directory`` itself or its ``mitdb``; None if neither."""
    for candidate in (directory / NAME, directory):
        if holds_records(candidate):
            return candidate
    return None


def file_names(record: str) -> tuple[str, str, str]:
    """Header, signal and annotation file of a record."""
    return f"{record}.hea", f"{record}.dat", f"{record}.atr"


def read_checksums(directory: Path) -> dict[str, str]:
    """File name -> SHA-256 in hex from ``SHA256SUMS.txt``; empty if there is no such file."""
    path = directory / CHECKSUMS
    return parse_checksums(path.read_text(errors="replace")) if path.is_file() else {}


def parse_checksums(text: str) -> dict[str, str]:
    """File name -> SHA-256 in hex from lines such as sha256sum and PhysioNet write."""
    lines = (line.split() for line in text.splitlines())
    return {fields[1].lstrip("*"): fields[0].lower() for fields in lines if len(fields) == 2}


def read_recording(directory: Path, record: str, lead: str | None = None) -> Recording:
    """One lead of one record with its beats of the three classes.

    Args:
        directory: Holds ``<record>.hea``, ``.dat`` and ``.atr``; if it also holds
            ``SHA256SUMS.txt``, the files are checked against it.
        record: Record name such as ``"100"``.
        lead: Lead name; None takes MLII where present and the first lead elsewhere.

    Raises:
        DataError: A file is missing, short or corrupt, or the lead is not in the record.
    """
    return _read(directory, record, lambda header: [_channel(header, lead, record, directory)])[0]


def read_leads(directory: Path, record: str) -> tuple[Recording, ...]:
    """All leads of one record, first the one that :func:`read_recording` takes.

    Raises:
        DataError: As there.
    """

    def main_first(header: Header) -> list[int]:
        main = _channel(header, None, record, directory)
        return [main, *(c for c in range(len(header.leads)) if c != main)]

    return _read(directory, record, main_first)


def _read(
    directory: Path, record: str, choose: Callable[[Header], list[int]]
) -> tuple[Recording, ...]:
    for name in file_names(record):
        if not (path := directory / name).is_file():
            raise DataError(f"record {record}: {path} is missing", hint=FETCH_HINT)
    try:
        _verify_checksums(directory, record)
        header = read_header(directory, record)
        beats = _read_beats(directory, record, header.samples)
        return tuple(
            Recording(
                name=record,
                counts=read_counts(directory, record, channel, header),
                counts_per_mv=header.counts_per_mv[channel],
                rate_hz=RATE_HZ,
                beat_samples=beats.samples,
                labels=beats.labels,
                unclassed_samples=beats.unclassed,
            )
            for channel in choose(header)
        )
    except OSError as error:
        raise DataError(f"record {record}: {error}", hint="may you read that file?") from error


def _verify_checksums(directory: Path, record: str) -> None:
    """Compares the files of a record with ``SHA256SUMS.txt`` where that lists them."""
    known = read_checksums(directory)
    for name in file_names(record) if known else ():
        path = directory / name
        expected = known.get(name)
        if expected and hashlib.sha256(path.read_bytes()).hexdigest() != expected:
            raise DataError(
                f"record {record}: {path} does not match its checksum in {CHECKSUMS}",
                hint=_DAMAGED_HINT,
            )


def read_header(directory: Path, record: str) -> Header:
    """The header of a record in MIT-BIH's own form: 360 Hz, millivolts, one signal file.

    Raises:
        DataError: It cannot be read, or is of another form.
    """
    path = directory / f"{record}.hea"
    try:
        raw: Any = wfdb.rdheader(str(directory / record))
        if complaint := _complaint(raw, record):
            raise _damaged(record, path, complaint)
        return Header(
            leads=tuple(str(name) for name in raw.sig_name),
            samples=int(raw.sig_len),
            dat_bytes=int(raw.n_sig * raw.sig_len * _BYTES_PER_SAMPLE[raw.fmt[0]]),
            counts_per_mv=tuple(float(gain) for gain in raw.adc_gain),
            baselines=tuple(int(baseline) for baseline in raw.baseline),
        )
    except _WFDB_ERRORS as error:
        raise _damaged(record, path, f"cannot be read as a WFDB header ({error})") from error


def _complaint(raw: Any, record: str) -> str:
    """What keeps a wfdb header from being one of MIT-BIH; empty if nothing does."""
    if not isinstance(raw, wfdb.Record) or not raw.n_sig:
        return "describes no signal"
    checks = (
        (raw.fs == RATE_HZ, f"says {raw.fs} Hz, not {RATE_HZ}"),
        (bool(raw.sig_len) and raw.sig_len > 0, "gives no length"),
        (set(raw.file_name) == {f"{record}.dat"}, f"names signal files {raw.file_name}"),
        (raw.fmt[0] in _BYTES_PER_SAMPLE and len(set(raw.fmt)) == 1, f"has formats {raw.fmt}"),
        (set(raw.samps_per_frame) == {1}, "has more than one sample a frame"),
        (not any(raw.byte_offset) and not any(raw.skew), "has byte offsets or skew"),
        (all(g > 0 for g in raw.adc_gain) and set(raw.units) == {"mV"}, "is not in millivolts"),
    )
    return next((text for ok, text in checks if not ok), "")


def _channel(header: Header, lead: str | None, record: str, directory: Path) -> int:
    if lead is None:
        return header.leads.index(PREFERRED_LEAD) if PREFERRED_LEAD in header.leads else 0
    if lead not in header.leads:
        raise DataError(
            f"record {record}: {directory / record}.hea has no lead {lead!r}",
            hint=f"its leads are {', '.join(header.leads)}; without --lead, "
            f"{PREFERRED_LEAD} is taken where present",
        )
    return header.leads.index(lead)


def read_counts(
    directory: Path, record: str, channel: int, header: Header
) -> npt.NDArray[np.int32]:
    """ADC counts of one channel relative to its baseline, int32 (m,).

    Raises:
        DataError: The signal file is short or cannot be read.
        OSError: There is no such file.
    """
    path = directory / f"{record}.dat"
    # Before wfdb allocates what a damaged header may promise.
    if (size := path.stat().st_size) < header.dat_bytes:
        raise _damaged(record, path, f"is short: {size:,} bytes of {header.dat_bytes:,}")
    try:
        raw: Any = wfdb.rdrecord(
            str(directory / record), channels=[channel], physical=False, return_res=32
        )
        counts = np.asarray(raw.d_signal[:, 0], dtype=np.int32)
    except _WFDB_ERRORS as error:
        raise _damaged(record, path, f"cannot be read ({error})") from error
    return counts - np.int32(header.baselines[channel])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Beats:
    samples: npt.NDArray[np.int32]
    labels: npt.NDArray[np.uint8]
    unclassed: npt.NDArray[np.int32]


def read_annotations(
    directory: Path, record: str, samples: int
) -> tuple[npt.NDArray[np.int64], list[str]]:
    """All annotations of a record: samples (n,) in order of time, and n symbols.

    Args:
        directory: Holds ``<record>.atr``.
        record: Record name.
        samples: Length of the record; an annotation outside is an error.

    Raises:
        DataError: The file is corrupt.
    """
    path = directory / f"{record}.atr"
    data = path.read_bytes()
    if len(data) % 2 or not data.endswith(b"\0\0"):
        raise _damaged(record, path, "has no end mark")
    try:
        raw: Any = wfdb.rdann(str(directory / record), "atr")
        positions = np.asarray(raw.sample, dtype=np.int64)
        symbols = [str(symbol) for symbol in raw.symbol]
    except _WFDB_ERRORS as error:
        raise _damaged(record, path, f"cannot be read as annotations ({error})") from error
    if positions.size and (positions.min() < 0 or positions.max() >= samples):
        raise _damaged(record, path, "places a beat outside the record")
    if (np.diff(positions) < 0).any():
        raise _damaged(record, path, "is not in order of time")
    return positions, symbols


def _read_beats(directory: Path, record: str, samples: int) -> _Beats:
    """R peaks and labels of the beats in the label map, and R peaks of the others."""
    positions, symbols = read_annotations(directory, record, samples)
    classes = [_CLASS_OF.get(symbol) for symbol in symbols]
    others = np.array([symbol in UNCLASSED_BEATS for symbol in symbols], dtype=bool)
    kept = np.array([c is not None for c in classes], dtype=bool)
    if not kept.any():
        raise _damaged(record, directory / f"{record}.atr", "annotates no beat")
    labels = np.array([c for c in classes if c is not None], dtype=np.uint8)
    return _Beats(
        samples=positions[kept].astype(np.int32),
        labels=labels,
        unclassed=positions[others].astype(np.int32),
    )


def read_rhythms(directory: Path, record: str) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    """Where each annotated rhythm of a record begins, and its name, such as ``AFIB``.

    Returns:
        int64 (k,), samples at the record's rate, ascending; k names of :data:`RHYTHMS`.

    Raises:
        DataError: The annotations cannot be read.
    """
    try:
        raw: Any = wfdb.rdann(str(directory / record), "atr")
        marks = [
            (int(sample), str(note).strip("(\0 "))
            for sample, symbol, note in zip(raw.sample, raw.symbol, raw.aux_note, strict=True)
            if symbol == "+"
        ]
    except _WFDB_ERRORS as error:
        path = directory / f"{record}.atr"
        raise _damaged(record, path, f"cannot be read as annotations ({error})") from error
    starts = np.array([sample for sample, _ in marks], dtype=np.int64)
    return starts, tuple(name for _, name in marks)


_CLASS_OF = {symbol: int(c) for c, symbols in LABEL_MAP.items() for symbol in symbols}


def _damaged(record: str, path: Path, what: str) -> DataError:
    return DataError(f"record {record}: {path} {what}", hint=_DAMAGED_HINT)
