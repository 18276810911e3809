"""All engines on the same models and windows, in one run on the virtual board."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import ectopy
from ectopy import metrics
from ectopy.boards import BoardRequest, choose_link, open_board
from ectopy.cycles import ZERO
from ectopy.errors import EctopyError, InputError
from ectopy.graph.costs import graph_macs
from ectopy.progress import Progress, silent
from ectopy.protocol import InputFormat, Session
from ectopy.report.engines import (
    AbsentEngine,
    EngineFigures,
    EnginesTable,
    ModelEngines,
    put_between,
    to_markdown,
)
from ectopy.toolchain import (
    EMULATED_DEFAULT,
    Image,
    RuntimeRequest,
    contents_of,
    engine_parts,
    find_compiler,
    find_runtime,
)
from ectopy.usecases.bench import require_image
from ectopy.usecases.bench_record import git_state
from ectopy.usecases.bench_stream import Measured, stream
from ectopy.usecases.build import BuildRequest, build_firmware, build_folder
from ectopy.usecases.case import Case, open_case
from ectopy.usecases.engine_plan import goal
from ectopy.usecases.profile_rows import built, run_model
from ectopy.vocab import BoardName, DatasetName, EngineName, LinkKind, Optimize
from ectopy.windows import WindowRequest
from ectopy.zoo.bundle import REPOSITORY_MODELS, names_in

BOARD = BoardName.VIRT


@dataclass(frozen=True, slots=True, kw_only=True)
class EnginesRequest:
    """What to compare.

    Attributes:
        models: Names or folders of bundles; none for those that are shipped.
        tflm: An upstream tflite-micro tree; empty if there is none.
        neuralspot: A checkout of neuralSPOT with its runtimes; empty if there is none.
        environment: Says more about the runtimes: TFLM_LIB, RUNTIME, RUNTIME_VARIANT.
        limit: Windows that go through every image.
        readme: A document with the two markers, between which the table is to be written.
    """

    models: tuple[str, ...] = ()
    tflm: str = ""
    neuralspot: str = ""
    environment: Mapping[str, str]
    dataset: DatasetName = DatasetName.AUTO
    data_dir: Path | None = None
    limit: int = 20
    readme: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnginesRun:
    """A comparison, maybe ended early.

    Attributes:
        failure: The first thing that went wrong; to be raised when the table has been shown.
    """

    table: EnginesTable
    failure: EctopyError | KeyboardInterrupt | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """An engine to be measured.

    Attributes:
        runtime: For tflm.
        missing: What would have to be said for it to be there; empty if it is.
    """

    title: str
    engine: EngineName
    optimize: Optimize = Optimize.SPEED
    runtime: RuntimeRequest | None = None
    missing: str = ""

    def folder(self, model: str) -> Path:
        """Each runtime has a build folder of its own, or they would undo each other's work."""
        if self.runtime is None:
            return build_folder(BOARD, self.engine, model, self.optimize)
        return build_folder(BOARD, f"{self.engine}-{self.runtime.name or 'upstream'}", model)


def compare_engines(request: EnginesRequest, progress: Progress = silent) -> EnginesRun:
    """Builds, boots and models every engine with every model.

    An engine that fails is named in the table and costs no other its figures.

    Raises:
        InputError: A model or the ECG cannot be used, or the document has no place for the table,
            or would lose figures because engines are missing.
        ToolError: The cross compiler is missing.
    """
    contenders = find_contenders(request)
    _require_place(request, contenders)
    compiler = find_compiler(BOARD)
    wanted = WindowRequest(
        dataset=request.dataset,
        data_dir=request.data_dir,
        limit=request.limit,
        seed=0,
    )
    names = request.models or tuple(names_in(REPOSITORY_MODELS))
    if not names:
        raise InputError("this ectopy was installed without models", hint="name some: --model")
    cases = [open_case(name, wanted, InputFormat.INT16_UV, progress) for name in names]
    comparison = _Comparison(cases, contenders, progress)
    models = tuple(comparison.measure_all())
    first = cases[0]
    table = EnginesTable(
        board=BOARD,
        memory="memory without wait states",
        dataset=first.dataset_title,
        windows=len(first.windows),
        reference=first.reference().name,
        toolchain=str(compiler),
        tool_version=ectopy.__version__,
        git=git_state(),
        models=models,
    )
    failure = comparison.failure
    if request.readme is not None and failure is None:
        try:
            write_readme(request.readme, table)
        except EctopyError as unwritten:
            failure = unwritten
    return EnginesRun(table=table, failure=failure)


def find_contenders(request: EnginesRequest) -> tuple[Contender, ...]:
    """Engine aot for every goal meant for production, and tflm with every runtime that is named."""
    said = request.environment
    name = said.get("RUNTIME", "") or EMULATED_DEFAULT
    variant = said.get("RUNTIME_VARIANT", "")
    upstream = RuntimeRequest(
        board=BOARD, tflm=request.tflm, tflm_lib=said.get("TFLM_LIB", ""), variant=variant
    )
    packed = RuntimeRequest(board=BOARD, neuralspot=request.neuralspot, name=name, variant=variant)
    return (
        *(
            Contender(title=f"aot, for {optimize}", engine=EngineName.AOT, optimize=optimize)
            for optimize in Optimize
            if optimize.for_production
        ),
        Contender(
            title="tflm, upstream tflite-micro",
            engine=EngineName.TFLM,
            runtime=upstream,
            missing=_unless(request.tflm, "no upstream tflite-micro tree is named: --tflm, TFLM="),
        ),
        Contender(
            title=f"tflm, {name}",
            engine=EngineName.TFLM,
            runtime=packed,
            missing=_unless(
                request.neuralspot, "no checkout of neuralSPOT is named: --neuralspot, NEURALSPOT="
            ),
        ),
    )


