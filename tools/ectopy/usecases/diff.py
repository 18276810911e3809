"""The first difference: which operator of a device leaves the reference, where, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ectopy.aot import Plan, compile_graph
from ectopy.boards import BoardRequest, choose_link, open_board
from ectopy.cycles.image import read_image
from ectopy.errors import InputError, LinkError
from ectopy.graph.types import Graph
from ectopy.progress import Progress, silent
from ectopy.protocol import Hello, InputFormat, Link, Session
from ectopy.reference import HostInterpreter
from ectopy.toolchain.licence import EMULATED
from ectopy.usecases.bench_stream import Samples
from ectopy.usecases.build import BuildRequest, build_firmware, expected_build_id
from ectopy.usecases.case import open_case
from ectopy.usecases.diff_types import DiffReport, DiffRequest, Identity, WindowAnswer
from ectopy.usecases.diff_walk import Int8Array, Walk, input_difference, walk
from ectopy.vocab import Cause, EngineName, LinkKind
from ectopy.windows import WindowRequest, WindowSet
from ectopy.zoo import Bundle


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prepared:
    """All that a search needs before a board is touched.

    Attributes:
        plan: Of the AOT engine, which names the kernels; None for others.
        elf: Image to start; None where a port leads to a running board.
        build_id: Of an image made from these sources and this model.
    """

    graph: Graph
    plan: Plan | None
    windows: WindowSet
    samples: Samples
    oracle: HostInterpreter
    elf: Path | None
    build_id: str
    link: LinkKind


def diff(request: DiffRequest, progress: Progress = silent) -> DiffReport:
    """Sends windows until one is answered differently, and walks through it.

    Raises:
        InputError: The request, the data or the model cannot be used.
        ToolError: The compiler or the emulator is missing or failed.
        LinkError: The board is silent or was lost.
    """
    prepared = prepare(request, progress)
    progress(0, 0, f"starting board {request.board}")
    board = BoardRequest(
        board=request.board, elf=prepared.elf, link=prepared.link, port=request.port
    )
    with open_board(board, progress) as opened:
        return diff_on(opened.link, prepared, request.window, progress)


def prepare(request: DiffRequest, progress: Progress = silent) -> Prepared:
    """Model, windows, image and reference of a search.

    Raises:
        InputError: The data or the model cannot be used, or there is no such window.
        ToolError: The compiler is missing or failed.
    """
    wanted = WindowRequest(
        dataset=request.dataset,
        split=request.split,
        data_dir=request.data_dir,
        limit=request.limit,
        seed=request.seed,
    )
    case = open_case(request.model, wanted, InputFormat.INT16_UV, progress)
    drawn = len(case.windows)
    if request.window is not None and request.window >= drawn:
        raise InputError(
            f"there is no window {request.window}: {drawn} were drawn, the first is 0",
            hint="raise --limit, or leave --window out to search all of them",
        )
    link = choose_link(request.board, request.link, drawn)
    elf, build_id = _image(request, case.bundle, progress)
    return Prepared(
        graph=case.graph,
        plan=compile_graph(case.graph) if request.engine is EngineName.AOT else None,
        windows=case.windows,
        samples=case.samples,
        oracle=case.reference(),
        elf=elf,
        build_id=build_id,
        link=link,
    )


def _image(request: DiffRequest, bundle: Bundle, progress: Progress) -> tuple[Path | None, str]:
    """The image to start, and the build id that the device should have."""
    wanted = BuildRequest(board=request.board, engine=request.engine, bundle=bundle, operators=True)
    if request.elf is None and request.port is None:
        progress(0, 0, f"building firmware for board {request.board}")
        image = build_firmware(wanted, progress)
        return image.elf, image.build_id
    if request.elf is not None and request.elf.is_file() and request.board in EMULATED:
        read_image(request.elf)  # refuses what may not run on an emulator
    return request.elf, expected_build_id(wanted, progress)


def diff_on(
    link: Link, prepared: Prepared, window: int | None = None, progress: Progress = silent
) -> DiffReport:
    """The search itself, over a link to a running board.

    Args:
        link: To the board.
        prepared: What to compare it with.
        window: The only window to look at; None looks for one.
        progress: Told of every window and operator.

    Raises:
        LinkError: The board was lost, or does not run the operators of its model.
    """
    session = Session(link)
    hello = session.hello()
    identity = _identity(hello, prepared)
    if not _fits(hello, prepared.graph):
        if not identity.stale_model:
            raise LinkError(
                f"the device runs {hello.op_count} operators, its model has "
                f"{len(prepared.graph.ops)}",
                hint="the engine was not made from this model: build and flash it again",
            )
        return _report(prepared, identity, (Cause.STALE_MODEL,))
    search = _Search(session, prepared, progress)
    sent, found = (0, window) if window is not None else search.first_window()
    if found is None:
        causes = (Cause.STALE_MODEL,) if identity.stale_model else ()
        return _report(prepared, identity, causes, sent)
    return search.locate(found, identity, max(sent, 1), asked=window is not None)


class _Search:
    """One session with the device, looked at window by window."""

    def __init__(self, session: Session, prepared: Prepared, progress: Progress) -> None:
        self._session = session
        self._prepared = prepared
        self._samples = prepared.samples
        self._progress = progress

    def first_window(self) -> tuple[int, int | None]:
        """Windows compared, and the first whose outputs differ."""
        found: int | None = None
        compared = 0

        def bodies() -> Iterator[bytes]:
            for window in self._samples.wire:
                if found is not None:
                    return
                yield window.tobytes()

        # Windows in flight when one differs are let through, so that the line is empty after.
        for result in self._session.infer(bodies(), self._samples.input_format):
            if found is not None:
                continue
            compared += 1
            if result.outputs != self._expected(result.index).tobytes():
                found = result.index
            self._progress(compared, len(self._samples), "windows compared")
        return compared, found

    def locate(self, index: int, identity: Identity, sent: int, *, asked: bool) -> DiffReport:
        """Walks through one window.

        Args:
            index: Of the window.
            identity: Of the device.
            sent: Windows compared so far.
            asked: Whether the window was chosen by the user, and not for its outputs.
        """
        expected = self._expected(index)
        quantized = self._samples.quantized[index]
        direct = self._ask(quantized.tobytes(), InputFormat.INT8)
        tensors = self._prepared.oracle.tensors()
        graph, plan = self._prepared.graph, self._prepared.plan
        walked = walk(self._session, graph, plan, tensors, self._progress)
        answer = self._ask(self._samples.wire[index].tobytes(), self._samples.input_format)
        entry = input_difference(self._session, graph, quantized)
        causes = walked.causes
        if walked.operator is None:
            right = expected.tobytes()
            if direct != right:
                causes = (Cause.NOT_REPRODUCED,)
            elif entry is not None or answer != right:
                causes = (Cause.PREPROCESS,)
            elif not asked:
                causes = (Cause.NOT_REPRODUCED,)
        return replace(
            _report(self._prepared, identity, _with_identity(causes, identity, walked), sent),
            operators_compared=walked.compared,
            window=self._answer(index, answer, expected),
            operator=walked.operator,
            input_tensor=entry,
        )

    def _ask(self, body: bytes, fmt: InputFormat) -> bytes:
        (result,) = self._session.infer([body], fmt)
        return result.outputs

    def _expected(self, index: int) -> Int8Array:
        return np.asarray(self._prepared.oracle.invoke(self._samples.quantized[index]), np.int8)

    def _answer(self, index: int, answer: bytes, expected: Int8Array) -> WindowAnswer:
        windows = self._prepared.windows
        return WindowAnswer(
            index=index,
            record=str(windows.records[index]),
            beat_sample=int(windows.beat_samples[index]),
            device_outputs=tuple(np.frombuffer(answer, np.int8).tolist()),
            reference_outputs=tuple(expected.ravel().tolist()),
        )


def _with_identity(
    causes: tuple[Cause, ...], identity: Identity, walked: Walk
) -> tuple[Cause, ...]:
    """A wrong model explains everything; a wrong build explains what nothing else does."""
    if identity.stale_model:
        return (Cause.STALE_MODEL,)
    if identity.stale_firmware and (causes or walked.operator is not None):
        return (*causes, Cause.STALE_FIRMWARE)
    return causes


def _identity(hello: Hello, prepared: Prepared) -> Identity:
    return Identity(
        model=hello.model,
        tflite_sha256=hello.tflite_sha256,
        expected_sha256=prepared.graph.sha256,
        build_id=hello.build_id,
        expected_build_id=prepared.build_id,
        board=hello.board,
        engine=f"{hello.engine} {hello.engine_version}",
    )


def _fits(hello: Hello, graph: Graph) -> bool:
    return (hello.op_count, hello.input.nbytes, hello.output.nbytes) == (
        len(graph.ops),
        graph.input.nbytes,
        graph.output.nbytes,
    )


def _report(
    prepared: Prepared, identity: Identity, causes: tuple[Cause, ...], windows_sent: int = 0
) -> DiffReport:
    """What is known without a window to look at."""
    info = prepared.windows.info
    return DiffReport(
        identity=identity,
        reference=prepared.oracle.name,
        dataset=f"{info.name} {info.split}",
        windows_sent=windows_sent,
        operators_compared=0,
        window=None,
        operator=None,
        input_tensor=None,
        causes=causes,
    )
