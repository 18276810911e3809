"""The generated models of aot_host on an emulated Cortex-M4: the real DSP instructions."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from ectopy.graph.types import Graph
from firmware.aot_host import FIRMWARE, KERNEL_SOURCES, HostModels, write_cases

HERE = Path(__file__).parent
COMPILER, QEMU = "arm-none-eabi-gcc", "qemu-system-arm"
FLAGS = [
    *("-std=c11", "-O3", "-g0", "-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=soft"),
    *("--specs=rdimon.specs", f"-T{HERE / 'virt_link.ld'}", "-Wl,--no-warn-rwx-segments"),
    *(f"-I{FIRMWARE / 'include'}", f"-I{FIRMWARE / 'engines' / 'aot'}"),
]


def build_for_virt(graphs: Sequence[Graph], directory: Path) -> HostModels:
    """All models in one program, and the command that runs it under QEMU."""
    for tool in (COMPILER, QEMU):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    elf = directory / "models.elf"
    sources = [*KERNEL_SOURCES, *write_cases(graphs, directory), HERE / "virt_start.c"]
    command = [COMPILER, *FLAGS, *sources, "-o", elf]
    built = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert built.returncode == 0, built.stderr[-3000:]
    return HostModels(
        command=(
            *(QEMU, "-M", "mps2-an386", "-display", "none", "-monitor", "none"),
            *("-serial", "none", "-semihosting-config", "enable=on,target=native"),
            *("-kernel", elf),
        ),
        graphs=tuple(graphs),
        timeout_s=240,
    )
