"""The whole generated text of a three-operator model, and that it is always the same."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile
from jinja2 import UndefinedError

import ectopy
from ectopy.aot import compile_graph
from ectopy.codegen import ImageInfo, render_image, render_tflm
from ectopy.codegen.render import TEMPLATES
from ectopy.codegen.tflm import ADDITIONS
from ectopy.graph.reader import read_tflite
from ectopy.graph.types import Graph
from ectopy.vocab import OpKind
from support.tflite_builder import ModelBuilder, Quant

GOLDEN = Path(__file__).parent / "golden"
FIRMWARE = Path(__file__).parents[3] / "firmware"


@pytest.fixture
def graph() -> Graph:
    """Reshape, convolution, mean."""
    builder = ModelBuilder(3)
    x = builder.input((1, 6, 1), Quant(0.5, 3))
    x = builder.reshape(x, (1, 1, 6, 1))
    y = builder.conv_2d(
        x, channels=2, kernel=(1, 3), stride=(1, 2), output=Quant(2.0, -128), scales=(0.25, 0.125)
    )
    y = builder.mean(y, axes=(1, 2), output=Quant(1.0, 0), keep_dims=False)
    # How the file is laid out in bytes is not the subject here.
    return replace(read_tflite(builder.finish(y), "three operators"), sha256="0123" * 16)


@pytest.fixture
def info() -> ImageInfo:
    return ImageInfo(
        name="three-operators",
        class_names=("QRS", 'odd "name"'),
        frame_samples=6,
        sampling_hz=100,
        epsilon_n2=360_000,
        golden_inputs=np.arange(-6, 6, dtype=np.int8).reshape(2, 6),
        golden_outputs=np.array([[1, -2], [127, -128]], np.int8),
    )


@pytest.mark.parametrize("name", ["model_aot.c", "model_info.c"])
def test_generated_text_is_the_golden_text(
    name: str,
    graph: Graph,
    info: ImageInfo,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ectopy, "__version__", "0.0.0")
    text = render_image(graph, compile_graph(graph), info)[name]
    path = GOLDEN / name
    if request.config.getoption("--update-golden"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert text == path.read_text(), "if this is wanted: pytest --update-golden, then read the diff"


@pytest.mark.parametrize("name", ["model_tflm.c", "model_tflm_ops.cc"])
def test_generated_text_for_tflm_is_the_golden_text(
    name: str,
    graph: Graph,
    info: ImageInfo,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ectopy, "__version__", "0.0.0")
    text = render_tflm(graph, bytes(range(253, 256)) + b"TFL3 is all we need", 1000, info)[name]
    path = GOLDEN / name
    if request.config.getoption("--update-golden"):
        path.write_text(text)
    assert text == path.read_text(), "if this is wanted: pytest --update-golden, then read the diff"


def test_all_kinds_of_operators_are_known_to_tflm() -> None:
    assert set(ADDITIONS) == set(OpKind)
    assert len(set(ADDITIONS.values())) == len(OpKind)


def test_the_model_facts_are_the_same_for_both_engines(graph: Graph, info: ImageInfo) -> None:
    aot = render_image(graph, compile_graph(graph), info)
    assert render_tflm(graph, b"", 16, info)["model_info.c"] == aot["model_info.c"]


def test_rendering_twice_gives_the_same_bytes(graph: Graph, info: ImageInfo) -> None:
    first = render_image(graph, compile_graph(graph), info)
    assert render_image(graph, compile_graph(graph), info) == first
    assert render_tflm(graph, b"\1", 16, info) == render_tflm(graph, b"\1", 16, info)


def test_no_trace_of_the_machine_or_the_time(graph: Graph, info: ImageInfo) -> None:
    texts = render_image(graph, compile_graph(graph), info) | render_tflm(graph, b"", 16, info)
    for text in texts.values():
        assert (
            str(Path.home()) not in text and str(TEMPLATES) not in text and "20" + "26" not in text
        )


def test_the_banner_survives_any_model_name(graph: Graph, info: ImageInfo) -> None:
    evil = replace(graph, name="*/ int main(void) { } /*\n#error")
    text = render_image(evil, compile_graph(evil), info)["model_aot.c"]
    assert text.count("*/") == text.count("/*") and "#error" not in text


def test_a_name_that_the_context_lacks_is_an_error(
    graph: Graph, info: ImageInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    templates = tmp_path / "templates"
    shutil.copytree(TEMPLATES, templates)
    template = templates / "model_aot.c.j2"
    template.write_text(template.read_text().replace("arena_bytes", "arena_size"))
    monkeypatch.setattr("ectopy.codegen.render.TEMPLATES", templates)
    with pytest.raises(UndefinedError, match="arena_size"):
        render_image(graph, compile_graph(graph), info)


@pytest.mark.parametrize("compiler", ["gcc", "arm-none-eabi-gcc"])
def test_generated_code_compiles_without_a_warning_and_without_a_heap(
    compiler: str, graph: Graph, info: ImageInfo, tmp_path: Path
) -> None:
    for name, text in render_image(graph, compile_graph(graph), info).items():
        (tmp_path / name).write_text(text)
        result = subprocess.run(
            [
                *(compiler, "-std=c11", "-O2", "-Wall", "-Wextra", "-Wconversion", "-Werror"),
                *(f"-I{FIRMWARE / 'include'}", f"-I{FIRMWARE / 'engines' / 'aot'}"),
                *("-c", str(tmp_path / name), "-o", str(tmp_path / f"{name}.o")),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        assert "malloc" not in text


@pytest.mark.parametrize("compiler", ["gcc", "arm-none-eabi-gcc"])
def test_the_model_of_tflm_is_aligned_and_goes_into_the_section_a_board_names(
    compiler: str, graph: Graph, info: ImageInfo, tmp_path: Path
) -> None:
    source = tmp_path / "model_tflm.c"
    source.write_text(render_tflm(graph, b"flatbuffer", 100, info)["model_tflm.c"])
    built = tmp_path / "model.o"
    for defines, section in (
        ([], ".rodata.flatbuffer"),
        (['-DECT_MODEL_SECTION=__attribute__((section(".model")))'], ".model"),
    ):
        subprocess.run(
            [
                *(compiler, "-std=c11", "-O2", "-Wall", "-Wextra", "-Wconversion", "-Werror"),
                *("-fdata-sections", *defines, f"-I{FIRMWARE / 'include'}"),
                *(f"-I{FIRMWARE / 'engines' / 'tflm'}", "-c", str(source), "-o", str(built)),
            ],
            check=True,
        )
        with built.open("rb") as stream:
            found = ELFFile(stream).get_section_by_name(section)
            assert found.data() == b"flatbuffer"
            assert found["sh_addralign"] == 16
            assert not found["sh_flags"] & SH_FLAGS.SHF_WRITE
