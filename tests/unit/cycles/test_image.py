"""ELF files that the cycle model cannot run: one clear error each."""

import subprocess
import sys
from pathlib import Path

import pytest

from ectopy.cycles.image import read_image
from ectopy.errors import InputError
from support.cortex_m4 import PREFIX, assemble

INVOKE = {"ect_engine_invoke": "movs r0, 0\nbx lr"}


@pytest.fixture
def elf(tmp_path: Path) -> Path:
    return assemble(tmp_path, INVOKE)


def reason(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_image(path)
    assert caught.value.hint
    return caught.value.message


def test_functions_are_found_by_address(elf: Path) -> None:
    image = read_image(elf)
    at = image.entry("ect_engine_invoke")
    for address in (at, at + 2):
        function = image.function_at(address)
        assert function is not None
        assert function.name == "ect_engine_invoke"
    assert image.function_at(at - 0x900) is None


def test_hand_written_functions_without_a_size_reach_to_the_next(elf: Path) -> None:
    image = read_image(elf)
    first = image.function_at(image.entry("ect_engine_init"))
    assert first is not None
    assert first.nbytes == 4


def test_names_that_share_an_address_are_all_known(elf: Path) -> None:
    image = read_image(elf)
    assert image.entry("ect_engine_input") == image.entry("ect_engine_output")


MARK = {"ect_tflm_may_be_emulated": "nop"}
TFLM = {"ect_tflm_model": "nop"}


def test_an_image_of_a_runtime_that_is_not_known_to_be_allowed_is_refused(tmp_path: Path) -> None:
    assert read_image(assemble(tmp_path, INVOKE | TFLM | MARK))
    said = reason(assemble(tmp_path, INVOKE | TFLM))
    assert "may not be run on an emulator" in said
    assert "Ambiq's CPUs only" in said


def test_missing_file(tmp_path: Path) -> None:
    assert "cannot be read" in reason(tmp_path / "none.elf")


def test_not_an_elf_file(tmp_path: Path) -> None:
    path = tmp_path / "text.elf"
    path.write_text("no machine code\n" * 10)
    assert "not a usable ELF file" in reason(path)


@pytest.mark.parametrize("keep", [0, 3, 20, 51, 60, 200, -1])
def test_truncated_file(elf: Path, keep: int) -> None:
    data = elf.read_bytes()
    elf.write_bytes(data[:keep])
    assert reason(elf)


def test_every_truncation_is_an_error_not_a_crash(elf: Path) -> None:
    data = elf.read_bytes()
    for keep in range(0, len(data) - 1, 97):
        elf.write_bytes(data[:keep])
        assert reason(elf)


def test_another_processor() -> None:
    assert "for another processor" in reason(Path(sys.executable).resolve())


def test_without_symbols(elf: Path) -> None:
    subprocess.run([f"{PREFIX}strip", str(elf)], check=True)
    assert "no symbols" in reason(elf)


def test_firmware_that_is_not_ours(tmp_path: Path) -> None:
    assert "has no function ect_engine_invoke" in reason(assemble(tmp_path, {"main": "bx lr"}))
