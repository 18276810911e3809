"""One inference taken apart: by operator and function, from the cycle model and from a board."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ectopy.aot import compile_graph
from ectopy.boards import BoardRequest, choose_link, open_board
from ectopy.cycles import CLOCK_HZ, ZERO, Estimate, Tally, estimate
from ectopy.errors import InputError, ToolError
from ectopy.graph.costs import graph_macs, op_macs
from ectopy.graph.reader import read_model_bytes, read_tflite
from ectopy.graph.types import Graph
from ectopy.progress import Progress, silent
from ectopy.protocol import InputFormat, Session
from ectopy.report.profile import DeviceProfile, FunctionProfile, OperatorProfile, Profile
from ectopy.toolchain import Image
from ectopy.usecases.bench_stream import encode_windows
from ectopy.usecases.build import BuildRequest, build_firmware
from ectopy.usecases.inspect import layer_name
from ectopy.vocab import BoardName, DatasetName, EngineName, LinkKind, Split
from ectopy.windows import WindowRequest, load_windows
from ectopy.zoo import Bundle, class_labels, open_bundle

ENGINE_ROW = "engine"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileRequest:
    """What to profile.

    Attributes:
        memory: Name of a memory model.
        seed: Which window of the split is drawn.
        device: Also asks the board for its PROFILE of the same window.
    """

    model: str
    board: BoardName = BoardName.VIRT
    engine: EngineName = EngineName.AOT
    memory: str = ZERO
    dataset: DatasetName = DatasetName.AUTO
    split: Split = Split.DS2
    data_dir: Path | None = None
    seed: int = 0
    device: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProfileRun:
    """A profile, and the estimate it was made from."""

    profile: Profile
    estimate: Estimate


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Window:
    """One window, quantized, and what to call it."""

    values: npt.NDArray[np.int8]
    name: str
    dataset: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _DeviceFigures:
    whole: DeviceProfile
    ticks: tuple[int, ...]


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
    bundle = open_bundle(request.model)
    progress(0, 0, "building")
    image = build_firmware(
        BuildRequest(board=request.board, engine=request.engine, bundle=bundle, operators=True),
        progress,
    )
    if image.emulation_refusal:
        raise InputError(
            f"the cycle model is an emulator, and {image.emulation_refusal}",
            hint="on silicon `ectopy bench` measures the same image",
        )
    graph = read_tflite(read_model_bytes(bundle.require_tflite()), bundle.name)
    window = _load_window(request, bundle, graph)
    progress(0, 0, "running under the cycle model")
    modelled = estimate(image.elf, window.values, request.memory)
    device: _DeviceFigures | None = None
    if request.device:
        progress(0, 0, f"asking board {request.board}")
        device = _ask_board(request, image, window, modelled)
    operators = _operators(graph, request.engine, modelled, device.ticks if device else ())
    made = Profile(
        model=bundle.name,
        board=request.board,
        engine=request.engine,
        build_id=image.build_id,
        elf_sha256=image.elf_sha256,
        dataset=window.dataset,
        window=window.name,
        memory=modelled.memory.name,
        memory_title=modelled.memory.title,
        memory_sources=modelled.memory.sources,
        clock_hz=CLOCK_HZ,
        macs=graph_macs(graph),
        instructions=modelled.instructions,
        cycles=modelled.cycles,
        divisions=modelled.divisions,
        operators=operators,
        functions=_functions(modelled),
        by_row=modelled.by_row,
        outputs=tuple(modelled.outputs.tolist()),
        device=device.whole if device else None,
    )
    return ProfileRun(profile=made, estimate=modelled)


def _load_window(request: ProfileRequest, bundle: Bundle, graph: Graph) -> _Window:
    windows = load_windows(
        WindowRequest(
            dataset=request.dataset,
            split=request.split,
            data_dir=request.data_dir,
            limit=1,
            seed=request.seed,
        )
    )
    configuration = bundle.configuration
    samples = encode_windows(
        windows,
        class_labels(configuration, windows.labels),
        graph,
        configuration.preprocess,
        InputFormat.INT8,
    )
    info = windows.info
    return _Window(
        values=samples.quantized[0],
        name=f"record {windows.records[0]}, beat at sample {windows.beat_samples[0]}",
        dataset=f"{info.name} {info.split}" + (" (SYNTHETIC)" if info.synthetic else ""),
    )


def _ask_board(
    request: ProfileRequest, image: Image, window: _Window, modelled: Estimate
) -> _DeviceFigures:
    link = choose_link(request.board, LinkKind.AUTO, windows=1)
    opened = open_board(BoardRequest(board=request.board, elf=image.elf, link=link))
    with opened as board:
        session = Session(board.link)
        hello = session.hello()
        (result,) = session.infer([window.values.tobytes()], InputFormat.INT8)
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
    return _DeviceFigures(whole=whole, ticks=ticks)


def _operators(
    graph: Graph, engine: EngineName, modelled: Estimate, ticks: tuple[int, ...]
) -> tuple[OperatorProfile, ...]:
    kernels = _kernels(graph, engine, modelled)
    rows = []
    for op, tally in zip(graph.ops, modelled.operators, strict=False):
        output = graph.op_output(op)
        rows.append(
            OperatorProfile(
                index=op.index,
                kind=op.kind,
                name=layer_name(output.name),
                shape=_short_shape(output.shape),
                kernel=kernels.get(op.index, ""),
                macs=op_macs(graph, op),
                instructions=tally.instructions,
                cycles=tally.cycles,
                share=tally.cycles / modelled.cycles,
                device_ticks=ticks[op.index] if op.index < len(ticks) else None,
            )
        )
    return (*rows, _engine_row(modelled.engine, modelled.cycles))


def _engine_row(tally: Tally, cycles: int) -> OperatorProfile:
    return OperatorProfile(
        index=None,
        kind=ENGINE_ROW,
        name="around operators",
        shape="",
        kernel="",
        macs=0,
        instructions=tally.instructions,
        cycles=tally.cycles,
        share=tally.cycles / cycles,
    )


def _kernels(graph: Graph, engine: EngineName, modelled: Estimate) -> dict[int, str]:
    """Function of each operator; of an interpreter's several the one that takes most cycles."""
    if engine is not EngineName.AOT:
        return dict(enumerate(modelled.dearest))
    steps = compile_graph(graph).steps
    return {step.op: step.call.kernel.value for step in steps if step.call is not None}


def _functions(modelled: Estimate) -> tuple[FunctionProfile, ...]:
    return tuple(
        FunctionProfile(
            name=each.name,
            instructions=each.instructions,
            cycles=each.cycles,
            share=each.cycles / modelled.cycles,
        )
        for each in modelled.functions
    )


def _short_shape(shape: tuple[int, ...]) -> str:
    """Shapes of one window's operators begin with 1x1x."""
    sizes = list(shape)
    while len(sizes) > 1 and sizes[0] == 1:
        del sizes[0]
    return "x".join(map(str, sizes)) or "scalar"
