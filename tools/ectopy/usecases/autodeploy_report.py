"""From the files that ns_autodeploy left to a report beside our figures."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ectopy.autodeploy import (
    Ours,
    Theirs,
    compare_figures,
    match_layers,
    plain_name,
    read_console,
    read_resultlog,
    read_stats,
)
from ectopy.errors import InputError
from ectopy.usecases.autodeploy_types import (
    AutodeployReport,
    Beside,
    Inputs,
    ModelIdentity,
    ToolRun,
)
from ectopy.usecases.inspect import layer_name

CONSOLE = "console.txt"
RESULTLOG = "resultlog.csv"
REPORT = "autodeploy.json"
_ENDING = "_stats.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a report is made of besides the files.

    Attributes:
        folder: Holds the files.
        run: Where ``ours.record`` was read from.
    """

    folder: Path
    ours: Ours
    run: Path | None
    tool: ToolRun | None
    inputs: Inputs | None


def find_stats(folder: Path, model: str) -> Path:
    """The statistics of a model in a folder of ns_autodeploy.

    Args:
        folder: Its destination folder, or the folder of the model in it.
        model: Name of the model; files of another name are taken if there is but one.

    Raises:
        InputError: There is none, or there are several to choose from.
    """
    name = plain_name(model)
    try:
        if not folder.is_dir():
            raise InputError(f"{folder} is not a folder", hint="name one that ns_autodeploy filled")
        for path in (folder / f"{name}{_ENDING}", folder / name / f"{name}{_ENDING}"):
            if path.is_file():
                return path
        found = sorted([*folder.glob(f"*{_ENDING}"), *folder.glob(f"*/*{_ENDING}")])
    except OSError as error:
        raise InputError(
            f"{str(folder)[:200]} cannot be read: {error.strerror}",
            hint="name a folder that ns_autodeploy filled",
        ) from error
    if len(found) != 1:
        what = f"{len(found)} files" if found else "no file"
        raise InputError(
            f"{folder} holds {what} *{_ENDING} for model {model}",
            hint="name the folder that ns_autodeploy made for the model",
        )
    return found[0]


def require_same_model(folder: Path, tflite_sha256: str) -> str:
    """Checks that the files in a folder are of this model.

    Returns:
        A note where nothing in the folder tells.

    Raises:
        InputError: They are of another model.
    """
    try:
        tree = json.loads((folder / REPORT).read_text(encoding="utf-8"))
        measured = tree["model"]["tflite_sha256"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return f"nothing in {folder} says which model file was measured; its layers were compared"
    if measured != tflite_sha256:
        raise InputError(
            f"the files in {folder} are of another model.tflite", hint="name its model: --model"
        )
    return ""


def make_report(
    context: Context, stats_path: Path, notes: tuple[str, ...] = ()
) -> AutodeployReport:
    """Reads the files and sets their figures beside ours.

    Result log and console text are read where they are; what is wrong with them becomes a note,
    because the statistics stand without them.

    Args:
        context: What else goes in.
        stats_path: The statistics.
        notes: Of the caller.

    Raises:
        InputError: The statistics cannot be used.
    """
    theirs = _read_theirs(context.folder, stats_path)
    graph, record = context.ours.graph, context.ours.record
    names = [layer_name(graph.op_output(op).name) for op in graph.ops]
    layers = match_layers(theirs.stats, graph, names)
    lonely = sum(not layer.matched for layer in layers)
    return AutodeployReport(
        created_utc=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        folder=str(context.folder),
        model=ModelIdentity(
            name=graph.name, tflite_sha256=graph.sha256, file_bytes=context.ours.file_bytes
        ),
        tool=context.tool,
        inputs=context.inputs,
        beside=None
        if record is None
        else Beside(
            path=str(context.run),
            board=record.board.name,
            emulated=record.board.emulated,
            engine=record.engine.name,
            created_utc=record.provenance.created_utc,
        ),
        runtime=_text(theirs, "runtime"),
        model_location=_text(theirs, "model_location"),
        arena_location=_text(theirs, "arena_location"),
        lines=compare_figures(theirs, context.ours),
        layers=layers,
        notes=tuple(filter(None, (*notes, *_notes(theirs, len(graph.ops), lonely)))),
    )


def _read_theirs(folder: Path, stats_path: Path) -> Theirs:
    log_path, console_path = folder / RESULTLOG, folder / CONSOLE
    log, log_note = None, f"there is no {RESULTLOG}"
    console, console_note = None, f"there is no {CONSOLE}"
    try:
        if log_path.is_file():
            log = read_resultlog(log_path, stats_path.name.removesuffix(_ENDING))
            log_note = ""
    except InputError as error:
        log_note = error.message
    try:
        if console_path.is_file():
            console, console_note = read_console(console_path), ""
    except InputError as error:
        console_note = error.message
    return Theirs(
        stats=read_stats(stats_path),
        log=log,
        log_note=log_note,
        console=console,
        console_note=console_note,
    )


def _text(theirs: Theirs, field: str) -> str | None:
    """From the result log, or else from the console."""
    for source in (theirs.log, theirs.console):
        text: str | None = getattr(source, field, None)
        if text:
            return text
    return None


def _notes(theirs: Theirs, operators: int, lonely: int) -> list[str]:
    """What is unusual about the files."""
    stats, log, console = theirs.stats, theirs.log, theirs.console
    unknown = (*stats.unknown_columns, *(log.unknown_columns if log else ()))
    notes = [theirs.log_note, theirs.console_note]
    if unknown:
        notes.append(f"columns that ectopy does not know were left out: {', '.join(unknown)}")
    if stats.absent_columns:
        notes.append(
            f"columns that an Apollo4 Plus gives are absent: {', '.join(stats.absent_columns)}"
        )
    if len(stats.layers) != operators or lonely:
        notes.append(
            f"its file has {len(stats.layers)} layers, the model {operators} operators; {lonely} "
            "lines of the table have no counterpart, and its sums are over its layers only"
        )
    if console is not None and console.truncated_to is not None:
        notes.append(f"its buffer held no more than {console.truncated_to} layers")
    if console is not None and console.total_us not in (None, stats.total_us):
        notes.append(
            f"its console counts {console.total_us} us, its file {stats.total_us}: "
            "they are not of the same run"
        )
    if log is not None and log.macs != (stats.total_macs or log.macs):
        notes.append(f"its result log counts {log.macs} MACs, its file {stats.total_macs}")
    if log is not None and log.compiler is None:
        notes.append("its way of reading the compiler's version does not fit this compiler")
    return notes
