"""The wire protocol: its declaration, its frames, and the host's side of a session."""

from ectopy.protocol.hello import Hello, TensorFacts
from ectopy.protocol.link import Link
from ectopy.protocol.results import DeviceStats, InferResult, LinkCounters, Timing
from ectopy.protocol.schema import InputFormat, Kind, Status
from ectopy.protocol.session import Session

__all__ = [
    "DeviceStats",
    "Hello",
    "InferResult",
    "InputFormat",
    "Kind",
    "Link",
    "LinkCounters",
    "Session",
    "Status",
    "TensorFacts",
    "Timing",
]
