"""What every board with the fake engine must do, whatever the link."""

import struct

import numpy as np

from ectopy.boards import Board
from ectopy.preprocess import Preprocess, quantize_windows, to_microvolts
from ectopy.protocol import schema
from ectopy.protocol.framing import Decoder, Frame, encode
from ectopy.protocol.schema import InputFormat, Kind

PRE = Preprocess(epsilon_mv2=0.01, frame_samples=512)
SCALE = float(np.float32(0.047))
ZERO_POINT = -5


def outputs_of(quantized: np.ndarray) -> bytes:
    """The fake engine in Python."""
    halves = quantized.view(np.uint8).reshape(2, 256).sum(axis=1)
    return struct.pack("<bbb", halves[0] & 0x7F, halves[1] & 0x7F, quantized[-1])


def random_mv(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.7, (count, 512)).astype(np.float32)


def encoded(millivolts: np.ndarray, fmt: InputFormat) -> list[bytes]:
    uv = to_microvolts(millivolts)
    if fmt is InputFormat.FLOAT32_MV:
        rows = millivolts
    else:
        rows = uv if fmt is InputFormat.INT16_UV else quantize_windows(uv, PRE, SCALE, ZERO_POINT)
    return [row.tobytes() for row in rows]


def expected_outputs(millivolts: np.ndarray) -> list[bytes]:
    quantized = quantize_windows(to_microvolts(millivolts), PRE, SCALE, ZERO_POINT)
    return [outputs_of(row) for row in quantized]


class RawLine:
    """Frames without a session: requests no honest host would send."""

    def __init__(self, board: Board) -> None:
        self.link = board.link
        self._decoder = Decoder()
        self._seq = 40_000

    def ask(self, kind: int, body: bytes = b"", seq: int | None = None) -> Frame:
        if seq is None:
            self._seq += 1
            seq = self._seq
        self.link.write(encode(Frame(kind=kind, status=0, seq=seq, body=body)))
        while True:
            data = self.link.read(4096, 5)
            assert data, "no reply"
            for frame in self._decoder.feed(data):
                if frame.seq == seq:
                    assert frame.kind == kind | schema.REPLY_BIT
                    return frame

    def hello(self) -> None:
        assert self.ask(Kind.HELLO, struct.pack("<I", 1)).status == 0
