"""What the cycle model needs of an ELF file: contents, functions, entry points."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from elftools.common.exceptions import ELFError
from elftools.construct.lib.container import Container
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from ectopy.errors import InputError

REBUILD = "build it again: ectopy build"
ENTRIES = ("ect_engine_init", "ect_engine_input", "ect_engine_invoke", "ect_engine_output")
"""Functions of the engine's interface that the model calls."""

_TFLM, _MAY_BE_EMULATED = "ect_tflm_model", "ect_tflm_may_be_emulated"
"""Names in images with the engine tflm; the second only where the runtime's licence allows it."""

_MAX_SEGMENT_BYTES = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A piece of memory as it is before main.

    Attributes:
        data: Initial contents; the rest up to ``nbytes`` is zero.
    """

    address: int
    nbytes: int
    data: bytes
    writable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function by its symbol."""

    name: str
    address: int
    nbytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramImage:
    """An ELF file, read.

    Attributes:
        functions: By address, one for each.
        names: Address of every name; several may share one.
    """

    path: Path
    segments: tuple[Segment, ...]
    functions: tuple[Function, ...]
    names: dict[str, int]

    def function_at(self, address: int) -> Function | None:
        """The function that holds an instruction."""
        place = bisect_right(self.functions, address, key=lambda f: f.address) - 1
        if place < 0:
            return None
        found = self.functions[place]
        return found if address < found.address + found.nbytes else None

    def entry(self, name: str) -> int:
        """Address of a function that must be there.

        Raises:
            InputError: There is none.
        """
        if name not in self.names:
            raise InputError(
                f"{self.path} has no function {name}",
                hint="the cycle model runs ectopy's firmware images; " + REBUILD,
            )
        return self.names[name]


def read_image(path: Path) -> ProgramImage:
    """Reads and checks an ELF file.

    Raises:
        InputError: Not there, not an ELF file, truncated, for another processor, without
            symbols, not firmware of ours, or with a runtime that may not run on an emulator.
    """
    try:
        with path.open("rb") as stream:
            image = _read(path, stream)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}", hint=REBUILD) from error
    except (ELFError, ValueError, KeyError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not a usable ELF file: {error}", hint=REBUILD) from error
    for name in ENTRIES:
        image.entry(name)
    return image


def _read(path: Path, stream: BinaryIO) -> ProgramImage:
    elf = ELFFile(stream)
    if elf["e_machine"] != "EM_ARM" or elf.elfclass != 32 or not elf.little_endian:
        raise InputError(
            f"{path} is for another processor ({elf['e_machine']})",
            hint="the cycle model is that of a Cortex-M4: ectopy build --board virt",
        )
    file_bytes = path.stat().st_size
    segments = tuple(
        _segment(path, each, file_bytes) for each in elf.iter_segments("PT_LOAD") if each["p_memsz"]
    )
    if not segments:
        raise InputError(f"{path} holds nothing to load", hint=REBUILD)
    found = _symbols(path, elf)
    return ProgramImage(
        path=path,
        segments=segments,
        functions=_functions(found),
        names={f.name: f.address for f in reversed(found)},
    )


def _segment(path: Path, each: Container, file_bytes: int) -> Segment:
    nbytes, stored = each["p_memsz"], each["p_filesz"]
    if each["p_offset"] + stored > file_bytes:
        raise InputError(f"{path} is truncated", hint=REBUILD)
    if not stored <= nbytes <= _MAX_SEGMENT_BYTES or each["p_vaddr"] + nbytes > 1 << 32:
        raise InputError(f"{path} has a segment of an impossible size", hint=REBUILD)
    return Segment(
        address=each["p_vaddr"],
        nbytes=nbytes,
        data=each.data(),
        writable=bool(each["p_flags"] & 2),
    )


def _symbols(path: Path, elf: ELFFile) -> list[Function]:
    """All names of functions, global ones first."""
    table = elf.get_section_by_name(".symtab")
    symbols = list(table.iter_symbols()) if isinstance(table, SymbolTableSection) else []
    symbols = [each for each in symbols if each["st_shndx"] != "SHN_UNDEF"]
    functions = [each for each in symbols if each["st_info"]["type"] == "STT_FUNC"]
    if not functions:
        raise InputError(f"{path} has no symbols", hint="do not strip it; " + REBUILD)
    _require_emulatable(path, {each.name for each in symbols})
    functions.sort(key=lambda each: each["st_info"]["bind"] != "STB_GLOBAL")
    return [
        Function(name=each.name, address=each["st_value"] & ~1, nbytes=each["st_size"])
        for each in functions
    ]


def _require_emulatable(path: Path, names: set[str]) -> None:
    if _TFLM in names and _MAY_BE_EMULATED not in names:
        raise InputError(
            f"{path} may not be run on an emulator: it does not say that the licence of its TFLM "
            "runtime allows that, and those of some allow execution on Ambiq's CPUs only",
            hint="on silicon `ectopy bench` measures the same image; an image of a runtime under "
            "the Apache License, built again, says it",
        )


def _functions(symbols: list[Function]) -> tuple[Function, ...]:
    """One for each address: aliases share one, and the global name is the one people know."""
    first = {each.address: each for each in reversed(symbols)}
    return _with_sizes(sorted(first.values(), key=lambda each: each.address))


def _with_sizes(functions: list[Function]) -> tuple[Function, ...]:
    """Hand-written assembly may have no size: it reaches to the next function."""
    ends = [f.address for f in functions[1:]] + [functions[-1].address + 2]
    return tuple(
        f if f.nbytes else replace(f, nbytes=end - f.address)
        for f, end in zip(functions, ends, strict=True)
    )
