"""What a static library says about itself: its names, and for which processor it was built."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.construct.core import ConstructError
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import ARMAttributesSection

from ectopy.errors import ToolError

_MAGIC = b"!<arch>\n"
_HEADER_BYTES = 60
_COUNT_BYTES = 4

_CPU_ARCH_V7E_M = 13
_VFP_ARGS_HARD = 1
_ENUM_SIZE_SHORT = 1
"""Values of build attributes. Source: Arm, Addenda to, and Errata in, the ABI for the Arm
Architecture (IHI 0045), Tag_CPU_arch, Tag_ABI_VFP_args, Tag_ABI_enum_size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A static library.

    Attributes:
        names: Defined by its members.
        attributes: Arm build attributes of its first object, by tag.
    """

    path: Path
    names: frozenset[str]
    attributes: dict[str, int]


def read_archive(path: Path) -> Archive:
    """Reads the index and the first object.

    Raises:
        ToolError: It is not a static library of 32-bit Arm objects with an index.
    """
    try:
        data = path.read_bytes()
        names: frozenset[str] = frozenset()
        for name, content in _members(data):
            if name == "/":
                names = _index(content)
            elif content.startswith(b"\x7fELF"):
                if not names:
                    raise ValueError("it has no index, which ranlib makes")
                attributes = _attributes(content)
                return Archive(path=path, names=names, attributes=attributes)
    except (OSError, ValueError, ELFError, ConstructError) as error:
        raise ToolError(f"{path} is not a usable static library: {error}") from error
    raise ToolError(f"{path} is not a usable static library: it holds no object")


def require_cortex_m4f(archive: Archive) -> None:
    """Turns down a library that does not fit the images we link.

    Raises:
        ToolError: Another architecture, float ABI or size of enums.
    """
    for tag, wanted, words in (
        ("TAG_CPU_ARCH", _CPU_ARCH_V7E_M, "another processor than a Cortex-M4"),
        ("TAG_ABI_VFP_ARGS", _VFP_ARGS_HARD, "another float ABI than hard"),
        ("TAG_ABI_ENUM_SIZE", _ENUM_SIZE_SHORT, "enums of another size (-fno-short-enums)"),
    ):
        found = archive.attributes.get(tag)
        if found != wanted:
            raise ToolError(
                f"{archive.path} is built for {words} ({tag} {found}, wanted {wanted})",
                hint="take the library for cortex-m4+fp",
            )


def _members(data: bytes) -> Iterator[tuple[str, bytes]]:
    if not data.startswith(_MAGIC):
        raise ValueError("it does not begin as one")
    at = len(_MAGIC)
    while at + _HEADER_BYTES <= len(data):
        header = data[at : at + _HEADER_BYTES]
        nbytes = int(header[48:58])
        at += _HEADER_BYTES
        if at + nbytes > len(data):
            raise ValueError("it is truncated")
        yield header[:16].decode("ascii").rstrip(), data[at : at + nbytes]
        at += nbytes + nbytes % 2


def _index(content: bytes) -> frozenset[str]:
    """GNU's index: a big-endian count, that many offsets, then the names with final zeros."""
    count = int.from_bytes(content[:_COUNT_BYTES], "big")
    names = content[_COUNT_BYTES * (1 + count) :].split(b"\0")[:count]
    return frozenset(name.decode("ascii") for name in names)


def _attributes(content: bytes) -> dict[str, int]:
    elf = ELFFile(BytesIO(content))
    if elf["e_machine"] != "EM_ARM" or elf.elfclass != 32:
        return {}
    section = elf.get_section_by_name(".ARM.attributes")
    if not isinstance(section, ARMAttributesSection):
        return {}
    return {
        attribute.tag: attribute.value
        for subsection in section.iter_subsections()
        for part in subsection.iter_subsubsections()
        for attribute in part.iter_attributes()
        if isinstance(attribute.value, int)
    }
