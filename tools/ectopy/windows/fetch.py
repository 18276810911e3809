"""Fills the cache with MIT-BIH from PhysioNet: resumable, checked, and never for ever."""

from __future__ import annotations

import contextlib
import hashlib
import io
import tempfile
import threading
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Protocol

import wfdb

from ectopy.errors import DataError, EctopyError, ToolError
from ectopy.progress import Progress, silent
from ectopy.windows import cache, mitdb
from ectopy.windows.wfdb_files import file_names

CHECKSUMS_URL = f"https://physionet.org/files/mitdb/1.0.0/{mitdb.CHECKSUMS}"
CHECKSUMS_TIMEOUT_S = 20.0
RECORD_TIMEOUT_S = 300.0

_HINT = (
    "run the command again, it resumes; or download the database by hand from "
    "https://physionet.org/content/mitdb/1.0.0/ and name its directory with --data-dir"
)


# What wfdb lets through from sockets, HTTP and its own reading of PhysioNet's pages.
_DOWNLOAD_ERRORS = (
    OSError,
    HTTPException,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
)


class Archive(Protocol):
    """Where records can be had."""

    def checksums(self) -> dict[str, str]:
        """File name -> SHA-256 in hex as published; empty if that cannot be got."""

    def download(self, record: str, directory: Path) -> None:
        """Puts the three files of a record into an empty directory; raises ToolError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchReport:
    """What a fetch did.

    Attributes:
        directory: Where the records are now.
        downloaded: Records that came over the network.
        kept: Records that were there already, with the right checksums.
        published_checksums: Whether files were compared with PhysioNet's own list, and not
            only with what arrived the first time.
    """

    directory: Path
    downloaded: int
    kept: int
    published_checksums: bool


class PhysioNet:
    """The archive itself, through ``wfdb.dl_database``."""

    def checksums(self) -> dict[str, str]:
        """See :class:`Archive`."""
        try:
            with urllib.request.urlopen(CHECKSUMS_URL, timeout=CHECKSUMS_TIMEOUT_S) as reply:
                return mitdb.parse_checksums(reply.read(1 << 20).decode("utf-8", "replace"))
        except (OSError, HTTPException):
            return {}

    def download(self, record: str, directory: Path) -> None:
        """See :class:`Archive`.

        wfdb waits on sockets without a limit, so it runs in a thread that can be left behind.
        """
        failures: list[Exception] = []

        def run() -> None:
            try:
                wfdb.dl_database(mitdb.NAME, str(directory), records=[record], annotators=["atr"])
            except _DOWNLOAD_ERRORS as error:
                failures.append(error)

        worker = threading.Thread(target=run, daemon=True, name=f"fetch-{record}")
        with contextlib.redirect_stdout(io.StringIO()):  # wfdb prints
            worker.start()
            worker.join(RECORD_TIMEOUT_S)
        if worker.is_alive():
            raise ToolError(
                f"record {record} did not arrive from PhysioNet in {RECORD_TIMEOUT_S:.0f} s",
                hint=_HINT,
            )
        if failures:
            raise ToolError(
                f"record {record} cannot be had from PhysioNet: {_first_line(failures[0])}",
                hint=f"is there a network? {_HINT}",
            ) from failures[0]


def fetch_mitdb(
    archive: Archive, directory: Path | None = None, progress: Progress = silent
) -> FetchReport:
    """Brings every record of both splits into the cache, and checks each file by SHA-256.

    A record is moved into place only when all of it arrived and could be read, and its checksums
    are written down at once, so an interrupted fetch resumes where it stopped. Files that are
    there already are hashed again and replaced if they changed.

    Raises:
        ToolError: No network, no space, or what arrived is not what was published.
    """
    directory = cache.mitdb_dir() if directory is None else directory
    published = archive.checksums()
    records = [record for split in mitdb.SPLITS.values() for record in split]
    kept = 0
    try:
        directory.mkdir(parents=True, exist_ok=True)
        known = mitdb.read_checksums(directory)
        for done, record in enumerate(records):
            progress(done, len(records), f"record {record}")
            if _is_intact(directory, record, known, published):
                kept += 1
                continue
            known |= _bring(archive, record, directory, published)
            _write_checksums(directory, known)
    except OSError as error:
        raise ToolError(f"cannot use the cache {directory}: {error}", hint=_HINT) from error
    progress(len(records), len(records), "")
    return FetchReport(
        directory=directory,
        downloaded=len(records) - kept,
        kept=kept,
        published_checksums=bool(published),
    )


def _is_intact(
    directory: Path, record: str, known: dict[str, str], published: dict[str, str]
) -> bool:
    names = file_names(record)
    if not all((directory / name).is_file() and name in known for name in names):
        return False
    found = {name: _sha256(directory / name) for name in names}
    return all(found[name] == known[name] == published.get(name, known[name]) for name in names)


def _bring(
    archive: Archive, record: str, directory: Path, published: dict[str, str]
) -> dict[str, str]:
    """Downloads one record, checks it and moves it into place; its checksums."""
    with tempfile.TemporaryDirectory(prefix=".incoming-", dir=directory) as incoming:
        place = Path(incoming)
        archive.download(record, place)
        try:
            mitdb.read_recording(place, record)
        except DataError as error:
            raise _unusable(record, error.message) from error
        found = {name: _sha256(place / name) for name in file_names(record)}
        for name, digest in found.items():
            if published.get(name, digest) != digest:
                raise _unusable(record, f"{name} does not match PhysioNet's checksum")
        for name in found:
            (place / name).replace(directory / name)
    return found


def _unusable(record: str, why: str) -> EctopyError:
    return ToolError(f"record {record} arrived damaged: {why}", hint=_HINT)


def _write_checksums(directory: Path, known: dict[str, str]) -> None:
    """In PhysioNet's format; replaced in one step so that a reader never sees half a list."""
    text = "".join(f"{digest} {name}\n" for name, digest in sorted(known.items()))
    draft = directory / f"{mitdb.CHECKSUMS}.new"
    draft.write_text(text)
    draft.replace(directory / mitdb.CHECKSUMS)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines() or [type(error).__name__]
    return lines[0][:200]
