"""Model bundle to a firmware image."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from ectopy.aot import Plan
from ectopy.aot.types import ConstOperand
from ectopy.progress import Progress, silent
from ectopy.toolchain import (
    BoardOptions,
    Compiler,
    Image,
    MakeRequest,
    check_budget,
    compute_build_id,
    exclusive,
    find_compiler,
    find_sdk,
    make_firmware,
    options_from,
    read_elf,
)
from ectopy.usecases.render import render
from ectopy.vocab import BoardName, EngineName
from ectopy.zoo import Bundle

BUILD_DIR = Path(__file__).resolve().parents[3] / "build"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRequest:
    """What to build.

    Attributes:
        out_dir: Folder for everything made; by default one per board, engine and model in
            ``build/`` beside the sources.
        options: For ``apollo4p``; None takes them from the environment.
    """

    board: BoardName
    engine: EngineName
    bundle: Bundle
    out_dir: Path | None = None
    options: BoardOptions | None = None

    @property
    def folder(self) -> Path:
        """Where everything goes."""
        return self.out_dir or BUILD_DIR / f"{self.board}-{self.engine}-{self.bundle.name}"


def build_firmware(request: BuildRequest, progress: Progress = silent) -> Image:
    """Renders, compiles and links; what is up to date is left alone.

    Raises:
        InputError: The vendor's SDK, which ``apollo4p`` needs, is not where it should be.
        ModelError: The model cannot be compiled.
        BudgetError: Arena, constants or image do not fit the board.
        ToolError: The compiler is missing or failed.
    """
    means = _means(request)
    with exclusive(request.folder):
        return _build(request, means, progress)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Means:
    """What is needed besides sources.

    Attributes:
        fingerprint: Of options and SDK, for the build id.
    """

    compiler: Compiler
    options: BoardOptions | None = None
    fingerprint: str = ""


def _means(request: BuildRequest) -> _Means:
    compiler = find_compiler(request.board)
    if request.board is not BoardName.APOLLO4P:
        return _Means(compiler=compiler)
    options = request.options or options_from()
    sdk = find_sdk(options.neuralspot)
    return _Means(compiler=compiler, options=options, fingerprint=f"{options} {sdk.fingerprint}")


def _build(request: BuildRequest, means: _Means, progress: Progress) -> Image:
    generated = request.folder / "generated"
    rendering = render(request.bundle, request.engine, generated)
    plan = rendering.plan
    check_budget(request.board, arena_bytes=plan.arena_bytes, constant_bytes=_constant_bytes(plan))
    build_id = compute_build_id(
        request.board, request.engine, means.compiler, rendering.texts, means.fingerprint
    )
    elf = make_firmware(
        MakeRequest(
            board=request.board,
            engine=request.engine,
            generated=generated,
            out=request.folder,
            build_id=build_id,
            options=means.options,
        ),
        progress,
    )
    facts = read_elf(elf)
    return Image(
        board=request.board,
        engine=request.engine,
        elf=elf,
        elf_sha256=hashlib.sha256(elf.read_bytes()).hexdigest(),
        build_id=build_id,
        flash_bytes=facts.flash_bytes,
        ram_bytes=facts.ram_bytes,
        arena_predicted_bytes=plan.arena_bytes,
        toolchain=str(means.compiler),
        tflite_sha256=rendering.graph.sha256,
    )


def _constant_bytes(plan: Plan) -> int:
    """Weights, biases and constant operands."""
    calls = [step.call for step in plan.steps if step.call is not None]
    operands = [operand for call in calls for operand in call.operands]
    return sum(int(o.values.nbytes) for o in operands if isinstance(o, ConstOperand))
