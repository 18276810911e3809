"""The second opinion: ns_autodeploy runs our model on the board, its figures beside ours."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ectopy.aot import compile_graph
from ectopy.autodeploy import (
    Checkout,
    Job,
    Ours,
    Places,
    Settings,
    Transport,
    child_environment,
    command_line,
    export_dataset,
    failure_of,
    find_checkout,
    find_tool,
    inside_checkout,
    no_stats,
    plain_name,
    require_programs,
    run_watched,
)
from ectopy.boards.lock import board_lock, port_key
from ectopy.boards.ports import list_serial_ports
from ectopy.errors import EctopyError, InputError, ToolError
from ectopy.graph.reader import read_model_bytes, read_tflite
from ectopy.graph.types import Graph
from ectopy.progress import Progress, silent
from ectopy.protocol import InputFormat
from ectopy.records import RunRecord
from ectopy.reference import LiteRtInterpreter, open_reference
from ectopy.usecases.autodeploy_report import (
    CONSOLE,
    REPORT,
    RESULTLOG,
    Context,
    find_stats,
    make_report,
    require_same_model,
)
from ectopy.usecases.autodeploy_types import (
    AUTODEPLOY,
    AutodeployReport,
    AutodeployRequest,
    Inputs,
    ToolRun,
    to_json,
)
from ectopy.usecases.bench_files import new_folder, require_writable
from ectopy.usecases.bench_stream import Samples
from ectopy.usecases.case import samples_of
from ectopy.usecases.run_folder import open_record
from ectopy.windows import WindowRequest, WindowSet, load_windows
from ectopy.zoo import Bundle, open_bundle

DATASET = "dataset.pkl"
_NEWS = re.compile(r"\*\*\* Stage|Compiling and deploying|Calling invoke|RPC call failed")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Model:
    """The model, and the run whose figures are set beside."""

    bundle: Bundle
    tflite: bytes
    graph: Graph
    record: RunRecord | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ran:
    """A run of the tool that went well, and the folder with its files."""

    folder: Path
    tool: ToolRun


def autodeploy(request: AutodeployRequest, progress: Progress = silent) -> AutodeployReport:
    """Runs ns_autodeploy on the model, or reads what an earlier run of it left.

    A run gets a folder with all that the tool printed and wrote, and autodeploy.json.

    Raises:
        InputError: The request, the model, the run or the files cannot be used.
        ToolError: ns_autodeploy or what it needs is missing, failed or hung.
        LinkError: It did not reach the board, or somebody else has the board and keeps it.
    """
    model = _open_model(request)
    if request.source is None:
        return _run(request, model, progress)
    stats = find_stats(request.source, model.bundle.name)
    note = require_same_model(request.source, model.graph.sha256)
    ours = _ours(model, None, "not computed for files of an earlier run")
    context = Context(folder=request.source, ours=ours, run=request.run, tool=None, inputs=None)
    return make_report(context, stats, (note,))


def _open_model(request: AutodeployRequest) -> _Model:
    bundle = open_bundle(request.model)
    tflite = read_model_bytes(bundle.require_tflite())
    graph = read_tflite(tflite, bundle.name)
    record = None if request.run is None else open_record(request.run)
    if record is not None and record.model.tflite_sha256 != graph.sha256:
        raise InputError(
            f"{request.run} measured another model.tflite than that of {bundle.name}",
            hint="`ectopy runs --model NAME` lists the runs of a model",
        )
    return _Model(bundle=bundle, tflite=tflite, graph=graph, record=record)


def _run(request: AutodeployRequest, model: _Model, progress: Progress) -> AutodeployReport:
    tool, checkout = find_tool(os.environ), find_checkout(os.environ)
    require_programs(os.environ)
    _require_port(request.settings)
    require_writable(request.runs_dir)
    progress(0, 0, "loading windows")
    windows, samples = _load(request, model)
    ours = _ours(model, samples)
    with _boards_for_us_alone(request.settings, progress):
        ran = _measure(request, model, samples, (tool, checkout), progress)
    context = Context(
        folder=ran.folder,
        ours=ours,
        run=request.run,
        tool=ran.tool,
        inputs=_inputs(request, windows, samples),
    )
    try:
        report = make_report(context, find_stats(ran.folder, model.bundle.name))
    except InputError as error:
        # A file that the tool has just written is no input of the user.
        raise ToolError(error.message, hint=f"all it said: {ran.folder / CONSOLE}") from error
    _write(ran.folder / REPORT, to_json(report))
    return report


def _measure(
    request: AutodeployRequest,
    model: _Model,
    samples: Samples,
    installed: tuple[tuple[str, ...], Checkout],
    progress: Progress,
) -> _Ran:
    """Makes the folder of the run and lets the tool fill it."""
    tool, checkout = installed
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    folder = _make_folder(request.runs_dir, f"{stamp}{AUTODEPLOY}{model.bundle.name}")
    export_dataset(folder / DATASET, model.graph, samples.quantized, samples.classes)
    with inside_checkout(checkout.root, folder) as destination:
        places = Places(
            neuralspot=checkout.root,
            destination=destination,
            tflite=model.bundle.require_tflite().resolve(),
            dataset=folder / DATASET,
            resultlog=folder / RESULTLOG,
            run_id=stamp,
        )
        command = command_line(tool, model.bundle.name, places, request.settings)
        progress(0, 0, f"ns_autodeploy begins; all it says goes to {folder / CONSOLE}")
        job = Job(
            command=command,
            cwd=checkout.root,
            environ=child_environment(os.environ),
            console=folder / CONSOLE,
        )
        duration_s = _run_tool(request, model.bundle, job, progress)
    run = ToolRun(
        command=command,
        neuralspot_version=checkout.version,
        settings=request.settings,
        duration_s=round(duration_s, 1),
    )
    return _Ran(folder=folder, tool=run)


@contextmanager
def _boards_for_us_alone(settings: Settings, progress: Progress) -> Iterator[None]:
    """Keeps other processes from every board that ns_autodeploy may flash or reset.

    Its make tells JLinkExe no serial number, so that is the board behind any J-Link, whatever
    port is named.

    Raises:
        LinkError: Somebody else has one of them and keeps it.
    """
    keys = {port_key(port.device) for port in list_serial_ports() if port.is_jlink}
    if settings.tty:
        keys.add(port_key(settings.tty))
    with ExitStack() as held:
        # In one order, so that two of us never wait for each other.
        for key in sorted(keys):
            held.enter_context(board_lock(key, progress=progress))
        yield


def _require_port(settings: Settings) -> None:
    """The J-Link's port is there before anything runs; that of USB comes with the image."""
    if settings.transport is Transport.USB or not settings.tty:
        return
    # os.path.exists takes any text; Path.exists fails on absurdly long names.
    if not os.path.exists(settings.tty):  # noqa: PTH110
        raise InputError(
            f"there is no serial port {settings.tty[:200]}",
            hint="plug the board's J-Link connector in; leave --port out to let it search",
        )


