"""The MIT-BIH Arrhythmia Database as recordings."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ectopy.errors import DataError
from ectopy.vocab import Split
from ectopy.windows.recording import Recording
from ectopy.windows.wfdb_files import (
    Database,
    Header,
    damaged,
    file_names,
    read_annotations,
    read_counts,
    read_header,
    require_files,
)

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

DATABASE = Database(
    rate_hz=RATE_HZ,
    missing_hint=FETCH_HINT,
    damaged_hint=f"the file is damaged or not MIT-BIH's; {FETCH_HINT}",
)


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
    require_files(directory, record, DATABASE)
    try:
        return _read_verified(directory, record, choose)
    except OSError as error:
        raise DataError(f"record {record}: {error}", hint="may you read that file?") from error


def _read_verified(
    directory: Path, record: str, choose: Callable[[Header], list[int]]
) -> tuple[Recording, ...]:
    _verify_checksums(directory, record)
    header = read_header(directory, record, DATABASE)
    annotations = read_annotations(directory, record, header.samples, DATABASE)
    beat_samples, labels = annotations.beats()
    if not labels.size:
        raise damaged(record, directory / f"{record}.atr", "annotates no beat", DATABASE)
    return tuple(
        Recording(
            name=record,
            counts=read_counts(directory, record, header, channel, DATABASE),
            counts_per_mv=header.counts_per_mv[channel],
            rate_hz=RATE_HZ,
            beat_samples=beat_samples,
            labels=labels,
            unclassed_samples=annotations.unclassed(),
        )
        for channel in choose(header)
    )


def _verify_checksums(directory: Path, record: str) -> None:
    """Compares the files of a record with ``SHA256SUMS.txt`` where that lists them."""
    known = read_checksums(directory)
    for name in file_names(record) if known else ():
        path = directory / name
        expected = known.get(name)
        if expected and hashlib.sha256(path.read_bytes()).hexdigest() != expected:
            raise DataError(
                f"record {record}: {path} does not match its checksum in {CHECKSUMS}",
                hint=DATABASE.damaged_hint,
            )


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


def read_rhythms(directory: Path, record: str) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    """Where each annotated rhythm of a record begins, and its name, such as ``AFIB``.

    Returns:
        int64 (k,), samples at the record's rate, ascending; k names of
        :data:`ectopy.windows.remarks.RHYTHMS`.

    Raises:
        DataError: The annotations cannot be read.
    """
    require_files(directory, record, DATABASE)
    header = read_header(directory, record, DATABASE)
    found = read_annotations(directory, record, header.samples, DATABASE)
    spans = found.rhythms(header.samples)
    starts = np.array([span.start for span in spans], dtype=np.int64)
    return starts, tuple(span.rhythm for span in spans)
