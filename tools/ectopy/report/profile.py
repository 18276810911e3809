"""A profile of one inference: its rows, and the same as CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from ectopy.errors import InputError
from ectopy.typed_json import read_value
from ectopy.vocab import Optimize

SCHEMA_VERSION = 1
LARGEST_CYCLES = 2**53
"""More is damage: arithmetic on it would not be exact."""

COLUMNS = (
    *("row", "index", "kind", "name", "shape", "kernel", "macs"),
    *("emulated_instructions", "modelled_cycles", "share"),
    *("macs_per_modelled_cycle", "device_ticks"),
)
"""Of the CSV."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorProfile:
    """One operator; the engine's own work around operators has no index.

    Attributes:
        name: Layer, as far as the model tells.
        shape: Of its output, leading ones left out.
        kernel: Function of the engine; empty where nothing is called.
        share: Of the modelled cycles of the inference.
        device_ticks: By the board's PROFILE, in its own unit; None if no board was asked.
    """

    index: int | None
    kind: str
    name: str
    shape: str
    kernel: str
    macs: int
    emulated_instructions: int
    modelled_cycles: int
    share: float
    device_ticks: int | None = None

    @property
    def macs_per_cycle(self) -> float | None:
        """None for operators that multiply nothing."""
        return self.macs / self.modelled_cycles if self.macs and self.modelled_cycles else None


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionProfile:
    """What a function took by itself, without those it calls."""

    name: str
    emulated_instructions: int
    modelled_cycles: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceProfile:
    """The same window on a board.

    Attributes:
        tick_unit: ``instructions`` on an emulated board, ``cycles`` on silicon.
        invoke_ticks: Of the whole inference, tick reading included.
    """

    board: str
    emulated: bool
    tick_unit: str
    invoke_ticks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One inference, taken apart.

    Attributes:
        clock_hz: Named for ``milliseconds`` only; the model knows no clock.
        memory: Name of the memory model.
        memory_sources: Where its figures come from.
        emulated_instructions: From the call of the inference function to its return.
        modelled_cycles: By Arm's documented Cortex-M4 timings.
        by_row: Modelled cycles by kind of instruction and reason of waiting.
        divisions: Executed; the manual gives 2 to 12 cycles for each.
        optimized_for: What the engine's plan was made for; None if it has none, if the image's plan
            is not one of these sources, or if the profile was written before there was a choice.
    """

    model: str
    board: str
    engine: str
    build_id: str
    elf_sha256: str
    dataset: str
    window: str
    memory: str
    memory_title: str
    memory_sources: tuple[str, ...]
    clock_hz: int
    macs: int
    emulated_instructions: int
    modelled_cycles: int
    divisions: int
    operators: tuple[OperatorProfile, ...]
    functions: tuple[FunctionProfile, ...]
    by_row: Mapping[str, int]
    outputs: tuple[int, ...]
    device: DeviceProfile | None = None
    optimized_for: Optimize | None = None

    @property
    def modelled_ms(self) -> float:
        """The modelled cycles at ``clock_hz``."""
        return 1000.0 * self.modelled_cycles / self.clock_hz


def to_json(profile: Profile) -> str:
    """The whole profile; figures carry in their names whether they are emulated or modelled."""
    document = {"schema_version": SCHEMA_VERSION, "modelled_ms": profile.modelled_ms}
    return json.dumps(document | asdict(profile), indent=2) + "\n"


def from_json(text: str) -> Profile:
    """Reads what :func:`to_json` wrote.

    Raises:
        InputError: It is not that, is of another schema version, or its figures are out of range.
    """
    hint = "write it again: ectopy profile --json FILE"
    try:
        tree = json.loads(text)
        version = tree.pop("schema_version")
        del tree["modelled_ms"]
        if version != SCHEMA_VERSION:
            raise InputError(
                f"it has schema version {str(version)[:20]}; this ectopy reads {SCHEMA_VERSION}",
                hint=hint,
            )
        tree.setdefault("optimized_for", None)
        profile: Profile = read_value(tree, Profile)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise InputError(f"it is not a profile: {error}", hint=hint) from error
    cycles = [row.modelled_cycles for row in profile.operators]
    cycles += [row.modelled_cycles for row in profile.functions]
    if not profile.operators or not 0 <= min(cycles) <= max(cycles) <= LARGEST_CYCLES:
        raise InputError("it is not a profile: no costs, or impossible ones", hint=hint)
    return profile


def to_csv(profile: Profile) -> str:
    """One line per operator, then one per function, told apart by the first column."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for each in profile.operators:
        per_cycle = each.macs_per_cycle
        table.writerow(
            (
                "engine" if each.index is None else "operator",
                "" if each.index is None else each.index,
                *(each.kind, each.name, each.shape, each.kernel),
                *(each.macs, each.emulated_instructions, each.modelled_cycles),
                f"{each.share:.6f}",
                "" if per_cycle is None else f"{per_cycle:.6f}",
                "" if each.device_ticks is None else each.device_ticks,
            )
        )
    for one in profile.functions:
        figures = (one.emulated_instructions, one.modelled_cycles, f"{one.share:.6f}")
        table.writerow(("function", "", "", one.name, "", "", "", *figures, "", ""))
    return text.getvalue()
