"""The application on the board ``host``, under address and undefined-behaviour sanitizers."""

import itertools
import random
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ectopy.boards import Board, BoardRequest, open_board
from ectopy.errors import LinkError
from ectopy.protocol import InputFormat, Kind, Session, Status, Timing, schema
from ectopy.vocab import BoardName, TickUnit
from support.device_checks import (
    RawLine,
    encoded,
    expected_outputs,
    outputs_of,
    random_mv,
)
from support.fake_device import Disturbance
from support.fake_firmware import build_host


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_host(tmp_path_factory.mktemp("host") / "firmware")


@pytest.fixture
def board(elf: Path) -> Iterator[Board]:
    with open_board(BoardRequest(board=BoardName.HOST, elf=elf)) as opened:
        yield opened


def test_hello_tells_what_is_compiled_in(board: Board) -> None:
    hello = Session(board.link).hello()
    assert (hello.board, hello.engine, hello.model) == ("host", "fake", "fake-3")
    assert hello.tick_unit is TickUnit.NANOSECONDS
    assert hello.classes == ("N", "PAC", 'PV"C')
    assert hello.input.scale == float(np.float32(0.047))
    assert (hello.input.zero_point, hello.output.zero_point) == (-5, -128)
    assert hello.op_count == 3


@pytest.mark.parametrize("fmt", list(InputFormat))
def test_all_formats_give_the_outputs_of_the_host(board: Board, fmt: InputFormat) -> None:
    session = Session(board.link)
    session.hello()
    windows = random_mv(40)
    results = list(session.infer(encoded(windows, fmt), fmt))
    assert [result.outputs for result in results] == expected_outputs(windows)
    assert all(r.ticks_total >= r.ticks_preprocess + r.ticks_invoke for r in results)
    stats = session.stats()
    assert (stats.inferences, stats.repeats, stats.damaged) == (40, 0, 0)


def test_every_window_is_computed_once_over_a_bad_link(board: Board) -> None:
    session = Session(board.link, Timing(reply_s=0.05, attempts=50))
    session.hello()
    disturb = Disturbance(3, lose=0.05, double=0.1, flip=0.05, noise=0.1)
    honest = board.link.write
    board.link.write = lambda data: honest(disturb(data))  # type: ignore[method-assign]
    windows = random_mv(200)
    results = list(session.infer(encoded(windows, InputFormat.INT16_UV), InputFormat.INT16_UV))
    board.link.write = honest  # type: ignore[method-assign]
    assert [result.outputs for result in results] == expected_outputs(windows)
    assert session.counters.retries > 0
    stats = session.stats()
    assert stats.inferences == 200
    assert stats.damaged > 0
    assert stats.repeats > 0


def test_dump_and_profile_see_the_last_window(board: Board) -> None:
    session = Session(board.link)
    session.hello()
    window = np.arange(512).astype(np.int8)
    list(session.infer([window.tobytes()], InputFormat.INT8))
    assert session.dump(0) == window.tobytes()
    assert session.dump(2) == outputs_of(window)
    assert len(session.profile()) == 3
    assert session.selftest() == 2
    assert session.dump(0) == window.tobytes()
    with pytest.raises(LinkError, match="E_RANGE"):
        session.dump(3)


def test_a_dump_comes_in_the_pieces_asked_for(board: Board) -> None:
    line = RawLine(board)
    line.hello()
    window = bytes(i % 256 for i in range(512))
    assert line.ask(Kind.INFER, b"\0" + window).status == 0
    for offset, length in [(0, 10), (500, 100), (512, 5), (3, 0)]:
        reply = line.ask(Kind.DUMP, struct.pack("<HHI", 0, length, offset))
        assert reply.body == struct.pack("<I", 512) + window[offset : offset + length]
    for request in [(0, 5, 513), (0, 5, 2**32 - 1), (9, 5, 0), (65535, 65535, 2**32 - 1)]:
        assert line.ask(Kind.DUMP, struct.pack("<HHI", *request)).status == Status.E_RANGE


WINDOW = bytes(512)


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        (0, b"", Status.E_KIND),
        (8, b"", Status.E_KIND),
        (127, bytes(2304), Status.E_KIND),
        (Kind.HELLO, b"", Status.E_LENGTH),
        (Kind.HELLO, bytes(5), Status.E_LENGTH),
        (Kind.INFER, b"", Status.E_LENGTH),
        (Kind.INFER, b"\0" + WINDOW[1:], Status.E_LENGTH),
        (Kind.INFER, b"\1" + WINDOW, Status.E_LENGTH),
        (Kind.INFER, b"\2" + bytes(2049), Status.E_LENGTH),
        (Kind.INFER, b"\3" + WINDOW, Status.E_FORMAT),
        (Kind.INFER, b"\2" + b"\0\0\xc0\x7f" * 512, Status.E_RANGE),
        (Kind.INFER, b"\0FAIL" + WINDOW[4:], Status.E_ENGINE),
        (Kind.PROFILE, b"", Status.E_STATE),
        (Kind.DUMP, bytes(8), Status.E_STATE),
        (Kind.DUMP, bytes(7), Status.E_LENGTH),
        (Kind.STATS, b"x", Status.E_LENGTH),
        (Kind.SELFTEST, b"x", Status.E_LENGTH),
        (Kind.RESET, b"x", Status.E_LENGTH),
    ],
)
def test_a_wrong_request_gets_its_status(board: Board, kind: int, body: bytes, status) -> None:
    line = RawLine(board)
    line.hello()
    reply = line.ask(kind, body)
    assert (reply.status, reply.body) == (status, b"")


