"""Compiles generated models natively under ASan and UBSan and runs them."""

import struct
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ectopy.aot import compile_graph
from ectopy.codegen import ImageInfo, render_image
from ectopy.graph.types import Graph

ROOT = Path(__file__).parents[2]
FIRMWARE = ROOT / "firmware"
KERNEL_SOURCES = sorted((FIRMWARE / "kernels").glob("*/*.c"))
FLAGS = [
    *("-std=c11", "-O1", "-g0", "-Wall", "-Wextra", "-Wconversion", "-Werror"),
    *("-fsanitize=address,undefined", "-fno-sanitize-recover=all"),
    *(f"-I{FIRMWARE / 'include'}", f"-I{FIRMWARE / 'engines' / 'aot'}"),
]


@dataclass(frozen=True)
class HostModels:
    """A program that holds several models.

    Attributes:
        command: Starts it; it reads requests from its input and answers on its output.
    """

    command: tuple[str | Path, ...]
    graphs: tuple[Graph, ...]
    timeout_s: float = 120

    def run(self, jobs: Sequence[tuple[int, npt.NDArray[np.int8]]]) -> list[dict[int, bytes]]:
        """For each (model, input): bytes of every operator's output, by tensor index."""
        request = b"".join(struct.pack("<I", number) + x.tobytes() for number, x in jobs)
        result = subprocess.run(
            self.command, input=request, capture_output=True, check=False, timeout=self.timeout_s
        )
        assert result.returncode == 0, result.stderr.decode()[-3000:]
        answers, position = [], 0
        for number, _ in jobs:
            graph, outputs = self.graphs[number], {}
            for op in graph.ops:
                tensor = graph.op_output(op)
                outputs[tensor.index] = result.stdout[position : position + tensor.nbytes]
                position += tensor.nbytes
            answers.append(outputs)
        assert position == len(result.stdout)
        return answers


def image_info(graph: Graph) -> ImageInfo:
    """Facts that do not matter here."""
    outputs = graph.output.elements
    return ImageInfo(
        name="test",
        class_names=tuple(f"class{i}" for i in range(outputs)),
        frame_samples=graph.input.elements,
        sampling_hz=100,
        epsilon_n2=2_621_440_000,
        golden_inputs=np.zeros((1, graph.input.elements), np.int8),
        golden_outputs=np.zeros((1, outputs), np.int8),
    )


def build(graphs: Sequence[Graph], directory: Path) -> HostModels:
    """One executable of all models; their symbols are told apart by renaming."""
    _compile(directory, [*KERNEL_SOURCES, *write_cases(graphs, directory)])
    executable = directory / "models"
    objects = sorted(directory.glob("*.o"))
    _run(["gcc", *FLAGS, *map(str, objects), "-o", str(executable)], directory)
    return HostModels(command=(executable,), graphs=tuple(graphs))


def write_cases(graphs: Sequence[Graph], directory: Path) -> list[Path]:
    """Sources of the models, and of the program that runs them."""
    for number, graph in enumerate(graphs):
        source = directory / f"case{number}.c"
        text = render_image(graph, compile_graph(graph), image_info(graph))["model_aot.c"]
        source.write_text(f"#define ect_aot_model case{number}\n{text}")
    names = [f"case{number}" for number in range(len(graphs))]
    externs = "\n".join(f"extern const ect_aot_model_t {name};" for name in names)
    table = ", ".join(f"&{name}" for name in names)
    (directory / "cases.c").write_text(
        f'#include "aot_model.h"\n{externs}\n'
        "extern const ect_aot_model_t *const cases[];\nextern const uint32_t case_count;\n"
        f"const ect_aot_model_t *const cases[] = {{{table}}};\n"
        f"const uint32_t case_count = {len(graphs)};\n"
    )
    generated = [directory / f"{name}.c" for name in (*names, "cases")]
    return [*generated, Path(__file__).parent / "kernel_cases.c"]


def _compile(directory: Path, sources: Sequence[Path]) -> None:
    _run(["gcc", *FLAGS, "-c", *map(str, sources)], directory)


def _run(command: list[str], directory: Path) -> None:
    result = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[-3000:]
