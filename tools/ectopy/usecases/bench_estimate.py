"""The cycle model's word on the image that a run measures."""

from __future__ import annotations

from dataclasses import dataclass

from ectopy.cycles import CLOCK_HZ, ZERO
from ectopy.errors import EctopyError
from ectopy.report.profile import Profile
from ectopy.toolchain import Image
from ectopy.usecases.case import Case
from ectopy.usecases.profile_rows import built, make_profile, run_model
from ectopy.vocab import BoardName


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleEstimate:
    """Modelled cycles of one inference.

    Attributes:
        profile: None if the model could not be run.
        note: How the cycles came about, or why there are none.
    """

    profile: Profile | None
    note: str

    @property
    def cycles(self) -> int | None:
        """Of the whole inference."""
        return None if self.profile is None else self.profile.modelled_cycles

    @property
    def milliseconds(self) -> float | None:
        """At :data:`ectopy.cycles.CLOCK_HZ`."""
        return None if self.profile is None else self.profile.modelled_ms

    @property
    def clock_note(self) -> str:
        """Says at which clock, where there is a figure."""
        return self.note if self.cycles is None else f"modelled, at {CLOCK_HZ // 10**6} MHz"


def estimate_cycles(case: Case, image: Image) -> CycleEstimate:
    """Runs the cycle model over the first window; a run is not lost because the model cannot.

    Args:
        case: What is measured.
        image: That the board runs.
    """
    if image.board is BoardName.HOST:
        return CycleEstimate(profile=None, note="the cycle model needs a Cortex-M4 image")
    if image.emulation_refusal:
        return CycleEstimate(profile=None, note=f"no cycle model: {image.emulation_refusal}")
    try:
        subject = built(image)
        profile = make_profile(case, subject, run_model(case, subject, ZERO))
    except EctopyError as error:
        return CycleEstimate(profile=None, note=f"no cycle model: {error.message}")
    return CycleEstimate(
        profile=profile,
        note="modelled by Arm's Cortex-M4 timings over the first window, memory without wait "
        f"states, {profile.emulated_instructions:,} instructions emulated; not measured",
    )
