"""What arena an image's interpreter needs: its own code is run, with memory of every size."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from ectopy.cycles.image import REBUILD, ProgramImage, read_image
from ectopy.cycles.machine import Machine
from ectopy.errors import InputError, ModelError

MODEL = "ect_tflm_model"
ALIGNMENT = 16
"""Bytes; the granularity of arenas."""

_ROOM_BYTES = 4 << 20
"""More than any board of ours has."""
_ARENA = struct.Struct("<II")
"""Where ``ect_tflm_model`` of firmware/engines/tflm/tflm_model.h begins: address and bytes."""
_INFO = struct.Struct("<III")
"""``ect_engine_info_t`` of firmware/include/ectopy/engine.h up to the bytes used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArenaNeed:
    """Exact for one image, its runtime and its model.

    Attributes:
        used_bytes: What the runtime says it uses, in the smallest arena.
        smallest_bytes: The smallest arena, a multiple of 16, with which the engine starts.
    """

    used_bytes: int
    smallest_bytes: int


def measure_arena(elf: Path) -> ArenaNeed:
    """Starts the engine of an image under Unicorn with arenas of different sizes.

    The runtime's allocator and the preparations of its kernels decide; neither a formula nor an
    interpreter on the host, whose pointers are twice as long, knows what they do.

    Args:
        elf: A firmware image with the engine tflm, for a Cortex-M.

    Raises:
        InputError: It is not such an image.
        ModelError: The engine does not start however large the arena.
    """
    image = read_image(elf)
    model = _model_address(elf)
    used = _used_bytes(image, model, _ROOM_BYTES)
    if used is None:
        raise ModelError(
            f"the runtime in {elf} refuses the model, in an arena of {_ROOM_BYTES:,} bytes too",
            hint="take another runtime: RUNTIME= or TFLM=",
        )
    # Preparing may need more for a moment than stays in use.
    fails, works = -(-used // ALIGNMENT) - 1, -(-2 * used // ALIGNMENT)
    middle = fails + 1
    while works - fails > 1:
        if _used_bytes(image, model, middle * ALIGNMENT) is None:
            fails = middle
        else:
            works = middle
        middle = (fails + works) // 2
    smallest_bytes = works * ALIGNMENT
    used = _used_bytes(image, model, smallest_bytes)
    if used is None:
        raise ModelError(
            f"the runtime in {elf} needs more than twice the arena that it uses",
            hint="take another runtime: RUNTIME= or TFLM=",
        )
    return ArenaNeed(used_bytes=used, smallest_bytes=smallest_bytes)


def _used_bytes(image: ProgramImage, model: int, arena_bytes: int) -> int | None:
    """None if the engine does not start in such an arena."""
    machine = Machine(image)
    room = machine.add_memory(_ROOM_BYTES)
    machine.write(model, _ARENA.pack(room, arena_bytes))
    if machine.call("ect_engine_init"):
        return None
    info = machine.call("ect_engine_info")
    return int(_INFO.unpack(machine.read(info, _INFO.size))[2])


def _model_address(elf: Path) -> int:
    with elf.open("rb") as stream:
        table = ELFFile(stream).get_section_by_name(".symtab")
        found = table.get_symbol_by_name(MODEL) if isinstance(table, SymbolTableSection) else None
    if not found:
        raise InputError(f"{elf} has no {MODEL}: its engine is not tflm", hint=REBUILD)
    return int(found[0]["st_value"])
