"""A built firmware image and the facts of it that a record needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ectopy.vocab import BoardName, EngineName, Optimize


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One ELF file.

    Attributes:
        optimize: What the plan of engine aot was made for; others make none.
        build_id: Of everything that went into it; the device reports it in HELLO.
        flash_bytes: Code, constants and the initial values of variables.
        ram_bytes: Variables, arena and reserved stack.
        arena_predicted_bytes: What the compiler planned, to be compared with what the device says.
        toolchain: Compiler name and version.
        tflite_sha256: Of the model inside.
        emulation_refusal: Why the licence of what is linked keeps the image off emulators, and so
            off the cycle model; empty if it does not. Then ``arena_predicted_bytes`` could not be
            measured and is an upper bound.
    """

    board: BoardName
    engine: EngineName
    elf: Path
    elf_sha256: str
    build_id: str
    flash_bytes: int
    ram_bytes: int
    arena_predicted_bytes: int
    toolchain: str
    tflite_sha256: str
    optimize: Optimize = Optimize.SPEED
    emulation_refusal: str = ""
