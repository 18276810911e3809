"""Which TFLM runtime is linked, and why another one is not: each reason with a made-up tree."""

import hashlib
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from ectopy.errors import EctopyError, InputError, ToolError
from ectopy.toolchain import Compiler, Runtime, RuntimeRequest, compute_build_id, find_runtime
from ectopy.toolchain import runtime as runtime_module
from ectopy.vocab import BoardName, EngineName
from support.cortex_m4 import require_toolchain
from support.runtime_trees import (
    AMBIQ,
    APACHE,
    M4,
    PACKED,
    UPSTREAM,
    make_library,
    make_tree,
    write,
)

BOTH = {"release": False, "release-with-logs": True}
UPSTREAM_BOTH = {"release_cmsis_nn": False, "release_with_logs_cmsis_nn": True}


@pytest.fixture(autouse=True)
def _toolchain() -> None:
    require_toolchain()


@pytest.fixture
def upstream(tmp_path: Path) -> Path:
    return make_tree(tmp_path / "tflite-micro", variants=UPSTREAM_BOTH)


@pytest.fixture
def neuralspot(tmp_path: Path) -> Path:
    shelf = tmp_path / "neuralSPOT" / "extern" / "tensorflow"
    make_tree(shelf / "helia_rt_v1_3_0", library=PACKED, variants=BOTH)
    make_tree(shelf / "helia_rt_v1_6_0", library=PACKED, variants=BOTH, licence=AMBIQ)
    return tmp_path / "neuralSPOT"


def found(operators: bool = False, **variables: object) -> Runtime:
    environment = {name.upper(): str(value) for name, value in variables.items()}
    return find_runtime(
        RuntimeRequest.from_environment(BoardName.VIRT, environment, operators=operators)
    )


def refused(
    kind: type[EctopyError], words: str, operators: bool = False, **variables: object
) -> str:
    with pytest.raises(kind, match=words) as caught:
        found(operators, **variables)
    assert type(caught.value) is kind
    assert caught.value.hint
    return caught.value.hint


def test_an_upstream_tree_is_taken_with_the_release_library(upstream: Path) -> None:
    runtime = found(tflm=upstream)
    assert runtime.library == upstream / UPSTREAM.format("release_cmsis_nn")
    assert runtime.library_sha256 == hashlib.sha256(runtime.library.read_bytes()).hexdigest()
    assert runtime.version == f"tflite-micro library {runtime.library_sha256[:8]} release"
    assert {"TF_LITE_STATIC_MEMORY", "TF_LITE_STRIP_ERROR_STRINGS"} < set(runtime.defines)
    assert {"CMSIS_NN"} < set(runtime.defines)
    downloads = upstream / "tensorflow/lite/micro/tools/make/downloads"
    assert {upstream, downloads / "flatbuffers/include"} < set(runtime.include_dirs)


def test_operators_told_apart_need_the_library_with_logs(upstream: Path) -> None:
    runtime = found(operators=True, tflm=upstream)
    assert runtime.library == upstream / UPSTREAM.format("release_with_logs_cmsis_nn")
    assert "TF_LITE_STRIP_ERROR_STRINGS" not in runtime.defines
    assert runtime.version.endswith("release-with-logs")
    assert found(tflm=upstream, runtime_variant="release-with-logs") == runtime


