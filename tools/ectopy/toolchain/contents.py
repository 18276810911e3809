"""How much of an image comes from certain objects: an engine, its kernels and its model.

The linker drops what nobody calls and puts the rest anywhere, so the image's own symbols are
counted, by name, if one of the objects defines them. What has no symbol (text in quotes, padding)
is in no figure here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from elftools.common.exceptions import ELFError
from elftools.construct.core import ConstructError
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from ectopy.errors import ToolError
from ectopy.toolchain.archive import members

_ELF_MAGIC = b"\x7fELF"
_KINDS = ("STT_FUNC", "STT_OBJECT")
_ABSENT = ("SHN_UNDEF", "SHN_ABS", "SHN_COMMON")
_OF_THE_APPLICATION = "model_info.o"
"""Generated too, but names and golden vectors, which no engine needs."""

_Key = tuple[str, str]
"""Source file of a local symbol, or nothing, and its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What some objects left in the flash of an image.

    Attributes:
        code_bytes: Functions.
        constant_bytes: Constants, and initial values of variables.
    """

    code_bytes: int
    constant_bytes: int


def engine_parts(folder: Path, library: Path | None = None) -> tuple[Path, ...]:
    """Objects of kernels, engine and model of an image.

    Args:
        folder: In which firmware/Makefile built it.
        library: Of the runtime, if the engine has one.

    Raises:
        ToolError: It was not built there.
    """
    objects = folder / "obj"
    parts = [
        *(objects / "kernels").rglob("*.o"),
        *(objects / "engines").rglob("*.o"),
        *(path for path in (objects / "generated").glob("*.o") if path.name != _OF_THE_APPLICATION),
    ]
    if not parts:
        raise ToolError(f"{objects} holds no objects", hint="build it again: ectopy build")
    return (*sorted(parts), *(() if library is None else (library,)))


def contents_of(elf: Path, parts: Iterable[Path]) -> Contents:
    """Bytes in an image's flash that objects and static libraries put there.

    Args:
        elf: The image, with its symbols.
        parts: Objects (``.o``) and libraries (``.a``) it was linked from.

    Raises:
        ToolError: A file is missing, or no ELF file or library.
    """
    keys: set[_Key] = set()
    for part in parts:
        keys |= _defined(part)
    sizes: dict[tuple[str, int], int] = {}
    for image in _files(elf):
        stored = {
            index
            for index, section in enumerate(image.iter_sections())
            if section["sh_flags"] & SH_FLAGS.SHF_ALLOC and section["sh_type"] != "SHT_NOBITS"
        }
        for key, symbol in _symbols(image):
            if key in keys and symbol["st_shndx"] in stored:
                # Aliases share an address.
                place = (symbol["st_info"]["type"], symbol["st_value"])
                sizes[place] = max(sizes.get(place, 0), symbol["st_size"])
    code, constants = (
        sum(nbytes for (each, _), nbytes in sizes.items() if each == kind) for kind in _KINDS
    )
    return Contents(code_bytes=code, constant_bytes=constants)


def _defined(part: Path) -> set[_Key]:
    return {key for file in _files(part) for key, _ in _symbols(file)}


def _files(path: Path) -> Iterator[ELFFile]:
    """The file itself, or the members of a library."""
    try:
        data = path.read_bytes()
        if data.startswith(_ELF_MAGIC):
            yield ELFFile(BytesIO(data))
            return
        for _, content in members(data):
            if content.startswith(_ELF_MAGIC):
                yield ELFFile(BytesIO(content))
    except (OSError, ValueError, ELFError, ConstructError) as error:
        raise ToolError(f"{path} is neither an ELF file nor a static library: {error}") from error


def _symbols(file: ELFFile) -> Iterator[tuple[_Key, Any]]:
    """Functions and objects that a file defines.

    Locals of a linked image follow the name of the source file they come from.
    """
    table = file.get_section_by_name(".symtab")
    source = ""
    for symbol in table.iter_symbols() if isinstance(table, SymbolTableSection) else ():
        kind, bind = symbol["st_info"]["type"], symbol["st_info"]["bind"]
        if kind == "STT_FILE":
            source = symbol.name
        elif kind in _KINDS and symbol["st_shndx"] not in _ABSENT:
            yield (source if bind == "STB_LOCAL" else "", symbol.name), symbol
