"""Whether two int8 implementations give the same bytes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ectopy.records import AgreementRecord


def compare_outputs(
    device: npt.NDArray[np.int8], reference: npt.NDArray[np.int8], reference_name: str
) -> tuple[AgreementRecord, dict[str, str]]:
    """Compares output vectors window by window.

    Args:
        device: (n, classes).
        reference: (n, classes), the same windows in the same order.
        reference_name: What gave the reference outputs.

    Returns:
        The comparison, and notes (path in the run record -> reason) for what is None.

    Raises:
        ValueError: Shapes differ.
    """
    if device.shape != reference.shape:
        raise ValueError(f"outputs {device.shape} and reference {reference.shape} differ in shape")
    lsb = np.abs(device.astype(np.int16) - reference.astype(np.int16))
    record = AgreementRecord(
        reference=reference_name,
        windows_compared=len(device),
        output_mismatches=int(lsb.any(axis=1).sum()),
        max_abs_lsb=int(lsb.max()) if lsb.size else None,
    )
    notes = {} if lsb.size else {"agreement.max_abs_lsb": "no window was measured"}
    return record, notes
