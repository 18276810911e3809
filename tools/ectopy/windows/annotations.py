"""Annotation files in MIT format, read by a parser that ends on any input.

wfdb's own reader never returns from some damaged files, and takes ten times as long.

Source: "Annotation file formats", https://archive.physionet.org/physiotools/wag/annot-5.htm
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ectopy.vocab import LABEL_MAP
from ectopy.windows.rhythm_spans import RhythmSpan, rhythm_spans

UNCLASSED_BEATS = frozenset("FQ/f!")
"""Symbols of beats without a class: fusion, unclassifiable, paced, ventricular flutter waves."""

RHYTHM = "+"
"""Symbol of a change of rhythm, which its note names."""

_SYMBOLS = dict(enumerate("NLRaVFJASEj/Q~", start=1)) | dict(
    enumerate('|?sT*D"=pB^t+u?![]en@xf()r', start=16)
)
"""Symbol of each code, by PhysioNet's table; 17 is not in use."""

_SKIP, _NUM, _SUB, _CHN, _AUX = 59, 60, 61, 62, 63
_CLASS_OF = {symbol: int(c) for c, symbols in LABEL_MAP.items() for symbol in symbols}
_RESOLUTION = b"## time resolution: "


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Annotations:
    """What an annotation file says.

    Attributes:
        samples: int64 (n,), ascending.
        symbols: Of each annotation, such as ``N`` or ``+``.
        notes: Text of each annotation; mostly empty, or ``None`` in words.
    """

    samples: npt.NDArray[np.int64]
    symbols: tuple[str, ...]
    notes: tuple[str, ...]

    def beats(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
        """R peaks, int32 (k,), and labels, uint8 (k,), of the beats in the label map."""
        kept = np.array([symbol in _CLASS_OF for symbol in self.symbols], dtype=bool)
        labels = [_CLASS_OF[symbol] for symbol in self.symbols if symbol in _CLASS_OF]
        return self.samples[kept].astype(np.int32), np.array(labels, dtype=np.uint8)

    def rhythms(self, samples: int) -> tuple[RhythmSpan, ...]:
        """The annotated rhythms of a record of that length, in order of time."""
        each = zip(self.samples.tolist(), self.symbols, self.notes, strict=True)
        return rhythm_spans(((at, note) for at, symbol, note in each if symbol == RHYTHM), samples)

    def unclassed(self) -> npt.NDArray[np.int32]:
        """R peaks of the beats that no class stands for, int32 (j,)."""
        kept = np.array([symbol in UNCLASSED_BEATS for symbol in self.symbols], dtype=bool)
        peaks: npt.NDArray[np.int32] = self.samples[kept].astype(np.int32)
        return peaks


def parse_annotations(data: bytes, samples: int, rate_hz: int) -> Annotations:
    """The annotations of a record.

    Args:
        data: The file.
        samples: Length of the record.
        rate_hz: Sampling rate of the record.

    Raises:
        ValueError: What is wrong with the file, to be said after its name.
    """
    found: list[tuple[int, str]] = []
    notes: dict[int, str] = {}
    place, time = 0, 0
    while True:
        word = int.from_bytes(_taken(data, place, 2), "little")
        place += 2
        code, value = word >> 10, word & 0x3FF
        if word == 0:
            break
        if code == _SKIP:
            high, low = _taken(data, place, 2), _taken(data, place + 2, 2)
            time += int.from_bytes(low + high, "little", signed=True)
            place += 4
        elif code == _AUX:
            text = _taken(data, place, value)
            place += value + value % 2
            _require_resolution(text, rate_hz)
            notes[len(found) - 1] = text.rstrip(b"\0").decode("latin-1")
        elif code not in (_NUM, _SUB, _CHN):
            time += value
            if code != 0:  # which only moves the time
                found.append((time, _SYMBOLS.get(code, "")))
    return _checked(found, notes, samples)


def _taken(data: bytes, start: int, count: int) -> bytes:
    if start + count > len(data):
        raise ValueError("has no end mark")
    return data[start : start + count]


def _require_resolution(text: bytes, rate_hz: int) -> None:
    if text.startswith(_RESOLUTION) and text[len(_RESOLUTION) :] != str(rate_hz).encode():
        said = text.decode("ascii", "replace")
        raise ValueError(f"says {said!r}, and the record has {rate_hz} Hz")


def _checked(found: list[tuple[int, str]], notes: dict[int, str], samples: int) -> Annotations:
    # Definitions, such as the time resolution, are notes at the start that begin with "## ".
    kept = [i for i in range(len(found)) if not notes.get(i, "").startswith("## ")]
    times = [found[i][0] for i in kept]
    if times and not (0 <= min(times) <= max(times) < samples):
        raise ValueError("places a beat outside the record")
    if times != sorted(times):
        raise ValueError("is not in order of time")
    return Annotations(
        samples=np.array(times, dtype=np.int64),
        symbols=tuple(found[i][1] for i in kept),
        notes=tuple(notes.get(i, "") for i in kept),
    )
