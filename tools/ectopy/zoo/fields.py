"""Typed access to decoded JSON: every wrong value ends in one error that names file and key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from ectopy.errors import ModelError

JsonValue: TypeAlias = (
    bool | int | float | str | Sequence["JsonValue"] | Mapping[str, "JsonValue"] | None
)

REPAIR = "compare with models/beat-3-eff-sm/configuration.json"


@dataclass(frozen=True, slots=True)
class Fields:
    """One JSON object.

    Attributes:
        where: File and path of keys down to this object, for errors.
    """

    values: Mapping[str, JsonValue]
    where: str

    @classmethod
    def of(cls, value: JsonValue, where: str) -> Fields:
        """The object ``value``.

        Raises:
            ModelError: It is not an object.
        """
        if not isinstance(value, Mapping):
            raise ModelError(f"{where}: expected a JSON object", hint=REPAIR)
        return cls(MappingProxyType(dict(value)), where)

    def has(self, key: str) -> bool:
        """Whether ``key`` is there with a value other than null."""
        return self.values.get(key) is not None

    def wrong(self, key: str, expected: str) -> ModelError:
        """The error for a value that cannot be used."""
        shown = repr(self.values.get(key))
        shown = shown if len(shown) <= 60 else shown[:57] + "..."
        return ModelError(f"{self.where}: {key} is {shown}; expected {expected}", hint=REPAIR)

    def text(self, key: str) -> str:
        """A required string."""
        value = self._required(key)
        if not isinstance(value, str):
            raise self.wrong(key, "a string")
        return value

    def integer(
        self, key: str, *, low: int, high: int = 2**31 - 1, default: int | None = None
    ) -> int:
        """An integer in [low, high]; required unless there is a default."""
        if default is not None and not self.has(key):
            return default
        value = self._required(key)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.wrong(key, f"an integer from {low} to {high}")
        return value

    def number(self, key: str, *, low: float, high: float, default: float | None = None) -> float:
        """A finite number in [low, high]; required unless there is a default."""
        if default is not None and not self.has(key):
            return default
        value = self._required(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong(key, "a number")
        if not low <= value <= high:  # neither NaN nor what no float can hold
            raise self.wrong(key, f"a number from {low:g} to {high:g}")
        return float(value)

    def flag(self, key: str, *, default: bool) -> bool:
        """A boolean."""
        if not self.has(key):
            return default
        value = self.values[key]
        if not isinstance(value, bool):
            raise self.wrong(key, "true or false")
        return value

    def section(self, key: str) -> Fields:
        """A required object."""
        return Fields.of(self._required(key), f"{self.where}: {key}")

    def sections(
        self, key: str, *, default: tuple[Fields, ...] | None = None
    ) -> tuple[Fields, ...]:
        """A list of objects; required unless there is a default."""
        if default is not None and not self.has(key):
            return default
        return tuple(
            Fields.of(item, f"{self.where}: {key}[{i}]") for i, item in enumerate(self._list(key))
        )

    def texts(self, key: str, *, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """A list of strings; required unless there is a default."""
        if default is not None and not self.has(key):
            return default
        items = self._list(key)
        if not all(isinstance(item, str) for item in items):
            raise self.wrong(key, "a list of strings")
        return tuple(str(item) for item in items)

    def integers(self, key: str, *, low: int) -> tuple[int, ...]:
        """A required list of integers from ``low``."""
        items = self._list(key)
        for item in items:
            if isinstance(item, bool) or not isinstance(item, int) or item < low:
                raise self.wrong(key, f"a list of integers from {low}")
        return tuple(item for item in items if isinstance(item, int))

    def _list(self, key: str) -> Sequence[JsonValue]:
        value = self._required(key)
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise self.wrong(key, "a list")
        return value

    def _required(self, key: str) -> JsonValue:
        if not self.has(key):
            raise ModelError(f"{self.where}: {key} is missing", hint=REPAIR)
        return self.values[key]
