"""Which commit a source tree is at."""

from __future__ import annotations

import subprocess
from pathlib import Path

_TIMEOUT_S = 20


def tree_revision(tree: Path) -> str:
    """12 hexadecimal digits of the commit; empty if the tree is not itself a git checkout."""
    if not (tree / ".git").exists():
        return ""
    try:
        answer = subprocess.run(
            ["git", "-C", str(tree), "rev-parse", "--short=12", "HEAD"],
            capture_output=True,
            text=True,
            check=True,
            timeout=_TIMEOUT_S,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.strip()