def test_a_checkout_is_named_by_its_commit(upstream: Path) -> None:
    git = ["git", "-C", str(upstream), "-c", "user.name=n", "-c", "user.email=e"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "one"], check=True)
    commit = subprocess.run(
        [*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout
    assert found(tflm=upstream).version == f"tflite-micro {commit[:12]} release"


def test_a_library_without_cmsis_nn_is_taken_after_one_with_it(tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "tree", variants={})
    make_library(tree / UPSTREAM.format("release"), logs=False, int8=False)
    runtime = found(tflm=tree)
    assert runtime.library == tree / UPSTREAM.format("release")
    assert "CMSIS_NN" not in runtime.defines
    make_library(tree / UPSTREAM.format("release_cmsis_nn"), logs=False)
    assert found(tflm=tree).library == tree / UPSTREAM.format("release_cmsis_nn")


def test_an_emulated_board_takes_the_runtime_under_apache_of_neuralspot(neuralspot: Path) -> None:
    runtime = found(neuralspot=neuralspot)
    assert runtime.version == "helia_rt_v1_3_0 release"
    assert "AMBIQ" in runtime.defines
    tree = neuralspot / "extern/tensorflow/helia_rt_v1_3_0"
    assert runtime.library == tree / PACKED.format("release")
    assert tree / "third_party/flatbuffers/include" in runtime.include_dirs


def test_silicon_takes_any_runtime_and_by_default_the_newest_known(
    neuralspot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime_module, "EMULATED", frozenset())
    assert found(neuralspot=neuralspot, runtime="helia_rt_v1_6_0").version.startswith(
        "helia_rt_v1_6"
    )
    runtime = found(neuralspot=neuralspot)
    assert runtime.version == "helia_rt_v1_6_0 release"
    assert "Ambiq's CPUs only" in runtime.emulation_refusal
    assert not found(neuralspot=neuralspot, runtime="helia_rt_v1_3_0").emulation_refusal


def test_a_runtime_for_ambiq_processors_only_is_refused_with_the_reason(neuralspot: Path) -> None:
    words = r"SDK License of helia_rt_v1_6_0 \(LICENSE\) allows execution on Ambiq's CPUs only"
    hint = refused(InputError, words, neuralspot=neuralspot, runtime="helia_rt_v1_6_0")
    assert "helia_rt_v1_3_0 (Apache-2.0)" in hint
    tree = neuralspot / "extern/tensorflow/helia_rt_v1_6_0"
    refused(InputError, words, tflm=tree)


def test_a_library_for_ambiq_processors_only_is_refused_from_another_tree(
    upstream: Path, neuralspot: Path
) -> None:
    library = neuralspot / "extern/tensorflow/helia_rt_v1_6_0" / PACKED.format("release")
    refused(InputError, "Ambiq's CPUs only", tflm=upstream, tflm_lib=library)
    built = upstream / UPSTREAM.format("release_cmsis_nn")
    built.unlink()
    built.symlink_to(library)
    refused(InputError, "Ambiq's CPUs only", tflm=upstream)


def test_a_library_without_any_licence_is_refused_on_an_emulated_board(
    upstream: Path, tmp_path: Path
) -> None:
    library = make_library(tmp_path / "elsewhere" / "lib.a", logs=False)
    refused(InputError, "elsewhere/LICENSE is missing", tflm=upstream, tflm_lib=library)
    write(tmp_path / "elsewhere" / "LICENSE", APACHE)
    assert found(tflm=upstream, tflm_lib=library).library == library


def test_a_library_is_found_from_where_the_command_was_called(
    upstream: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(upstream)
    library = found(tflm=".", tflm_lib=UPSTREAM.format("release_cmsis_nn")).library
    assert library == upstream / UPSTREAM.format("release_cmsis_nn")


def test_a_part_for_ambiq_processors_only_is_refused_too(neuralspot: Path) -> None:
    part = "extern/tensorflow/helia_rt_v1_3_0/third_party/ns_cmsis_nn/LICENSE"
    write(neuralspot / part, AMBIQ)
    refused(InputError, "third_party/ns_cmsis_nn/LICENSE", neuralspot=neuralspot)


@pytest.mark.parametrize("licence", ["", "All rights reserved."], ids=["none", "unknown"])
def test_an_unknown_licence_is_refused_on_an_emulated_board(licence: str, tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "tree", variants=UPSTREAM_BOTH, licence=licence)
    refused(InputError, "not known whether", tflm=tree)
    write(tree / "LICENSE", APACHE)
    assert found(tflm=tree)


def test_without_a_runtime_both_ways_are_named() -> None:
    with pytest.raises(InputError, match=r"TFLM=.*NEURALSPOT=") as caught:
        found()
    assert caught.value.exit_code == 2


def test_contradictions_and_nonsense_are_input_errors(upstream: Path, neuralspot: Path) -> None:
    refused(InputError, "both TFLM= and RUNTIME=", tflm=upstream, runtime="helia_rt_v1_3_0")
    hint = refused(InputError, "RUNTIME_VARIANT=debug", tflm=upstream, runtime_variant="debug")
    assert "release or release-with-logs" in hint
    refused(
        InputError, "does not tell operators apart", True, tflm=upstream, runtime_variant="release"
    )
    refused(InputError, "TFLM_LIB= is given without TFLM=", neuralspot=neuralspot, tflm_lib="a.a")
    refused(InputError, "TFLM=.*is no folder", tflm=upstream / "no")
    refused(InputError, "NEURALSPOT=.*is no folder", neuralspot=upstream / "no")


def test_board_host_has_no_runtime(upstream: Path) -> None:
    request = RuntimeRequest(board=BoardName.HOST, tflm=str(upstream))
    with pytest.raises(InputError, match="no library for board host"):
        find_runtime(request)


def test_an_unknown_runtime_or_another_folder_than_neuralspot_is_said(
    neuralspot: Path, tmp_path: Path
) -> None:
    hint = refused(
        ToolError, "no runtime helia_rt_v9", neuralspot=neuralspot, runtime="helia_rt_v9"
    )
    assert "helia_rt_v1_3_0, helia_rt_v1_6_0" in hint
    (tmp_path / "empty").mkdir()
    hint = refused(ToolError, "no runtime helia_rt_v1_3_0", neuralspot=tmp_path / "empty")
    assert "checkout" in hint


@pytest.mark.parametrize(
    "header",
    [
        "tensorflow/lite/micro/micro_interpreter.h",
        "tensorflow/lite/micro/kernels/conv.h",
        "tensorflow/lite/micro/tools/make/downloads/flatbuffers/include/flatbuffers/flatbuffers.h",
    ],
)
def test_a_missing_header_is_named(upstream: Path, header: str) -> None:
    (upstream / header).unlink()
    refused(
        ToolError,
        header.removeprefix("tensorflow/lite/micro/tools/make/downloads/").split("/")[-1],
        tflm=upstream,
    )


def test_a_missing_library_is_named_with_how_to_make_it(upstream: Path, neuralspot: Path) -> None:
    (upstream / UPSTREAM.format("release_cmsis_nn")).unlink()
    hint = refused(ToolError, "release_cmsis_nn_gcc/lib has no", tflm=upstream)
    assert "TARGET_ARCH=cortex-m4+fp" in hint
    assert "TFLM_LIB=" in hint
    refused(ToolError, "absent.a is missing", tflm=upstream, tflm_lib=upstream / "absent.a")
    packed = neuralspot / "extern/tensorflow/helia_rt_v1_3_0" / PACKED.format("release")
    packed.unlink()
    refused(ToolError, f"{packed.name} is missing", neuralspot=neuralspot)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("-mcpu=cortex-m3", "-mthumb"), "another processor.*TAG_CPU_ARCH 10, wanted 13"),
        (("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=soft"), "another float ABI than hard"),
        ((*M4, "-fno-short-enums"), "enums of another size"),
    ],
)
def test_a_library_for_something_else_is_refused(
    upstream: Path, flags: tuple[str, ...], words: str
) -> None:
    odd = make_library(
        upstream / "odd.a", logs=False, flags=flags, more="enum e { A } e; float f = 1;\n"
    )
    hint = refused(ToolError, words, tflm=upstream, tflm_lib=odd)
    assert "cortex-m4+fp" in hint


