"""Frames on a byte stream: pure functions and an incremental decoder that survives noise.

Consistent Overhead Byte Stuffing removes every zero from a packet, so that 0x00 can end it and
a receiver that has lost its place finds it again at the next 0x00.

Source: S. Cheshire, M. Baker, "Consistent Overhead Byte Stuffing", SIGCOMM 1997; CRC-32 as in
zlib (reflected, polynomial 0xEDB88320).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from ectopy.protocol.schema import CRC_BYTES, HEADER, MAX_BODY

_BLOCK = 254
"""Non-zero bytes that one COBS code byte can announce."""
MAX_PACKET = HEADER.size + MAX_BODY + CRC_BYTES
MAX_ENCODED = MAX_PACKET + MAX_PACKET // _BLOCK + 1
"""Longest coded packet without its closing zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A frame whose checksum is right, or that is to be sent.

    Attributes:
        kind: A request's kind, with ``REPLY_BIT`` set in replies; any byte, known or not.
        status: 0 in requests.
        seq: 0..65535.
    """

    kind: int
    status: int
    seq: int
    body: bytes


def cobs_encode(packet: bytes) -> bytes:
    """The packet without zeros; no closing zero is added."""
    out = bytearray()
    for run in packet.split(b"\0"):
        full, rest = divmod(len(run), _BLOCK)
        for block in range(full):
            out.append(_BLOCK + 1)
            out += run[block * _BLOCK : (block + 1) * _BLOCK]
        out.append(rest + 1)
        out += run[full * _BLOCK :]
    return bytes(out)


def cobs_decode(coded: bytes) -> bytes | None:
    """The packet, or None where a code byte points past the end or a zero occurs."""
    out = bytearray()
    at = 0
    while at < len(coded):
        code = coded[at]
        end = at + code
        if code == 0 or end > len(coded):
            return None
        out += coded[at + 1 : end]
        at = end
        if code <= _BLOCK and at < len(coded):
            out.append(0)
    return None if 0 in coded else bytes(out)


def encode(frame: Frame) -> bytes:
    """The frame as it goes on the wire, closing zero included.

    Raises:
        ValueError: The body is longer than ``MAX_BODY`` (a defect of the caller).
    """
    if len(frame.body) > MAX_BODY:
        raise ValueError(f"body of {len(frame.body)} bytes exceeds {MAX_BODY}")
    packet = HEADER.pack(frame.kind, frame.status, frame.seq) + frame.body
    packet += zlib.crc32(packet).to_bytes(CRC_BYTES, "little")
    return cobs_encode(packet) + b"\0"


def decode(coded: bytes) -> Frame | None:
    """The frame between two zeros, or None if it is damaged."""
    if len(coded) > MAX_ENCODED:
        return None
    packet = cobs_decode(coded)
    if packet is None or not HEADER.size + CRC_BYTES <= len(packet) <= MAX_PACKET:
        return None
    content, checksum = packet[:-CRC_BYTES], packet[-CRC_BYTES:]
    if zlib.crc32(content).to_bytes(CRC_BYTES, "little") != checksum:
        return None
    kind, status, seq = HEADER.unpack_from(content)
    return Frame(kind=kind, status=status, seq=seq, body=content[HEADER.size :])


class Decoder:
    """Collects bytes as they come and returns the frames they complete.

    Holds at most ``MAX_ENCODED`` + 1 bytes whatever it is fed; ``damaged`` counts what was
    dropped between two zeros.
    """

    def __init__(self) -> None:
        self.damaged = 0
        self._held = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """Frames completed by ``data``, in order."""
        frames: list[Frame] = []
        *complete, rest = data.split(b"\0")
        for piece in complete:
            self._hold(piece)
            if self._held:
                frame = decode(bytes(self._held))
                if frame is None:
                    self.damaged += 1
                else:
                    frames.append(frame)
            self._held.clear()
        self._hold(rest)
        return frames

    def _hold(self, piece: bytes) -> None:
        # One byte more than a frame may have is enough to know that it is too long.
        self._held += piece[: MAX_ENCODED + 1 - len(self._held)]
