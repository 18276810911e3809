"""What waiting for memory costs: named models, whose figures are in ``memory_models.json``.

A model tells two kinds of memory apart: ``image`` (code and constants, the segments of an ELF file
that are not writable) and ``data`` (variables, arena, stack). It adds cycles to the zero-wait-state
timings: for each load and store, and for each miss of a cache, which is simulated access by access.
Waits are added up; on silicon some of them hide behind one another.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ectopy.cycles.image import ProgramImage
from ectopy.errors import InputError

ZERO = "zero"
_FILE = Path(__file__).parent / "memory_models.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cache:
    """One way, physically indexed.

    Attributes:
        miss_cycles: To fetch a line.
    """

    line_bytes: int
    lines: int
    miss_cycles: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """Cycles beyond the zero-wait-state timings."""

    load_cycles: int = 0
    store_cycles: int = 0
    cached: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryModel:
    """A named model.

    Attributes:
        sources: Of each figure: definition, documented, measured, or assumption.
    """

    name: str
    title: str
    image: Region
    data: Region
    cache: Cache | None
    sources: tuple[str, ...]

    @property
    def waits(self) -> bool:
        """Whether anything is ever waited for."""
        return self.cache is not None or self.image != Region() or self.data != Region()


def memory_names() -> tuple[str, ...]:
    """Names of all models, ``zero`` first."""
    return tuple(_models())


def memory_model(name: str) -> MemoryModel:
    """A model by its name.

    Raises:
        InputError: There is none.
    """
    models = _models()
    if name not in models:
        raise InputError(f"no memory model {name}", hint=f"there are: {', '.join(models)}")
    text = models[name]
    cache = text.get("cache")
    return MemoryModel(
        name=name,
        title=text["title"],
        image=Region(**text["regions"]["image"]),
        data=Region(**text["regions"]["data"]),
        cache=Cache(**cache) if cache else None,
        sources=tuple(text["sources"]),
    )


def _models() -> dict[str, Any]:
    models: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return models


class Stalls:
    """Waits for code and constants of one image; the cache keeps its contents between inferences.

    Waits for data depend on nothing but how many loads and stores there are: ``cycles/cost.py``.
    """

    def __init__(self, model: MemoryModel, image: ProgramImage) -> None:
        self._region = model.image
        self._cache = model.cache
        self.constants = tuple(
            (s.address, s.address + s.nbytes) for s in image.segments if not s.writable
        )
        """Where code and constants are: first address, and the one after the last."""
        self._tags: dict[int, int] = {}
        self._lines: dict[tuple[int, int], tuple[int, ...]] = {}

    def fetch(self, address: int, nbytes: int) -> int:
        """Cycles that instructions wait."""
        return self._misses(address, nbytes)

    def constant(self, address: int, nbytes: int) -> int:
        """Cycles that the load of a constant waits."""
        return self._region.load_cycles + self._misses(address, nbytes)

    def _misses(self, address: int, nbytes: int) -> int:
        """Cycles to bring the bytes into the cache."""
        cache = self._cache
        if cache is None or not self._region.cached:
            return 0
        wanted = self._lines.get((address, nbytes))
        if wanted is None:
            first, last = address // cache.line_bytes, (address + nbytes - 1) // cache.line_bytes
            wanted = self._lines[address, nbytes] = tuple(range(first, last + 1))
        cycles = 0
        for line in wanted:
            if self._tags.get(line % cache.lines) != line:
                self._tags[line % cache.lines] = line
                cycles += cache.miss_cycles
        return cycles
