"""A profile of one inference: its rows, and the same as CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, dataclass, field

SCHEMA_VERSION = 1

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
        instructions: Emulated.
        cycles: Modelled.
        share: Of the modelled cycles of the inference.
        device_ticks: By the board's PROFILE, in its own unit; None if no board was asked.
    """

    index: int | None
    kind: str
    name: str
    shape: str
    kernel: str
    macs: int
    instructions: int
    cycles: int
    share: float
    device_ticks: int | None = None

    @property
    def macs_per_cycle(self) -> float | None:
        """None for operators that multiply nothing."""
        return self.macs / self.cycles if self.macs and self.cycles else None


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionProfile:
    """What a function took by itself, without those it calls."""

    name: str
    instructions: int
    cycles: int
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
        instructions: Emulated, from the call of the inference function to its return.
        cycles: Modelled by Arm's documented Cortex-M4 timings.
        by_row: Modelled cycles by kind of instruction and reason of waiting.
        divisions: Executed; the manual gives 2 to 12 cycles for each.
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
    instructions: int
    cycles: int
    divisions: int
    operators: tuple[OperatorProfile, ...]
    functions: tuple[FunctionProfile, ...]
    by_row: dict[str, int]
    outputs: tuple[int, ...]
    device: DeviceProfile | None = None
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def modelled_ms(self) -> float:
        """The modelled cycles at ``clock_hz``."""
        return 1000.0 * self.cycles / self.clock_hz


def to_json(profile: Profile) -> str:
    """The whole profile; figures carry in their names whether they are emulated or modelled."""
    document = {"schema_version": SCHEMA_VERSION} | {
        {"instructions": "emulated_instructions", "cycles": "modelled_cycles"}.get(k, k): v
        for k, v in asdict(profile).items()
    }
    document["modelled_ms"] = profile.modelled_ms
    document["operators"] = [_json_row(asdict(each)) for each in profile.operators]
    document["functions"] = [_json_row(asdict(each)) for each in profile.functions]
    return json.dumps(document, indent=2) + "\n"


def _json_row(row: dict[str, object]) -> dict[str, object]:
    row["emulated_instructions"] = row.pop("instructions")
    row["modelled_cycles"] = row.pop("cycles")
    return row


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
                *(each.macs, each.instructions, each.cycles, f"{each.share:.6f}"),
                "" if per_cycle is None else f"{per_cycle:.6f}",
                "" if each.device_ticks is None else each.device_ticks,
            )
        )
    for one in profile.functions:
        figures = (one.instructions, one.cycles, f"{one.share:.6f}")
        table.writerow(("function", "", "", one.name, "", "", "", *figures, "", ""))
    return text.getvalue()
