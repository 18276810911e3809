"""What lies in flash and RAM: sections of an image, split by kinds of symbols, and the largest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from elftools.common.exceptions import ELFError
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile

from ectopy.errors import ToolError
from ectopy.symbols import readable

_KINDS = {"STT_FUNC": "functions", "STT_OBJECT": "constants"}


class Memory(StrEnum):
    """Kinds of memory of a microcontroller."""

    FLASH = "flash"
    RAM = "RAM"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Bytes of one section in one memory.

    Attributes:
        content: What they are: functions, constants, variables ...
    """

    memory: Memory
    section: str
    content: str
    nbytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbol:
    """A function or object of an image."""

    memory: Memory
    section: str
    name: str
    nbytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryMap:
    """An image by section and by symbol.

    Attributes:
        pieces: In the order of the file; their sums are the flash and RAM of the record.
        symbols: Of those sections, largest first.
    """

    pieces: tuple[Piece, ...]
    symbols: tuple[Symbol, ...]


def read_memory_map(path: Path) -> MemoryMap:
    """Reads section and symbol tables.

    Raises:
        ToolError: The file is not an ELF file.
    """
    try:
        with path.open("rb") as stream:
            elf = ELFFile(stream)
            sections = {
                index: section
                for index, section in enumerate(elf.iter_sections())
                if section["sh_flags"] & SH_FLAGS.SHF_ALLOC and section["sh_size"]
            }
            table = elf.get_section_by_name(".symtab")
            symbols = list(table.iter_symbols()) if table is not None else []
            pieces: list[Piece] = []
            named: list[Symbol] = []
            for index, section in sections.items():
                own = [s for s in symbols if s["st_shndx"] == index and s["st_size"]]
                pieces += _pieces(section, own)
                named += _named(section, own)
    except (OSError, ELFError) as error:
        raise ToolError(f"{path} is not a usable ELF file: {error}") from error
    named.sort(key=lambda symbol: (-symbol.nbytes, symbol.name))
    return MemoryMap(pieces=tuple(pieces), symbols=tuple(named))


def _pieces(section: Any, symbols: list[Any]) -> Iterator[Piece]:
    """A section with contents is in flash; a writable one is in RAM; .data is in both."""
    name, size = section.name, section["sh_size"]
    writable = bool(section["sh_flags"] & SH_FLAGS.SHF_WRITE)
    stored = section["sh_type"] != "SHT_NOBITS"
    if writable:
        content = "initialised variables" if stored else "zeroed or reserved"
        yield Piece(memory=Memory.RAM, section=name, content=content, nbytes=size)
    if stored and writable:
        yield Piece(memory=Memory.FLASH, section=name, content="initial values", nbytes=size)
    elif stored:
        left = size
        for kind, content in _KINDS.items():
            of_kind = sum(
                {s["st_value"]: s["st_size"] for s in symbols if _kind(s) == kind}.values()
            )
            nbytes = min(of_kind, left)
            left -= nbytes
            if nbytes:
                yield Piece(memory=Memory.FLASH, section=name, content=content, nbytes=nbytes)
        if left:
            yield Piece(memory=Memory.FLASH, section=name, content="without a symbol", nbytes=left)


def _named(section: Any, symbols: list[Any]) -> Iterator[Symbol]:
    writable = section["sh_flags"] & SH_FLAGS.SHF_WRITE
    memory = Memory.RAM if writable else Memory.FLASH
    for symbol in symbols:
        if _kind(symbol) in _KINDS:
            yield Symbol(
                memory=memory,
                section=section.name,
                name=readable(symbol.name),
                nbytes=symbol["st_size"],
            )


def _kind(symbol: Any) -> str:
    kind: str = symbol["st_info"]["type"]
    return kind
