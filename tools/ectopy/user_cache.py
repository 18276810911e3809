"""Where things that were downloaded live between runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cache_dir() -> Path:
    """The user's cache directory for ectopy, by the platform's habit; may not exist yet."""
    if base := os.environ.get("XDG_CACHE_HOME"):
        return Path(base) / "ectopy"
    if sys.platform == "win32" and (base := os.environ.get("LOCALAPPDATA")):
        return Path(base) / "ectopy" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "ectopy"
    return Path.home() / ".cache" / "ectopy"
