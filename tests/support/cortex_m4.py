"""Images for the cycle model, assembled by hand."""

import shutil
import subprocess
from pathlib import Path

import pytest

PREFIX = "arm-none-eabi-"

ENGINE = """
    .syntax unified
    .cpu cortex-m4
    .fpu fpv4-sp-d16
    .thumb
    .macro function name
    .p2align 2
    .global \\name
    .type \\name, %function
    \\name:
    .endm
    .bss
    window: .space 4
    .text
    function ect_engine_init
        movs r0, #0
        bx lr
    function ect_engine_output
    function ect_engine_input
        ldr r1, =window
        movs r2, #4
        strd r1, r2, [r0]
        bx lr
        .ltorg
"""
"""An engine with four int8 values, which are input and output, and nothing to invoke."""


def require_toolchain() -> None:
    if shutil.which(f"{PREFIX}gcc") is None:
        pytest.skip("no arm-none-eabi-gcc")


def assemble(folder: Path, functions: dict[str, str], name: str = "hand.elf") -> Path:
    """An ELF file with the engine above and these functions (name -> body)."""
    require_toolchain()
    text = ENGINE + "".join(
        f"\n    function {name}\n{body}\n    .ltorg\n    .size {name}, . - {name}\n"
        for name, body in functions.items()
    )
    source = folder / "hand.s"
    source.write_text(text)
    elf = folder / name
    flags = ["-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard", "-nostdlib"]
    places = ["-Wl,-Ttext=0x1000", "-Wl,-Tbss=0x20000000", "-Wl,-e,ect_engine_init"]
    command = [f"{PREFIX}gcc", *flags, *places, str(source), "-o", str(elf)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return elf


def renamed(elf: Path, old: str, new: str) -> Path:
    """A copy in which a function has another name."""
    copy = elf.with_name(f"{old}.elf")
    command = [f"{PREFIX}objcopy", "--redefine-sym", f"{old}={new}", str(elf), str(copy)]
    subprocess.run(command, check=True, capture_output=True)
    return copy
