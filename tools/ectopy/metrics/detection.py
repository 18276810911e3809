"""Which detected beat is which annotated one, as AAMI EC57 pairs them.

Imported by its own name: the package must not wait for wfdb's pairing where nobody pairs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from wfdb.processing import compare_annotations

MATCH_S = 0.15
"""A detection this near to an annotation is of the same beat (ANSI/AAMI EC57)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorScore:
    """How a detector did.

    Attributes:
        found: Annotated beats that were detected.
        missed: Annotated beats that were not.
        extra: Detections without an annotated beat.
    """

    found: int
    missed: int
    extra: int

    @property
    def sensitivity(self) -> float | None:
        """Share of the annotated beats that were detected."""
        beats = self.found + self.missed
        return self.found / beats if beats else None

    @property
    def ppv(self) -> float | None:
        """Positive predictivity: share of the detections that are beats."""
        detections = self.found + self.extra
        return self.found / detections if detections else None


def match_beats(
    annotated: npt.NDArray[np.int64], detected: npt.NDArray[np.int64], rate_hz: int
) -> npt.NDArray[np.int64]:
    """Pairs beats one to one.

    Args:
        annotated: (k,), samples in ascending order.
        detected: (n,), samples in ascending order.
        rate_hz: Of both.

    Returns:
        int64 (n,), for each detection the index of its annotation, or -1.
    """
    annotation_of = np.full(detected.size, -1, dtype=np.int64)
    if annotated.size and detected.size:
        # wfdb wants them nearer than this many samples.
        pairs = compare_annotations(annotated, detected, int(MATCH_S * rate_hz) + 1)
        partner = np.asarray(pairs.matching_sample_nums, dtype=np.int64)
        matched = np.flatnonzero(partner >= 0)
        annotation_of[partner[matched]] = matched
    return annotation_of
