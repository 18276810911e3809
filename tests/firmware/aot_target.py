"""Compiles generated models for the Cortex-M4 and runs them on the cycle model's machine."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ectopy.cycles.image import read_image
from ectopy.cycles.machine import Machine
from ectopy.graph.types import Graph
from ectopy.vocab import Optimize
from firmware.aot_host import (
    FIRMWARE,
    HERE,
    KERNEL_SOURCES,
    run_tool,
    shown_tensors,
    write_cases,
)

COMPILER = "arm-none-eabi-gcc"
FLAGS = [
    *("-std=c11", "-O3", "-g0", "-Wall", "-Wextra", "-Wconversion", "-Werror"),
    *("-mthumb", "-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"),
    *(f"-I{FIRMWARE / 'include'}", f"-I{FIRMWARE / 'engines' / 'aot'}"),
]
LINK = ["-nostartfiles", "--specs=nano.specs", "--specs=nosys.specs", "-Wl,-e,run_case"]
REQUEST = struct.Struct("<III")
INPUT_AT, OUTPUT_AT, MEMORY_BYTES = 1 << 8, 1 << 16, 8 << 20


@dataclass(frozen=True)
class TargetModels:
    """An image that holds several models, loaded."""

    machine: Machine
    memory: int
    graphs: tuple[Graph, ...]

    def run(self, number: int, x: npt.NDArray[np.int8]) -> dict[int, bytes]:
        """Bytes of each operator's output in the arena, by tensor."""
        request = (number, self.memory + INPUT_AT, self.memory + OUTPUT_AT)
        self.machine.write(self.memory, REQUEST.pack(*request))
        self.machine.write(self.memory + INPUT_AT, x.tobytes())
        nbytes = self.machine.call("run_case", self.memory)
        data = self.machine.read(self.memory + OUTPUT_AT, nbytes)
        outputs, position = {}, 0
        for tensor in shown_tensors(self.graphs[number], Optimize.SPEED):
            outputs[tensor.index] = data[position : position + tensor.nbytes]
            position += tensor.nbytes
        assert position == nbytes
        return outputs


def build_target(graphs: Sequence[Graph], directory: Path) -> TargetModels:
    """One image of all models."""
    sources = write_cases(graphs, directory, Optimize.SPEED)
    every = [*KERNEL_SOURCES, *sources, HERE / "target_cases.c"]
    run_tool([COMPILER, *FLAGS, "-c", *map(str, every)], directory)
    objects = sorted(directory.glob("*.o"))
    elf = directory / "models.elf"
    run_tool([COMPILER, *FLAGS, *LINK, *map(str, objects), "-o", str(elf)], directory)
    machine = Machine(read_image(elf))
    return TargetModels(
        machine=machine, memory=machine.add_memory(MEMORY_BYTES), graphs=tuple(graphs)
    )
