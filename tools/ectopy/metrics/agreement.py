"""Whether two int8 implementations give the same bytes."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorDifference:
    """How an int8 tensor differs from another of its shape.

    Attributes:
        position: Of the first element that differs, in the order of memory; one index for each
            dimension, (n, h, w, c) for images.
        device: Its value on the device.
        reference: Its value in the reference.
        differing: Elements that differ.
        elements: Elements of the tensor.
        max_abs_lsb: Largest difference, in quantization steps.
    """

    position: tuple[int, ...]
    device: int
    reference: int
    differing: int
    elements: int
    max_abs_lsb: int


def first_difference(
    device: npt.NDArray[np.int8], reference: npt.NDArray[np.int8]
) -> TensorDifference | None:
    """Where two tensors of one shape begin to differ; None if they are equal.

    Raises:
        ValueError: Shapes differ.
    """
    if device.shape != reference.shape:
        raise ValueError(f"tensors {device.shape} and {reference.shape} differ in shape")
    lsb = np.abs(device.astype(np.int16) - reference.astype(np.int16))
    differing = np.flatnonzero(lsb)
    if not differing.size:
        return None
    position = tuple(int(i) for i in np.unravel_index(int(differing[0]), device.shape))
    return TensorDifference(
        position=position,
        device=int(device[position]),
        reference=int(reference[position]),
        differing=int(differing.size),
        elements=int(device.size),
        max_abs_lsb=int(lsb.max()),
    )
