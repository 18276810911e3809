import zlib
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ectopy.protocol.framing import MAX_ENCODED, Decoder, Frame, cobs_decode, cobs_encode, encode
from ectopy.protocol.schema import MAX_BODY

frames = st.builds(
    Frame,
    kind=st.integers(0, 255),
    status=st.integers(0, 255),
    seq=st.integers(0, 65535),
    body=st.binary(max_size=600)
    | st.integers(0, MAX_BODY).map(bytes)
    | st.integers(0, MAX_BODY).map(lambda n: b"\x01" * n),
)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


@given(frames)
def test_decoding_an_encoded_frame_gives_the_frame(frame: Frame) -> None:
    assert Decoder().feed(encode(frame)) == [frame]


@given(st.binary(max_size=1200))
def test_cobs_removes_zeros_and_comes_back(packet: bytes) -> None:
    coded = cobs_encode(packet)
    assert 0 not in coded
    assert cobs_decode(coded) == packet


def test_cobs_matches_the_published_examples() -> None:
    assert cobs_encode(b"\x00") == b"\x01\x01"
    assert cobs_encode(b"\x11\x22\x00\x33") == b"\x03\x11\x22\x02\x33"
    assert cobs_encode(bytes(range(1, 255))) == b"\xff" + bytes(range(1, 255)) + b"\x01"
    assert cobs_decode(b"\xff" + bytes(range(1, 255))) == bytes(range(1, 255))


@given(st.lists(frames, max_size=4), st.lists(st.integers(0, 10**6), max_size=12))
def test_any_split_of_the_stream_gives_the_same_frames(
    sent: list[Frame], places: list[int]
) -> None:
    decoder = Decoder()
    stream = b"".join(encode(frame) for frame in sent)
    received = [frame for piece in cut(stream, places) for frame in decoder.feed(piece)]
    assert received == sent
    assert decoder.damaged == 0


@given(st.lists(st.tuples(st.binary(max_size=60), frames), max_size=4))
def test_noise_between_frames_costs_no_frame(pairs: list[tuple[bytes, Frame]]) -> None:
    stream = b"".join(noise + b"\0" + encode(frame) for noise, frame in pairs)
    received = Decoder().feed(stream)
    assert [frame for frame in received if frame in [f for _, f in pairs]] == [f for _, f in pairs]


@given(frames, st.data())
def test_no_flipped_bit_passes_the_checksum(frame: Frame, data: st.DataObject) -> None:
    coded = bytearray(encode(frame))
    at = data.draw(st.integers(0, len(coded) - 2))
    coded[at] ^= 1 << data.draw(st.integers(0, 7))
    assert frame not in Decoder().feed(bytes(coded))


def test_the_checksum_is_the_one_of_zlib() -> None:
    packet = cobs_decode(encode(Frame(kind=2, status=0, seq=7, body=b"abc"))[:-1])
    assert packet is not None
    assert packet[-4:] == zlib.crc32(b"\x02\x00\x07\x00abc").to_bytes(4, "little")


def test_endless_noise_without_a_zero_is_held_in_bounded_memory() -> None:
    decoder = Decoder()
    for _ in range(100):
        assert decoder.feed(b"\x55" * 1000) == []
    assert len(decoder._held) <= MAX_ENCODED + 1
    frame = Frame(kind=1, status=0, seq=1, body=b"after")
    assert decoder.feed(b"\0" + encode(frame)) == [frame]
    assert decoder.damaged == 1


def test_zeros_between_frames_are_not_damage() -> None:
    decoder = Decoder()
    assert decoder.feed(b"\0\0\0") == []
    assert decoder.damaged == 0
