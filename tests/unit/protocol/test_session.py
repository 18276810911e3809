import copy
import json
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ectopy.errors import LinkError
from ectopy.protocol import InputFormat, Session, Status, Timing, schema
from ectopy.protocol.framing import Frame, encode
from ectopy.protocol.hello import parse_hello
from ectopy.protocol.session import status_text
from support.fake_device import FRAME_SAMPLES, GOOD_HELLO, OP_BYTES, Disturbance, FakeDevice


def windows(count: int) -> list[bytes]:
    return [struct.pack("<H", i) * FRAME_SAMPLES for i in range(count)]


def open_session(device: FakeDevice) -> Session:
    session = Session(device, clock=device.clock)
    session.hello()
    return session


def test_hello_is_parsed() -> None:
    hello = Session(FakeDevice()).hello()
    assert hello.model == "fake-3"
    assert hello.input.scale == 0.03125
    assert hello.classes == ("N", "PAC", "PVC")


def test_results_come_in_order_with_their_outputs() -> None:
    device = FakeDevice()
    session = open_session(device)
    sent = windows(50)
    results = list(session.infer(sent, InputFormat.INT16_UV))
    assert [result.index for result in results] == list(range(50))
    assert [r.outputs for r in results] == [device.infer(InputFormat.INT16_UV, w) for w in sent]
    assert (results[3].ticks_total, results[3].ticks_invoke) == (1300, 1000)
    assert session.counters.windows_sent == device.inferences == 50
    assert session.counters.retries == session.counters.windows_lost == 0


def test_several_windows_are_in_flight_but_never_more_than_the_credits() -> None:
    device = FakeDevice()
    session = open_session(device)
    taken = 0

    def source():
        nonlocal taken
        for window in windows(20):
            taken += 1
            yield window

    results = session.infer(source(), InputFormat.INT16_UV)
    next(results)
    assert taken == 4


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32))
def test_every_window_is_answered_once_over_a_bad_link(seed: int) -> None:
    device = FakeDevice()
    session = open_session(device)
    device.damage = Disturbance(seed, lose=0.08, double=0.08, flip=0.08, noise=0.1)
    session._timing = Timing(attempts=20)
    sent = windows(60)
    results = list(session.infer(sent, InputFormat.INT16_UV))
    assert [r.outputs for r in results] == [device.infer(InputFormat.INT16_UV, w) for w in sent]
    assert device.inferences == 60
    assert session.counters.windows_lost == 0


def test_a_lost_window_is_sent_again_without_waiting_when_a_later_one_is_answered() -> None:
    device = FakeDevice()
    session = open_session(device)
    chunks = 0

    def lose_third(data: bytes) -> bytes:
        nonlocal chunks
        chunks += 1
        return b"" if chunks == 3 else data

    device.damage = lose_third
    assert len(list(session.infer(windows(30), InputFormat.INT16_UV))) == 30
    assert session.counters.retries >= 1
    assert device.clock.now_s == 0


def test_a_repeat_is_answered_from_memory() -> None:
    device = FakeDevice()
    session = open_session(device)
    replies = 0

    def lose_first_reply(data: bytes) -> bytes:
        nonlocal replies
        if len(data) < 100:
            replies += 1
            return b"" if replies == 1 else data
        return data

    device.damage = lose_first_reply
    list(session.infer(windows(1), InputFormat.INT16_UV))
    assert (device.inferences, device.repeats) == (1, 1)


def test_a_caller_that_was_away_for_long_causes_no_retries() -> None:
    device = FakeDevice()
    session = open_session(device)
    for _ in session.infer(windows(20), InputFormat.INT16_UV):
        device.clock.now_s += 100
    assert session.counters.retries == 0


class SlowDevice(FakeDevice):
    """Hands over one reply every ``reply_takes_s``."""

    reply_takes_s = 2.0
    left_s = reply_takes_s

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        waited_s = min(timeout_s, self.left_s) if self._out else timeout_s
        self.clock.now_s += waited_s
        self.left_s = max(0.0, self.left_s - waited_s)
        if self.left_s or not self._out:
            return b""
        self.left_s = self.reply_takes_s
        reply, _, rest = bytes(self._out).partition(b"\0")
        self._out[:] = rest
        return reply + b"\0"


