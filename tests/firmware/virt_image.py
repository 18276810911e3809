"""Compiles a generated model for the virtual EVB, without the application, and runs it in QEMU."""

import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ectopy.aot import compile_graph
from ectopy.boards import BoardRequest, open_board
from ectopy.codegen import render_model
from ectopy.graph.types import Graph
from ectopy.protocol import Link
from ectopy.vocab import BoardName, LinkKind, Optimize
from firmware.aot_host import FIRMWARE, KERNEL_SOURCES, shown_tensors
from support.fake_firmware import M4, STRICT, run_compiler

ANSWER_S = 60.0
CC = ["arm-none-eabi-gcc", *STRICT, f"-I{FIRMWARE / 'engines' / 'aot'}", *M4]
AROUND = [
    Path(__file__).parent / "engine_stream.c",
    FIRMWARE / "engines" / "aot" / "engine_aot.c",
    *sorted((FIRMWARE / "boards" / "virt").glob("*.c")),
]


@dataclass(frozen=True)
class VirtAnswer:
    """What the board computed from one input.

    Attributes:
        outputs: Bytes of every operator's output that lies in the arena, by tensor index.
        instructions: Of an inference that nobody watches.
    """

    outputs: dict[int, bytes]
    instructions: int


def compile_objects(directory: Path) -> list[Path]:
    """All of an image but its model, compiled as ``firmware/Makefile`` does."""
    for source in (*KERNEL_SOURCES, *AROUND):
        speed = "-O3" if source in KERNEL_SOURCES else "-O2"
        run_compiler([*CC, speed, "-c", source, "-o", directory / f"{source.stem}.o"])
    return sorted(directory.glob("*.o"))


def build_elf(graph: Graph, objects: Sequence[Path], directory: Path) -> Path:
    """An image of one model."""
    text = render_model(graph, compile_graph(graph))["model_aot.c"]
    source = directory / f"{graph.name}.c"
    source.write_text(text)
    elf = directory / f"{graph.name}.elf"
    run_compiler([*CC, source, *objects, "-lm", "-o", elf])
    return elf


def run_virt(elf: Path, graph: Graph, inputs: Sequence[npt.NDArray[np.int8]]) -> list[VirtAnswer]:
    """Boots an image once and asks it for every input."""
    request = BoardRequest(board=BoardName.VIRT, elf=elf, link=LinkKind.FAST)
    with open_board(request) as board:
        return [_ask(board.link, graph, x) for x in inputs]


def _ask(link: Link, graph: Graph, x: npt.NDArray[np.int8]) -> VirtAnswer:
    tensors = shown_tensors(graph, Optimize.SPEED)
    link.write(x.tobytes())
    answer = _receive(link, sum(tensor.nbytes for tensor in tensors) + 4)
    outputs, position = {}, 0
    for tensor in tensors:
        outputs[tensor.index] = answer[position : position + tensor.nbytes]
        position += tensor.nbytes
    (instructions,) = struct.unpack("<I", answer[position:])
    return VirtAnswer(outputs=outputs, instructions=instructions)


def _receive(link: Link, nbytes: int) -> bytes:
    parts, missing, deadline = [], nbytes, time.monotonic() + ANSWER_S
    while missing:
        left = deadline - time.monotonic()
        assert left > 0, f"the board owes {missing} of {nbytes} bytes after {ANSWER_S} s"
        parts.append(link.read(missing, left))
        missing -= len(parts[-1])
    return b"".join(parts)
