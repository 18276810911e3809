"""The bench: a model on a board, windows through its link, a record of what came back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ectopy.boards import BoardRequest, choose_link, open_board
from ectopy.errors import EctopyError, LinkError
from ectopy.progress import Progress, silent
from ectopy.protocol import DeviceStats, Hello, Link, Session
from ectopy.reference import HostInterpreter
from ectopy.report.profile import to_json
from ectopy.toolchain import Image
from ectopy.usecases.bench_estimate import CycleEstimate, estimate_cycles
from ectopy.usecases.bench_files import (
    OUTPUTS,
    PROFILE,
    outputs_table,
    require_writable,
    undisturbed,
    write_run,
)
from ectopy.usecases.bench_record import Evidence, make_record
from ectopy.usecases.bench_stream import Measured, stream
from ectopy.usecases.bench_types import BenchRequest, BenchRun
from ectopy.usecases.build import BuildRequest, build_firmware
from ectopy.usecases.case import Case, open_case
from ectopy.usecases.report import Sources, gather, write_pages
from ectopy.usecases.run_folder import open_run
from ectopy.vocab import LinkKind
from ectopy.windows import WindowRequest


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prepared:
    """All that a run needs before a board is touched.

    Attributes:
        link: The one to open, never ``auto``.
        estimated: By the cycle model, over the first window.
    """

    request: BenchRequest
    case: Case
    link: LinkKind
    image: Image
    estimated: CycleEstimate
    oracle: HostInterpreter


def bench(request: BenchRequest, progress: Progress = silent) -> BenchRun:
    """Builds the firmware, runs it on the board, streams the windows and writes the run.

    A run that ends early, by Ctrl-C or because the board is lost, is written as far as it came
    and says so in ``BenchRun.failure``; if nothing was measured, the failure is raised.

    Raises:
        InputError: The request, the data or the model cannot be used.
        ToolError: The compiler or the emulator is missing or failed.
        LinkError: The board is silent, or runs another image than the one just built.
    """
    require_writable(request.runs_dir)
    prepared = prepare(request, progress)
    progress(0, 0, f"starting board {request.board}")
    board = BoardRequest(
        board=request.board,
        elf=prepared.image.elf,
        link=prepared.link,
        port=request.port,
    )
    with open_board(board, progress) as opened:
        return run_on(opened.link, prepared, progress)


def prepare(request: BenchRequest, progress: Progress = silent) -> Prepared:
    """Model, windows, image and reference of a run.

    Raises:
        InputError: The data or the model cannot be used.
        ToolError: The compiler is missing or failed.
    """
    wanted = WindowRequest(
        dataset=request.dataset,
        split=request.split,
        data_dir=request.data_dir,
        limit=request.limit,
        seed=request.seed,
    )
    case = open_case(request.model, wanted, request.input_format, progress)
    link = choose_link(request.board, request.link, len(case.windows))
    progress(0, 0, f"building firmware for board {request.board}")
    image = build_firmware(
        BuildRequest(board=request.board, engine=request.engine, bundle=case.bundle), progress
    )
    progress(0, 0, "running the cycle model")
    return Prepared(
        request=request,
        case=case,
        link=link,
        image=image,
        estimated=estimate_cycles(case, image),
        oracle=case.reference(),
    )


def run_on(link: Link, prepared: Prepared, progress: Progress = silent) -> BenchRun:
    """The run itself, over a link to a board that was started with ``prepared.image``.

    Raises:
        LinkError: No window was measured.
    """
    began = datetime.now(UTC)
    session = Session(link)
    hello = session.hello()
    require_image(hello, prepared.image)
    session.selftest()
    measured = Measured()
    failure: EctopyError | KeyboardInterrupt | None = None
    stats: DeviceStats | None = None
    try:
        stream(session, prepared.case.samples, prepared.oracle, measured, progress)
    except (EctopyError, KeyboardInterrupt) as early:
        if not measured.results:
            raise
        failure = early
    try:
        # A device that was lost would only be waited for once more.
        stats = None if isinstance(failure, LinkError) else session.stats()
    except (LinkError, KeyboardInterrupt) as late:
        failure = failure or late
    evidence = Evidence(
        request=prepared.request,
        case=prepared.case,
        image=prepared.image,
        hello=hello,
        measured=measured,
        estimated=prepared.estimated,
        reference=prepared.oracle.name,
        link=link.kind,
        stats=stats,
        counters=session.counters,
        failure=failure,
        began=began,
    )
    with undisturbed():
        return _conclude(evidence)


def _conclude(evidence: Evidence) -> BenchRun:
    """Writes the run. Where the disk does not take it, it can still be shown."""
    record, case = make_record(evidence), evidence.case
    texts = {OUTPUTS: outputs_table(evidence.measured, case.windows, case.samples)}
    if evidence.estimated.profile is not None:
        texts[PROFILE] = to_json(evidence.estimated.profile)
    folder: Path | None = None
    failure = evidence.failure
    try:
        folder = write_run(evidence.request.runs_dir, record, texts)
        run = open_run(folder)
        sources = Sources(bundles=(evidence.request.model,), windows=case.windows)
        write_pages(folder, [gather(run, sources)], [run.name])
    except EctopyError as unwritten:
        failure = failure or unwritten
    return BenchRun(record=record, folder=folder, failure=failure)


def require_image(hello: Hello, image: Image) -> None:
    """Makes sure that the board runs the image just built.

    Raises:
        LinkError: It runs another model or another build.
    """
    if hello.tflite_sha256 != image.tflite_sha256:
        raise LinkError(
            f"the board runs another model: {hello.model} {hello.tflite_sha256[:12]}, "
            f"not {image.tflite_sha256[:12]} as built",
            hint=_flash_hint(image),
        )
    if hello.build_id != image.build_id:
        raise LinkError(
            f"the board runs another build: {hello.build_id}, not {image.build_id}",
            hint=_flash_hint(image),
        )


def _flash_hint(image: Image) -> str:
    return (
        f"flash it: ectopy flash --elf {image.elf}; if that was done just now, port and J-Link "
        "are those of two boards: check PORT= and PROBE="
    )
