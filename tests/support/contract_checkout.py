"""A neuralSPOT checkout of our own making: contract headers and stub libraries in their places."""

import shutil
import subprocess
from pathlib import Path

from ectopy.toolchain.sdk import SUITE_VERSION

CONTRACT = Path(__file__).parents[1] / "firmware" / "apollo4p" / "contract"
EMPTY_HEADERS = (
    "boards/apollo4p_evb/bsp/am_bsp_pins.h",
    "mcu/am_sdk_version.h",
    "CMSIS/AmbiqMicro/Include/apollo4p.h",
    "CMSIS/ARM/Include/core_cm4.h",
    "devices/am_devices_led.h",
)
MCU, BSP = "mcu/apollo4p", "boards/apollo4p_evb/bsp"
MACHINE = ("-mthumb", "-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard")


def make_checkout(root: Path) -> Path:
    """Writes headers and libraries where a real checkout has them."""
    suite = root / "extern" / "AmbiqSuite" / SUITE_VERSION
    for name in EMPTY_HEADERS:
        _file(suite / name, "/* not used by the contract */\n")
    _file(suite / "VERSION.txt", "release_sdk_4_5_0-contract\n")
    for name in ("am_mcu_apollo.h", "vendor_types.h", "vendor_functions.h"):
        shutil.copy(CONTRACT / name, _folder(suite / MCU))
    shutil.copy(CONTRACT / "am_bsp.h", _folder(suite / BSP))
    _library(suite, "stub_hal.c", suite / "lib/apollo4p/libam_hal.a")
    _library(suite, "stub_bsp.c", suite / "lib/apollo4p/evb/libam_bsp.a")
    return root


def _library(suite: Path, source: str, library: Path) -> None:
    built = _folder(library.parent) / Path(source).with_suffix(".o").name
    includes = [f"-I{suite / MCU}", f"-I{suite / BSP}", f"-I{CONTRACT}"]
    flags = ["-std=c11", "-O1", "-Wall", "-Wextra", "-Wconversion", "-Werror"]
    sections = ["-ffunction-sections", "-fdata-sections"]
    _run("gcc", *MACHINE, *flags, *sections, *includes, "-c", CONTRACT / source, "-o", built)
    _run("ar", "rcs", library, built)


def _run(tool: str, *arguments: str | Path) -> None:
    subprocess.run(
        [f"arm-none-eabi-{tool}", *map(str, arguments)], check=True, timeout=60, cwd=CONTRACT
    )


def _folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


def _file(path: Path, text: str) -> None:
    _folder(path.parent)
    path.write_text(text)
