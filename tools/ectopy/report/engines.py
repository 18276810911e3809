"""Engines side by side on the same models: the table, and the same as JSON.

The keys of the JSON are the attribute names below, beside ``schema_version`` and, for each engine,
``of_best_tflm``: each figure divided by the smallest that any tflm has of it, null without one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from ectopy.errors import InputError
from ectopy.report.content import count
from ectopy.report.markdown import table
from ectopy.vocab import EngineName, Optimize

SCHEMA_VERSION = 1
BEGIN, END = "<!-- engines:begin -->", "<!-- engines:end -->"
"""Lines of a document between which the table is written."""

FIGURES = (
    ("emulated_instructions", "instructions (emulated)"),
    ("modelled_cycles", "cycles (modelled)"),
    ("arena_bytes", "arena, B"),
    ("flash_bytes", "flash of the image, B"),
    ("engine_bytes", "engine's code + constants, B"),
    ("stack_high_water_bytes", "stack (emulated), B"),
)
"""Attributes of :class:`EngineFigures`, the less the better, and their titles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFigures:
    """One engine with one model inside, on the virtual board.

    Attributes:
        optimized_for: What its plan was made for; null for an interpreter.
        version: As the device reports it; of tflm, the runtime.
        emulated_instructions: Of one inference.
        modelled_cycles: Of the same, by Arm's documented Cortex-M4 timings.
        arena_bytes: Working memory, as the device reports it.
        flash_bytes: Of the whole image, application and self-test included.
        code_bytes: Functions of engine, kernels and runtime.
        constant_bytes: Constants of the same and of the model.
        stack_high_water_bytes: Of the application and the engine, by painting.
        output_mismatches: Windows in which an output byte differs from the reference's.
    """

    engine: EngineName
    optimized_for: Optimize | None
    version: str
    build_id: str
    elf_sha256: str
    emulated_instructions: int
    modelled_cycles: int
    arena_bytes: int
    flash_bytes: int
    code_bytes: int
    constant_bytes: int
    stack_high_water_bytes: int
    windows_compared: int
    output_mismatches: int

    @property
    def engine_bytes(self) -> int:
        """Code and constants of engine and model in flash."""
        return self.code_bytes + self.constant_bytes

    @property
    def title(self) -> str:
        """For people."""
        if self.optimized_for is None:
            return f"{self.engine}, {self.version}"
        return f"{self.engine} {self.version}, for {self.optimized_for}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsentEngine:
    """An engine without figures.

    Attributes:
        failed: False if it was not there to be tried.
    """

    title: str
    reason: str
    failed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEngines:
    """All engines with one model."""

    model: str
    tflite_sha256: str
    macs: int
    engines: tuple[EngineFigures, ...]
    absent: tuple[AbsentEngine, ...]

    def best_tflm(self, figure: str) -> int | None:
        """The smallest value that any tflm has; None without any."""
        values = [getattr(e, figure) for e in self.engines if e.engine is EngineName.TFLM]
        return min(values, default=None)

    def of_best_tflm(self, engine: EngineFigures) -> Mapping[str, float | None]:
        """Each figure as a share of the best tflm's."""
        shares: dict[str, float | None] = {}
        for name, _ in FIGURES:
            best = self.best_tflm(name)
            shares[name] = getattr(engine, name) / best if best else None
        return shares


@dataclass(frozen=True, slots=True, kw_only=True)
class EnginesTable:
    """One comparison.

    Attributes:
        board: The emulated one.
        memory: Name of the memory model, and what it means.
        dataset: Name and split of the windows.
        windows: So many went through each image.
        reference: Interpreter that outputs were compared with.
    """

    board: str
    memory: str
    dataset: str
    windows: int
    reference: str
    toolchain: str
    tool_version: str
    git: str | None
    models: tuple[ModelEngines, ...]


def to_json(found: EnginesTable) -> str:
    """Everything, for programs."""
    tree = {"schema_version": SCHEMA_VERSION} | asdict(found)
    for part, model in zip(tree["models"], found.models, strict=True):
        for row, engine in zip(part["engines"], model.engines, strict=True):
            row["of_best_tflm"] = model.of_best_tflm(engine)
    return json.dumps(tree, indent=2) + "\n"


def to_markdown(found: EnginesTable) -> str:
    """GitHub-flavoured tables, one for each model; the same figures give the same text."""
    tflm = any(model.best_tflm("arena_bytes") for model in found.models)
    parts = [
        f"One inference on the **emulated** board {found.board}; cycles are **modelled** by Arm's "
        f"documented Cortex-M4 timings, {found.memory}. {count(found.windows)} windows of "
        f"{found.dataset} went through every image, all built by {found.toolchain}; the reference "
        f"is {found.reference}.{' In brackets: share of the best tflm.' if tflm else ''}",
        *(_model(model) for model in found.models),
    ]
    return "\n\n".join(parts) + "\n"


def _model(model: ModelEngines) -> str:
    header = (
        f"{model.model}, {count(model.macs)} MACs",
        *(title for _, title in FIGURES),
        "MAC/cycle (modelled)",
        "outputs unlike the reference",
    )
    rows = [_row(model, engine) for engine in model.engines]
    lines = [table(header, rows, numeric=True)] if rows else [f"**{header[0]}**"]
    lines += [
        f"- {each.title}: {'FAILED' if each.failed else 'left out'}, {each.reason}"
        for each in model.absent
    ]
    return "\n\n".join([lines[0], "\n".join(lines[1:])]).rstrip()


def _row(model: ModelEngines, engine: EngineFigures) -> tuple[str, ...]:
    shares = model.of_best_tflm(engine)
    return (
        engine.title,
        *(_cell(getattr(engine, name), shares[name]) for name, _ in FIGURES),
        f"{model.macs / engine.modelled_cycles:.3f}",
        f"{count(engine.output_mismatches)} of {count(engine.windows_compared)}",
    )


def _cell(value: int, share: float | None) -> str:
    return count(value) if share is None else f"{count(value)} ({100 * share:.1f} %)"


def put_between(document: str, text: str) -> str:
    """A document with ``text`` between its two markers, and everything else as it was.

    Raises:
        InputError: It does not have each marker once, on a line of its own, in this order.
    """
    lines = document.splitlines(keepends=True)
    places = {
        marker: [i for i, line in enumerate(lines) if line.strip() == marker]
        for marker in (BEGIN, END)
    }
    if any(len(found) != 1 for found in places.values()) or places[BEGIN] > places[END]:
        raise InputError(
            f"it does not have the lines {BEGIN} and {END} once each, in this order",
            hint="put them where the table is to be",
        )
    before, after = lines[: places[BEGIN][0] + 1], lines[places[END][0] :]
    return "".join([*before, text.rstrip("\n") + "\n", *after])
