"""Files of scores: a version of the schema, and a dataclass."""

from __future__ import annotations

from typing import TypeVar

from ectopy.errors import InputError
from ectopy.typed_json import read_value

_File = TypeVar("_File")


def read_file(document: object, kind: type[_File], version: int) -> _File:
    """A whole file in decoded JSON, whose ``schema_version`` is the one that is read.

    Args:
        document: The decoded file.
        kind: Dataclass of the file.
        version: Of the schema.

    Raises:
        InputError: An unknown or missing key, a value of wrong type, or another schema.
    """
    found = document.get("schema_version") if isinstance(document, dict) else None
    if found != version:
        raise InputError(f"schema version {found!r:.20}, and this ectopy reads {version}")
    try:
        file: _File = read_value(document, kind)
    except ValueError as error:
        raise InputError(str(error)) from error
    return file
