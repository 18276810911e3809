"""The engine tflm over an interpreter that keeps tflite-micro's contract, under sanitizers."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ectopy.aot import KernelSet, compile_graph
from ectopy.boards import BoardRequest, open_board
from ectopy.errors import LinkError
from ectopy.graph.reader import load_tflite
from ectopy.graph.types import Graph
from ectopy.protocol import InputFormat, Session
from ectopy.reference import ReferenceExecutor
from ectopy.vocab import BoardName
from ectopy.zoo import Bundle, open_bundle
from support.device_checks import RawLine
from support.tflm_contract import PERSISTENT_BYTES, VERSION, build_contract

BUNDLE = "beat-2-eff-sm"
"""It has all eight kinds of operators."""
WINDOW = np.random.default_rng(11).integers(-128, 128, 512).astype(np.int8)


@pytest.fixture(scope="module", autouse=True)
def channels_innermost() -> Iterator[None]:
    """The contract computes with portable kernels, whose tensors lie as those of TFLM."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("ectopy.aot.compiler.DEFAULT_KERNELS", KernelSet.REF)
        yield


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return open_bundle(BUNDLE)


@pytest.fixture(scope="module")
def graph(bundle: Bundle) -> Graph:
    return load_tflite(bundle.tflite_path)


@pytest.fixture(scope="module")
def needed(graph: Graph) -> int:
    return compile_graph(graph).arena_bytes + PERSISTENT_BYTES


