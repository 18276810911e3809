"""Published energy per clock cycle, each figure with its source; the figures are in a data file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from enum import StrEnum
from importlib.resources import files
from typing import Any

_FILE = "constants.toml"


class SourceKind(StrEnum):
    """How a figure is known."""

    DATASHEET = "datasheet"
    SECONDHAND = "secondhand"
    MEASURED = "measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyConstant:
    """One published figure: a current per megahertz at a supply, or a power at a clock.

    Attributes:
        condition: Under which it holds; names what we had to assume.
        contradicted_by: Ids of figures that cannot be true together with this one.

    Raises:
        ValueError: It has neither pair of numbers or both, or a number is not positive.
    """

    id: str
    part: str
    kind: SourceKind
    condition: str
    source: str
    date: str
    contradicted_by: tuple[str, ...] = ()
    remark: str = ""
    current_ua_per_mhz: float | None = None
    supply_v: float | None = None
    power_mw: float | None = None
    clock_mhz: float | None = None

    def __post_init__(self) -> None:
        by_current = (self.current_ua_per_mhz, self.supply_v)
        by_power = (self.power_mw, self.clock_mhz)
        given = [pair for pair in (by_current, by_power) if pair != (None, None)]
        if len(given) != 1 or any(number is None or number <= 0 for number in given[0]):
            raise ValueError(f"{self.id}: needs a current and a supply, or a power and a clock")

    @property
    def pj_per_cycle(self) -> float:
        """Energy of one clock cycle: 1 uA/MHz is 1 pC a cycle, and 1 mW/MHz is 1000 pJ a cycle."""
        if self.current_ua_per_mhz is not None and self.supply_v is not None:
            return self.current_ua_per_mhz * self.supply_v
        assert self.power_mw is not None and self.clock_mhz is not None
        return 1000.0 * self.power_mw / self.clock_mhz

    @property
    def formula(self) -> str:
        """How that comes from the published numbers."""
        if self.current_ua_per_mhz is not None:
            return f"{self.current_ua_per_mhz:g} uA/MHz x {self.supply_v:g} V"
        return f"{self.power_mw:g} mW / {self.clock_mhz:g} MHz"


def load_constants() -> tuple[EnergyConstant, ...]:
    """All published figures.

    Raises:
        ValueError: The data file is wrong: a defect of ours.
    """
    text = files("ectopy.energy").joinpath(_FILE).read_text(encoding="utf-8")
    return parse_constants(text)


def parse_constants(text: str) -> tuple[EnergyConstant, ...]:
    """The rows of a data file.

    Raises:
        ValueError: A key is unknown or missing, an id is twice, or a contradiction names no row.
    """
    rows = tuple(_row(table) for table in tomllib.loads(text).get("rows", []))
    ids = [row.id for row in rows]
    if not rows or len(set(ids)) != len(ids):
        raise ValueError(f"no rows, or one id twice: {ids}")
    for row in rows:
        if not set(row.contradicted_by) <= set(ids) - {row.id}:
            raise ValueError(f"{row.id} is contradicted by a row that is not there")
    return rows


def _row(table: dict[str, Any]) -> EnergyConstant:
    unknown = set(table) - {field.name for field in fields(EnergyConstant)}
    if unknown:
        raise ValueError(f"unknown key {min(unknown)}")
    try:
        kind = SourceKind(table["kind"])
        contradictions = tuple(table.get("contradicted_by", ()))
        return EnergyConstant(**table | {"kind": kind, "contradicted_by": contradictions})
    except (KeyError, TypeError) as error:
        raise ValueError(f"a row lacks a key: {error}") from error
