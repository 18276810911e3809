"""What an image of the AOT engine is made of, and the most stack that it can take."""

from pathlib import Path

import numpy as np
import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from ectopy.boards import BoardRequest, open_board
from ectopy.protocol import InputFormat, Session
from ectopy.toolchain.contents import contents_of, engine_parts
from ectopy.toolchain.stack_bound import stack_bound
from ectopy.usecases.build import BuildRequest, build_firmware
from ectopy.vocab import BoardName, EngineName, LinkKind, Optimize
from ectopy.zoo import open_bundle
from support.unwanted_symbols import unwanted_among

pytestmark = pytest.mark.e2e

POINTERS = {
    "ect_engine_invoke": ("run",),
    "ect_engine_profile": ("run",),
    "ect_aot_after_op": ("take_ticks", "take_piece"),
}


FILLS = ("ect_fill_narrow", "fill")
"""Where a product gets its pixels from; an image has those that its plan needs."""

MOST_BYTES = {
    ("beat-2-eff-sm", Optimize.SPEED): 66 * 1024,
    ("beat-3-eff-sm", Optimize.SPEED): 88 * 1024,
    ("beat-2-eff-sm", Optimize.SIZE): 46 * 1024,
    ("beat-3-eff-sm", Optimize.SIZE): 60 * 1024,
}
"""Code and constants of engine, kernels and model."""


@pytest.fixture(scope="module", params=MOST_BYTES, ids=" for ".join)
def built(request: pytest.FixtureRequest) -> tuple[Path, int]:
    """An image, and how much of it the engine may take."""
    name, optimize = request.param
    wanted = BuildRequest(
        board=BoardName.VIRT,
        engine=EngineName.AOT,
        bundle=open_bundle(name),
        optimize=optimize,
    )
    return build_firmware(wanted).elf, MOST_BYTES[request.param]


@pytest.fixture
def elf(built: tuple[Path, int]) -> Path:
    return built[0]


def pointers(elf: Path) -> dict[str, tuple[str, ...]]:
    found = symbols(elf)
    return {**POINTERS, "ect_product_narrow": tuple(name for name in FILLS if name in found)}


def symbols(elf: Path) -> set[str]:
    with elf.open("rb") as stream:
        table = ELFFile(stream).get_section_by_name(".symtab")
        assert isinstance(table, SymbolTableSection)
        return {symbol.name for symbol in table.iter_symbols()}


def test_the_pattern_knows_what_is_unwanted() -> None:
    unwanted = {
        *("malloc", "_sbrk_r", "__aeabi_dadd", "__adddf3", "__aeabi_f2d", "__truncdfsf2"),
        *("expf", "tanh", "exp2f", "lroundf", "ldexp"),
    }
    wanted = {"memcpy", "__aeabi_uldivmod", "ect_engine_invoke", "_free_space", "round_up"}
    assert unwanted_among(unwanted | wanted) == unwanted


def test_an_image_has_no_heap_no_soft_double_and_no_libm(elf: Path) -> None:
    found = symbols(elf)
    assert {"ect_engine_invoke", "run"} <= found
    assert unwanted_among(found) == set()


def test_engine_and_model_take_no_more_flash_than_promised(built: tuple[Path, int]) -> None:
    elf, most = built
    contents = contents_of(elf, engine_parts(elf.parent))
    assert contents.code_bytes + contents.constant_bytes <= most


def test_the_stack_measured_on_the_board_is_within_its_bound(elf: Path) -> None:
    bound = stack_bound(elf, elf.parent / "obj", "ect_run", pointers(elf))
    window = np.random.default_rng(3).integers(-128, 128, 512).astype(np.int8).tobytes()
    with open_board(BoardRequest(board=BoardName.VIRT, elf=elf, link=LinkKind.FAST)) as board:
        session = Session(board.link)
        session.hello()
        list(session.infer([window], InputFormat.INT8))
        session.profile()
        session.dump(3)
        session.selftest()
        stats = session.stats()
    # No handler runs on this board, so the bound is tight: a loose one would prove nothing.
    assert 0.95 * bound <= stats.stack_high_water_bytes <= bound < stats.stack_size_bytes


def test_the_inference_alone_has_a_bound_too(elf: Path) -> None:
    whole = stack_bound(elf, elf.parent / "obj", "ect_run", pointers(elf))
    assert 256 < stack_bound(elf, elf.parent / "obj", "ect_engine_invoke", pointers(elf)) < whole
