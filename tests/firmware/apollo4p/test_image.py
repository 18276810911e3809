"""The linked image of board ``apollo4p``: where everything lies, and what must not be in it."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from ectopy.errors import BudgetError
from ectopy.toolchain import BUDGETS, Image, MakeRequest, make_firmware, read_elf
from ectopy.toolchain.options import BoardOptions
from ectopy.usecases.build import BuildRequest, build_firmware
from ectopy.usecases.profile import ProfileRequest, profile
from ectopy.vocab import BoardName, ClockMode, DatasetName, EngineName, ModelPlace
from ectopy.zoo import open_bundle
from support.contract_checkout import make_checkout
from support.unwanted_symbols import unwanted_among

BuildImage = Callable[..., Image]
MODELS = ("beat-3-eff-sm", "beat-2-eff-sm")
MRAM, TCM = 0x0001_8000, 0x1000_0000
VECTOR_WORDS = 16 + 84
BUDGET = BUDGETS[BoardName.APOLLO4P]


class Elf:
    """Sections and symbols of an image."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as stream:
            elf = ELFFile(stream)
            self.entry = elf["e_entry"]
            self.sections = {s.name: (s["sh_addr"], s["sh_size"]) for s in elf.iter_sections()}
            self.data = {s.name: s.data() for s in elf.iter_sections() if s["sh_size"]}
            self.loads = [
                (s["p_paddr"], s["p_vaddr"], s["p_filesz"]) for s in elf.iter_segments("PT_LOAD")
            ]
            table = elf.get_section_by_name(".symtab")
            self.symbols = {s.name: s["st_value"] for s in table.iter_symbols() if s.name}


@pytest.fixture(params=MODELS)
def elf(request: pytest.FixtureRequest, build_image: BuildImage) -> Elf:
    return Elf(build_image(request.param).elf)


def test_vectors_are_first_in_mram_and_complete(elf: Elf) -> None:
    assert elf.sections[".vectors"] == (MRAM, 512)
    words = struct.unpack(f"<{VECTOR_WORDS}I", elf.data[".vectors"][: 4 * VECTOR_WORDS])
    assert words[0] == elf.symbols["ect_handler_stack_high"]
    assert words[1] == elf.symbols["ect_reset_handler"] == elf.entry
    assert all(word & 1 for word in words[1:]), "every vector is Thumb code"
    low, size = elf.sections[".text"]
    assert all(low < word < low + size for word in words[1:])


def test_the_stack_is_at_the_bottom_of_tcm(elf: Elf) -> None:
    assert elf.symbols["ect_stack_low"] == TCM
    assert elf.symbols["ect_stack_high"] == TCM + 16384
    assert elf.symbols["ect_handler_stack_high"] % 8 == 0


def test_everything_lies_in_mram_or_tcm(elf: Elf) -> None:
    for physical, virtual, stored in elf.loads:
        if stored:
            assert physical >= MRAM and physical + stored <= MRAM + BUDGET.flash_bytes
        assert virtual >= MRAM and virtual < TCM + BUDGET.ram_bytes
    for name in (".data", ".bss", ".noinit"):
        address, size = elf.sections[name]
        assert address > TCM and address + size <= TCM + BUDGET.ram_bytes, name
    assert elf.sections[".noinit"][0] >= sum(elf.sections[".bss"]), "start-up does not clear it"


def test_there_is_no_heap_and_no_arithmetic_in_software(elf: Elf) -> None:
    assert unwanted_among(elf.symbols) == set()
    assert "printf" not in elf.symbols
    assert "end" not in elf.symbols, "whatever asks for a heap must not link"


@pytest.mark.parametrize("model", MODELS)
def test_the_image_fits_and_says_so(build_image: BuildImage, model: str) -> None:
    image = build_image(model)
    facts = read_elf(image.elf)
    assert (image.flash_bytes, image.ram_bytes) == (facts.flash_bytes, facts.ram_bytes)
    assert 40_000 < image.flash_bytes < BUDGET.flash_bytes // 10
    assert 16_384 + image.arena_predicted_bytes < image.ram_bytes < BUDGET.ram_bytes // 4


def test_the_model_is_copied_to_tcm_where_asked(build_image: BuildImage) -> None:
    mram, tcm = build_image(), build_image(place=ModelPlace.TCM)
    flash, copied = Elf(mram.elf), Elf(tcm.elf)
    low, size = flash.sections[".text"]
    assert low < flash.symbols["op1_first"] < low + size
    low, size = copied.sections[".data"]
    assert low <= copied.symbols["op1_first"] < low + size
    assert not low <= copied.symbols["golden_inputs"] < low + size
    assert tcm.ram_bytes - mram.ram_bytes > 30_000, "RAM counts the copy"
    assert abs(tcm.flash_bytes - mram.flash_bytes) < 256, "and flash holds it once"


def test_every_option_changes_the_build_id(build_image: BuildImage, checkout: Path) -> None:
    images = [build_image(), build_image(clock=ClockMode.LP), build_image(place=ModelPlace.TCM)]
    assert len({image.build_id for image in images}) == 3


def test_another_header_of_the_sdk_in_the_same_place_is_taken_up(tmp_path: Path) -> None:
    checkout = make_checkout(tmp_path / "sdk")
    request = BuildRequest(
        board=BoardName.APOLLO4P,
        engine=EngineName.AOT,
        bundle=open_bundle(MODELS[1]),
        out_dir=tmp_path / "out",
        options=BoardOptions(neuralspot=checkout),
    )
    before = build_firmware(request)
    (header,) = checkout.rglob("vendor_types.h")
    text = header.read_text()
    header.write_text(text.replace("COM_UART_TX = 60", "COM_UART_TX = 61"))
    compiled: list[str] = []
    after = build_firmware(request, lambda _, __, line: compiled.append(line))
    assert "compile boards/apollo4p/uart.c" in compiled
    assert "compile app/session.c" not in compiled
    assert after.build_id != before.build_id


def test_a_stack_that_leaves_no_room_does_not_link(
    build_image: BuildImage, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = build_image()
    monkeypatch.setenv("MAKEFLAGS", "LDLIBS=-Wl,--defsym=STACK_BYTES=500000")
    with pytest.raises(BudgetError, match=r"too large for the RAM \(TCM\) of board apollo4p"):
        make_firmware(
            MakeRequest(
                board=BoardName.APOLLO4P,
                engine=EngineName.AOT,
                generated=image.elf.parent / "generated",
                out=checkout / "too_large",
                build_id="x",
                options=BoardOptions(neuralspot=checkout),
            )
        )


def test_the_cycle_model_runs_the_image_and_agrees_with_the_reference(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NEURALSPOT", str(checkout))
    monkeypatch.setattr("ectopy.usecases.build.BUILD_DIR", tmp_path)
    virt, apollo = (
        profile(ProfileRequest(model=MODELS[0], board=board, dataset=DatasetName.SYNTHETIC))
        for board in (BoardName.VIRT, BoardName.APOLLO4P)
    )
    before, after = virt.estimate, apollo.estimate
    assert after.outputs.tolist() == before.outputs.tolist()
    assert after.instructions == before.instructions, "the same inference, another board"
    assert abs(after.cycles - before.cycles) < before.cycles / 100