def test_a_slow_device_that_keeps_answering_is_not_asked_twice() -> None:
    device = SlowDevice()
    session = Session(device, Timing(boot_s=3.0), clock=device.clock)
    session.hello()
    assert len(list(session.infer(windows(12), InputFormat.INT16_UV))) == 12
    assert device.clock.now_s > 12 * device.reply_takes_s
    assert session.counters.retries == 0


def test_windows_answered_behind_a_lost_one_are_lost_with_it() -> None:
    device = FakeDevice()
    session = open_session(device)
    doomed = b"\x07" * 2 * FRAME_SAMPLES
    device.damage = lambda data: b"" if doomed[:100] in data else data
    sent = [*windows(1), doomed, *windows(9)]
    with pytest.raises(LinkError, match="fell silent"):
        list(session.infer(sent, InputFormat.INT16_UV))
    assert (session.counters.windows_sent, session.counters.windows_lost) == (5, 4)


def test_a_device_that_talks_but_never_answers_is_given_up() -> None:
    device = FakeDevice()
    session = open_session(device)

    def chatter(data: bytes) -> bytes:
        device.clock.now_s += 0.01
        return b"busy\0" if len(data) < 100 else data

    device.damage = chatter
    with pytest.raises(LinkError, match="fell silent"):
        list(session.infer(windows(5), InputFormat.INT16_UV))
    assert device.clock.now_s < 2 * Timing().reply_s * Timing().attempts


def test_sequence_numbers_wrap() -> None:
    device = FakeDevice()
    session = open_session(device)
    session._next_seq = 65530
    assert len(list(session.infer(windows(20), InputFormat.INT16_UV))) == 20


def test_a_restart_in_mid_run_is_said_and_keeps_what_was_measured() -> None:
    device = FakeDevice(restart_after=10)
    session = open_session(device)
    done = []
    with pytest.raises(LinkError, match="restarted before window 10"):
        done.extend(session.infer(windows(30), InputFormat.INT16_UV))
    assert (len(done), session.counters.windows_sent, session.counters.windows_lost) == (10, 12, 2)
    device = FakeDevice(restart_after=10)
    results = open_session(device).infer(windows(30), InputFormat.INT16_UV)
    assert [next(results).index for _ in range(10)] == list(range(10))


def test_a_device_that_falls_silent_ends_in_bounded_time_and_is_counted() -> None:
    device = FakeDevice()
    session = open_session(device)
    list(session.infer(windows(5), InputFormat.INT16_UV))
    device.damage = lambda _: b""
    with pytest.raises(LinkError, match="fell silent"):
        list(session.infer(windows(5), InputFormat.INT16_UV))
    assert device.clock.now_s <= Timing().reply_s * Timing().attempts
    assert session.counters.windows_lost == 4


def test_a_silent_board_is_named_silent() -> None:
    device = FakeDevice(damage=lambda _: b"")
    with pytest.raises(LinkError, match=r"silent: HELLO was sent 10 times.*0 bytes") as caught:
        open_session(device)
    assert caught.value.hint
    assert device.clock.now_s <= 10


def test_noise_is_named_noise() -> None:
    device = FakeDevice(damage=lambda data: b"Zephyr boot \0" if len(data) > 100 else data)
    with pytest.raises(LinkError, match="received 130 bytes on the link in memory, none a valid"):
        open_session(device)


def test_a_link_closed_in_mid_run_counts_the_lost_windows() -> None:
    device = FakeDevice(close_after=8)
    session = open_session(device)
    with pytest.raises(LinkError, match="closed"):
        list(session.infer(windows(30), InputFormat.INT16_UV))
    assert session.counters.windows_lost > 0


def test_an_old_reply_to_another_hello_is_not_taken() -> None:
    device = FakeDevice()
    Session(device, clock=device.clock)._send(b"")
    other = Session(device, clock=device.clock)
    other.hello()
    stale = schema.HELLO.reply.codec.pack(1) + b'{"protocol": 2}'
    device._out += encode(Frame(kind=0x81, status=0, seq=0, body=stale))
    assert Session(device, clock=device.clock).hello().model == "fake-3"


def test_half_a_frame_of_somebody_else_costs_no_hello() -> None:
    device = FakeDevice()
    device.write(b"\x09half")
    open_session(device)
    assert device.clock.now_s == 0


