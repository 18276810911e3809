"""Images with engine tflm: where the arena comes from, and what is never run."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from ectopy.cli import group
from ectopy.codegen import generous_arena_bytes
from ectopy.cycles import ArenaNeed
from ectopy.errors import InputError
from ectopy.graph.reader import load_tflite
from ectopy.toolchain import MakeRequest, Runtime
from ectopy.usecases import arena as arena_module
from ectopy.usecases import build as usecase
from ectopy.usecases.build import BuildRequest, build_firmware, expected_build_id
from ectopy.usecases.profile import ProfileRequest, profile
from ectopy.vocab import BoardName, DatasetName, EngineName
from ectopy.zoo import open_bundle
from support.cortex_m4 import assemble

NEED = ArenaNeed(used_bytes=29_316, smallest_bytes=29_328)
BUNDLE = "beat-2-eff-sm"


class Builds:
    """Stands in for make and for the measuring; notes what was asked of them."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.elf = assemble(folder, {"ect_engine_invoke": "movs r0, 0\nbx lr"})
        self.made: list[MakeRequest] = []
        self.arenas: list[str] = []
        self.measured = 0
        self.runtime = Runtime(
            version="made up",
            include_dirs=(),
            defines=(),
            library=self.elf,
            library_sha256="0123456789abcdef" * 4,
        )
        monkeypatch.setattr(usecase, "make_firmware", self._make)
        monkeypatch.setattr(usecase, "find_runtime", lambda _request: self.runtime)
        monkeypatch.setattr(arena_module, "measure_arena", self._measure)

    def _make(self, request: MakeRequest, _progress: object) -> Path:
        self.made.append(request)
        lines = (request.generated / "model_tflm.c").read_text().splitlines()
        self.arenas += [line.split()[-1] for line in lines if "define ARENA_BYTES" in line]
        return self.elf

    def _measure(self, _elf: Path) -> ArenaNeed:
        self.measured += 1
        return NEED


@pytest.fixture
def builds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Builds:
    monkeypatch.delenv("ARENA_BYTES", raising=False)
    return Builds(tmp_path, monkeypatch)


def request_in(folder: Path, *, operators: bool = False) -> BuildRequest:
    return BuildRequest(
        board=BoardName.VIRT,
        engine=EngineName.TFLM,
        bundle=open_bundle(BUNDLE),
        out_dir=folder / "out",
        operators=operators,
    )


def test_the_arena_is_measured_once_and_then_just_large_enough(
    builds: Builds, tmp_path: Path
) -> None:
    image = build_firmware(request_in(tmp_path))
    assert builds.arenas == ["16", "29328"]
    assert (image.arena_predicted_bytes, image.emulation_refusal) == (29_316, "")
    assert build_firmware(request_in(tmp_path)) == image
    assert builds.arenas == ["16", "29328", "29328"]
    assert builds.measured == 1
    assert all(request.runtime is builds.runtime for request in builds.made)
    assert "library sha256 0123456789ab" in image.toolchain
    assert expected_build_id(request_in(tmp_path)) == image.build_id


def test_another_library_is_measured_again(builds: Builds, tmp_path: Path) -> None:
    first = build_firmware(request_in(tmp_path))
    builds.runtime = Runtime(
        version="made up",
        include_dirs=(),
        defines=(),
        library=builds.elf,
        library_sha256="f" * 64,
    )
    assert build_firmware(request_in(tmp_path)).build_id != first.build_id
    assert builds.measured == 2


def test_more_arena_is_reserved_where_asked_for(
    builds: Builds, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARENA_BYTES", "40000")
    assert build_firmware(request_in(tmp_path)).arena_predicted_bytes == 29_316
    assert builds.arenas == ["16", "40000"]


def test_what_a_licence_keeps_off_emulators_is_neither_measured_nor_profiled(
    builds: Builds, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builds.runtime = Runtime(
        version="made up",
        include_dirs=(),
        defines=(),
        library=builds.elf,
        library_sha256="0" * 64,
        emulation_refusal="the licence says no",
    )
    image = build_firmware(request_in(tmp_path))
    assert builds.measured == 0
    bound = generous_arena_bytes(load_tflite(open_bundle(BUNDLE).tflite_path))
    assert image.arena_predicted_bytes == bound
    assert image.emulation_refusal == "the licence says no"
    monkeypatch.setattr(usecase, "BUILD_DIR", tmp_path)
    built = CliRunner().invoke(group, ["build", "--engine", "tflm", "--model", BUNDLE])
    assert f"of that arena at most {bound:,};" in " ".join(built.output.split())
    wanted = ProfileRequest(model=BUNDLE, engine=EngineName.TFLM, dataset=DatasetName.SYNTHETIC)
    with pytest.raises(InputError, match="is an emulator, and the licence says no"):
        profile(wanted)


def test_images_that_tell_operators_apart_have_their_own_folder() -> None:
    bundle = open_bundle(BUNDLE)
    folders = {
        BuildRequest(
            board=BoardName.VIRT, engine=engine, bundle=bundle, operators=operators
        ).folder.name
        for engine in (EngineName.AOT, EngineName.TFLM)
        for operators in (False, True)
    }
    assert folders == {
        "virt-aot-beat-2-eff-sm",
        "virt-tflm-beat-2-eff-sm",
        "virt-tflm-with-logs-beat-2-eff-sm",
    }


@pytest.mark.parametrize("command", ["build", "profile", "diff", "bench"])
def test_without_a_runtime_every_command_says_what_is_needed(
    command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("TFLM", "NEURALSPOT", "RUNTIME", "RUNTIME_VARIANT", "TFLM_LIB"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(usecase, "BUILD_DIR", tmp_path)
    data = [] if command == "build" else ["--dataset", "synthetic"]
    result = CliRunner().invoke(group, [command, "--engine", "tflm", *data])
    assert isinstance(result.exception, InputError)
    assert "TFLM=" in result.exception.message
    assert "NEURALSPOT=" in result.exception.message


def test_the_render_command_says_that_the_arena_is_not_yet_measured(tmp_path: Path) -> None:
    arguments = ["render", "--engine", "tflm", "--model", BUNDLE, "--out", str(tmp_path)]
    result = CliRunner().invoke(group, arguments)
    assert result.exit_code == 0, result.output
    assert "60 operators" in result.output
    assert "ectopy build measures it" in " ".join(result.output.split())
    assert {path.name for path in tmp_path.iterdir()} == {
        *("model_info.c", "model_tflm.c", "model_tflm_ops.cc")
    }
