"""Bounds of the stack, on images linked from a few lines of C."""

import subprocess
from pathlib import Path

import pytest

from ectopy.errors import ToolError
from ectopy.toolchain.stack_bound import stack_bound
from support.cortex_m4 import PREFIX, require_toolchain

FLAGS = ["-mcpu=cortex-m4", "-mthumb", "-O1", "-fno-inline", "-fstack-usage", "-ffreestanding"]


def linked(folder: Path, text: str) -> Path:
    """An ELF file of one C file whose root is ``first``; its ``.su`` lies beside it."""
    require_toolchain()
    source, elf = folder / "some.c", folder / "some.elf"
    source.write_text(text)
    link = ["-nostdlib", "-Wl,-e,first", "-Wl,--unresolved-symbols=ignore-all"]
    for command in (
        [f"{PREFIX}gcc", *FLAGS, "-c", source.name, "-o", "some.o"],
        [f"{PREFIX}gcc", *FLAGS, *link, "some.o", "-o", elf.name],
    ):
        subprocess.run(command, check=True, cwd=folder, timeout=60)
    return elf


TWO_PATHS = """
void use(volatile char *x);
void use(volatile char *x) { *x = 1; }
int deep(void);
int deep(void) { volatile char room[400]; use(room); return room[0]; }
int shallow(void);
int shallow(void) { volatile char room[64]; use(room); return room[0]; }
int first(int n);
int first(int n) { volatile char room[200]; use(room); return room[0] + deep() + shallow() + n; }
"""


def test_the_bound_is_the_deepest_path(tmp_path: Path) -> None:
    elf = linked(tmp_path, TWO_PATHS)
    shallow, deep = (stack_bound(elf, tmp_path, name, {}) for name in ("shallow", "deep"))
    whole = stack_bound(elf, tmp_path, "first", {})
    assert 64 <= shallow < 96
    assert 400 <= deep < 432
    assert deep + 200 <= whole < deep + 240


def test_frames_without_a_word_of_the_compiler_are_read_from_instructions(tmp_path: Path) -> None:
    elf = linked(tmp_path, TWO_PATHS)
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    assert stack_bound(elf, nothing, "first", {}) == stack_bound(elf, tmp_path, "first", {})


ASSEMBLY = """
__attribute__((naked)) void first(void);
void first(void) { __asm__ volatile("push {r0-r11, lr}\\n\\tadd sp, #16\\n\\tpop {r4-r11, pc}"); }
"""


def test_a_function_of_assembly_alone_has_the_frame_of_its_instructions(tmp_path: Path) -> None:
    assert stack_bound(linked(tmp_path, ASSEMBLY), tmp_path, "first", {}) == 13 * 4


ASSEMBLY_INSIDE = """
int first(int n);
int first(int n) {
    volatile int kept[2] = {n, n};
    __asm__ volatile("strd r4, r5, [sp, #-64]!\\n\\tpush {r0-r7}\\n\\tadd sp, #96");
    return kept[0];
}
"""


def test_what_assembly_pushes_inside_a_function_is_added(tmp_path: Path) -> None:
    assert 96 + 8 <= stack_bound(linked(tmp_path, ASSEMBLY_INSIDE), tmp_path, "first", {}) < 128


SAME_NAME = """
void use(volatile char *x);
void use(volatile char *x) { *x = 1; }
int deep(void);
int deep(void) { volatile char room[400]; use(room); return room[0]; }
int helper(void) __asm__("helper");
int helper(void) { return deep(); }
int other(void) __asm__("other");
int other(void) { volatile char room[8]; use(room); return room[0]; }
int first(void);
int first(void) { return helper() + 1; }
"""


def test_functions_of_one_name_count_as_the_deepest_of_them(tmp_path: Path) -> None:
    """As static functions of several files have; which of them is meant the calls do not say."""
    for order in (("helper", "other"), ("other", "helper")):
        folder = tmp_path / order[0]
        folder.mkdir()
        elf = linked(folder, SAME_NAME)
        for name in order:
            options = [f"--localize-symbol={name}", f"--redefine-sym={name}=same"]
            subprocess.run(
                [f"{PREFIX}objcopy", *options, elf.name], check=True, cwd=folder, timeout=60
            )
        assert stack_bound(elf, folder, "first", {}) >= 400


RECURSION = """
int again(int n);
int first(int n);
int first(int n) { volatile int kept = n; return again(n - 1) + kept; }
int again(int n) { volatile int kept = n; return n > 0 ? first(n) + kept : 0; }
"""


def test_a_function_that_comes_back_to_itself_has_no_bound(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="first calls again calls first: the stack has no bound"):
        stack_bound(linked(tmp_path, RECURSION), tmp_path, "first", {})


POINTER = """
int big(void);
int big(void) { volatile char room[300]; room[0] = 1; return room[0]; }
int (*volatile target)(void) = big;
int first(void);
int first(void) { return target() + 1; }
"""


def test_a_pointer_is_followed_to_where_it_is_said_to_point(tmp_path: Path) -> None:
    elf = linked(tmp_path, POINTER)
    with pytest.raises(ToolError, match="first calls through a pointer"):
        stack_bound(elf, tmp_path, "first", {})
    assert stack_bound(elf, tmp_path, "first", {"first": ("big",)}) >= 300
    with pytest.raises(ToolError, match="no function other"):
        stack_bound(elf, tmp_path, "first", {"first": ("other",)})


GROWING = """
void use(volatile char *x);
void use(volatile char *x) { *x = 1; }
int first(int n);
int first(int n) { volatile char room[n]; use(room); return room[0]; }
"""


def test_a_frame_that_grows_with_its_argument_has_no_bound(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="the frame of first is dynamic"):
        stack_bound(linked(tmp_path, GROWING), tmp_path, "first", {})


def test_a_root_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="no function nobody"):
        stack_bound(linked(tmp_path, TWO_PATHS), tmp_path, "nobody", {})
