"""From a finished run to an estimate of its energy."""

from __future__ import annotations

from pathlib import Path

from ectopy.energy import EnergyEstimate, estimate_energy, load_constants
from ectopy.errors import InputError
from ectopy.usecases.run_folder import open_record


def energy_of_run(path: Path) -> EnergyEstimate:
    """The estimate for a run.

    Args:
        path: Folder of the run, or its record.

    Raises:
        InputError: The record cannot be read, or has no cycles.
    """
    try:
        return estimate_energy(open_record(path), load_constants())
    except InputError as error:
        raise InputError(f"{path}: {error.message}", hint=error.hint) from error
