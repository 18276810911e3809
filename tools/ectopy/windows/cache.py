"""Where downloaded records live between runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ectopy.windows import mitdb


def cache_dir() -> Path:
    """The user's cache directory for ectopy, by the platform's habit; may not exist yet."""
    if base := os.environ.get("XDG_CACHE_HOME"):
        return Path(base) / "ectopy"
    if sys.platform == "win32" and (base := os.environ.get("LOCALAPPDATA")):
        return Path(base) / "ectopy" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "ectopy"
    return Path.home() / ".cache" / "ectopy"


def mitdb_dir() -> Path:
    """Where ``ectopy data fetch mitdb`` puts the records."""
    return cache_dir() / mitdb.NAME


def is_complete(directory: Path) -> bool:
    """Whether a download ended: checksums, written last, list every file."""
    known = mitdb.read_checksums(directory)
    names = [n for split in mitdb.SPLITS.values() for r in split for n in mitdb.file_names(r)]
    return all(name in known and (directory / name).is_file() for name in names)
