"""Model bundle to a firmware image."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from ectopy.aot import Plan
from ectopy.aot.types import ConstOperand
from ectopy.progress import Progress, silent
from ectopy.toolchain import (
    Compiler,
    Image,
    MakeRequest,
    check_budget,
    compute_build_id,
    exclusive,
    find_compiler,
    make_firmware,
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
    """

    board: BoardName
    engine: EngineName
    bundle: Bundle
    out_dir: Path | None = None

    @property
    def folder(self) -> Path:
        """Where everything goes."""
        return self.out_dir or BUILD_DIR / f"{self.board}-{self.engine}-{self.bundle.name}"


def build_firmware(request: BuildRequest, progress: Progress = silent) -> Image:
    """Renders, compiles and links; what is up to date is left alone.

    Raises:
        ModelError: The model cannot be compiled.
        BudgetError: Arena, constants or image do not fit the board.
        ToolError: The compiler is missing or failed.
    """
    compiler = find_compiler(request.board)
    with exclusive(request.folder):
        return _build(request, compiler, progress)


def _build(request: BuildRequest, compiler: Compiler, progress: Progress) -> Image:
    generated = request.folder / "generated"
    rendering = render(request.bundle, request.engine, generated)
    plan = rendering.plan
    check_budget(request.board, arena_bytes=plan.arena_bytes, constant_bytes=_constant_bytes(plan))
    build_id = compute_build_id(request.board, request.engine, compiler, rendering.texts)
    elf = make_firmware(
        MakeRequest(
            board=request.board,
            engine=request.engine,
            generated=generated,
            out=request.folder,
            build_id=build_id,
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
        toolchain=str(compiler),
        tflite_sha256=rendering.graph.sha256,
    )


def _constant_bytes(plan: Plan) -> int:
    """Weights, biases and constant operands."""
    calls = [step.call for step in plan.steps if step.call is not None]
    operands = [operand for call in calls for operand in call.operands]
    return sum(int(o.values.nbytes) for o in operands if isinstance(o, ConstOperand))
