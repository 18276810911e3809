import shutil
import subprocess
from pathlib import Path

import pytest

from ectopy.errors import ToolError
from ectopy.toolchain import Memory, read_elf, read_memory_map

SOURCE = """
const int table[100] = {1};
int start[25] = {2};
static char room[4096];
int main(int n, char **v) { (void)v; room[n] = 1; return table[n] + start[n] + room[n + 1]; }
"""


@pytest.fixture
def elf(tmp_path: Path) -> Path:
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("no gcc on this computer")
    (tmp_path / "a.c").write_text(SOURCE)
    subprocess.run([compiler, "-O0", "-o", tmp_path / "a", tmp_path / "a.c"], check=True)
    return tmp_path / "a"


def test_pieces_add_up_to_the_flash_and_ram_of_the_record(elf: Path) -> None:
    pieces, facts = read_memory_map(elf).pieces, read_elf(elf)
    assert sum(p.nbytes for p in pieces if p.memory is Memory.FLASH) == facts.flash_bytes
    assert sum(p.nbytes for p in pieces if p.memory is Memory.RAM) == facts.ram_bytes


def test_symbols_are_in_the_memory_they_take_largest_first(elf: Path) -> None:
    symbols = read_memory_map(elf).symbols
    found = {symbol.name: symbol for symbol in symbols}
    assert (found["table"].memory, found["table"].nbytes) == (Memory.FLASH, 400)
    assert (found["start"].memory, found["start"].nbytes) == (Memory.RAM, 100)
    assert (found["room"].memory, found["room"].nbytes) == (Memory.RAM, 4096)
    assert found["main"].memory is Memory.FLASH
    sizes = [symbol.nbytes for symbol in symbols]
    assert sizes == sorted(sizes, reverse=True)


def test_constants_and_functions_are_told_apart(elf: Path) -> None:
    contents = {(p.section, p.content) for p in read_memory_map(elf).pieces}
    assert {(".text", "functions"), (".rodata", "constants")} <= contents
    assert {(".data", "initial values"), (".data", "initialised variables")} <= contents


@pytest.mark.parametrize("damage", [lambda b: b"", lambda b: b"text", lambda b: b[:60]])
def test_a_file_that_is_no_elf_is_a_tool_error(tmp_path: Path, elf: Path, damage: object) -> None:
    path = tmp_path / "x"
    path.write_bytes(damage(elf.read_bytes()))  # type: ignore[operator]
    with pytest.raises(ToolError, match="not a usable ELF"):
        read_memory_map(path)
