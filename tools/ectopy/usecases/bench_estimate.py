"""The cycle model's word on the image that a run measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ectopy.cycles import CLOCK_HZ, estimate
from ectopy.errors import EctopyError
from ectopy.toolchain import Image
from ectopy.vocab import BoardName


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleEstimate:
    """Modelled cycles of one inference.

    Attributes:
        cycles: None if the model could not be run.
        note: How they came about, or why there are none.
    """

    cycles: int | None
    note: str

    @property
    def milliseconds(self) -> float | None:
        """At :data:`ectopy.cycles.CLOCK_HZ`."""
        return None if self.cycles is None else 1000.0 * self.cycles / CLOCK_HZ

    @property
    def clock_note(self) -> str:
        """Says at which clock, where there is a figure."""
        return self.note if self.cycles is None else f"modelled, at {CLOCK_HZ // 10**6} MHz"


def estimate_cycles(image: Image, window: npt.NDArray[np.int8]) -> CycleEstimate:
    """Runs the cycle model over one window; a run is not lost because the model cannot.

    Args:
        image: That the board runs.
        window: int8, the model's input tensor.
    """
    if image.board is BoardName.HOST:
        return CycleEstimate(cycles=None, note="the cycle model needs a Cortex-M4 image")
    if image.emulation_refusal:
        return CycleEstimate(cycles=None, note=f"no cycle model: {image.emulation_refusal}")
    try:
        found = estimate(image.elf, window)
    except EctopyError as error:
        return CycleEstimate(cycles=None, note=f"no cycle model: {error.message}")
    return CycleEstimate(
        cycles=found.cycles,
        note="modelled by Arm's Cortex-M4 timings over the first window, memory without wait "
        f"states, {found.instructions:,} instructions emulated; not measured",
    )
