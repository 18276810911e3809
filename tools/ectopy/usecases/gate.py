"""One run against its gates."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ectopy import metrics
from ectopy.errors import InputError
from ectopy.metrics import GateReport
from ectopy.records import RunRecord
from ectopy.report import gates_junit, gates_markdown
from ectopy.usecases.run_folder import open_run
from ectopy.usecases.toml_file import read_toml
from ectopy.zoo import open_bundle

GATES = "gates.toml"
"""Beside the model: thresholds are about a model, and change with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gated:
    """A run and what its gates say.

    Attributes:
        name: Of the run.
        gates: The file that was taken.
    """

    name: str
    record: RunRecord
    gates: Path
    report: GateReport


def gate(run: Path, gates: Path | None = None, *, allow_partial: bool = False) -> Gated:
    """Judges a run.

    Args:
        run: Its folder, or its record.
        gates: TOML file; None takes the one in the bundle of the run's model.
        allow_partial: A run that ended early does not fail for that.

    Raises:
        InputError: A file cannot be used, or the gates are not for the run's model.
    """
    found = open_run(run)
    path = _beside_the_model(found.record) if gates is None else gates
    file = read_toml(path, metrics.read_gate_file)
    try:
        report = metrics.judge_record(found.record, file, allow_partial=allow_partial)
    except InputError as error:
        raise InputError(f"{path}: {error.message}", hint=error.hint) from error
    return Gated(name=found.name, record=found.record, gates=path, report=report)


def write_verdicts(gated: Gated, *, junit: Path | None, markdown: Path | None) -> None:
    """Writes the verdicts for CI systems.

    Raises:
        InputError: A file cannot be written.
    """
    if junit is not None:
        _write(junit, gates_junit(gated.record, gated.name, gated.report))
    if markdown is not None:
        _write(markdown, gates_markdown(gated.record, gated.report))


def _beside_the_model(record: RunRecord) -> Path:
    path = open_bundle(record.model.name).path / GATES
    if not path.is_file():
        raise InputError(f"there is no {path}", hint="write one, or name another with --gates")
    return path


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}") from error