def _unless(named: str, reason: str) -> str:
    return "" if named else reason


def _require_place(request: EnginesRequest, contenders: tuple[Contender, ...]) -> None:
    """Finds out before anything is measured whether the table can be written."""
    if request.readme is None:
        return
    _placed(request.readme, "")
    missing = [each.missing for each in contenders if each.missing]
    if missing:
        raise InputError(
            f"{request.readme} keeps its table, which this run could not fill: {missing[0]}",
            hint="name all runtimes, or leave --readme out",
        )


class _Comparison:
    """Models times engines, and what went wrong."""

    def __init__(
        self, cases: list[Case], contenders: tuple[Contender, ...], progress: Progress
    ) -> None:
        self._cases = cases
        self._contenders = contenders
        self._progress = progress
        self.failure: EctopyError | KeyboardInterrupt | None = None

    def measure_all(self) -> Iterator[ModelEngines]:
        """A table for each model; complete for those before an interruption."""
        for case in self._cases:
            found: list[EngineFigures] = []
            absent: list[AbsentEngine] = []
            for contender in self._contenders:
                result = self._try(case, contender)
                if isinstance(result, EngineFigures):
                    found.append(result)
                else:
                    absent.append(result)
            yield ModelEngines(
                model=case.bundle.name,
                tflite_sha256=case.graph.sha256,
                macs=graph_macs(case.graph),
                engines=tuple(found),
                absent=tuple(absent),
            )

    def _try(self, case: Case, contender: Contender) -> EngineFigures | AbsentEngine:
        absent = AbsentEngine(title=contender.title, reason=contender.missing, failed=False)
        if contender.missing:
            return absent
        if isinstance(self.failure, KeyboardInterrupt):
            return replace(absent, reason="not reached: interrupted", failed=True)
        self._progress(0, 0, f"{case.bundle.name}: {contender.title}")
        try:
            return _measure(case, contender, self._progress)
        except EctopyError as error:
            self.failure = self.failure or error
            return replace(absent, reason=error.message, failed=True)
        except KeyboardInterrupt as error:
            self.failure = error
            return replace(absent, reason="interrupted", failed=True)


def _measure(case: Case, contender: Contender, progress: Progress) -> EngineFigures:
    library = None if contender.runtime is None else find_runtime(contender.runtime).library
    request = BuildRequest(
        board=BOARD,
        engine=contender.engine,
        bundle=case.bundle,
        optimize=contender.optimize,
        out_dir=contender.folder(case.bundle.name),
        runtime=contender.runtime,
    )
    image = build_firmware(request, progress)
    modelled = run_model(case, built(image), ZERO)
    contents = contents_of(image.elf, engine_parts(request.folder, library))
    asked = _ask_board(case, image, progress)
    return EngineFigures(
        engine=contender.engine,
        optimized_for=goal(contender.engine, contender.optimize),
        version=asked.version,
        build_id=image.build_id,
        elf_sha256=image.elf_sha256,
        emulated_instructions=modelled.instructions,
        modelled_cycles=modelled.cycles,
        arena_bytes=asked.arena_bytes,
        flash_bytes=image.flash_bytes,
        code_bytes=contents.code_bytes,
        constant_bytes=contents.constant_bytes,
        stack_high_water_bytes=asked.stack_bytes,
        windows_compared=asked.windows,
        output_mismatches=asked.mismatches,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answers:
    """What the virtual board said."""

    version: str
    arena_bytes: int
    stack_bytes: int
    windows: int
    mismatches: int


def _ask_board(case: Case, image: Image, progress: Progress) -> _Answers:
    link = choose_link(BOARD, LinkKind.AUTO, len(case.windows))
    measured, oracle = Measured(), case.reference()
    with open_board(BoardRequest(board=BOARD, elf=image.elf, link=link), progress) as opened:
        session = Session(opened.link)
        hello = session.hello()
        require_image(hello, image)
        session.selftest()
        stream(session, case.samples, oracle, measured, progress)
        stats = session.stats()
    classes = len(hello.classes)
    agreement, _ = metrics.compare_outputs(
        measured.outputs(classes), measured.reference_outputs(classes), oracle.name
    )
    return _Answers(
        version=hello.engine_version,
        arena_bytes=hello.arena_used_bytes,
        stack_bytes=stats.stack_high_water_bytes,
        windows=agreement.windows_compared,
        mismatches=agreement.output_mismatches,
    )


def write_readme(path: Path, table: EnginesTable) -> None:
    """Writes the table between the two markers of a document, and nothing else.

    Raises:
        InputError: It cannot be read or written, or has no place for the table.
    """
    text = _placed(path, to_markdown(table))
    try:
        path.write_bytes(text.encode())
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error


def _placed(path: Path, text: str) -> str:
    try:
        return put_between(path.read_bytes().decode(), text)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise InputError(f"{path} is not text: {error}") from error
    except InputError as error:
        raise InputError(f"{path}: {error.message}", hint=error.hint) from error