def _load(request: AutodeployRequest, model: _Model) -> tuple[WindowSet, Samples]:
    windows = load_windows(
        WindowRequest(
            dataset=request.dataset,
            split=request.split,
            data_dir=request.data_dir,
            limit=request.settings.runs,
            seed=request.seed,
        )
    )
    if len(windows) < request.settings.runs:
        raise InputError(
            f"there are but {len(windows)} windows for {request.settings.runs} inferences",
            hint=f"--runs {len(windows)}",
        )
    return windows, samples_of(model.bundle, model.graph, windows, InputFormat.INT8)


def _inputs(request: AutodeployRequest, windows: WindowSet, samples: Samples) -> Inputs:
    return Inputs(
        dataset=windows.info.name,
        split=windows.info.split,
        windows=len(windows),
        seed=request.seed,
        windows_sha256=windows.info.sha256,
        int8_sha256=hashlib.sha256(samples.quantized.tobytes()).hexdigest(),
    )


def _make_folder(runs_dir: Path, name: str) -> Path:
    try:
        return new_folder(runs_dir, name).resolve()
    except OSError as error:
        raise InputError(
            f"cannot make a folder in {runs_dir}: {error.strerror}",
            hint="choose another folder with --runs-dir",
        ) from error


def _run_tool(request: AutodeployRequest, bundle: Bundle, job: Job, progress: Progress) -> float:
    """Runs it to its end and returns how long that took, in seconds."""

    def heard(line: str) -> None:
        if request.settings.show_make or _NEWS.search(line):
            progress(0, 0, line)

    folder = job.console.parent
    finished = run_watched(job, request.limits, heard)
    name = plain_name(bundle.name)
    stats = folder / name / f"{name}_stats.csv"
    failure = failure_of(finished, request.limits)
    if failure is None and not stats.is_file():
        failure = no_stats(finished, stats)
    if failure is None:
        return finished.duration_s
    failure.hint += f"; all it said: {job.console}"
    if stats.is_file():
        again = f"ectopy autodeploy --model {bundle.target} --from {shlex.quote(str(folder))}"
        failure.hint += f"; its figures came before: {again}"
    raise failure


def _ours(model: _Model, samples: Samples | None, no_difference: str = "") -> Ours:
    difference, reason = (
        (None, no_difference) if samples is None else _expected_difference(model, samples)
    )
    return Ours(
        graph=model.graph,
        file_bytes=len(model.tflite),
        record=model.record,
        planned_arena_bytes=_planned_arena_bytes(model.graph),
        expected_difference=difference,
        difference_note=reason,
    )


def _planned_arena_bytes(graph: Graph) -> int | None:
    try:
        return compile_graph(graph).arena_bytes
    except EctopyError:
        return None


def _expected_difference(model: _Model, samples: Samples) -> tuple[tuple[float, ...] | None, str]:
    """What a right board would give: LiteRT minus the reference, mean per output."""
    try:
        litert = LiteRtInterpreter(model.tflite, model.graph)
    except ToolError as error:
        return None, error.message
    reference = open_reference(model.tflite, model.graph)
    differences = [
        litert.invoke(each).astype(np.int64).ravel() - reference.invoke(each).ravel()
        for each in samples.quantized
    ]
    return tuple(np.mean(differences, axis=0).tolist()), ""


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ToolError(f"cannot write {path}: {error.strerror}", hint="free the disk") from error
