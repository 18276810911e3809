"""The search over a device in memory whose operators are not those of its model."""

import copy
from pathlib import Path

import numpy as np
import pytest

from ectopy.aot import compile_graph
from ectopy.errors import LinkError
from ectopy.graph.reader import read_tflite
from ectopy.preprocess import Preprocess
from ectopy.protocol import InputFormat
from ectopy.reference import ReferenceExecutor
from ectopy.usecases.bench_stream import encode_windows
from ectopy.usecases.diff import Prepared, diff_on
from ectopy.vocab import Cause, DatasetName, LinkKind, OpKind, Split
from ectopy.windows import WindowRequest, load_windows
from support.fake_device import GOOD_HELLO, FakeDevice
from support.tflite_builder import ModelBuilder, Quant


def prepared_for(operators: int) -> Prepared:
    """A model with so many operators and three windows."""
    builder = ModelBuilder(seed=7)
    x = builder.input((1, 512), Quant(0.05, -3))
    for _ in range(operators - 1):
        x = builder.reshape(x, (1, 512))
    tflite = builder.finish(builder.fully_connected(x, units=3, output=Quant(0.5, 0)))
    graph = read_tflite(tflite, "tiny")
    windows = load_windows(
        WindowRequest(dataset=DatasetName.SYNTHETIC, split=Split.DS2, data_dir=None, limit=3)
    )
    preprocess = Preprocess(epsilon_mv2=0.01, frame_samples=512)
    classes = np.zeros(3, np.uint8)
    return Prepared(
        graph=graph,
        plan=compile_graph(graph),
        windows=windows,
        samples=encode_windows(windows, classes, graph, preprocess, InputFormat.INT16_UV),
        oracle=ReferenceExecutor(graph),
        elf=Path("none"),
        build_id="fake",
        link=LinkKind.PIPE,
    )


def device_of(sha256: str) -> FakeDevice:
    """A device that answers nonsense: 3 operators with tensors of 5000, 40 and 3 bytes."""
    hello = copy.deepcopy(GOOD_HELLO)
    hello["model"] |= {"tflite_sha256": sha256}  # type: ignore[operator]
    return FakeDevice(hello=hello)


def test_an_engine_with_other_operators_than_its_model_is_an_error() -> None:
    prepared = prepared_for(operators=5)
    with pytest.raises(LinkError, match="runs 3 operators, its model has 5"):
        diff_on(device_of(prepared.graph.sha256), prepared)


def test_another_model_with_other_operators_is_stale_without_a_walk() -> None:
    device = device_of("ab" * 32)
    report = diff_on(device, prepared_for(operators=5))
    assert report.causes == (Cause.STALE_MODEL,)
    assert report.differs
    assert device.inferences == 0


def test_a_tensor_of_another_size_is_a_difference_without_a_position() -> None:
    prepared = prepared_for(operators=3)
    report = diff_on(device_of(prepared.graph.sha256), prepared)
    assert report.windows_sent == 1
    assert report.operator is not None
    assert (report.operator.index, report.operator.kind) == (0, OpKind.RESHAPE)
    assert (report.operator.device_bytes, report.operator.tensor) == (5000, None)
    assert report.operator.kernel == ""
    assert report.causes == ()
    assert report.differs


def test_the_window_is_the_first_that_differs_and_no_other_is_asked_for() -> None:
    prepared = prepared_for(operators=3)
    oracle, asked = ReferenceExecutor(prepared.graph), []

    def infer(fmt: int, window: bytes) -> bytes:
        asked.append(fmt)
        if len(asked) != 1:
            return b"\x7f\x7f\x7f"
        return oracle.invoke(prepared.samples.quantized[0]).tobytes()

    device = device_of(prepared.graph.sha256)
    device.infer = infer
    report = diff_on(device, prepared)
    assert report.window is not None
    assert report.window.index == 1
    assert report.window.record == str(prepared.windows.records[1])
    assert report.window.device_outputs == (127, 127, 127)
    # What was in flight is let through; then the window itself, as a tensor and as it was sent.
    assert asked[-2:] == [InputFormat.INT8, InputFormat.INT16_UV]
