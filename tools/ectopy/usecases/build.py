"""Model bundle to a firmware image."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from ectopy.cycles import ArenaNeed
from ectopy.graph.reader import read_model_bytes
from ectopy.progress import Progress, silent
from ectopy.toolchain import (
    BoardOptions,
    Compiler,
    Image,
    MakeRequest,
    Runtime,
    RuntimeRequest,
    check_budget,
    compute_build_id,
    exclusive,
    find_compiler,
    find_runtime,
    find_sdk,
    make_firmware,
    options_from,
    read_elf,
)
from ectopy.usecases.arena import known_need, remember_need, reserved_bytes
from ectopy.usecases.engine_plan import require_goal
from ectopy.usecases.render import Rendering, render, render_texts
from ectopy.vocab import BoardName, EngineName, Optimize
from ectopy.zoo import Bundle

BUILD_DIR = Path(__file__).resolve().parents[3] / "build"

_NO_ARENA_BYTES = 16
"""For the image whose arena is measured: it is given memory then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRequest:
    """What to build.

    Attributes:
        optimize: What the plan of engine aot is made for.
        out_dir: Folder for everything made; by default :func:`build_folder`.
        operators: Whether the image must tell operators apart (PROFILE, DUMP). Engine aot always
            does; engine tflm takes another library for it, and another folder.
        options: For ``apollo4p``; None takes them from the environment.
        runtime: For engine tflm; None takes it from the environment.
    """

    board: BoardName
    engine: EngineName
    bundle: Bundle
    optimize: Optimize = Optimize.SPEED
    out_dir: Path | None = None
    operators: bool = False
    options: BoardOptions | None = None
    runtime: RuntimeRequest | None = None

    @property
    def folder(self) -> Path:
        """Where everything goes."""
        if self.out_dir is not None:
            return self.out_dir
        if self.operators and self.engine is EngineName.TFLM:
            return build_folder(self.board, f"{self.engine}-with-logs", self.bundle.name)
        return build_folder(self.board, self.engine, self.bundle.name, self.optimize)


def build_folder(board: str, engine: str, model: str, optimize: Optimize = Optimize.SPEED) -> Path:
    """The folder of an image in ``build/`` beside the sources, one for each goal of a plan."""
    return BUILD_DIR / f"{board}-{engine}{optimize.suffix}-{model}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """A request and what was found for it.

    Attributes:
        runtime: For engine tflm.
        options: For board ``apollo4p``.
        fingerprint: Of options and SDK, for the build id.
    """

    request: BuildRequest
    compiler: Compiler
    runtime: Runtime | None = None
    options: BoardOptions | None = None
    fingerprint: str = ""

    @property
    def toolchain(self) -> str:
        if self.runtime is None:
            return str(self.compiler)
        return f"{self.compiler}, library sha256 {self.runtime.library_sha256[:12]}"

    def build_id(self, contents: dict[str, str]) -> str:
        request = self.request
        return compute_build_id(
            request.board,
            request.engine,
            self.compiler,
            {**contents, "OPTIMIZE": request.optimize},
            runtime=self.runtime,
            extra=self.fingerprint,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    rendering: Rendering
    build_id: str
    elf: Path


def build_firmware(request: BuildRequest, progress: Progress = silent) -> Image:
    """Renders, compiles and links; what is up to date is left alone.

    Raises:
        InputError: No runtime is named for engine tflm, or it may not run on the board; it has no
            plan to be optimized; or the vendor's SDK, which ``apollo4p`` needs, is not where it
            should be.
        ModelError: The model cannot be compiled.
        BudgetError: Arena, constants or image do not fit the board.
        ToolError: The compiler or the runtime is missing or failed.
    """
    job = _job(request)
    with exclusive(request.folder):
        return _build(job, progress)


def _job(request: BuildRequest) -> _Job:
    require_goal(request.engine, request.optimize)
    compiler = find_compiler(request.board)
    options, fingerprint = None, ""
    if request.board is BoardName.APOLLO4P:
        options = request.options or options_from()
        fingerprint = f"{options} {find_sdk(options.neuralspot).fingerprint}"
    runtime = None
    if request.engine is EngineName.TFLM:
        wanted = request.runtime or RuntimeRequest.from_environment(
            request.board, os.environ, operators=request.operators
        )
        runtime = find_runtime(wanted)
    return _Job(
        request=request,
        compiler=compiler,
        runtime=runtime,
        options=options,
        fingerprint=fingerprint,
    )


def expected_build_id(request: BuildRequest, progress: Progress = silent) -> str:
    """Build id of the image that :func:`build_firmware` makes; built only where it must be.

    Raises:
        EctopyError: As :func:`build_firmware`.
    """
    if request.engine is EngineName.TFLM:
        return build_firmware(request, progress).build_id
    rendering = render_texts(request.bundle, request.engine, optimize=request.optimize)
    return _job(request).build_id(rendering.texts)


def _build(job: _Job, progress: Progress) -> Image:
    request = job.request
    need = _arena_need(job, progress)
    made = _make(job, _reserved(job, need), progress)
    facts = read_elf(made.elf)
    return Image(
        board=request.board,
        engine=request.engine,
        elf=made.elf,
        elf_sha256=hashlib.sha256(made.elf.read_bytes()).hexdigest(),
        build_id=made.build_id,
        flash_bytes=facts.flash_bytes,
        ram_bytes=facts.ram_bytes,
        arena_predicted_bytes=made.rendering.arena_bytes if need is None else need.used_bytes,
        toolchain=job.toolchain,
        tflite_sha256=made.rendering.graph.sha256,
        optimize=request.optimize,
        emulation_refusal="" if job.runtime is None else job.runtime.emulation_refusal,
    )


def _arena_need(job: _Job, progress: Progress) -> ArenaNeed | None:
    """What an interpreter needs; None for other engines, and where it may not be tried out."""
    if job.runtime is None or job.runtime.emulation_refusal:
        return None
    request = job.request
    # The sources, the runtime and the model decide, not what is generated from the model.
    tflite = read_model_bytes(request.bundle.require_tflite())
    key = job.build_id({"model": hashlib.sha256(tflite).hexdigest()})
    need = known_need(request.folder, key)
    if need is None:
        need = remember_need(request.folder, key, _make(job, _NO_ARENA_BYTES, progress).elf)
    return need


def _reserved(job: _Job, need: ArenaNeed | None) -> int | None:
    return None if job.runtime is None else reserved_bytes(need, os.environ)


def _make(job: _Job, arena_bytes: int | None, progress: Progress) -> _Made:
    request = job.request
    generated = request.folder / "generated"
    rendering = render(
        request.bundle,
        request.engine,
        generated,
        arena_bytes,
        optimize=request.optimize,
    )
    check_budget(
        request.board,
        arena_bytes=rendering.arena_bytes,
        constant_bytes=rendering.constant_bytes,
    )
    build_id = job.build_id(rendering.texts)
    elf = make_firmware(
        MakeRequest(
            board=request.board,
            engine=request.engine,
            generated=generated,
            out=request.folder,
            build_id=build_id,
            optimize=request.optimize,
            runtime=job.runtime,
            options=job.options,
        ),
        progress,
    )
    return _Made(rendering=rendering, build_id=build_id, elf=elf)
