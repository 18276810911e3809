"""The generated models of aot_host on an emulated Cortex-M4: the real DSP instructions."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from ectopy.graph.types import Graph
from ectopy.vocab import Optimize
from firmware.aot_host import FIRMWARE, HERE, KERNEL_SOURCES, HostModels, run_tool, write_cases

COMPILER, QEMU = "arm-none-eabi-gcc", "qemu-system-arm"
FLAGS = [
    *("-std=c11", "-g0", "-Wall", "-Wextra", "-Wconversion", "-Werror"),
    *("-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"),
    *("--specs=rdimon.specs", f"-T{HERE / 'virt_link.ld'}", "-Wl,--no-warn-rwx-segments"),
    *(f"-I{FIRMWARE / 'include'}", f"-I{FIRMWARE / 'engines' / 'aot'}"),
]


def build_for_virt(
    graphs: Sequence[Graph], directory: Path, optimize: Optimize = Optimize.SPEED
) -> HostModels:
    """All models in one program, and the command that runs it under QEMU."""
    for tool in (COMPILER, QEMU):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    elf = directory / "models.elf"
    sources = [*KERNEL_SOURCES, *write_cases(graphs, directory, optimize), HERE / "virt_start.c"]
    level = "-Os" if optimize is Optimize.SIZE else "-O3"
    run_tool([COMPILER, level, *FLAGS, *map(str, sources), "-o", str(elf)], directory)
    return HostModels(
        command=(
            *(QEMU, "-M", "mps2-an386", "-display", "none", "-monitor", "none"),
            *("-serial", "none", "-semihosting-config", "enable=on,target=native"),
            *("-kernel", elf),
        ),
        graphs=tuple(graphs),
        optimize=optimize,
        timeout_s=240,
    )
