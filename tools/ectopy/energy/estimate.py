"""An estimate of the energy of one inference. Only a measurement says what it really is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ectopy.energy.constants import EnergyConstant
from ectopy.errors import InputError
from ectopy.records import RunRecord
from ectopy.vocab import TickUnit

FORMULA = "estimate in uJ = cycles x pJ per cycle / 1,000,000"
CAVEAT = (
    "The published figures contradict each other; this estimate is a range over all of them, no "
    "bound and no measurement. Sleep, peripherals, and the ECG front end are not in it."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowEstimate:
    """The estimate by one published figure."""

    constant: EnergyConstant
    pj_per_cycle: float
    estimated_uj: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyEstimate:
    """An estimate of the energy of one inference, by each published figure.

    Attributes:
        cycles: Of one inference.
        cycles_from: ``measured`` on the device, or ``modelled`` on the host.
        rows: Lowest estimate first; at least one.
        measured_uj_per_inference: From the record, null until somebody has measured.
    """

    model: str
    cycles: int
    cycles_from: str
    rows: tuple[RowEstimate, ...]
    measured_uj_per_inference: float | None
    instrument: str | None

    @property
    def lowest_uj(self) -> float:
        """The lowest of all estimates."""
        return self.rows[0].estimated_uj

    @property
    def highest_uj(self) -> float:
        """The highest of all estimates."""
        return self.rows[-1].estimated_uj

    @property
    def contradictions(self) -> tuple[tuple[str, str], ...]:
        """Pairs of ids of figures that cannot both be true."""
        pairs = {
            (min(row.constant.id, other), max(row.constant.id, other))
            for row in self.rows
            for other in row.constant.contradicted_by
        }
        return tuple(sorted(pairs))


def estimate_energy(record: RunRecord, constants: Sequence[EnergyConstant]) -> EnergyEstimate:
    """The estimate for the inference of a run.

    Args:
        record: Its cycles are taken: measured ones, else modelled ones. Never instructions.
        constants: At least one.

    Raises:
        InputError: The record has no cycles.
    """
    cycles, cycles_from = _cycles(record)
    rows = [
        RowEstimate(
            constant=constant,
            pj_per_cycle=constant.pj_per_cycle,
            estimated_uj=cycles * constant.pj_per_cycle * 1e-6,
        )
        for constant in constants
    ]
    return EnergyEstimate(
        model=record.model.name,
        cycles=cycles,
        cycles_from=cycles_from,
        rows=tuple(sorted(rows, key=lambda row: row.estimated_uj)),
        measured_uj_per_inference=record.energy.measured_uj_per_inference,
        instrument=record.energy.instrument,
    )


def _cycles(record: RunRecord) -> tuple[int, str]:
    latency = record.latency
    if latency.unit is TickUnit.CYCLES and latency.invoke_median is not None:
        return latency.invoke_median, "measured"
    if latency.estimated_cycles is not None:
        return latency.estimated_cycles, "modelled"
    reason = record.notes.get("latency.estimated_cycles") or record.notes.get("latency", "")
    raise InputError(
        "this run has no cycles to estimate energy from: its ticks are "
        f"{latency.unit}, and its estimated cycles are null ({reason})",
        hint="take a run with latency.estimated_cycles, or one on a board that counts cycles; "
        f"{latency.unit} do not stand in for them",
    )
