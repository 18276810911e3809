"""Where records are looked for, and where downloaded ones live between runs."""

from __future__ import annotations

from pathlib import Path

from ectopy.user_cache import cache_dir
from ectopy.windows import mitdb
from ectopy.windows.wfdb_files import file_names

DATA_VARIABLE = "ECTOPY_DATA"
"""Names the directory that holds ``mitdb/`` and ``nstdb/`` if no option does."""


def mitdb_dir() -> Path:
    """Where ``ectopy data fetch mitdb`` puts the records."""
    return cache_dir() / mitdb.NAME


def is_complete(directory: Path) -> bool:
    """Whether a download ended: checksums, written last, list every file."""
    known = mitdb.read_checksums(directory)
    names = [n for split in mitdb.SPLITS.values() for r in split for n in file_names(r)]
    return all(name in known and (directory / name).is_file() for name in names)
