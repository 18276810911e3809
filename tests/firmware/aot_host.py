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
from ectopy.graph.types import Graph, Tensor
from ectopy.vocab import Optimize

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FIRMWARE = ROOT / "firmware"
KERNEL_SOURCES = sorted((FIRMWARE / "kernels").glob("*/*.c"))
FLAGS = [
    *("-std=c11", "-O1", "-g0", "-Wall", "-Wextra", "-Wconversion", "-Werror"),
    *("-fsanitize=address,undefined", "-fno-sanitize-recover=all"),
    *(f"-I{FIRMWARE / 'include'}", f"-I{FIRMWARE / 'engines' / 'aot'}"),
]


@dataclass(frozen=True)
class HostModels:
    """An executable that holds several models."""

    executable: Path
    graphs: tuple[Graph, ...]
    optimize: Optimize

    def run(self, jobs: Sequence[tuple[int, npt.NDArray[np.int8]]]) -> list[dict[int, bytes]]:
        """For each (model, input): bytes of each operator's output in the arena, by tensor."""
        request = b"".join(struct.pack("<I", number) + x.tobytes() for number, x in jobs)
        result = subprocess.run(
            [self.executable], input=request, capture_output=True, check=False, timeout=120
        )
        assert result.returncode == 0, result.stderr.decode()[-3000:]
        answers, position = [], 0
        shown = [shown_tensors(graph, self.optimize) for graph in self.graphs]
        for number, _ in jobs:
            outputs = {}
            for tensor in shown[number]:
                outputs[tensor.index] = result.stdout[position : position + tensor.nbytes]
                position += tensor.nbytes
            answers.append(outputs)
        assert position == len(result.stdout)
        return answers


def shown_tensors(graph: Graph, optimize: Optimize) -> list[Tensor]:
    """Outputs of operators that do not stay inside a kernel."""
    plan = compile_graph(graph, optimize=optimize)
    outputs = [graph.op_output(op) for op in graph.ops]
    return [tensor for tensor in outputs if plan.has_place(tensor.index)]


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


def build(
    graphs: Sequence[Graph], directory: Path, optimize: Optimize = Optimize.SPEED
) -> HostModels:
    """One executable of all models."""
    sources = write_cases(graphs, directory, optimize)
    command = ["gcc", *FLAGS, "-c"]
    run_tool([*command, *map(str, KERNEL_SOURCES)], directory)
    run_tool([*command, *map(str, (*sources, HERE / "kernel_cases.c"))], directory)
    executable = directory / "models"
    objects = sorted(directory.glob("*.o"))
    run_tool(["gcc", *FLAGS, *map(str, objects), "-o", str(executable)], directory)
    return HostModels(executable=executable, graphs=tuple(graphs), optimize=optimize)


def write_cases(graphs: Sequence[Graph], directory: Path, optimize: Optimize) -> list[Path]:
    """C of all models, whose symbols are told apart by renaming, and a table of them."""
    for number, graph in enumerate(graphs):
        source = directory / f"case{number}.c"
        plan = compile_graph(graph, optimize=optimize)
        text = render_image(graph, plan, image_info(graph))["model_aot.c"]
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
    return [directory / f"{name}.c" for name in (*names, "cases")]


def run_tool(command: list[str], directory: Path) -> None:
    """A compiler, whose complaints fail the test."""
    result = subprocess.run(
        command, cwd=directory, capture_output=True, text=True, check=False, timeout=600
    )
    assert result.returncode == 0, result.stderr[-3000:]
