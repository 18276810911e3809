"""The AOT engine keeps the promises of engine.h: order of observers, early stop, same output."""

import subprocess
from pathlib import Path

from ectopy.aot import compile_graph
from ectopy.codegen import render_image
from ectopy.graph.reader import read_tflite
from firmware.aot_host import FIRMWARE, FLAGS, KERNEL_SOURCES, image_info
from support.tflite_builder import ModelBuilder, Quant


def five_operators() -> bytes:
    builder = ModelBuilder(7)
    x = builder.input((1, 64, 1), Quant(0.05, 3))
    x = builder.reshape(x, (1, 1, 64, 1))
    y = builder.conv_2d(x, channels=4, kernel=(1, 5), output=Quant(2.0, -10))
    z = builder.add(y, y, output=Quant(4.0, 0))
    m = builder.mean(z, axes=(1, 2), output=Quant(0.5, 0), keep_dims=False)
    return builder.finish(builder.fully_connected(m, units=3, output=Quant(5.0, 0)))


def test_the_engine_keeps_its_promises(tmp_path: Path) -> None:
    graph = read_tflite(five_operators(), "five")
    text = render_image(graph, compile_graph(graph), image_info(graph))["model_aot.c"]
    (tmp_path / "model_aot.c").write_text(text)
    sources = [
        tmp_path / "model_aot.c",
        Path(__file__).parent / "engine_checks.c",
        FIRMWARE / "engines" / "aot" / "engine_aot.c",
        *KERNEL_SOURCES,
    ]
    executable = tmp_path / "checks"
    subprocess.run(["gcc", *FLAGS, *map(str, sources), "-o", str(executable)], check=True)
    result = subprocess.run([executable], capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == 0, result.stderr