@pytest.fixture(scope="module")
def elf(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as monkeypatch:
        return build_contract(bundle, tmp_path_factory.mktemp("tflm"), monkeypatch)


@pytest.fixture
def session(elf: Path) -> Iterator[Session]:
    with open_board(BoardRequest(board=BoardName.HOST, elf=elf)) as board:
        opened = Session(board.link)
        opened.hello()
        yield opened


def infer(session: Session) -> bytes:
    (result,) = session.infer([WINDOW.tobytes()], InputFormat.INT8)
    return result.outputs


def test_hello_tells_runtime_arena_and_operators(
    session: Session, graph: Graph, needed: int
) -> None:
    hello = session.hello()
    assert (hello.engine, hello.engine_version) == ("tflm", VERSION)
    assert hello.op_count == len(graph.ops)
    assert hello.arena_used_bytes == needed
    assert hello.arena_reserved_bytes >= needed
    assert hello.arena_reserved_bytes % 16 == 0


def test_outputs_and_golden_vectors_are_those_of_the_reference(
    session: Session, graph: Graph
) -> None:
    assert infer(session) == ReferenceExecutor(graph).invoke(WINDOW).tobytes()
    assert session.selftest() > 0


def test_every_operator_is_dumped_while_its_output_is_there(session: Session, graph: Graph) -> None:
    infer(session)
    reference = ReferenceExecutor(graph)
    reference.invoke(WINDOW)
    tensors = reference.tensors()
    for op in graph.ops:
        assert session.dump(op.index) == tensors[op.outputs[0]].tobytes(), f"operator {op.index}"
    with pytest.raises(LinkError, match="E_RANGE"):
        session.dump(len(graph.ops))


def test_a_profile_has_every_operator_and_leaves_the_engine_usable(
    session: Session, graph: Graph
) -> None:
    outputs = infer(session)
    assert len(session.profile()) == len(graph.ops)
    session.dump(3)  # its observer wants no more after operator 3
    assert len(session.profile()) == len(graph.ops)
    assert infer(session) == outputs


@pytest.mark.parametrize("short_bytes", [16, 8000, -16], ids=["16", "8000", "all but 16"])
def test_an_arena_too_small_is_said_in_hello_and_nothing_hangs(
    short_bytes: int, bundle: Bundle, needed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arena_bytes = needed - short_bytes if short_bytes > 0 else -short_bytes
    elf = build_contract(bundle, tmp_path, monkeypatch, arena_bytes=arena_bytes)
    with open_board(BoardRequest(board=BoardName.HOST, elf=elf)) as board:
        session = Session(board.link)
        with pytest.raises(LinkError, match=r"HELLO: E_SIZE") as caught:
            session.hello()
        assert "arena is too small" in caught.value.hint
        assert "bytes are missing" in caught.value.hint
        line = RawLine(board)
        for kind in (2, 3, 4, 5, 6):
            assert line.ask(kind, bytes(8) if kind == 4 else b"").status != 0


def test_an_arena_of_just_what_is_needed_is_enough(
    bundle: Bundle, needed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elf = build_contract(bundle, tmp_path, monkeypatch, arena_bytes=needed)
    with open_board(BoardRequest(board=BoardName.HOST, elf=elf)) as board:
        session = Session(board.link)
        assert session.hello().arena_used_bytes == needed
        assert session.selftest() > 0


@pytest.mark.parametrize(
    ("faults", "defines"),
    [(("FAULT_SILENT",), ("TF_LITE_STRIP_ERROR_STRINGS",)), (("FAULT_SILENT",), ())],
    ids=["release", "a library that was built otherwise than its headers say"],
)
def test_profile_and_dump_are_refused_with_advice_where_operators_are_not_told_apart(
    faults: tuple[str, ...],
    defines: tuple[str, ...],
    bundle: Bundle,
    graph: Graph,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    elf = build_contract(bundle, tmp_path, monkeypatch, faults=faults, defines=defines)
    with open_board(BoardRequest(board=BoardName.HOST, elf=elf)) as board:
        session = Session(board.link)
        session.hello()
        expected = ReferenceExecutor(graph).invoke(WINDOW).tobytes()
        assert infer(session) == expected
        for ask in (session.profile, lambda: session.dump(0)):
            with pytest.raises(LinkError, match="E_UNSUPPORTED") as caught:
                ask()
            assert "RUNTIME_VARIANT=release-with-logs" in caught.value.hint
        assert infer(session) == expected


def test_an_image_says_whether_its_runtime_may_run_on_an_emulator(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for refusal, marked in (("", True), ("the licence says no", False), ("", True)):
        elf = build_contract(bundle, tmp_path, monkeypatch, refusal=refusal)
        names = subprocess.run(["nm", str(elf)], check=True, capture_output=True, text=True).stdout
        assert " ect_tflm_model\n" in names
        assert (" R ect_tflm_may_be_emulated\n" in names) is marked


def test_a_missing_kernel_is_said_in_hello(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elf = build_contract(bundle, tmp_path, monkeypatch, faults=("FAULT_REGISTRATION",))
    with (
        open_board(BoardRequest(board=BoardName.HOST, elf=elf)) as board,
        pytest.raises(LinkError, match="HELLO: E_ENGINE"),
    ):
        Session(board.link).hello()


@pytest.mark.parametrize(("ample", "status"), [(True, "E_ENGINE"), (False, "E_SIZE")])
def test_a_kernel_that_refuses_its_operator_is_not_taken_for_a_small_arena(
    ample: bool,
    status: str,
    bundle: Bundle,
    needed: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arena_bytes = None if ample else needed
    elf = build_contract(
        bundle, tmp_path, monkeypatch, arena_bytes=arena_bytes, faults=("FAULT_PREPARE",)
    )
    with (
        open_board(BoardRequest(board=BoardName.HOST, elf=elf)) as board,
        pytest.raises(LinkError, match=f"HELLO: {status}") as caught,
    ):
        Session(board.link).hello()
    assert ("a larger arena would not help" in caught.value.hint) is ample
    assert "another runtime" in caught.value.hint or "another RUNTIME=" in caught.value.hint


def test_a_failing_inference_is_an_error_of_its_window(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elf = build_contract(bundle, tmp_path, monkeypatch, faults=("FAULT_INVOKE",))
    with open_board(BoardRequest(board=BoardName.HOST, elf=elf)) as board:
        session = Session(board.link)
        session.hello()
        with pytest.raises(LinkError, match="window 0: E_ENGINE"):
            infer(session)
