"""Streaming: windows to the device, the same windows to the reference beside it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ectopy.graph.types import Graph
from ectopy.preprocess import Preprocess, quantize_windows, to_microvolts
from ectopy.progress import Progress
from ectopy.protocol import InferResult, InputFormat, Session
from ectopy.reference import HostInterpreter
from ectopy.windows import WindowSet

_CHUNK = 2048  # windows prepared at once: int64 sums of a whole split would take gigabytes
NO_OUTPUTS: npt.NDArray[np.int8] = np.zeros(0, dtype=np.int8)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Samples:
    """Windows as the device gets them, and as the model sees them.

    Attributes:
        input_format: How ``wire`` is encoded.
        wire: (n, 512), little-endian int8, int16 microvolts or float32 millivolts.
        quantized: int8 (n, 512), the model's input tensor for each window.
        classes: uint8 (n,), true class of each window in the model's order.
    """

    input_format: InputFormat
    wire: npt.NDArray[np.int8] | npt.NDArray[np.int16] | npt.NDArray[np.float32]
    quantized: npt.NDArray[np.int8]
    classes: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.classes)


def encode_windows(
    windows: WindowSet,
    classes: npt.NDArray[np.uint8],
    graph: Graph,
    preprocess: Preprocess,
    input_format: InputFormat,
) -> Samples:
    """Prepares windows for the wire and for the reference.

    Args:
        windows: n windows in millivolts.
        classes: uint8 (n,), their classes in the model's order.
        graph: Whose input quantization.
        preprocess: Of the model's bundle.
        input_format: How they are to travel.
    """
    quant = graph.input.quant
    if quant is None:
        raise ValueError("the graph's input is not quantized")
    microvolts = np.empty(windows.samples.shape, dtype="<i2")
    quantized = np.empty(windows.samples.shape, dtype=np.int8)
    for start in range(0, len(windows), _CHUNK):
        part = slice(start, start + _CHUNK)
        microvolts[part] = to_microvolts(windows.samples[part])
        quantized[part] = quantize_windows(
            microvolts[part], preprocess, quant.scale, quant.zero_point
        )
    wire = {
        InputFormat.INT8: quantized,
        InputFormat.INT16_UV: microvolts,
        InputFormat.FLOAT32_MV: windows.samples.astype("<f4", copy=False),
    }[input_format]
    return Samples(input_format=input_format, wire=wire, quantized=quantized, classes=classes)


@dataclass(slots=True, kw_only=True)
class Measured:
    """What has come back so far; complete up to the last window at any moment.

    Attributes:
        results: The device's answers, in the order of the windows.
        references: int8 outputs of the reference for as many windows, or one less.
        duration_s: From the first window sent to the last answer.
        link_bytes: Both directions, in that time.
    """

    results: list[InferResult] = field(default_factory=list)
    references: list[npt.NDArray[np.int8]] = field(default_factory=list)
    right: int = 0
    duration_s: float = 0.0
    link_bytes: int = 0

    def outputs(self, classes: int) -> npt.NDArray[np.int8]:
        """int8 (n, classes), what the device answered."""
        answered = b"".join(result.outputs for result in self.results)
        return np.frombuffer(answered, dtype=np.int8).reshape(-1, classes)

    def reference_outputs(self, classes: int) -> npt.NDArray[np.int8]:
        """int8 (n, classes), what the reference says, for as many windows as it was asked."""
        return np.concatenate([NO_OUTPUTS, *self.references]).reshape(-1, classes)


def stream(
    session: Session,
    samples: Samples,
    oracle: HostInterpreter,
    measured: Measured,
    progress: Progress,
) -> None:
    """Sends all windows and fills ``measured`` as answers come.

    The reference runs here while the device works on the windows in flight.

    Raises:
        LinkError: The device was lost; ``measured`` holds what came before.
    """
    began_s, began_bytes = time.monotonic(), _link_bytes(session)
    for result in session.infer(_bodies(samples), samples.input_format):
        measured.results.append(result)
        measured.duration_s = time.monotonic() - began_s
        measured.link_bytes = _link_bytes(session) - began_bytes
        reference = oracle.invoke(samples.quantized[result.index])
        measured.references.append(np.asarray(reference, dtype=np.int8).reshape(-1))
        said = int(np.argmax(np.frombuffer(result.outputs, dtype=np.int8)))
        measured.right += said == int(samples.classes[result.index])
        progress(len(measured.results), len(samples), _state(measured))


def _bodies(samples: Samples) -> Iterator[bytes]:
    return (window.tobytes() for window in samples.wire)


def _link_bytes(session: Session) -> int:
    return session.counters.bytes_sent + session.counters.bytes_received


def _state(measured: Measured) -> str:
    done = len(measured.results)
    per_s = done / measured.duration_s if measured.duration_s else 0.0
    return f"{per_s:.0f} windows/s, accuracy {100 * measured.right / done:.1f} %"
