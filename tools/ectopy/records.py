"""RunRecord: everything one bench run measured, and its JSON form.

The keys are the attribute names below. What is not known is null, and ``notes`` says why under
the dotted path of the key (or of a parent). ``records.schema.json`` beside this module is the
published JSON Schema; :func:`json_schema` makes it from these classes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from typing import Any

from ectopy.errors import InputError
from ectopy.typed_json import join_path, read_value, schema_of
from ectopy.vocab import LinkKind, TickUnit

SCHEMA_VERSION = 1
LATER_KEYS = ("energy", "board.cpu_hz", "latency.cycles_median")
"""Dotted paths of keys that the first records of this version do not have."""

ENERGY_NOT_MEASURED = "no instrument was connected"


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRecord:
    """The board, as it introduced itself.

    Attributes:
        emulated: True if an emulator ran the firmware; its numbers are labelled so everywhere.
        clock_hz: Ticks per second on silicon, null where ticks are not time.
        tick_unit: What one tick counts.
        cpu_hz: The processor's clock as the board read it back.
    """

    name: str
    emulated: bool
    cpu: str
    clock_hz: int | None
    tick_unit: TickUnit
    cpu_hz: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareRecord:
    """The image that ran.

    Attributes:
        flash_bytes: Code and constants as linked, the image of initialised data included.
        ram_bytes: Variables, the arena included, and on boards with memory of their own what is
            reserved for stacks.
    """

    build_id: str
    elf_sha256: str
    flash_bytes: int | None
    ram_bytes: int | None
    toolchain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineRecord:
    """The inference engine in the image."""

    name: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRecord:
    """The int8 model.

    Attributes:
        classes: Class names in the order of the model's outputs.
        macs: Multiply-accumulates of one inference.
        parameters: Weights and biases.
    """

    name: str
    tflite_sha256: str
    classes: tuple[str, ...]
    macs: int
    parameters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetRecord:
    """The windows that were measured.

    Attributes:
        name: ``mitdb`` or ``synthetic``.
        windows: Windows with a result; all figures of the record are over these.
        limit: Windows asked for, null for the whole split.
        sha256: Hash over samples, labels and record names of the windows as loaded.
        label_map: Annotation symbols of each class of the model.
    """

    name: str
    split: str
    windows: int
    limit: int | None
    sha256: str
    label_map: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassScores:
    """Scores of one class, each 0 to 1; null where the definition divides zero by zero.

    Attributes:
        sensitivity: TP / (TP + FN).
        ppv: Positive predictivity (+P), TP / (TP + FP).
        f1: 2 TP / (2 TP + FP + FN).
    """

    sensitivity: float | None
    ppv: float | None
    f1: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracyRecord:
    """Classification results from the outputs the device sent.

    Attributes:
        confusion: Windows; row = true class, column = predicted class (the largest output).
        macro_f1: Mean F1 over the classes; null if any class has none.
        weighted_f1: Mean F1 weighted by the windows of each class.
        accuracy: Right windows over all windows.
    """

    confusion: tuple[tuple[int, ...], ...]
    per_class: Mapping[str, ClassScores]
    macro_f1: float | None
    weighted_f1: float | None
    accuracy: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementRecord:
    """The device's outputs beside those of a reference interpreter on the host.

    Attributes:
        reference: Name of the interpreter.
        output_mismatches: Windows in which at least one output byte differs.
        max_abs_lsb: Largest difference of any output, in quantization steps.
    """

    reference: str
    windows_compared: int
    output_mismatches: int
    max_abs_lsb: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyRecord:
    """Ticks per window as the device counted them, in ``unit``.

    Attributes:
        invoke_median: Smallest value that at least half of the windows do not exceed; an
            observed value (nearest rank). ``invoke_p99`` likewise for 99 %.
        preprocess_median: Preprocess on the device; null if windows were sent quantized.
        cycles_median: Of the same inferences by the processor's cycle counter; null where there is
            none or it is not to be believed.
        estimated_cycles: Cycle model over the same image; never mixed with measured cycles.
        estimated_ms: ``estimated_cycles`` at the clock of the silicon.
    """

    unit: TickUnit
    invoke_median: int | None
    invoke_p99: int | None
    invoke_max: int | None
    preprocess_median: int | None
    cycles_median: int | None
    estimated_cycles: int | None
    estimated_ms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryRecord:
    """Working memory of one inference.

    Attributes:
        arena_bytes: What the engine on the device says it uses.
        arena_predicted_bytes: What the host promised: planned or measured there, or an upper bound
            if there is a note about it.
        stack_high_water_bytes: Measured on the device by painting.
    """

    arena_bytes: int | None
    arena_predicted_bytes: int | None
    stack_high_water_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyRecord:
    """Energy of one inference, as an instrument measured it; an estimate has no place here.

    Attributes:
        measured_uj_per_inference: Null until somebody has measured it.
        instrument: Which one, e.g. ``Joulescope JS220``.
    """

    measured_uj_per_inference: float | None
    instrument: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRecord:
    """The link while windows were streamed.

    Attributes:
        windows_sent: Windows handed to the link, each counted once however often repeated.
        windows_lost: Windows sent that gave no result when the link failed.
        retries: Requests sent again.
        crc_errors: Frames refused for their checksum, on either side.
        bytes_per_s: Bytes of both directions over the time of streaming.
        windows_per_s: Windows answered over the time of streaming.
    """

    kind: LinkKind
    windows_sent: int
    windows_lost: int
    retries: int
    crc_errors: int
    bytes_per_s: float | None
    windows_per_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenanceRecord:
    """How to get this record again.

    Attributes:
        git: Commit, with ``-dirty`` if the tree was changed; null outside a repository.
        host: Operating system, machine and Python; no host name, no user name.
    """

    tool_version: str
    git: str | None
    command: str
    created_utc: str
    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One bench run.

    Attributes:
        partial: True if the run ended early; all figures are over what it measured.
        notes: Dotted path -> remark. Every null is explained at its path or a parent's.

    Raises:
        ValueError: A null has no note, or the confusion matrix does not fit the classes.
    """

    schema_version: int = SCHEMA_VERSION
    partial: bool
    board: BoardRecord
    firmware: FirmwareRecord
    engine: EngineRecord
    model: ModelRecord
    dataset: DatasetRecord
    accuracy: AccuracyRecord
    agreement: AgreementRecord
    latency: LatencyRecord
    memory: MemoryRecord
    energy: EnergyRecord
    link: LinkRecord
    provenance: ProvenanceRecord
    notes: Mapping[str, str]

    def __post_init__(self) -> None:
        silent = [path for path in _null_paths(self) if not _explained(path, self.notes)]
        if silent:
            raise ValueError(f"null without a note: {', '.join(silent)}")
        classes = len(self.model.classes)
        rows = self.accuracy.confusion
        if len(rows) != classes or any(len(row) != classes for row in rows):
            raise ValueError(f"accuracy.confusion is not {classes} x {classes}")
        if set(self.accuracy.per_class) != set(self.model.classes):
            raise ValueError("accuracy.per_class does not name the classes of the model")

    @property
    def synthetic(self) -> bool:
        """True if no patient's heart was involved."""
        return self.dataset.name == "synthetic"

    @property
    def arena_is_bound(self) -> bool:
        """True if ``memory.arena_predicted_bytes`` is an upper bound, for it was not measured."""
        return "memory.arena_predicted_bytes" in self.notes

    def note_about(self, path: str) -> str:
        """The note at a dotted path or at the nearest of its parents; empty if there is none."""
        while path not in self.notes and path:
            path = path.rpartition(".")[0]
        return self.notes.get(path, "")


