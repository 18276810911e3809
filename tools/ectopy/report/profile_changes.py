"""Two profiles beside each other: which operators and functions became dearer or cheaper."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ectopy.report.profile import FunctionProfile, OperatorProfile, Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one operator or function takes in one inference."""

    emulated_instructions: int = 0
    modelled_cycles: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            emulated_instructions=self.emulated_instructions + other.emulated_instructions,
            modelled_cycles=self.modelled_cycles + other.modelled_cycles,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CostChange:
    """One operator or function in two profiles.

    Attributes:
        a: In the earlier one; None if it was not executed there.
        b: In the later one.
    """

    name: str
    a: Cost | None
    b: Cost | None

    @property
    def delta_instructions(self) -> int:
        """Emulated, ``b - a``."""
        a, b = self.a or Cost(), self.b or Cost()
        return b.emulated_instructions - a.emulated_instructions

    @property
    def delta_cycles(self) -> int:
        """Modelled, ``b - a``."""
        a, b = self.a or Cost(), self.b or Cost()
        return b.modelled_cycles - a.modelled_cycles


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileChanges:
    """What changed, the largest difference first; what did not is only counted."""

    operators: tuple[CostChange, ...]
    functions: tuple[CostChange, ...]
    same_operators: int
    same_functions: int


def profile_changes(a: Profile, b: Profile) -> ProfileChanges:
    """Differences of two profiles of the same model under the same memory model.

    Operators are matched by index and layer, functions by name; local functions of one name count
    as one.
    """
    operators = _changes(_by_operator(a), _by_operator(b))
    functions = _changes(_by_function(a), _by_function(b))
    changed_operators = tuple(each for each in operators if each.a != each.b)
    changed_functions = tuple(each for each in functions if each.a != each.b)
    return ProfileChanges(
        operators=changed_operators,
        functions=changed_functions,
        same_operators=len(operators) - len(changed_operators),
        same_functions=len(functions) - len(changed_functions),
    )


def _changes(a: Mapping[str, Cost], b: Mapping[str, Cost]) -> list[CostChange]:
    found = [CostChange(name=name, a=a.get(name), b=b.get(name)) for name in {**a, **b}]
    return sorted(found, key=lambda each: -abs(each.delta_cycles))


def _by_operator(profile: Profile) -> dict[str, Cost]:
    return _totals((_operator_name(row), row) for row in profile.operators)


def _by_function(profile: Profile) -> dict[str, Cost]:
    return _totals((row.name, row) for row in profile.functions)


def _operator_name(row: OperatorProfile) -> str:
    return f"{row.kind} {row.name}" if row.index is None else f"{row.index} {row.kind} {row.name}"


def _totals(rows: Iterable[tuple[str, OperatorProfile | FunctionProfile]]) -> dict[str, Cost]:
    totals: dict[str, Cost] = {}
    for name, row in rows:
        cost = Cost(
            emulated_instructions=row.emulated_instructions, modelled_cycles=row.modelled_cycles
        )
        totals[name] = totals.get(name, Cost()) + cost
    return totals
