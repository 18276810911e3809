"""A real engine and model on both boards, operator by operator."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ectopy.aot import compile_graph
from ectopy.boards import BoardRequest, open_board
from ectopy.graph.reader import load_tflite
from ectopy.preprocess import quantize_windows, to_microvolts
from ectopy.protocol import InputFormat, Session
from ectopy.reference import ReferenceExecutor
from ectopy.toolchain import Image
from ectopy.usecases.build import BuildRequest, build_firmware
from ectopy.vocab import BoardName, EngineName, LinkKind
from ectopy.zoo import Bundle, open_bundle
from support.device_checks import random_mv

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return open_bundle("beat-3-eff-sm")


@pytest.fixture(scope="module", params=[BoardName.VIRT, BoardName.HOST])
def image(request: pytest.FixtureRequest, bundle: Bundle, tmp_path_factory) -> Image:
    out: Path = tmp_path_factory.mktemp(request.param)
    return build_firmware(
        BuildRequest(board=request.param, engine=EngineName.AOT, bundle=bundle, out_dir=out)
    )


@pytest.fixture
def session(image: Image) -> Iterator[Session]:
    kind = LinkKind.FAST if image.board is BoardName.VIRT else LinkKind.PIPE
    with open_board(BoardRequest(board=image.board, elf=image.elf, link=kind)) as board:
        opened = Session(board.link)
        opened.hello()
        yield opened


def test_hello_is_that_of_the_image(session: Session, image: Image, bundle: Bundle) -> None:
    hello = session.hello()
    assert hello.build_id == image.build_id
    assert hello.tflite_sha256 == image.tflite_sha256
    assert hello.arena_used_bytes == image.arena_predicted_bytes
    assert hello.classes == bundle.configuration.class_names
    assert hello.golden_vectors > 0


def test_golden_vectors_hold(session: Session) -> None:
    assert session.selftest() > 0


def test_every_operator_output_equals_the_reference(session: Session, bundle: Bundle) -> None:
    graph = load_tflite(bundle.tflite_path)
    microvolts = to_microvolts(random_mv(1, seed=5))
    (result,) = session.infer([microvolts[0].tobytes()], InputFormat.INT16_UV)
    quant = graph.input.quant
    assert quant is not None
    reference = ReferenceExecutor(graph)
    preprocess = bundle.configuration.preprocess
    quantized = quantize_windows(microvolts, preprocess, quant.scale, quant.zero_point)
    assert reference.invoke(quantized[0]).tobytes() == result.outputs
    tensors = reference.tensors()
    plan = compile_graph(graph)
    for op in graph.ops:
        placed = plan.has_place(op.outputs[0])
        expected = np.asarray(tensors[op.outputs[0]]).tobytes() if placed else b""
        assert session.dump(op.index) == expected, f"operator {op.index} {op.kind}"


def test_a_profile_has_every_operator_and_adds_up(session: Session, bundle: Bundle) -> None:
    microvolts = to_microvolts(random_mv(1, seed=6))
    (result,) = session.infer([microvolts[0].tobytes()], InputFormat.INT16_UV)
    profile = session.profile()
    assert len(profile) == len(load_tflite(bundle.tflite_path).ops)
    if session.hello().emulated:
        assert abs(sum(profile) - result.ticks_invoke) < 50 * len(profile)
