"""A bench without compiler and emulator: a small model, an invented image, a device in memory."""

import copy
import functools
import hashlib
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from ectopy.graph.reader import read_tflite
from ectopy.preprocess import Preprocess, quantize_windows, to_microvolts
from ectopy.protocol import InputFormat
from ectopy.reference import ReferenceExecutor
from ectopy.toolchain import Image
from ectopy.usecases import bench as subject
from ectopy.usecases import case
from ectopy.usecases.bench_types import BenchRequest
from ectopy.vocab import BoardName, DatasetName, EngineName
from ectopy.windows import load_windows
from ectopy.zoo.bundle import REPOSITORY_MODELS
from support.fake_device import GOOD_HELLO, FakeDevice
from support.tflite_builder import ModelBuilder, Quant

NAME = "beat-3-eff-sm"
windows_once = functools.cache(load_windows)


def tiny_model() -> bytes:
    """One convolution, a mean and a dense layer over a window of 512 samples."""
    builder = ModelBuilder(seed=7)
    x = builder.input((1, 512, 1), Quant(0.05, -3))
    x = builder.reshape(x, (1, 1, 512, 1))
    x = builder.conv_2d(x, channels=4, kernel=(1, 7), stride=(1, 8), output=Quant(0.05, 0))
    x = builder.mean(x, axes=(1, 2), output=Quant(0.002, 0), keep_dims=False)
    return builder.finish(builder.fully_connected(x, units=3, output=Quant(0.01, 0)))


def make_bundle(folder: Path) -> Path:
    """A bundle folder with the configuration of a real one and the tiny model."""
    bundle = folder / NAME
    bundle.mkdir(parents=True)
    configuration = (REPOSITORY_MODELS / NAME / "configuration.json").read_text()
    (bundle / "configuration.json").write_text(configuration)
    (bundle / "model.tflite").write_bytes(tiny_model())
    return bundle


def honest_outputs(model: bytes) -> Callable[[int, bytes], bytes]:
    """What a right device answers, from our own executor."""
    graph = read_tflite(model, NAME)
    executor = ReferenceExecutor(graph)
    quant = graph.input.quant
    assert quant is not None

    def infer(fmt: int, window: bytes) -> bytes:
        if fmt == InputFormat.INT8:
            tensor = np.frombuffer(window, np.int8)
        else:
            uv = np.frombuffer(window, "<i2")
            if fmt == InputFormat.FLOAT32_MV:
                uv = to_microvolts(np.frombuffer(window, "<f4"))
            preprocess = Preprocess(epsilon_mv2=0.01, frame_samples=512)
            rows = uv.reshape(1, -1)
            tensor = quantize_windows(rows, preprocess, quant.scale, quant.zero_point)[0]
        return executor.invoke(tensor).tobytes()

    return infer


@dataclass
class Rig:
    """What a test turns before it runs the bench."""

    request: BenchRequest
    device: FakeDevice
    image: Image
    built: list[object]
    links: list[object]


def make_rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **request: object) -> Rig:
    """A rig whose device is honest and runs the image that the fake build returns."""
    model = tiny_model()
    sha256 = hashlib.sha256(model).hexdigest()
    quant = read_tflite(model, NAME).input.quant
    assert quant is not None
    hello = copy.deepcopy(GOOD_HELLO)
    hello["build_id"] = "b1"
    hello["model"] |= {"name": NAME, "tflite_sha256": sha256}  # type: ignore[operator]
    hello["model"]["input"] |= {  # type: ignore[index]
        "scale_bits": struct.pack(">f", quant.scale).hex(),
        "zero_point": quant.zero_point,
    }
    image = Image(
        board=BoardName.VIRT,
        engine=EngineName.AOT,
        elf=tmp_path / "firmware.elf",
        elf_sha256="12" * 32,
        build_id="b1",
        flash_bytes=1000,
        ram_bytes=2000,
        arena_predicted_bytes=1000,
        toolchain="no compiler at all",
        tflite_sha256=sha256,
    )
    wanted = {
        "model": str(make_bundle(tmp_path / "models")),
        "dataset": DatasetName.SYNTHETIC,
        "limit": 12,
        "runs_dir": tmp_path / "runs",
        "command": "test",
    }
    rig = Rig(
        request=BenchRequest(**wanted | request),  # type: ignore[arg-type]
        device=FakeDevice(infer=honest_outputs(model), hello=hello),
        image=image,
        built=[],
        links=[],
    )

    def build(request: object, progress: object) -> Image:
        rig.built.append(request)
        return rig.image

    @contextmanager
    def open_board(request: SimpleNamespace, progress: object) -> Iterator[SimpleNamespace]:
        rig.links.append(request.link)
        yield SimpleNamespace(link=rig.device)

    monkeypatch.setattr(case, "load_windows", windows_once)
    monkeypatch.setattr(subject, "build_firmware", build)
    monkeypatch.setattr(subject, "open_board", open_board)
    return rig
