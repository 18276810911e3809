"""What the compiler decided about a model, step by step, for people and as JSON.

The keys of the JSON are the attribute names below, beside ``schema_version``. What nobody asked
for is null.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from ectopy.vocab import OpKind, Optimize

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTensor:
    """A tensor in the arena.

    Attributes:
        shape: As in the model.
        planar: Stored channel after channel instead of pixel after pixel.
        nbytes: Size.
        offset_bytes: Where it starts; tensors that are never needed at once share places.
    """

    name: str
    shape: tuple[int, ...]
    planar: bool
    nbytes: int
    offset_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """One call of a kernel, or an operator that needs none.

    Attributes:
        operators: Indices in the model; several where one kernel computes them together.
        kinds: Of those operators.
        layer: Of the last of them, as far as the model tells.
        kernel: Its C function; empty where the output is the input, seen in another shape.
        macs: Multiply-accumulates.
        outputs: What it writes.
        constant_bytes: Weights and other constants in the image, in the kernel's layout.
        emulated_instructions: Of this step; null unless the cycle model ran.
        modelled_cycles: Likewise, by Arm's documented Cortex-M4 timings.
    """

    operators: tuple[int, ...]
    kinds: tuple[OpKind, ...]
    layer: str
    kernel: str
    macs: int
    outputs: tuple[PlannedTensor, ...]
    constant_bytes: int
    emulated_instructions: int | None = None
    modelled_cycles: int | None = None

    @property
    def macs_per_cycle(self) -> float | None:
        """None for what multiplies nothing, and without the cycle model."""
        return self.macs / self.modelled_cycles if self.macs and self.modelled_cycles else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanCosts:
    """One inference under the cycle model, on the image for board ``virt``.

    Attributes:
        window: Which one it was.
        memory: Name of the memory model.
        emulated_instructions: Of the whole inference.
        modelled_cycles: Of the whole inference.
        around_instructions: Of those, the engine's own work around the steps.
        around_cycles: Likewise.
    """

    build_id: str
    dataset: str
    window: str
    memory: str
    emulated_instructions: int
    modelled_cycles: int
    around_instructions: int
    around_cycles: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTable:
    """A plan.

    Attributes:
        arena_bytes: Size of the arena.
        live_peak_bytes: Most bytes alive at one step: no arena can be smaller in this order.
        constant_bytes: Of all steps.
        macs: Of one inference.
        costs: Null unless the cycle model ran.
    """

    model: str
    tflite_sha256: str
    optimized_for: Optimize
    arena_bytes: int
    live_peak_bytes: int
    constant_bytes: int
    macs: int
    steps: tuple[PlannedStep, ...]
    costs: PlanCosts | None = None


def to_json(table: PlanTable) -> str:
    """The whole plan."""
    return json.dumps({"schema_version": SCHEMA_VERSION} | asdict(table), indent=2) + "\n"
