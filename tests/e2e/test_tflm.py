"""Engine tflm with a real runtime, where TFLM= or NEURALSPOT= names one.

That engine and generated sources compile here against the real headers is also the check of the
contract headers in tests/firmware/tflm_contract.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ectopy.boards import BoardRequest, open_board
from ectopy.cycles import estimate
from ectopy.errors import BudgetError, InputError, LinkError
from ectopy.graph.reader import load_tflite
from ectopy.protocol import InputFormat, Session
from ectopy.reference import ReferenceExecutor
from ectopy.toolchain import (
    Image,
    MakeRequest,
    RuntimeRequest,
    find_runtime,
    make_firmware,
    read_memory_map,
)
from ectopy.usecases.build import BuildRequest, build_firmware
from ectopy.usecases.diff import prepare
from ectopy.usecases.diff_types import DiffRequest
from ectopy.usecases.profile import ProfileRequest, profile
from ectopy.usecases.render import render
from ectopy.vocab import BoardName, EngineName, LinkKind
from ectopy.zoo import open_bundle

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        not (os.environ.get("TFLM") or os.environ.get("NEURALSPOT")),
        reason="no TFLM runtime: neither TFLM= nor NEURALSPOT= is set",
    ),
]

MODELS = ["beat-2-eff-sm", "beat-3-eff-sm"]
WINDOW = np.random.default_rng(7).integers(-128, 128, 512).astype(np.int8)
KNOWN = {
    ("tflite-micro 90b983c2b3f1 release", "beat-2-eff-sm"): (8_919_222, 28_900),
    ("tflite-micro 90b983c2b3f1 release", "beat-3-eff-sm"): (9_135_817, 32_692),
    ("helia_rt_v1_3_0 release", "beat-2-eff-sm"): (6_367_763, 29_300),
    ("helia_rt_v1_3_0 release", "beat-3-eff-sm"): (6_640_029, 33_124),
}
"""Instructions and arena bytes that other people's firmware was measured with."""
HEAP = {"_sbrk", "malloc", "_malloc_r", "free", "_free_r", "operator new", "_Znwj", "_ZdlPv"}


def image_of(name: str, folder: Path, *, operators: bool) -> Image:
    return build_firmware(
        BuildRequest(
            board=BoardName.VIRT,
            engine=EngineName.TFLM,
            bundle=open_bundle(name),
            out_dir=folder,
            operators=operators,
        )
    )


