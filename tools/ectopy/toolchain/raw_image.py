"""An ELF file as the bytes that flash gets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import Section

from ectopy.errors import ToolError

_LARGEST_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class RawImage:
    """Contents of flash from ``address`` on; gaps between sections are zero."""

    address: int
    data: bytes


def read_raw_image(path: Path) -> RawImage:
    """What ``objcopy -O binary`` makes, with the address that a raw file loses.

    By sections, not segments: the linker may let the first segment begin with the headers of the
    ELF file, in front of the image, where a chip has its boot loader.

    Raises:
        ToolError: The file is no ELF file, or holds nothing to load.
    """
    pieces: list[tuple[int, bytes]] = []
    try:
        with path.open("rb") as stream:
            elf = ELFFile(stream)
            pieces += [
                (_load_address(elf, section), section.data())
                for section in elf.iter_sections()
                if section["sh_flags"] & SH_FLAGS.SHF_ALLOC
                and section["sh_type"] != "SHT_NOBITS"
                and section["sh_size"]
            ]
    except (OSError, ELFError) as error:
        raise ToolError(f"{path} is not a usable ELF file: {error}") from error
    if not pieces:
        raise ToolError(f"{path} holds nothing to load", hint="build it again")
    start = min(address for address, _ in pieces)
    size = max(address + len(data) for address, data in pieces) - start
    if size > _LARGEST_BYTES:
        raise ToolError(
            f"{path} spreads over {size:,} bytes of memory", hint="its sections are not in flash"
        )
    raw = bytearray(size)
    for address, data in pieces:
        raw[address - start : address - start + len(data)] = data
    return RawImage(address=start, data=bytes(raw))


def _load_address(elf: ELFFile, section: Section) -> int:
    """Where flash holds the section; initial values of variables do not run from there."""
    for segment in elf.iter_segments("PT_LOAD"):
        offset = section["sh_offset"] - segment["p_offset"]
        if offset >= 0 and offset + section["sh_size"] <= segment["p_filesz"]:
            return int(segment["p_paddr"]) + int(offset)
    return int(section["sh_addr"])
