"""Frozen dataclasses from JSON and their JSON Schema, checked against the types of the fields.

Types: other such dataclasses, ``str``, ``bool``, ``int``, ``float``, enums of strings, tuples of
one type, mappings from text to one type, and any of these or null.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import is_dataclass
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

_JSON_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number"}


def read_value(value: Any, hint: Any, path: str = "") -> Any:
    """``value``, as JSON gives it, as an object of type ``hint``, checked all the way down.

    Args:
        value: Any JSON value.
        hint: A type of those above.
        path: Where the value is, for the message.

    Raises:
        ValueError: An unknown or missing key, or a value of wrong type; names its path.
    """
    if get_origin(hint) is UnionType:
        return None if value is None else read_value(value, _without_null(hint), path)
    if get_origin(hint) in (tuple, Mapping):
        return _read_container(value, hint, path)
    if is_dataclass(hint):
        return _read_object(value, hint, path)
    if issubclass(hint, StrEnum):
        _expect(value in list(hint), path, f"one of {', '.join(hint)}", value)
        return hint(value)
    wanted = (int, float) if hint is float else (hint,)
    sane = not isinstance(value, int | float) or abs(value) < 2**63
    _expect(type(value) in wanted and sane, path, f"of type {_JSON_TYPES[hint]}", value)
    return hint(value)


def _read_container(value: Any, hint: Any, path: str) -> Any:
    item = get_args(hint)[1 if get_origin(hint) is Mapping else 0]
    if get_origin(hint) is Mapping:
        _expect(isinstance(value, dict), path, "an object", value)
        return {key: read_value(each, item, f"{path}.{key}") for key, each in value.items()}
    _expect(isinstance(value, list), path, "a list", value)
    return tuple(read_value(each, item, f"{path}[{i}]") for i, each in enumerate(value))


def _read_object(value: Any, kind: Any, path: str) -> Any:
    _expect(isinstance(value, dict), path, "an object", value)
    hints = get_type_hints(kind)
    for key in value:
        if key not in hints:
            raise ValueError(f"unknown key {join_path(path, key)}")
    for key in hints:
        if key not in value:
            raise ValueError(f"missing key {join_path(path, key)}")
    return kind(**{key: read_value(value[key], hints[key], join_path(path, key)) for key in hints})


def _expect(right: bool, path: str, wanted: str, value: object) -> None:
    if not right:
        raise ValueError(f"{path} should be {wanted}, not {json.dumps(value)[:40]}")


def _without_null(hint: Any) -> Any:
    (some,) = (arm for arm in get_args(hint) if arm is not NoneType)
    return some


def join_path(path: str, key: str) -> str:
    """Dotted path of a member."""
    return f"{path}.{key}" if path else key


def schema_of(hint: Any) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a type of those above."""
    if get_origin(hint) is UnionType:
        return {"anyOf": [schema_of(_without_null(hint)), {"type": "null"}]}
    if get_origin(hint) is tuple:
        return {"type": "array", "items": schema_of(get_args(hint)[0])}
    if get_origin(hint) is Mapping:
        return {"type": "object", "additionalProperties": schema_of(get_args(hint)[1])}
    if is_dataclass(hint):
        members = {key: schema_of(each) for key, each in get_type_hints(hint).items()}
        return {
            "type": "object",
            "properties": members,
            "required": list(members),
            "additionalProperties": False,
        }
    if issubclass(hint, StrEnum):
        return {"enum": [str(each) for each in hint]}
    return {"type": _JSON_TYPES[hint]}
