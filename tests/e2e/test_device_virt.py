"""The application on the virtual EVB, with an engine that needs no compiler of ours."""

import itertools
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from ectopy.boards import Board, BoardRequest, open_board
from ectopy.boards import process as board_process
from ectopy.errors import LinkError
from ectopy.protocol import InferResult, InputFormat, Session, Timing
from ectopy.protocol.framing import Frame, encode
from ectopy.protocol.schema import Kind
from ectopy.vocab import BoardName, LinkKind, TickUnit
from support.device_checks import encoded, expected_outputs, random_mv
from support.fake_firmware import build_virt

pytestmark = pytest.mark.e2e
LINKS = [LinkKind.UART, LinkKind.FAST]
WINDOW = bytes(512)


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_virt(tmp_path_factory.mktemp("virt") / "firmware.elf")


Opener = Callable[[LinkKind], AbstractContextManager[Board]]


@pytest.fixture
def boot(elf: Path) -> Opener:
    return lambda kind: open_board(BoardRequest(board=BoardName.VIRT, elf=elf, link=kind))


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[board_process.Child]]:
    """Every process started by the test; all must have ended by its end."""
    started: list[board_process.Child] = []

    class Watched(board_process.Child):
        def __enter__(self) -> board_process.Child:
            started.append(self)
            return super().__enter__()

    monkeypatch.setattr("ectopy.boards.virt.Child", Watched)
    yield started
    assert started
    assert all(child.popen.returncode is not None for child in started)


def run(boot: Opener, kind: LinkKind, fmt: InputFormat, count: int) -> list[InferResult]:
    windows = random_mv(count)
    with boot(kind) as board:
        session = Session(board.link)
        session.hello()
        results = list(session.infer(encoded(windows, fmt), fmt))
        assert session.counters.retries == session.counters.crc_errors == 0
    assert [result.outputs for result in results] == expected_outputs(windows)
    return results


@pytest.mark.parametrize("kind", LINKS)
@pytest.mark.parametrize("fmt", list(InputFormat))
def test_outputs_are_those_of_the_host(boot: Opener, kind: LinkKind, fmt: InputFormat) -> None:
    run(boot, kind, fmt, 12)


def test_instruction_counts_are_equal_from_run_to_run_and_on_both_links(boot: Opener) -> None:
    runs = [run(boot, kind, InputFormat.INT16_UV, 20) for kind in (*LINKS, LinkKind.FAST)]
    assert runs[0] == runs[1] == runs[2]
    assert len({result.ticks_invoke for result in runs[0]}) == 1
    assert 1000 < runs[0][0].ticks_invoke < 50_000


@pytest.mark.parametrize("kind", LINKS)
def test_ticks_are_exact_at_every_phase_of_the_timer(boot: Opener, kind: LinkKind) -> None:
    with boot(kind) as board:
        session = Session(board.link)
        session.hello()
        results = list(session.infer([b"TICK" + WINDOW[4:]] * 3, InputFormat.INT8))
    assert len({(result.outputs[0], result.outputs[1]) for result in results}) == 1
    least, most = results[0].outputs[:2]
    assert 7 < least == most < 60


@pytest.mark.parametrize("kind", LINKS)
def test_everything_else_a_device_can_do(boot: Opener, kind: LinkKind) -> None:
    with boot(kind) as board:
        session = Session(board.link)
        hello = session.hello()
        assert (hello.board, hello.emulated, hello.cpu) == ("virt", True, "cortex-m4f")
        assert hello.tick_unit is TickUnit.INSTRUCTIONS
        (result,) = session.infer([WINDOW], InputFormat.INT8)
        assert session.profile() == session.profile()
        assert 0 < sum(session.profile()) < 2 * result.ticks_invoke
        assert session.dump(0) == WINDOW
        assert session.selftest() == 2
        stats = session.stats()
        assert 100 < stats.stack_high_water_bytes < stats.stack_size_bytes == 16384
        session.reset()
        session.hello()
        assert session.stats().inferences == 0
        assert len(list(session.infer([WINDOW] * 5, InputFormat.INT8))) == 5


@pytest.mark.parametrize("kind", LINKS)
def test_a_restart_in_mid_run_is_told(boot: Opener, kind: LinkKind) -> None:
    with boot(kind) as board:
        session = Session(board.link)
        session.hello()

        def windows() -> Iterator[bytes]:
            for i in range(40):
                if i == 10:
                    board.link.write(encode(Frame(kind=Kind.RESET, status=0, seq=999, body=b"")))
                yield WINDOW

        results = []
        with pytest.raises(LinkError, match="restarted") as caught:
            results.extend(session.infer(windows(), InputFormat.INT8))
        assert caught.value.hint
        assert len(results) == 10


@pytest.mark.parametrize("kind", LINKS)
def test_a_killed_qemu_is_told_at_once(boot: Opener, kind: LinkKind, children) -> None:
    began = time.monotonic()
    with boot(kind) as board:
        session = Session(board.link)
        session.hello()

        def windows() -> Iterator[bytes]:
            for i in itertools.count():
                if i == 10:
                    os.kill(children[0].popen.pid, signal.SIGKILL)
                yield WINDOW

        with pytest.raises(LinkError, match=r"QEMU ended unexpectedly \(killed by signal 9"):
            list(session.infer(windows(), InputFormat.INT8))
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("kind", LINKS)
@pytest.mark.parametrize(
    ("magic", "words"), [(b"TRAP", "processor fault at pc="), (b"DEEP", "stack overflow")]
)
def test_a_fault_is_told_in_the_last_words(
    boot: Opener, kind: LinkKind, magic: bytes, words: str, children
) -> None:
    with boot(kind) as board:
        session = Session(board.link)
        session.hello()
        with pytest.raises(LinkError, match=words):
            list(session.infer([WINDOW, magic + WINDOW[4:]], InputFormat.INT8))


@pytest.mark.parametrize("kind", LINKS)
def test_a_hanging_engine_is_given_up_and_qemu_ends(boot: Opener, kind: LinkKind, children) -> None:
    with boot(kind) as board:
        session = Session(board.link, Timing(reply_s=0.2, attempts=3))
        session.hello()
        with pytest.raises(LinkError, match="fell silent"):
            list(session.infer([WINDOW, b"HANG" + WINDOW[4:]], InputFormat.INT8))
        assert session.counters.windows_lost == 1


@pytest.mark.parametrize("kind", LINKS)
def test_qemu_ends_on_ctrl_c(boot: Opener, kind: LinkKind, children) -> None:
    with pytest.raises(KeyboardInterrupt), boot(kind) as board:
        Session(board.link).hello()
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("ballast", "region"),
    [("const char ballast[2000000] = {1};", "MRAM"), ("char ballast[400000];", "TCM")],
)
def test_an_image_beyond_the_budget_does_not_link(tmp_path: Path, ballast, region) -> None:
    source = tmp_path / "ballast.c"
    source.write_text(ballast)
    with pytest.raises(AssertionError, match=f"region `{region}' overflowed"):
        build_virt(tmp_path / "firmware.elf", source)