@pytest.mark.parametrize("kind", [k for k in Kind if k is not Kind.HELLO])
def test_nothing_is_answered_before_a_hello(board: Board, kind: Kind) -> None:
    body = b"\0" + WINDOW if kind is Kind.INFER else bytes(8) if kind is Kind.DUMP else b""
    assert RawLine(board).ask(kind, body).status == Status.E_STATE


def test_a_repeat_is_not_computed_again_but_another_window_of_that_number_is(board: Board) -> None:
    line = RawLine(board)
    line.hello()
    first = line.ask(Kind.INFER, b"\0" + WINDOW, seq=7)
    assert line.ask(Kind.INFER, b"\0" + WINDOW, seq=7) == first
    other = line.ask(Kind.INFER, b"\0" + b"\1" * 512, seq=7)
    assert schema.INFER.reply.tail_of(other.body) != schema.INFER.reply.tail_of(first.body)
    _, _, repeats, inferences, *_ = schema.STATS.reply.scalars(line.ask(Kind.STATS).body)
    assert (repeats, inferences) == (1, 2)


def test_a_hello_forgets_replies_and_the_window(board: Board) -> None:
    line = RawLine(board)
    line.hello()
    line.ask(Kind.INFER, b"\0" + WINDOW, seq=7)
    line.hello()
    assert line.ask(Kind.PROFILE).status == Status.E_STATE
    line.ask(Kind.INFER, b"\0" + WINDOW, seq=7)
    _, _, repeats, inferences, *_ = schema.STATS.reply.scalars(line.ask(Kind.STATS).body)
    assert (repeats, inferences) == (0, 2)


def test_its_own_replies_are_not_answered(board: Board) -> None:
    line = RawLine(board)
    line.hello()
    line.link.write(b"\0\x05\x81\x01\x01\x01\0")  # damaged
    from ectopy.protocol.framing import Frame, encode

    line.link.write(encode(Frame(kind=0x81, status=0, seq=1, body=bytes(4))))
    _, damaged, *_ = schema.STATS.reply.scalars(line.ask(Kind.STATS).body)
    assert damaged == 2


def test_a_reset_starts_anew(board: Board) -> None:
    session = Session(board.link)
    session.hello()
    list(session.infer([WINDOW], InputFormat.INT8))
    session.reset()
    session.hello()
    assert session.stats().inferences == 0


def test_a_refused_window_leaves_none_to_profile_or_dump(board: Board) -> None:
    line = RawLine(board)
    line.hello()
    assert line.ask(Kind.INFER, b"\0" + WINDOW).status == Status.OK
    assert line.ask(Kind.INFER, b"\0FAIL" + WINDOW[4:]).status == Status.E_ENGINE
    assert line.ask(Kind.PROFILE).status == Status.E_STATE
    assert line.ask(Kind.DUMP, bytes(8)).status == Status.E_STATE


def test_a_golden_vector_that_differs_is_told(tmp_path: Path) -> None:
    elf = build_host(tmp_path / "firmware", "-DFAKE_GOLDEN=1")
    with open_board(BoardRequest(board=BoardName.HOST, elf=elf)) as board:
        session = Session(board.link)
        session.hello()
        with pytest.raises(LinkError, match="1 of 2 golden vectors differ") as caught:
            session.selftest()
    assert caught.value.hint


@pytest.mark.parametrize(
    ("defect", "status"),
    [("FAKE_INIT=ECT_E_ENGINE", Status.E_ENGINE), ("FAKE_FRAME_SAMPLES=511", Status.E_SIZE)],
)
def test_an_engine_that_cannot_start_is_told_in_hello(
    tmp_path: Path, defect: str, status: Status
) -> None:
    elf = build_host(tmp_path / "firmware", f"-D{defect}")
    with open_board(BoardRequest(board=BoardName.HOST, elf=elf)) as board:
        with pytest.raises(LinkError, match=f"refused HELLO: {status.name}"):
            Session(board.link).hello()
        assert RawLine(board).ask(Kind.SELFTEST).status == Status.E_STATE


def test_random_bytes_and_mutated_frames_never_end_it(board: Board) -> None:
    from ectopy.protocol.framing import Frame, encode

    rng = random.Random(11)
    line = RawLine(board)
    line.hello()
    for _ in range(400):
        kind = rng.choice([0, *(k for k in Kind if k is not Kind.RESET), 200])
        body = rng.randbytes(rng.choice([0, 4, 8, 513, 1025, 2049, 2304]))
        coded = bytearray(encode(Frame(kind=kind, status=0, seq=rng.randrange(9), body=body)))
        for _ in range(rng.randrange(3)):
            coded[rng.randrange(len(coded))] = rng.randrange(256)
        line.link.write(bytes(coded) + rng.randbytes(rng.randrange(20)) + b"\0")
        while line.link.read(65536, 0):
            pass
    line.hello()
    assert line.ask(Kind.SELFTEST).status == Status.OK


def test_a_crash_is_a_link_error_with_its_last_words(board: Board) -> None:
    session = Session(board.link)
    session.hello()
    windows = itertools.chain([WINDOW] * 3, [b"TRAP" + WINDOW[4:]], [WINDOW] * 9)
    results = []
    with pytest.raises(LinkError, match="ended unexpectedly"):
        results.extend(session.infer(windows, InputFormat.INT8))
    assert [result.index for result in results] == [0, 1, 2]
    assert session.counters.windows_lost > 0