def test_a_hello_repeated_while_the_board_boots_is_no_retry_of_the_link() -> None:
    device = FakeDevice(damage=lambda data: data if device.clock.now_s >= 2 else b"")
    session = open_session(device)
    assert device.clock.now_s >= 2
    list(session.infer(windows(5), InputFormat.INT16_UV))
    assert session.counters.retries == 0


def test_a_reset_whose_reply_was_lost_is_done() -> None:
    device = FakeDevice()
    session = open_session(device)
    chunks = 0

    def lose_second(data: bytes) -> bytes:
        nonlocal chunks
        chunks += 1
        return b"" if chunks == 2 else data

    device.damage = lose_second
    session.reset()
    assert session.counters.retries == 1
    assert session.hello().model == "fake-3"


class OddDevice(FakeDevice):
    """Answers with valid frames that make no sense."""

    def _stats(self, _: Frame) -> tuple[Status, bytes]:
        return Status.OK, bytes(23)

    def _dump(self, _: Frame) -> tuple[Status, bytes]:
        return Status.OK, struct.pack("<I", 10)


def test_replies_of_a_wrong_length_are_link_errors() -> None:
    session = open_session(OddDevice(infer=lambda fmt, window: b"ab"))
    with pytest.raises(LinkError, match="window 0 with 2 outputs"):
        list(session.infer(windows(1), InputFormat.INT16_UV))
    with pytest.raises(LinkError, match="STATS with 23 bytes"):
        session.stats()
    with pytest.raises(LinkError, match="stopped its dump of operator 0"):
        session.dump(0)


def test_profile_dump_stats_selftest_and_reset() -> None:
    session = open_session(FakeDevice())
    with pytest.raises(LinkError, match="E_STATE"):
        session.profile()
    list(session.infer(windows(1), InputFormat.INT16_UV))
    assert session.profile() == (10, 20, 30)
    assert session.dump(0) == bytes(i % 251 for i in range(OP_BYTES[0]))
    assert session.stats().stack_high_water_bytes == 700
    assert session.selftest() == 2
    with pytest.raises(LinkError, match="E_RANGE"):
        session.dump(9)
    session.reset()
    with pytest.raises(ValueError, match="hello"):
        session.stats()


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("protocol",), 1, "speaks protocol version 1"),
        (("credits",), 0, "credits"),
        (("credits",), 17, "credits"),
        (("board",), None, "board"),
        (("board", "tick_unit"), "seconds", "tick_unit"),
        (("board", "emulated"), 1, "emulated"),
        (("board", "cpu_hz"), -1, "cpu_hz"),
        (("board", "cycle_counter"), "broken", "none or running or stalled or off_rate"),
        (("board", "last_fault"), None, "last_fault"),
        (("board", "setup_error"), "no clock", "board virt could not be set up: no clock"),
        (("model", "input", "scale_bits"), "zz", "scale_bits"),
        (("model", "input", "scale_bits"), "7fc00000", "scale_bits"),
        (("model", "input", "bytes"), 511, "input.bytes"),
        (("model", "output", "bytes"), 2, "output.bytes"),
        (("model", "classes"), "N", "classes"),
        (("model", "name"), None, "model.name"),
    ],
)
def test_a_wrong_hello_is_rejected_by_name(
    path: tuple[str, ...], value: object, message: str
) -> None:
    hello = copy.deepcopy(GOOD_HELLO)
    node = hello
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    with pytest.raises(LinkError, match=message) as caught:
        open_session(FakeDevice(hello=hello))
    assert caught.value.hint


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=5,
)


@given(st.sampled_from(["board", "engine", "model", "protocol", "credits", ""]), json_values)
def test_no_hello_ends_in_anything_but_a_link_error(key: str, value: object) -> None:
    hello = {**GOOD_HELLO, key: value} if key else value
    try:
        parse_hello(json.dumps(hello).encode())
    except LinkError as error:
        assert error.hint


@pytest.mark.parametrize("text", [b"", b"\xff", b"{", b"[" * 2300, b'{"protocol": 2}'])
def test_a_hello_that_is_no_json_object_is_a_link_error(text: bytes) -> None:
    with pytest.raises(LinkError, match="HELLO"):
        parse_hello(text)


def test_statuses_are_named_for_people() -> None:
    assert status_text(4) == "E_FORMAT (unknown input format)"
    assert status_text(99) == "status 99"
