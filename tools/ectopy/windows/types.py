"""What every source of windows delivers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetInfo:
    """Where windows come from, for records and reports.

    Attributes:
        name: ``mitdb``, ``icentia11k`` or ``synthetic``.
        split: ``ds1`` or ``ds2``; ``train`` or ``test`` of icentia11k; synthetic data has splits
            too (disjoint virtual patients).
        synthetic: True if no patient's heart was involved; shown in every output.
        label_map: Annotation symbols of each class, e.g. ``N=NLRej PAC=AaJS PVC=VE``.
        sha256: Hash over samples, labels and record names of the windows as delivered.
        reason: Why this source was taken, one sentence for people.
        citation: Whom to name wherever a result made from these windows is shown.
    """

    name: str
    split: str
    synthetic: bool
    label_map: str
    sha256: str
    reason: str = ""
    citation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WindowSet:
    """Labelled windows, one beat centred in each.

    Attributes:
        samples: float32 (n, 512), millivolts at 100 Hz, R peak of the beat at sample 256.
        labels: uint8 (n,), values of :class:`ectopy.vocab.BeatClass`.
        records: str (n,), record name of each window; of one patient, see ``patient_of``.
        beat_samples: int32 (n,), position of the beat in its record at the record's own rate.
    """

    samples: npt.NDArray[np.float32]
    labels: npt.NDArray[np.uint8]
    records: npt.NDArray[np.str_]
    beat_samples: npt.NDArray[np.int32]
    info: DatasetInfo

    def __len__(self) -> int:
        return int(self.samples.shape[0])
