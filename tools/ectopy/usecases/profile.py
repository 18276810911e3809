"""One inference taken apart: by operator and function, from the cycle model and from a board."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ectopy.boards import BoardRequest, choose_link, open_board
from ectopy.cycles import ZERO, Estimate
from ectopy.errors import InputError, ToolError
from ectopy.progress import Progress, silent
from ectopy.protocol import InputFormat, Session
from ectopy.report.profile import DeviceProfile, Profile
from ectopy.usecases.build import BuildRequest, build_firmware
from ectopy.usecases.case import Case, open_case
from ectopy.usecases.profile_rows import (
    UNKNOWN_BUILD,
    DeviceFigures,
    Subject,
    built,
    make_profile,
    run_model,
)
from ectopy.vocab import BoardName, DatasetName, EngineName, LinkKind, Optimize, Split
from ectopy.windows import WindowRequest

ELF_MAGIC = b"\x7fELF"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileRequest:
    """What to profile.

    Attributes:
        optimize: What the plan of engine aot is made for.
        elf: An image to run instead of building one; board and engine say what it is, its kernels
            what its plan was made for.
        memory: Name of a memory model.
        seed: Which window of the split is drawn.
        device: Also asks the board for its PROFILE of the same window.
    """

    model: str
    board: BoardName = BoardName.VIRT
    engine: EngineName = EngineName.AOT
    optimize: Optimize = Optimize.SPEED
    elf: Path | None = None
    memory: str = ZERO
    dataset: DatasetName = DatasetName.AUTO
    split: Split | None = None
    data_dir: Path | None = None
    seed: int = 0
    device: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProfileRun:
    """A profile, and the estimate it was made from."""

    profile: Profile
    estimate: Estimate


def profile(request: ProfileRequest, progress: Progress = silent) -> ProfileRun:
    """Builds the image, runs it under the cycle model, and on the board where asked.

    Raises:
        InputError: The request, the data or the model cannot be used.
        ToolError: A tool is missing or failed, or board and cycle model answer differently.
        LinkError: The board is silent.
    """
    if request.board is BoardName.HOST:
        raise InputError(
            "the cycle model runs Cortex-M4 images, not those of board host",
            hint="take --board virt",
        )
    wanted = WindowRequest(
        dataset=request.dataset,
        split=request.split,
        data_dir=request.data_dir,
        limit=1,
        seed=request.seed,
    )
    case = open_case(request.model, wanted, InputFormat.INT8, progress)
    image = _subject(request, case, progress)
    progress(0, 0, "running under the cycle model")
    modelled = run_model(case, image, request.memory)
    device: DeviceFigures | None = None
    if request.device:
        progress(0, 0, f"asking board {request.board}")
        device = _ask_board(request, image, case, modelled)
    return ProfileRun(profile=make_profile(case, image, modelled, device), estimate=modelled)


def _subject(request: ProfileRequest, case: Case, progress: Progress) -> Subject:
    """The image to run: built, or given and of the same model."""
    if request.elf is None:
        progress(0, 0, "building")
        wanted = BuildRequest(
            board=request.board,
            engine=request.engine,
            bundle=case.bundle,
            optimize=request.optimize,
            operators=True,
        )
        image = build_firmware(wanted, progress)
        if image.emulation_refusal:
            raise InputError(
                f"the cycle model is an emulator, and {image.emulation_refusal}",
                hint="on silicon `ectopy bench` measures the same image",
            )
        return built(image)
    try:
        contents = request.elf.read_bytes()
    except OSError as error:
        raise InputError(
            f"{request.elf} cannot be read: {error.strerror}", hint="ectopy build makes an image"
        ) from error
    # Firmware tells its model's hash in HELLO, so it has it in clear.
    if contents.startswith(ELF_MAGIC) and case.graph.sha256.encode() not in contents:
        raise InputError(
            f"{request.elf} does not hold the model of {case.bundle.name}, "
            f"SHA-256 {case.graph.sha256[:12]}",
            hint="name the bundle that it was built from: --model",
        )
    return Subject(
        elf=request.elf,
        elf_sha256=hashlib.sha256(contents).hexdigest(),
        build_id=UNKNOWN_BUILD,
        board=request.board,
        engine=request.engine,
        optimize=request.optimize,
    )


def _ask_board(
    request: ProfileRequest, image: Subject, case: Case, modelled: Estimate
) -> DeviceFigures:
    link = choose_link(request.board, LinkKind.AUTO, windows=1)
    opened = open_board(BoardRequest(board=request.board, elf=image.elf, link=link))
    with opened as board:
        session = Session(board.link)
        hello = session.hello()
        (result,) = session.infer([case.samples.wire[0].tobytes()], case.samples.input_format)
        ticks = session.profile()
    if result.outputs != modelled.outputs.tobytes():
        raise ToolError(
            f"board {request.board} answers {list(np.frombuffer(result.outputs, np.int8))}, "
            f"the cycle model {modelled.outputs.tolist()}",
            hint="one of the two emulators is at fault: compare with ectopy bench --limit 1",
        )
    whole = DeviceProfile(
        board=hello.board,
        emulated=hello.emulated,
        tick_unit=hello.tick_unit,
        invoke_ticks=result.ticks_invoke,
    )
    return DeviceFigures(whole=whole, ticks=ticks)
