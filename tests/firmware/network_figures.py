"""Figures of the networks in ``tests/data/networks``, as a Markdown table on stdout.

    PYTHONPATH=tests .venv/bin/python -m firmware.network_figures

Instructions are counted by the emulator, cycles are the cycle model's for memory that never waits;
neither is a measurement on silicon.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

from ectopy.aot import compile_graph
from ectopy.cycles import estimate
from ectopy.graph.costs import graph_macs
from ectopy.graph.reader import load_tflite
from ectopy.graph.types import Graph
from ectopy.reference import open_reference
from firmware.aot_host import build
from firmware.virt_image import build_elf, compile_objects, run_virt
from support.general_inputs import INPUTS, NETWORKS, noisy_inputs, typical_inputs

HEAD = (
    "| network | input | operators | MACs | arena, bytes | instructions (emulated) "
    "| cycles (modelled) | MAC/cycle | tensors that differ (host, virt) |"
)
RULE = "|---|---|---:|---:|---:|---:|---:|---:|---:|"
TYPICAL, NOISY = 32, 30


def row(path: Path, folder: Path, objects: list[Path]) -> str:
    """One line of the table."""
    graph = load_tflite(path)
    inputs = [*noisy_inputs(graph, NOISY), *typical_inputs(graph, TYPICAL, seed=1)]
    elf = build_elf(graph, objects, folder)
    board = run_virt(elf, graph, inputs)
    native = build([graph], folder).run([(0, x) for x in inputs])
    wrong = differing(path, graph, inputs, native, [answer.outputs for answer in board])
    instructions = int(np.median([answer.instructions for answer in board]))
    cycles = estimate(elf, inputs[-1].ravel()).cycles
    macs = graph_macs(graph)
    cells = (
        graph.name,
        "x".join(map(str, graph.input.shape[1:])),
        str(len(graph.ops)),
        *(f"{n:,}" for n in (macs, compile_graph(graph).arena_bytes, instructions, cycles)),
        f"{macs / cycles:.3f}",
        f"{wrong[0]}, {wrong[1]} of {sum(map(len, native)):,}",
    )
    return f"| {' | '.join(cells)} |"


def differing(
    path: Path,
    graph: Graph,
    inputs: list[np.ndarray],
    *machines: list[dict[int, bytes]],
) -> list[int]:
    """For each machine how many tensors in its arena are not the reference's, over all inputs."""
    reference = open_reference(path.read_bytes(), graph)
    wrong = [0] * len(machines)
    for number, x in enumerate(inputs):
        reference.invoke(x)
        tensors = reference.tensors()
        for place, answers in enumerate(machines):
            wrong[place] += sum(
                found != tensors[tensor].tobytes() for tensor, found in answers[number].items()
            )
    return wrong


def main() -> None:
    """Writes the table."""
    sys.stdout.write(f"{HEAD}\n{RULE}\n")
    for name in INPUTS:
        with tempfile.TemporaryDirectory() as place:
            images, native = Path(place, "virt"), Path(place, "host")
            images.mkdir()
            native.mkdir()
            sys.stdout.write(
                row(NETWORKS / f"{name}.tflite", native, compile_objects(images)) + "\n"
            )


if __name__ == "__main__":
    main()
