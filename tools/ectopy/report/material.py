"""What a page about a run is made from, beside the record itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from ectopy.aot import Plan
from ectopy.graph.types import Graph
from ectopy.records import RunRecord
from ectopy.report.profile import Profile


class Part(StrEnum):
    """Parts of a page that need more than the record."""

    OUTPUTS = "outputs"
    ARENA = "arena"
    IMAGE = "image"
    EXAMPLES = "examples"
    PROBABILITIES = "probabilities"
    OPERATORS = "operators"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outputs:
    """``outputs.csv`` of a run: n windows in the order they were measured.

    Attributes:
        windows: int64 (n,), position in the set of windows.
        records: str (n,), name of the ECG record.
        beat_samples: int64 (n,), position of the beat in that record.
        true_classes: int64 (n,), in the model's order.
        ticks_preprocess: int64 (n,).
        ticks_invoke: int64 (n,).
        device: int8 (n, classes), what the device answered.
    """

    windows: npt.NDArray[np.int64]
    records: npt.NDArray[np.str_]
    beat_samples: npt.NDArray[np.int64]
    true_classes: npt.NDArray[np.int64]
    ticks_preprocess: npt.NDArray[np.int64]
    ticks_invoke: npt.NDArray[np.int64]
    device: npt.NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.windows)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CompiledModel:
    """The model of the record and the plan by which the AOT engine runs it."""

    graph: Graph
    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryPiece:
    """Bytes of the image that belong together.

    Attributes:
        memory: ``flash`` or ``RAM``.
        name: Section and content, or symbol.
    """

    memory: str
    name: str
    nbytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageMemory:
    """The image by section, and its largest symbols.

    Attributes:
        capacities_bytes: What the board has of each memory; empty where it has no limits.
    """

    sections: tuple[MemoryPiece, ...]
    symbols: tuple[MemoryPiece, ...]
    capacities_bytes: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Example:
    """A window that the device put into a wrong class.

    Attributes:
        true_class: In the model's order, as ``said``.
        probabilities: Softmax of the dequantized outputs; empty if the model was not found.
        millivolts: float32 (512,) at 100 Hz, the R peak of the beat at sample 256.
    """

    record: str
    beat_sample: int
    true_class: int
    said: int
    probabilities: tuple[float, ...]
    millivolts: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunMaterial:
    """One run and what was found about it.

    Attributes:
        profile: Of the image that ran; None if there is none.
        missing: Why a part is not there.
    """

    record: RunRecord
    outputs: Outputs | None = None
    model: CompiledModel | None = None
    image: ImageMemory | None = None
    profile: Profile | None = None
    examples: tuple[Example, ...] = ()
    missing: Mapping[Part, str] = field(default_factory=dict)
