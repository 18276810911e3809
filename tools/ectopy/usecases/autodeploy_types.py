"""What a cross-check by ns_autodeploy is asked for, and what it gives."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ectopy.autodeploy import REMARKS, LayerLine, Limits, Line, Remark, Settings
from ectopy.vocab import DatasetName, Split

SCHEMA_VERSION = 1
AUTODEPLOY = "-autodeploy-"
"""In the name of every folder of ours, which is not that of a bench run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AutodeployRequest:
    """One cross-check.

    Attributes:
        model: Name or folder of a bundle.
        run: Folder of a bench run, or its record, whose figures are set beside.
        source: Folder of files of an earlier run; nothing is run then.
        data_dir: Where the ECG records are; None looks in the usual places.
        seed: Of the draw of windows.
        runs_dir: Gets a folder per run.
    """

    model: str
    settings: Settings = field(default_factory=Settings)
    limits: Limits = field(default_factory=Limits)
    run: Path | None = None
    source: Path | None = None
    dataset: DatasetName = DatasetName.AUTO
    split: Split | None = None
    data_dir: Path | None = None
    seed: int = 0
    runs_dir: Path = Path("runs")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelIdentity:
    """The model that was measured."""

    name: str
    tflite_sha256: str
    file_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolRun:
    """How ns_autodeploy was run.

    Attributes:
        neuralspot_version: None if the checkout does not say.
    """

    command: tuple[str, ...]
    neuralspot_version: str | None
    settings: Settings
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The windows that both see.

    Attributes:
        windows_sha256: Over the windows in millivolts, as in a run record.
        int8_sha256: Over the int8 input tensors, in order.
    """

    dataset: str
    split: str
    windows: int
    seed: int
    windows_sha256: str
    int8_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """The bench run whose figures are ours."""

    path: str
    board: str
    emulated: bool
    engine: str
    created_utc: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AutodeployReport:
    """All of it, as autodeploy.json holds it.

    Attributes:
        folder: Where the files of ns_autodeploy are.
        tool: None if files of an earlier run were read. ``inputs`` likewise.
        beside: None if no run was given.
        runtime: Release of its TFLM library; None if nothing says so.
        model_location: Memory its second image had the model in, likewise; ``arena_location`` too.
        notes: What a reader must know about these files.
    """

    schema_version: int = SCHEMA_VERSION
    created_utc: str
    folder: str
    model: ModelIdentity
    tool: ToolRun | None
    inputs: Inputs | None
    beside: Beside | None
    runtime: str | None
    model_location: str | None
    arena_location: str | None
    lines: tuple[Line, ...]
    layers: tuple[LayerLine, ...]
    notes: tuple[str, ...]

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """Those of the lines, each once, in their order."""
        return tuple(dict.fromkeys(each for line in self.lines for each in line.remarks))


def to_json(report: AutodeployReport) -> str:
    """The report as JSON text; the words of its remarks too."""
    tree = asdict(report) | {"remarks": {each: REMARKS[each] for each in report.remarks}}
    return json.dumps(tree, indent=2, allow_nan=False, ensure_ascii=False) + "\n"
