"""A model onto a board and through its test, in one go: the same steps for every board."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

from ectopy.boards import BoardRequest, choose_link, open_board
from ectopy.boards.cable import find_cable
from ectopy.errors import EctopyError, InputError, LinkError
from ectopy.progress import Progress, silent
from ectopy.protocol import Link, Session, Timing
from ectopy.toolchain import Image, exclusive
from ectopy.usecases.bench import prepare, require_image, run_on
from ectopy.usecases.bench_files import require_writable
from ectopy.usecases.bench_types import BenchRequest, BenchRun
from ectopy.usecases.build import BuildRequest, build_firmware
from ectopy.usecases.deploy_quantize import reason_to_quantize, why_not_quantized
from ectopy.usecases.deploy_types import Deployed, DeployRequest, DeployStep, Outcome, StepResult
from ectopy.usecases.flash import Target, flash_image, has_flash
from ectopy.usecases.quantize import QuantizeRequest, quantize_bundle
from ectopy.usecases.render import render
from ectopy.usecases.report import JUNIT, PAGE, REPORT, ReportRequest, report_runs
from ectopy.usecases.runs import list_runs
from ectopy.vocab import EngineName, LinkKind
from ectopy.zoo import Bundle, open_bundle

_GLANCE = Timing(boot_s=0.4, boot_attempts=3)
"""For a board that may run nothing of ours yet: long enough for one that does."""

_ALL_WINDOWS = 10**6
_PAGES = (PAGE, REPORT, JUNIT)

_Report = tuple[Outcome, str]


def deploy(request: DeployRequest, progress: Progress = silent) -> Deployed:
    """Takes the steps asked for, one after the other; the first that fails ends it.

    What a step needs from one that was left out is made ready: the image is brought up to date,
    the board is reached.

    Raises:
        ModelError: There is no such bundle.
        InputError: The folder for runs cannot be written.
    """
    bundle = open_bundle(request.model)
    if DeployStep.BENCH in request.steps:
        require_writable(request.runs_dir)
    with ExitStack() as stack:
        deployment = _Deployment(request, bundle, stack, progress)
        return deployment.run_all()


class _Deployment:
    """The steps, and what one leaves for the next."""

    def __init__(
        self, request: DeployRequest, bundle: Bundle, stack: ExitStack, progress: Progress
    ) -> None:
        self._request = request
        self._bundle = bundle
        self._stack = stack
        self._progress = progress
        self._link: Link | None = None
        self._greeted: Session | None = None
        self._run: BenchRun | None = None
        self._pages: tuple[Path, ...] = ()
        self._build_request = BuildRequest(
            board=request.board, engine=request.engine, bundle=bundle
        )

    def run_all(self) -> Deployed:
        """Takes the steps and never fails: what went wrong is in the result."""
        steps: dict[DeployStep, Callable[[], _Report]] = {
            DeployStep.QUANTIZE: self._quantize,
            DeployStep.RENDER: self._render,
            DeployStep.BUILD: self._build,
            DeployStep.FLASH: self._flash if has_flash(self._request.board) else self._boot,
            DeployStep.HELLO: self._hello,
            DeployStep.SELFTEST: self._selftest,
            DeployStep.BENCH: self._bench,
            DeployStep.REPORT: self._report,
        }
        results: list[StepResult] = []
        failure: EctopyError | KeyboardInterrupt | None = None
        for step, take in steps.items():
            if step not in self._request.steps:
                results.append(StepResult(step=step, outcome=Outcome.LEFT_OUT))
            elif failure is not None:
                results.append(StepResult(step=step, outcome=Outcome.NOT_REACHED))
            else:
                result, failure = self._take(step, take)
                results.append(result)
        return Deployed(steps=tuple(results), run=self._run, pages=self._pages, failure=failure)

    def _take(
        self, step: DeployStep, take: Callable[[], _Report]
    ) -> tuple[StepResult, EctopyError | KeyboardInterrupt | None]:
        began_s = time.monotonic()
        failure: EctopyError | KeyboardInterrupt | None = None
        try:
            outcome, detail = take()
            failure = self._run.failure if step is DeployStep.BENCH and self._run else None
        except (EctopyError, KeyboardInterrupt) as error:
            failure = error
        if failure is not None:
            outcome = Outcome.FAILED
            # A message may go on for lines, as the compiler's does; it is shown whole elsewhere.
            detail = "interrupted" if isinstance(failure, KeyboardInterrupt) else failure.message
            detail = detail.splitlines()[0]
        duration_s = time.monotonic() - began_s
        self._progress(0, 0, f"{step}: {outcome} in {duration_s:.1f} s: {detail}")
        return StepResult(step=step, outcome=outcome, detail=detail, duration_s=duration_s), failure

    def _quantize(self) -> _Report:
        reason = reason_to_quantize(self._bundle)
        if not reason:
            return Outcome.UP_TO_DATE, why_not_quantized(self._bundle)
        self._progress(0, 0, f"quantizing: {reason}")
        wanted = QuantizeRequest(
            bundle=self._bundle, data_dir=self._request.data_dir, out_dir=self._bundle.path
        )
        report = quantize_bundle(wanted, self._progress)
        return Outcome.DONE, (
            f"model.tflite, {report.tflite_bytes:,} bytes, largest loss of F1 "
            f"{report.max_f1_drop:+.4f}"
        )

    def _render(self) -> _Report:
        if self._request.engine is EngineName.TFLM:
            # What the arena needs may take a first image, and its size goes into the sources.
            return Outcome.UP_TO_DATE, "with the build, which finds the size of the arena first"
        folder = self._build_request.folder
        generated = folder / "generated"
        with exclusive(folder):
            before = _stamps(generated)
            rendering = render(self._bundle, self._request.engine, generated)
        detail = f"{len(rendering.texts)} files for engine {self._request.engine}"
        return _changed(before != _stamps(generated)), detail

    def _build(self) -> _Report:
        before = _stamps(self._build_request.folder)
        image = self._image
        detail = (
            f"build {image.build_id}, flash {image.flash_bytes:,} bytes, RAM "
            f"{image.ram_bytes:,} bytes"
        )
        return _changed(before.get(image.elf) != image.elf.stat().st_mtime_ns), detail

    @cached_property
    def _image(self) -> Image:
        return build_firmware(self._build_request, self._progress)

    def _boot(self) -> _Report:
        board = self._request.board
        self._progress(0, 0, f"starting board {board}")
        link = self._reach()
        return Outcome.DONE, f"nothing to flash: {board} boots the image; link {link.kind}"

    def _flash(self) -> _Report:
        request, image = self._request, self._image
        cable = find_cable(request.port, request.probe)
        # Opened before anything is written: a busy port is told here. And it stays open, so that
        # nothing the new image says is lost.
        link = self._reach()
        if not request.force_flash and _runs(link, image):
            return Outcome.UP_TO_DATE, f"the board runs build {image.build_id} already"
        target = Target(board=request.board, port=cable.port, probe=cable.probe)
        flashed = flash_image(image.elf, target, self._progress)
        did = "bytes written" if flashed.written else "bytes were in flash already"
        return Outcome.DONE, (
            f"{flashed.image_bytes:,} {did}, verified, J-Link {flashed.probe.serial_number}"
        )

    def _hello(self) -> _Report:
        self._progress(0, 0, f"waiting for board {self._request.board}")
        self._greeted = Session(self._reach())
        hello = self._greeted.hello()
        require_image(hello, self._image)
        return Outcome.DONE, (
            f"{hello.model} on {hello.board}, engine {hello.engine} {hello.engine_version}, "
            f"build {hello.build_id}"
        )

    def _selftest(self) -> _Report:
        if self._greeted is None:
            self._hello()
        assert self._greeted is not None
        return Outcome.DONE, f"{self._greeted.selftest()} golden vectors hold"

    def _bench(self) -> _Report:
        request = self._request
        wanted = BenchRequest(
            model=request.model,
            board=request.board,
            engine=request.engine,
            dataset=request.dataset,
            data_dir=request.data_dir,
            limit=request.limit,
            port=request.port,
            runs_dir=request.runs_dir,
            command=request.command,
        )
        prepared = prepare(wanted, self._progress)
        self._run = run_on(self._reach(), prepared, self._progress)
        if self._run.folder is not None:
            self._pages = tuple(self._run.folder / name for name in _PAGES)
        record = self._run.record
        return Outcome.DONE, (
            f"{record.dataset.windows:,} windows of {record.dataset.name}, "
            f"{record.agreement.output_mismatches} outputs differ from the reference"
        )

    def _report(self) -> _Report:
        if self._pages and all(page.is_file() for page in self._pages):
            return Outcome.UP_TO_DATE, f"the bench wrote {', '.join(_PAGES)}"
        folder = self._pages[0].parent if self._pages else self._newest_run()
        wanted = ReportRequest(
            runs=(folder,), bundles=(self._request.model,), data_dir=self._request.data_dir
        )
        self._pages = report_runs(wanted, self._progress)
        return Outcome.DONE, f"{', '.join(_PAGES)} in {folder}"

    def _newest_run(self) -> Path:
        request, name = self._request, self._bundle.name
        runs = list_runs(request.runs_dir, model=name, board=request.board, metric=None).runs
        if not runs:
            raise InputError(
                f"there is no run of {name} on {request.board} in {request.runs_dir}",
                hint="measure one first: --from bench",
            )
        return runs[-1].folder

    def _reach(self) -> Link:
        """The link to the board, opened when it is first needed and open until the end."""
        if self._link is None:
            request = self._request
            windows = _ALL_WINDOWS if request.limit is None else request.limit
            board = BoardRequest(
                board=request.board,
                elf=self._image.elf,
                link=choose_link(request.board, LinkKind.AUTO, windows),
                port=request.port,
                probe=request.probe,
            )
            self._link = self._stack.enter_context(open_board(board, self._progress)).link
        return self._link


def _runs(link: Link, image: Image) -> bool:
    """Whether the board says that it runs this image."""
    try:
        require_image(Session(link, _GLANCE).hello(), image)
    except LinkError:
        return False
    return True


def _stamps(folder: Path) -> dict[Path, int]:
    """When each file in a folder was written last."""
    return {path: path.stat().st_mtime_ns for path in folder.glob("*") if path.is_file()}


def _changed(changed: bool) -> Outcome:
    return Outcome.DONE if changed else Outcome.UP_TO_DATE
