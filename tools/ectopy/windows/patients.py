"""Who is behind a record, whatever data set it is of."""

from __future__ import annotations

from ectopy.windows import icentia11k, mitdb


def patient_of(record: str) -> str:
    """The person behind a record of MIT-BIH or a segment of icentia11k."""
    if icentia11k.is_segment(record):
        return icentia11k.patient_of(record)
    return mitdb.patient_of(record)