def _null_paths(part: object, prefix: str = "") -> Iterator[str]:
    """Dotted paths of all nulls below ``part``."""
    members: list[tuple[str, object]] = []
    if part is None:
        yield prefix
    elif isinstance(part, Mapping):
        members = list(part.items())
    elif is_dataclass(part):
        members = [(field.name, getattr(part, field.name)) for field in fields(part)]
    for name, member in members:
        yield from _null_paths(member, join_path(prefix, name))


def _explained(path: str, notes: Mapping[str, str]) -> bool:
    return any(path == noted or path.startswith(f"{noted}.") for noted in notes)


def to_json(record: RunRecord) -> str:
    """The record as JSON text, keys in the order of the classes."""
    return json.dumps(asdict(record), indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def from_json(text: str) -> RunRecord:
    """The record in ``text``; reads what :func:`to_json` wrote, and nothing else.

    Raises:
        InputError: Not JSON, a newer schema, an unknown or missing key, or a value of wrong type.
    """
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InputError(f"this run record is not JSON: {error}") from error
    if not isinstance(value, dict) or not isinstance(value.get("schema_version"), int):
        raise InputError("this is not a run record: it has no schema_version")
    if value["schema_version"] != SCHEMA_VERSION:
        raise InputError(
            f"this run record has schema version {value['schema_version']}, "
            f"and this ectopy reads version {SCHEMA_VERSION}",
            hint="use the ectopy that wrote it, or measure again",
        )
    _add_later_keys(value)
    try:
        record: RunRecord = read_value(value, RunRecord)
    except ValueError as error:
        raise InputError(f"this run record is damaged: {error}") from error
    return record


def json_schema() -> dict[str, object]:
    """JSON Schema (draft 2020-12) of the record, made from the classes."""
    schema = schema_of(RunRecord)
    schema["properties"]["schema_version"] = {"const": SCHEMA_VERSION}
    for path in LATER_KEYS:
        *parents, key = path.split(".")
        part = schema
        for name in parents:
            part = part["properties"][name]
        part["required"] = [name for name in part["required"] if name != key]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ectopy RunRecord",
        **schema,
    }


def _add_later_keys(value: dict[str, Any]) -> None:
    """Records written before there was a place for these are of this version too."""
    notes = value.get("notes")
    if not isinstance(notes, dict):
        return
    if "energy" not in value:
        value["energy"] = {"measured_uj_per_inference": None, "instrument": None}
        notes.setdefault("energy", ENERGY_NOT_MEASURED)
    for part, key in (("board", "cpu_hz"), ("latency", "cycles_median")):
        if isinstance(value.get(part), dict) and key not in value[part]:
            value[part][key] = None
            notes.setdefault(f"{part}.{key}", "not asked by the ectopy that wrote this record")


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")
