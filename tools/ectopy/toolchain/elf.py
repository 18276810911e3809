"""What an ELF file says about memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile

from ectopy.errors import ToolError


@dataclass(frozen=True, slots=True, kw_only=True)
class ElfFacts:
    """Sizes of an image.

    Attributes:
        flash_bytes: Allocated sections with contents: code, constants, initial values.
        ram_bytes: Allocated writable sections: variables, arena, reserved stack.
    """

    flash_bytes: int
    ram_bytes: int


def read_elf(path: Path) -> ElfFacts:
    """Reads the section table.

    Raises:
        ToolError: The file is not an ELF file.
    """
    flash = ram = 0
    try:
        with path.open("rb") as stream:
            for section in ELFFile(stream).iter_sections():
                flags, size = section["sh_flags"], section["sh_size"]
                if not flags & SH_FLAGS.SHF_ALLOC:
                    continue
                if section["sh_type"] != "SHT_NOBITS":
                    flash += size
                if flags & SH_FLAGS.SHF_WRITE:
                    ram += size
    except (OSError, ELFError) as error:
        raise ToolError(f"{path} is not a usable ELF file: {error}") from error
    return ElfFacts(flash_bytes=flash, ram_bytes=ram)
