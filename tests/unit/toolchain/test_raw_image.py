"""The bytes that flash gets are those of objcopy, and their address is known."""

import subprocess
from pathlib import Path

import pytest

from ectopy.errors import ToolError
from ectopy.toolchain import read_raw_image

CODE = """
__attribute__((section(".vectors"))) const int vectors[4] = {1, 2, 3, 4};
volatile int started = 0x12345678;
volatile int zeroed;
const char far[] __attribute__((section(".far"))) = "behind a gap";
int main(void) { return started + zeroed; }
"""
SCRIPT = """
MEMORY {
    FLASH (rx) : ORIGIN = 0x18000, LENGTH = 64K
    RAM (rwx) : ORIGIN = 0x10000000, LENGTH = 64K
}
ENTRY(main)
SECTIONS {
    .text : { KEEP(*(.vectors)) *(.text*) *(.rodata*) } > FLASH
    .data : { *(.data*) } > RAM AT > FLASH
    .bss (NOLOAD) : { *(.bss*) } > RAM
    .far 0x19000 : { KEEP(*(.far)) } > FLASH
    /DISCARD/ : { *(.ARM.exidx*) }
}
"""


def link(folder: Path) -> Path:
    (folder / "a.c").write_text(CODE)
    (folder / "a.ld").write_text(SCRIPT)
    elf = folder / "a.elf"
    compiler = ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-nostdlib", "-g"]
    subprocess.run(
        [*compiler, folder / "a.c", f"-T{folder / 'a.ld'}", "-o", elf], check=True, timeout=60
    )
    return elf


def test_the_raw_image_is_that_of_objcopy_and_knows_its_address(tmp_path: Path) -> None:
    elf = link(tmp_path)
    raw_file = tmp_path / "a.bin"
    subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", elf, raw_file], check=True, timeout=60)
    raw = read_raw_image(elf)
    assert raw.data == raw_file.read_bytes()
    assert raw.address == 0x18000
    assert raw.data[:4] == b"\1\0\0\0"
    assert b"\x78\x56\x34\x12" in raw.data[:0x1000]
    assert raw.data[0x1000:].startswith(b"behind a gap")


def test_a_file_that_is_no_image_is_a_tool_error(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no image")
    with pytest.raises(ToolError, match="not a usable ELF"):
        read_raw_image(tmp_path / "text")
    with pytest.raises(ToolError, match="not a usable ELF"):
        read_raw_image(tmp_path / "absent")


def test_an_elf_file_without_contents_is_a_tool_error(tmp_path: Path) -> None:
    (tmp_path / "empty.s").write_text("")
    subprocess.run(
        ["arm-none-eabi-as", tmp_path / "empty.s", "-o", tmp_path / "empty.o"],
        check=True,
        timeout=60,
    )
    with pytest.raises(ToolError, match="nothing to load"):
        read_raw_image(tmp_path / "empty.o")


def test_sections_far_apart_are_a_tool_error(tmp_path: Path) -> None:
    elf = link(tmp_path)
    apart = tmp_path / "apart.elf"
    command = ["arm-none-eabi-objcopy", "--change-section-address", ".far=0x30000000", elf, apart]
    subprocess.run(command, check=True, timeout=60)
    with pytest.raises(ToolError, match="spreads over"):
        read_raw_image(apart)
