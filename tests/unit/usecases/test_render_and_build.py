"""Bundle to C files and to an image, with a tiny bundle."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from ectopy.cli import group
from ectopy.codegen import BANNER
from ectopy.errors import BudgetError, EctopyError, InputError, ModelError
from ectopy.graph.reader import read_tflite
from ectopy.reference import ReferenceExecutor
from ectopy.usecases.build import BuildRequest, build_firmware
from ectopy.usecases.render import (
    GOLDEN_WINDOWS,
    golden_windows,
    render,
    render_file,
    render_texts,
)
from ectopy.vocab import BoardName, EngineName
from ectopy.zoo import Bundle, open_bundle
from support.tflite_builder import ModelBuilder, Quant

REAL_CONFIGURATION = Path(__file__).parents[3] / "models" / "beat-3-eff-sm" / "configuration.json"


def tiny_model(samples: int = 512, classes: int = 3, channels: int = 4) -> bytes:
    builder = ModelBuilder(5)
    x = builder.input((1, samples, 1), Quant(0.05, 3))
    x = builder.reshape(x, (1, 1, samples, 1))
    x = builder.conv_2d(x, channels=channels, kernel=(1, 9), stride=(1, 4), output=Quant(3.0, -128))
    x = builder.mean(x, axes=(1, 2), output=Quant(1.0, 0), keep_dims=False)
    return builder.finish(builder.fully_connected(x, units=classes, output=Quant(20.0, 0)))


MakeBundle = Callable[[bytes], Bundle]


@pytest.fixture
def bundle_of(tmp_path: Path) -> MakeBundle:
    def make(tflite: bytes) -> Bundle:
        folder = tmp_path / "tiny"
        folder.mkdir(exist_ok=True)
        configuration = json.loads(REAL_CONFIGURATION.read_text())
        configuration["name"] = "tiny"
        (folder / "configuration.json").write_text(json.dumps(configuration))
        (folder / "model.tflite").write_bytes(tflite)
        return open_bundle(folder)

    return make


def test_files_are_written_once_and_stale_ones_removed(
    bundle_of: MakeBundle, tmp_path: Path
) -> None:
    bundle, out = bundle_of(tiny_model()), tmp_path / "out"
    rendering = render(bundle, EngineName.AOT, out)
    before = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    assert {path.name: path.read_text() for path in before} == rendering.texts
    (out / "stale.c").write_text(BANNER + "0.0.1 */ int stale;")
    mine = out / "mine.c"
    mine.write_text("int mine;")
    render(bundle, EngineName.AOT, out)
    assert mine.is_file()
    mine.unlink()
    assert {path: path.stat().st_mtime_ns for path in out.iterdir()} == before


def test_every_generated_file_begins_with_the_banner(bundle_of: MakeBundle) -> None:
    texts = render_texts(bundle_of(tiny_model()), EngineName.AOT).texts
    assert all(text.startswith(BANNER) for text in texts.values())


def test_a_folder_that_cannot_be_made_is_an_input_error(
    bundle_of: MakeBundle, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written") as caught:
        render(bundle_of(tiny_model()), EngineName.AOT, tmp_path / "file" / "out")
    assert caught.value.exit_code == 2


def test_golden_outputs_are_those_of_the_reference(bundle_of: MakeBundle) -> None:
    bundle = bundle_of(tiny_model())
    text = render_texts(bundle, EngineName.AOT).texts["model_info.c"]
    start = text.index("golden_outputs[")
    found = text[text.index("{", start) + 1 : text.index("}", start)]
    numbers = np.array([int(n) for n in found.split(",") if n.strip()]).reshape(-1, 3)
    graph = read_tflite(tiny_model(), "tiny")
    inputs = text[text.index("golden_inputs[") : start]
    values = inputs[inputs.index("{") + 1 : inputs.index("}")].split(",")
    windows = np.array([int(n) for n in values if n.strip()], np.int8).reshape(-1, 512)
    executor = ReferenceExecutor(graph)
    assert numbers.tolist() == [executor.invoke(window).ravel().tolist() for window in windows]


def test_golden_windows_differ_and_fill_the_range() -> None:
    windows = golden_windows(512)
    assert windows.shape == (GOLDEN_WINDOWS, 512) and windows.dtype == np.int16
    assert len({window.tobytes() for window in windows}) == GOLDEN_WINDOWS
    assert np.ptp(windows, axis=1).min() > 1000
    assert (golden_windows(512) == windows).all()


@pytest.mark.parametrize(("samples", "classes", "what"), [(500, 3, "inputs"), (512, 2, "outputs")])
def test_a_model_that_does_not_fit_its_configuration_is_refused(
    bundle_of: MakeBundle, samples: int, classes: int, what: str
) -> None:
    with pytest.raises(ModelError, match=what) as caught:
        render_texts(bundle_of(tiny_model(samples, classes)), EngineName.AOT)
    assert "ectopy quantize" in caught.value.hint


def test_an_arena_larger_than_the_board_is_refused_before_compiling(
    bundle_of: MakeBundle, tmp_path: Path
) -> None:
    request = BuildRequest(
        board=BoardName.VIRT,
        engine=EngineName.AOT,
        bundle=bundle_of(tiny_model(channels=4000)),
        out_dir=tmp_path / "out",
    )
    with pytest.raises(BudgetError, match="arena of 51"):
        build_firmware(request)
    assert not (tmp_path / "out" / "obj").exists()


def test_an_image_is_the_same_in_another_folder(bundle_of: MakeBundle, tmp_path: Path) -> None:
    bundle = bundle_of(tiny_model())
    one, two = (
        build_firmware(
            BuildRequest(
                board=BoardName.HOST, engine=EngineName.AOT, bundle=bundle, out_dir=tmp_path / name
            )
        )
        for name in ("one", "two")
    )
    assert one.elf != two.elf
    assert (one.build_id, one.elf_sha256) == (two.build_id, two.elf_sha256)
    assert one.tflite_sha256 == read_tflite(tiny_model(), "tiny").sha256
    assert one.flash_bytes > 2000 and one.ram_bytes > one.arena_predicted_bytes == 1024


def test_the_render_command_says_what_it_wrote(bundle_of: MakeBundle, tmp_path: Path) -> None:
    bundle = bundle_of(tiny_model())
    out = tmp_path / "out"
    result = CliRunner().invoke(group, ["render", "--model", str(bundle.path), "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert "4 operators, 3 kernel calls" in result.output
    assert (out / "model_aot.c").is_file() and (out / "model_info.c").is_file()


def test_a_model_without_a_bundle_is_rendered_alone(bundle_of: MakeBundle, tmp_path: Path) -> None:
    file, out = tmp_path / "any.tflite", tmp_path / "out"
    file.write_bytes(tiny_model(samples=77, classes=9))
    result = CliRunner().invoke(group, ["render", "--model", str(file), "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert "any: 4 operators, 3 kernel calls" in result.output
    plan = render_file(file, EngineName.AOT, out).plan
    assert plan is not None
    arena, alive = plan.arena_bytes, plan.live_peak_bytes
    assert f"arena {arena:,} bytes, of which at most {alive:,} are alive at once" in result.output
    assert [path.name for path in out.iterdir()] == ["model_aot.c"]
    file.write_bytes(tiny_model())
    alone = render_file(file, EngineName.AOT, out)
    whole = render_texts(bundle_of(tiny_model()), EngineName.AOT)
    assert code_of(alone.texts) == code_of(whole.texts)
    assert (alone.arena_bytes, alone.constant_bytes) == (whole.arena_bytes, whole.constant_bytes)


def code_of(texts: dict[str, str]) -> list[str]:
    """The inference without what is said about its origin."""
    return texts["model_aot.c"].splitlines()[1:]


@pytest.mark.parametrize(
    ("content", "engine", "words"),
    [
        (tiny_model(), "tflm", "engine aot only"),
        (b"no model at all", "aot", "not a usable TFLite model"),
        (None, "aot", "no model file"),
    ],
)
def test_a_file_that_cannot_be_rendered_alone_is_refused(
    tmp_path: Path, content: bytes | None, engine: str, words: str
) -> None:
    file, out = tmp_path / "any.tflite", tmp_path / "out"
    if content is not None:
        file.write_bytes(content)
    command = ["render", "--model", str(file), "--engine", engine, "--out", str(out)]
    with pytest.raises(EctopyError, match=words) as caught:
        CliRunner().invoke(group, command, catch_exceptions=False, standalone_mode=False)
    assert caught.value.exit_code == 2 and caught.value.hint
    assert not out.exists()
