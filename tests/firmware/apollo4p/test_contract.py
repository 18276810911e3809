"""The contract against an SDK: one of our own, spoiled ones, and the real one of NEURALSPOT=."""

import os
import re
import shutil
from pathlib import Path

import pytest

from ectopy.toolchain import BUDGETS, BoardOptions, read_elf
from ectopy.toolchain.make import MakeRequest, make_firmware
from ectopy.toolchain.sdk import SUITE_VERSION, suite_folder
from ectopy.usecases.render import render
from ectopy.vocab import BoardName, ClockMode, EngineName, ModelPlace
from ectopy.zoo import open_bundle
from support.contract_checkout import MCU
from support.vendor_check import (
    LIBRARIES,
    constants,
    differences,
    functions,
    layout,
    missing_symbols,
    objects,
    structs,
)

REGISTERS = "CMSIS/AmbiqMicro/Include/apollo4p.h"
BOARD_SOURCES = Path(__file__).parents[3] / "firmware" / "boards" / "apollo4p"


@pytest.fixture
def suite(checkout: Path, tmp_path: Path) -> Path:
    """A copy of our own, to be spoiled."""
    shutil.copytree(checkout, tmp_path / "sdk")
    return tmp_path / "sdk" / "extern" / "AmbiqSuite" / SUITE_VERSION


@pytest.fixture(scope="module")
def real() -> Path:
    """AmbiqSuite of a real checkout."""
    root = os.environ.get("NEURALSPOT")
    if not root:
        pytest.skip("no NEURALSPOT=: nothing to compare the contract with")
    return suite_folder(Path(root))


def spoil(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))


def test_the_contract_declares_what_the_board_uses_and_nothing_else() -> None:
    code = "\n".join(path.read_text() for path in sorted(BOARD_SOURCES.glob("*.c")))
    code = re.sub(r"/\*.*?\*/", "", code, flags=re.DOTALL)
    used = set(re.findall(r"\b(?:g_)?(?:am|AM)_[A-Za-z0-9_]+", code))
    declared = {*functions(), *objects(), *constants(), *structs(), "AM_REGVAL"}
    assert used <= declared
    for_size_and_stubs = {
        "AM_HAL_UART_FLOW_CTRL_CTS_ONLY",
        "AM_HAL_UART_STATUS_BUS_ERROR",
        "AM_HAL_STATUS_FAIL",
        "AM_HAL_STATUS_TIMEOUT",
        "AM_HAL_STATUS_MODULE_SPECIFIC_START",
        "am_hal_cachectrl_config_t",
        "am_hal_gpio_pincfg_t",
    }
    assert declared - used == for_size_and_stubs


def test_only_the_boards_own_folder_knows_the_vendor() -> None:
    firmware = BOARD_SOURCES.parents[1]
    knowing = {
        path.relative_to(firmware).as_posix()
        for path in firmware.rglob("*.[ch]")
        if re.search(r'#include [<"]am_', path.read_text())
    }
    assert knowing == {"boards/apollo4p/vendor.h"}


def test_an_sdk_like_the_contract_has_no_differences(suite: Path) -> None:
    assert differences(suite) == []
    assert missing_symbols(suite) == []
    assert len(functions()) == 20 and len(layout()) > 30


@pytest.mark.parametrize(
    ("header", "before", "after", "named"),
    [
        (
            "vendor_functions.h",
            "am_hal_timer_read(uint32_t number)",
            "am_hal_timer_read(uint32_t number, bool latch)",
            "conflicting types for 'am_hal_timer_read'",
        ),
        (
            "vendor_functions.h",
            "extern void am_hal_delay_us",
            "extern int am_hal_delay_us",
            "conflicting types for 'am_hal_delay_us'",
        ),
        (
            "vendor_types.h",
            "AM_HAL_TIMER_FN_UPCOUNT = 2",
            "AM_HAL_TIMER_FN_UPCOUNT = 3",
            "AM_HAL_TIMER_FN_UPCOUNT == 2",
        ),
        ("vendor_types.h", "AM_HAL_UART_FR_BUSY", "AM_HAL_UART_BUSY", "'AM_HAL_UART_FR_BUSY'"),
        (
            "vendor_types.h",
            "    bool bLowJitter;\n    uint32_t ui32PatternLimit;",
            "    uint32_t ui32PatternLimit;\n    bool bLowJitter;",
            "offsetof(am_hal_timer_config_t, bLowJitter) == 6",
        ),
        (
            "vendor_types.h",
            "    am_hal_uart_fifo_level_e eRXFifoLevel;\n",
            "    am_hal_uart_fifo_level_e eRXFifoLevel;\n    uint32_t more;\n",
            "sizeof(am_hal_uart_config_t) == 12",
        ),
    ],
)
def test_what_an_sdk_declares_otherwise_is_named(
    suite: Path, header: str, before: str, after: str, named: str
) -> None:
    spoil(suite / MCU / header, before, after)
    found = differences(suite)
    assert any(named in line for line in found), found


def test_a_function_that_a_library_lacks_is_named(suite: Path) -> None:
    (suite / LIBRARIES[0]).write_bytes((suite / LIBRARIES[1]).read_bytes())
    missing = missing_symbols(suite)
    assert "am_hal_uart_fifo_read" in missing and "am_bsp_low_power_init" not in missing


def test_the_real_libraries_have_every_function(real: Path) -> None:
    assert missing_symbols(real) == []


def test_the_real_headers_declare_what_the_contract_says(real: Path) -> None:
    if not (real / REGISTERS).is_file():
        pytest.skip(f"{REGISTERS} is not in this checkout: its headers cannot be compiled")
    assert differences(real) == []


@pytest.mark.parametrize("model", ["beat-3-eff-sm", "beat-2-eff-sm"])
@pytest.mark.parametrize("place", list(ModelPlace))
@pytest.mark.parametrize("clock", list(ClockMode))
def test_the_image_links_with_the_real_libraries_and_fits(
    real: Path, checkout: Path, tmp_path: Path, model: str, place: ModelPlace, clock: ClockMode
) -> None:
    """With the real headers too where they are whole, else with the contract's."""
    root = real.parents[2]
    if not (real / REGISTERS).is_file():
        root = tmp_path / "mixed"
        shutil.copytree(checkout, root)
        for name in LIBRARIES:
            shutil.copy(real / name, root / "extern" / "AmbiqSuite" / SUITE_VERSION / name)
    render(open_bundle(model), EngineName.AOT, tmp_path / "generated")
    elf = make_firmware(
        MakeRequest(
            board=BoardName.APOLLO4P,
            engine=EngineName.AOT,
            generated=tmp_path / "generated",
            out=tmp_path / "out",
            build_id="0",
            options=BoardOptions(neuralspot=root, clock=clock, model_in=place),
        )
    )
    facts, budget = read_elf(elf), BUDGETS[BoardName.APOLLO4P]
    assert facts.flash_bytes < budget.flash_bytes // 10
    assert facts.ram_bytes < budget.ram_bytes // 2