@pytest.fixture(scope="module", params=MODELS)
def watched(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Image:
    """With the library that tells operators apart."""
    return image_of(request.param, tmp_path_factory.mktemp("watched"), operators=True)


@pytest.fixture(scope="module", params=MODELS)
def plain(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Image:
    """With the release library."""
    return image_of(request.param, tmp_path_factory.mktemp("plain"), operators=False)


def opened(elf: Path) -> Iterator[Session]:
    request = BoardRequest(board=BoardName.VIRT, elf=elf, link=LinkKind.FAST)
    with open_board(request) as board:
        yield Session(board.link)


@pytest.fixture
def watched_session(watched: Image) -> Iterator[Session]:
    yield from opened(watched.elf)


@pytest.fixture
def plain_session(plain: Image) -> Iterator[Session]:
    yield from opened(plain.elf)


def test_every_operator_of_the_device_equals_the_reference(
    watched: Image, watched_session: Session
) -> None:
    hello = watched_session.hello()
    graph = load_tflite(open_bundle(hello.model).tflite_path)
    (result,) = watched_session.infer([WINDOW.tobytes()], InputFormat.INT8)
    reference = ReferenceExecutor(graph)
    assert result.outputs == reference.invoke(WINDOW).tobytes()
    tensors = reference.tensors()
    for op in graph.ops:
        assert watched_session.dump(op.index) == tensors[op.outputs[0]].tobytes(), op.index
    assert len(watched_session.profile()) == len(graph.ops) == hello.op_count
    assert watched_session.selftest() > 0
    assert hello.build_id == watched.build_id


def test_operators_of_the_cycle_model_add_up_to_the_counts_of_the_board(
    watched: Image, watched_session: Session
) -> None:
    count = watched_session.hello().op_count
    modelled = estimate(watched.elf, WINDOW)
    (result,) = watched_session.infer([WINDOW.tobytes()], InputFormat.INT8)
    assert modelled.outputs.tobytes() == result.outputs
    assert len(modelled.operators) == len(modelled.dearest) == count
    assert 0 < result.ticks_invoke - modelled.instructions < 40
    in_operators = sum(tally.instructions for tally in modelled.operators)
    assert 0 < modelled.instructions - in_operators < 1000
    assert any("conv" in name for name in modelled.dearest)


def test_the_arena_is_what_the_build_measured_and_the_smallest_that_works(
    plain: Image, plain_session: Session
) -> None:
    hello = plain_session.hello()
    assert hello.arena_used_bytes == plain.arena_predicted_bytes
    assert 0 <= hello.arena_reserved_bytes - hello.arena_used_bytes < 16
    (result,) = plain_session.infer([WINDOW.tobytes()], InputFormat.INT8)
    known = KNOWN.get((hello.engine_version, hello.model))
    if known is not None:
        assert result.ticks_invoke == pytest.approx(known[0], rel=0.01)
        assert hello.arena_used_bytes == pytest.approx(known[1], rel=0.01)


def test_a_release_image_refuses_to_tell_operators_apart(plain_session: Session) -> None:
    plain_session.hello()
    list(plain_session.infer([WINDOW.tobytes()], InputFormat.INT8))
    for ask in (plain_session.profile, lambda: plain_session.dump(0)):
        with pytest.raises(LinkError, match="E_UNSUPPORTED"):
            ask()


def test_an_image_that_does_not_say_that_it_may_be_emulated_is_not_profiled(
    watched: Image, tmp_path: Path
) -> None:
    assert estimate(watched.elf, WINDOW).instructions > 0
    unmarked = tmp_path / "unmarked.elf"
    command = ["arm-none-eabi-objcopy", "--strip-symbol=ect_tflm_may_be_emulated"]
    subprocess.run([*command, str(watched.elf), str(unmarked)], check=True)
    (model,) = (
        name
        for name in MODELS
        if load_tflite(open_bundle(name).tflite_path).sha256 == watched.tflite_sha256
    )
    wanted = ProfileRequest(model=model, engine=EngineName.TFLM, elf=unmarked)
    with pytest.raises(InputError, match="Ambiq's CPUs only"):
        profile(wanted)
    sought = DiffRequest(model=model, engine=EngineName.TFLM, elf=unmarked, limit=1)
    with pytest.raises(InputError, match="Ambiq's CPUs only"):
        prepare(sought)


def test_no_image_has_a_heap_or_constructors(plain: Image, watched: Image) -> None:
    for image in (plain, watched):
        table = subprocess.run(
            ["arm-none-eabi-nm", str(image.elf)], check=True, capture_output=True, text=True
        ).stdout
        assert not HEAP & {line.split()[-1] for line in table.splitlines()}
        sections = {piece.section for piece in read_memory_map(image.elf).pieces}
        assert not {".init_array", ".ctors"} & sections


@pytest.mark.parametrize("forced_bytes", [16, 20_000])
def test_an_arena_too_small_is_refused_by_the_build_and_by_the_device(
    forced_bytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = open_bundle(MODELS[0])
    monkeypatch.setenv("ARENA_BYTES", "20000")
    with pytest.raises(BudgetError, match=r"arena of 20,000 bytes is too small.*are missing"):
        image_of(MODELS[0], tmp_path, operators=False)
    # The same by force: the build that would have refused is left out.
    render(bundle, EngineName.TFLM, tmp_path / "generated", forced_bytes)
    request = RuntimeRequest.from_environment(BoardName.VIRT, os.environ, operators=False)
    elf = make_firmware(
        MakeRequest(
            board=BoardName.VIRT,
            engine=EngineName.TFLM,
            generated=tmp_path / "generated",
            out=tmp_path,
            build_id="forced",
            runtime=find_runtime(request),
        )
    )
    for session in opened(elf):
        with pytest.raises(LinkError, match="HELLO: E_SIZE"):
            session.hello()
