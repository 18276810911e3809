"""Kernels on all operands there are, or on those that tell near misses apart."""

import numpy as np
import pytest

from ectopy.fixedpoint import exp_of_differences, functions, softmax_rows
from ectopy.graph.reader import read_tflite
from ectopy.reference import open_reference
from firmware.aot_host import HostModels, build
from firmware.test_kernels import assert_equal
from support.tflite_builder import ModelBuilder, Quant

LOGIT_SCALE = 0.04
EVERY_VALUE = np.arange(-128, 128).astype(np.int8)
EVERY_PAIR = np.stack(np.meshgrid(EVERY_VALUE, EVERY_VALUE), axis=-1).reshape(1, 256, 512, 1)


def averages() -> bytes:
    builder = ModelBuilder()
    x = builder.input(EVERY_PAIR.shape, Quant(0.05, 3))
    return builder.finish(builder.average_pool_2d(x, kernel=(1, 2), stride=(1, 2)))


def difference() -> bytes:
    """Every value minus every value."""
    builder = ModelBuilder()
    x = builder.input((1, 256, 256, 1), Quant(0.05, 3))
    each = builder.constant(EVERY_VALUE.reshape(1, 1, 256, 1), Quant(0.03, -7))
    return builder.finish(builder.sub(x, each, output=Quant(0.055, 9)))


def cropped() -> bytes:
    """Two images, and crops on all sides."""
    builder = ModelBuilder()
    x = builder.input((12, 3, 4, 5), Quant(0.05, 3))
    return builder.finish(builder.batch_to_space(x, (3, 2), [(2, 1), (3, 2)]))


def padded() -> bytes:
    """All four dimensions, each side by another length."""
    builder = ModelBuilder()
    x = builder.input((2, 3, 4, 5), Quant(0.05, 3))
    return builder.finish(builder.pad(x, [(3, 1), (2, 4), (1, 5), (6, 2)], value=-128))


def probabilities() -> bytes:
    builder = ModelBuilder()
    x = builder.input((64, 10), Quant(float(np.float32(LOGIT_SCALE)), 0))
    return builder.finish(builder.softmax(x))


MODELS = {
    "averages": averages,
    "difference": difference,
    "cropped": cropped,
    "padded": padded,
    "probabilities": probabilities,
}


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return {name: make() for name, make in MODELS.items()}


@pytest.fixture(scope="module")
def host(files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> HostModels:
    graphs = [read_tflite(data, name) for name, data in files.items()]
    return build(graphs, tmp_path_factory.mktemp("exhaustive"))


def telling_logits() -> np.ndarray:
    """Rows whose softmax changes if the reciprocal takes one step of Newton's method less."""
    random = np.random.default_rng(8)
    exponentials = exp_of_differences(float(np.float32(LOGIT_SCALE)), 1.0)
    found: list[np.ndarray] = []
    while sum(map(len, found)) < 64:
        rows = random.integers(-128, 128, (20_000, 10)).astype(np.int8)
        right = softmax_rows(rows, exponentials)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(functions, "NEWTON_STEPS", functions.NEWTON_STEPS - 1)
            coarse = softmax_rows(rows, exponentials)
        found.append(rows[(right != coarse).any(axis=1)])
    return np.concatenate(found)[:64]


def input_of(name: str, elements: int) -> np.ndarray:
    if name == "averages":
        return EVERY_PAIR
    if name == "difference":
        return np.repeat(EVERY_VALUE, 256)
    if name == "probabilities":
        return telling_logits()
    return np.arange(elements).astype(np.int16).astype(np.int8)


@pytest.mark.parametrize("name", MODELS)
def test_kernel_equals_the_reference(name: str, host: HostModels, files: dict[str, bytes]) -> None:
    number = list(MODELS).index(name)
    x = input_of(name, host.graphs[number].input.elements).astype(np.int8)
    (outputs,) = host.run([(number, x)])
    assert_equal(host.graphs[number], outputs, open_reference(files[name], host.graphs[number]), x)
