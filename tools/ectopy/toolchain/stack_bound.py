"""The most stack that a function can take, from what the compiler says and the calls in the image.

The compiler writes the frame of every C function beside its object (``-fstack-usage``). Functions
of libraries come without; their frames are read from their instructions. The bound is the deepest
path through the calls that stand in the image; calls through pointers must be named.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path

from capstone import CS_ARCH_ARM, CS_MODE_MCLASS, CS_MODE_THUMB, Cs, CsInsn
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import Section, SymbolTableSection

from ectopy.errors import ToolError

_MAPPING = re.compile(r"\$[dt](\.|$)")
"""Symbols where constants begin among instructions, and where these go on. ELF for the Arm
Architecture, 5.5.5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Body:
    """What one function does to the stack.

    Attributes:
        frame_bytes: Pushed and reserved by its own instructions; None if that varies.
        calls: Addresses it calls or jumps to, outside itself.
        pointers: Whether it calls through a register.
    """

    frame_bytes: int | None
    calls: frozenset[int]
    pointers: bool


def stack_bound(
    elf: Path, objects: Path, root: str, pointers: Mapping[str, tuple[str, ...]]
) -> int:
    """Deepest path from a function, in bytes; without exceptions.

    Args:
        elf: Image with symbols.
        objects: Folder with the compiler's ``.su`` files.
        root: Where the path begins.
        pointers: For functions that call through a pointer, what it may point to.

    Raises:
        ToolError: A function calls itself or through a pointer that is not named, its frame has
            no fixed size, or there is no such function.
    """
    bodies, names = _read(elf)
    frames = _compiled_frames(objects)
    known: dict[str, int] = {}

    def deepest(name: str, path: tuple[str, ...]) -> int:
        if name in path:
            raise ToolError(f"{' calls '.join((*path, name))}: the stack has no bound")
        if name not in known:
            body = bodies[name]
            if body.pointers and name not in pointers:
                raise ToolError(f"{name} calls through a pointer: the stack has no bound")
            called = {names[address] for address in body.calls if address in names}
            inner = called | set(pointers.get(name, ()))
            below = max((deepest(each, (*path, name)) for each in inner), default=0)
            if body.frame_bytes is None:
                raise ToolError(f"the frame of {name} is dynamic: the stack has no bound")
            # What assembly inside a function pushes the compiler does not know.
            known[name] = max(frames.get(name, 0), body.frame_bytes) + below
        return known[name]

    for name in (root, *(each for some in pointers.values() for each in some)):
        if name not in bodies:
            raise ToolError(f"{elf} has no function {name}")
    return deepest(root, ())


def _compiled_frames(objects: Path) -> dict[str, int]:
    """Names that several files have get the largest of their frames."""
    frames: dict[str, int] = {}
    for file in sorted(objects.rglob("*.su")):
        for line in file.read_text(encoding="utf-8").splitlines():
            place, nbytes, kind = line.split("\t")
            name = place.rpartition(":")[2]
            if kind != "static":
                raise ToolError(f"the frame of {name} is {kind}: the stack has no bound")
            frames[name] = max(frames.get(name, 0), int(nbytes))
    return frames


def _read(elf: Path) -> tuple[dict[str, _Body], dict[int, str]]:
    """Bodies by name, names by address; functions of one name count as one that may be any."""
    bodies: dict[str, _Body] = {}
    names: dict[int, str] = {}
    with elf.open("rb") as stream:
        file = ELFFile(stream)
        table = file.get_section_by_name(".symtab")
        if not isinstance(table, SymbolTableSection):
            raise ToolError(f"{elf} has no symbols")
        symbols = list(table.iter_symbols())
        sections = [_Section.of(each) for each in file.iter_sections()]
    pools = {s["st_value"]: s.name[1] == "d" for s in symbols if _MAPPING.match(s.name)}
    marks = sorted(pools)
    for symbol in symbols:
        if symbol["st_info"]["type"] != "STT_FUNC" or not symbol["st_size"]:
            continue
        start = symbol["st_value"] & ~1
        own = range(start, start + symbol["st_size"])
        inner = marks[bisect_right(marks, start) : bisect_left(marks, own.stop)]
        pieces = pairwise([start, *inner, own.stop])
        code = [(low, high) for low, high in pieces if not pools.get(low, False)]
        section = sections[symbol["st_shndx"]]
        body = _body((section.instructions(*piece) for piece in code), own)
        bodies[symbol.name] = _either(body, bodies.get(symbol.name, body))
        names.setdefault(start, symbol.name)
    return bodies, names


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    address: int
    data: bytes

    @classmethod
    def of(cls, section: Section) -> _Section:
        return cls(address=section["sh_addr"], data=section.data())

    def instructions(self, low: int, high: int) -> Iterator[CsInsn]:
        """Of a piece without constants in it."""
        decoder = Cs(CS_ARCH_ARM, CS_MODE_THUMB | CS_MODE_MCLASS)
        yield from decoder.disasm(self.data[low - self.address : high - self.address], low)


def _either(a: _Body, b: _Body) -> _Body:
    frames = (a.frame_bytes, b.frame_bytes)
    return _Body(
        frame_bytes=None if None in frames else max(frame or 0 for frame in frames),
        calls=a.calls | b.calls,
        pointers=a.pointers or b.pointers,
    )


def _body(pieces: Iterable[Iterator[CsInsn]], own: range) -> _Body:
    frame: int | None = 0
    targets: set[int] = set()
    pointers = False
    for each in chain.from_iterable(pieces):
        mnemonic, operands = each.mnemonic.removesuffix(".w"), each.op_str
        if mnemonic.startswith("b") and operands.startswith("#"):
            targets.add(int(operands[1:], 0))
        elif mnemonic == "blx" or (mnemonic == "bx" and operands != "lr"):
            pointers = True
        pushed = _pushed(mnemonic, operands)
        frame = None if frame is None or pushed is None else frame + pushed
    calls = frozenset(target for target in targets if target not in own)
    return _Body(frame_bytes=frame, calls=calls, pointers=pointers)


def _pushed(mnemonic: str, operands: str) -> int | None:
    """Bytes by which an instruction moves the stack pointer down; None if that varies."""
    if mnemonic in {"push", "vpush"} or (mnemonic == "stmdb" and operands.startswith("sp!")):
        registers = operands.partition("{")[2].split(",")
        return sum(8 if register.strip().startswith("d") else 4 for register in registers)
    if mnemonic in {"sub", "subw"} and operands.startswith("sp"):
        return int(operands.rpartition("#")[2], 0) if "#" in operands else None
    if mnemonic in {"str", "strd"} and "[sp, #-" in operands and operands.endswith("!"):
        return -int(operands.partition("#")[2].rstrip("]!"), 0)
    return 0