def test_a_library_of_the_other_variant_is_refused(upstream: Path) -> None:
    release = upstream / UPSTREAM.format("release_cmsis_nn")
    logs = upstream / UPSTREAM.format("release_with_logs_cmsis_nn")
    hint = refused(
        ToolError,
        "built as release, wanted is release-with-logs",
        True,
        tflm=upstream,
        tflm_lib=release,
    )
    assert "TFLM_LIB=" in hint
    hint = refused(ToolError, "built as release-with-logs", tflm=upstream, tflm_lib=logs)
    assert "RUNTIME_VARIANT=release-with-logs" in hint


def test_a_library_without_an_index_is_refused(upstream: Path) -> None:
    library = upstream / UPSTREAM.format("release_cmsis_nn")
    member = library.parent / "source.o"
    library.unlink()
    subprocess.run(["arm-none-eabi-ar", "qcS", str(library), str(member)], check=True)
    refused_text = "not a usable static library: it has no index"
    with pytest.raises(ToolError, match=refused_text):
        found(tflm=upstream)


def damaged(library: Path, how: str) -> bytes:
    data = library.read_bytes()
    return {
        "text": b"version https://git-lfs.github.com/spec/v1\n",
        "truncated": data[: len(data) // 2],
        "no object": data[:8],
        "no number": data[:56] + b"xx" + data[58:],
    }[how]


@pytest.mark.parametrize("how", ["text", "truncated", "no object", "no number"])
def test_a_damaged_library_is_an_error_and_not_a_crash(upstream: Path, how: str) -> None:
    library = upstream / UPSTREAM.format("release_cmsis_nn")
    library.write_bytes(damaged(library, how))
    with pytest.raises(ToolError, match="not a usable static library"):
        found(tflm=upstream)


def test_the_build_id_depends_on_library_and_defines(upstream: Path) -> None:
    compiler = Compiler(program="cc", version="1")

    def build_id(runtime: Runtime | None) -> str:
        return compute_build_id(BoardName.VIRT, EngineName.TFLM, compiler, {}, runtime)

    one = found(tflm=upstream)
    make_library(one.library, logs=False, more="int another;\n")
    ids = [build_id(each) for each in (None, one, found(tflm=upstream), found(True, tflm=upstream))]
    assert len(set(ids)) == 4
    assert build_id(one) == ids[1]
    # The image says whether it may run on an emulator.
    assert build_id(replace(one, emulation_refusal="no")) not in ids
