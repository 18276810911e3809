"""Where the firmware lies and which of its files make up an image."""

from __future__ import annotations

from pathlib import Path

from ectopy.vocab import BoardName, EngineName

FIRMWARE_DIR = Path(__file__).resolve().parents[3] / "firmware"

_SUFFIXES = {".c", ".cc", ".h", ".ld"}


def image_sources(board: BoardName, engine: EngineName) -> list[Path]:
    """The Makefile and the sources of one board and engine, sorted."""
    chosen = {"boards": board.value, "engines": engine.value}
    found = [FIRMWARE_DIR / "Makefile"]
    for path in FIRMWARE_DIR.rglob("*"):
        room, *rest = path.relative_to(FIRMWARE_DIR).parts
        if path.suffix in _SUFFIXES and (room not in chosen or rest[0] == chosen[room]):
            found.append(path)
    return sorted(found)
