"""Estimates of energy from published figures, which contradict each other."""

from ectopy.energy.constants import EnergyConstant, SourceKind, load_constants, parse_constants
from ectopy.energy.estimate import (
    CAVEAT,
    FORMULA,
    EnergyEstimate,
    RowEstimate,
    estimate_energy,
)

__all__ = [
    "CAVEAT",
    "FORMULA",
    "EnergyConstant",
    "EnergyEstimate",
    "RowEstimate",
    "SourceKind",
    "estimate_energy",
    "load_constants",
    "parse_constants",
]
