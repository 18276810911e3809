"""A live look: a record is replayed, and a board says of each beat what it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ectopy.boards import BoardRequest, choose_link, open_board
from ectopy.graph.reader import read_model_bytes, read_tflite
from ectopy.graph.types import Graph
from ectopy.preprocess import to_microvolts
from ectopy.progress import Progress, silent
from ectopy.protocol import Hello, InferResult, InputFormat, Session
from ectopy.report.examples import probabilities
from ectopy.report.monitor.beats import Beat, Device, Tape, Verdict
from ectopy.usecases.bench import require_image
from ectopy.usecases.build import BuildRequest, build_firmware
from ectopy.usecases.monitor_tape import make_tape
from ectopy.vocab import (
    SAMPLING_HZ,
    BeatClass,
    BoardName,
    DatasetName,
    EngineName,
    LinkKind,
    Optimize,
)
from ectopy.windows.replay import RecordRequest, load_record
from ectopy.zoo import Bundle, open_bundle

Classify = Callable[[Iterable[bytes]], Iterator[InferResult]]
"""Windows of int16 microvolts to answers, in their order: a session's ``infer``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorRequest:
    """What to replay, and what classifies.

    Attributes:
        record: Name of the record; None takes one that has something to show.
        data_dir: Where the ECG records are; None looks in the usual places.
        start_s: Where in the record the replay begins.
        seconds: How much of it is replayed; None is to its end.
        speed: Seconds of the record in a second; None is as fast as the board answers.
        port: Serial port of a board that is not started by us.
    """

    model: str
    record: str | None = None
    dataset: DatasetName = DatasetName.AUTO
    data_dir: Path | None = None
    start_s: float = 0.0
    seconds: float | None = None
    speed: float | None = 1.0
    board: BoardName = BoardName.VIRT
    engine: EngineName = EngineName.AOT
    optimize: Optimize = Optimize.SPEED
    link: LinkKind = LinkKind.AUTO
    port: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Monitor:
    """A board that waits for beats.

    Attributes:
        beats: The beats of the tape with the board's answers; to be taken one by one, each when
            its window is complete.
    """

    tape: Tape
    device: Device
    beats: Iterator[Beat]


@contextmanager
def open_monitor(request: MonitorRequest, progress: Progress = silent) -> Iterator[Monitor]:
    """Reads the record, builds the image and starts the board; ends it with the block.

    Raises:
        InputError: The record, the stretch of it or the model cannot be used.
        ToolError: The compiler or the emulator is missing or failed.
        LinkError: The board is silent, or runs another image than the one just built.
    """
    bundle = open_bundle(request.model)
    graph = read_tflite(read_model_bytes(bundle.require_tflite()), bundle.name)
    progress(0, 0, "reading the record and finding its R peaks")
    wanted = RecordRequest(
        record=request.record, dataset=request.dataset, data_dir=request.data_dir
    )
    tape = make_tape(load_record(wanted), request.start_s, request.seconds)
    progress(0, 0, f"record {tape.record}, {tape.peaks.size} R peaks; {tape.reason}")
    at_once = request.speed is None
    link = choose_link(request.board, request.link, tape.peaks.size if at_once else 0)
    progress(0, 0, f"building firmware for board {request.board}")
    image = build_firmware(
        BuildRequest(
            board=request.board, engine=request.engine, bundle=bundle, optimize=request.optimize
        ),
        progress,
    )
    progress(0, 0, f"starting board {request.board}")
    board = BoardRequest(board=request.board, elf=image.elf, link=link, port=request.port)
    with open_board(board, progress) as opened:
        session = Session(opened.link)
        hello = session.hello()
        require_image(hello, image)
        session.selftest()

        def classify(windows: Iterable[bytes]) -> Iterator[InferResult]:
            return session.infer(windows, InputFormat.INT16_UV)

        yield Monitor(
            tape=tape,
            device=_device(hello, bundle),
            beats=stream_beats(tape, classify, Reading.of(bundle, graph), ahead=at_once),
        )


def _device(hello: Hello, bundle: Bundle) -> Device:
    return Device(
        model=hello.model,
        board=hello.board,
        engine=f"{hello.engine} {hello.engine_version}",
        emulated=hello.emulated,
        tick_unit=hello.tick_unit,
        clock_hz=hello.clock_hz,
        classes=hello.classes,
        normal=bundle.configuration.class_map[BeatClass.N],
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reading:
    """How a model's outputs and our labels are understood.

    Attributes:
        class_map: Class of the model for each label.
        logits: Whether the outputs are logits, not probabilities.
    """

    graph: Graph
    class_map: tuple[int, ...]
    logits: bool

    @classmethod
    def of(cls, bundle: Bundle, graph: Graph) -> Reading:
        """That of a bundle."""
        configuration = bundle.configuration
        return cls(
            graph=graph,
            class_map=tuple(configuration.class_map),
            logits=configuration.use_logits,
        )

    def verdict(self, result: InferResult) -> Verdict:
        """A device's answer, understood."""
        outputs = np.frombuffer(result.outputs, dtype=np.int8)
        quant = self.graph.output.quant
        assert quant is not None
        shares = probabilities(outputs, quant, logits=self.logits)
        return Verdict(
            said=int(outputs.argmax()),
            probabilities=tuple(float(share) for share in shares),
            invoke_ticks=result.ticks_invoke,
        )


def stream_beats(
    tape: Tape, classify: Classify, reading: Reading, *, ahead: bool
) -> Iterator[Beat]:
    """One event for each R peak of the tape, in order of time.

    Args:
        tape: What is replayed.
        classify: Asks the board.
        reading: Of its answers.
        ahead: Sends windows before their beat is asked for, which is faster. Otherwise a window
            is sent only when its beat is asked for, as a patient's would be.

    Raises:
        LinkError: The device was lost.
    """
    has_window = tape.has_window
    complete = np.flatnonzero(has_window).tolist()
    answers = classify(_encoded(tape, index) for index in complete) if ahead else None
    before: int | None = None
    for index, peak in enumerate(tape.peaks.tolist()):
        verdict = None
        if has_window[index]:
            one = answers if answers is not None else classify([_encoded(tape, index)])
            verdict = reading.verdict(next(one))
        annotation = tape.annotations[index]
        label = None if annotation is None else annotation.label
        yield Beat(
            time_s=peak / SAMPLING_HZ,
            rr_s=None if before is None else (peak - before) / SAMPLING_HZ,
            verdict=verdict,
            annotation=annotation,
            annotated=None if label is None else reading.class_map[label],
            judged=bool(tape.judged[index]),
        )
        before = peak


def _encoded(tape: Tape, index: int) -> bytes:
    return to_microvolts(tape.window(index)).astype("<i2").tobytes()
