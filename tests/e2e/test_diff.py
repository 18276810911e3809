"""Faults planted in a copy of the firmware are found, named and explained."""

import functools
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ectopy.aot import KernelSet
from ectopy.cli import main
from ectopy.errors import InputError, LinkError
from ectopy.graph.reader import load_tflite
from ectopy.toolchain import Image
from ectopy.usecases import case
from ectopy.usecases.build import BuildRequest, build_firmware
from ectopy.usecases.diff import diff
from ectopy.usecases.diff_types import DiffReport, DiffRequest
from ectopy.vocab import CAUSES, BoardName, Cause, DatasetName, EngineName, LinkKind, OpKind
from ectopy.windows import load_windows
from ectopy.zoo import open_bundle
from support.planted import (
    SINGLE_ROUNDING,
    TRUNCATION,
    ZERO_PADDED_CONV2D,
    ScratchFirmware,
    build_from,
    scratch_firmware,
)

pytestmark = pytest.mark.e2e

windows_once = functools.cache(load_windows)
MODEL = "beat-3-eff-sm"


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> ScratchFirmware:
    return scratch_firmware(tmp_path_factory.mktemp("planted"))


@pytest.fixture
def firmware(
    scratch: ScratchFirmware, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ScratchFirmware]:
    """Portable kernels only, where a fault needs to be planted only once."""
    build_from(scratch, monkeypatch)
    monkeypatch.setattr("ectopy.aot.compiler.DEFAULT_KERNELS", KernelSet.REF)
    monkeypatch.setattr(case, "load_windows", windows_once)
    yield scratch
    scratch.repair()


def search(**changes: object) -> DiffReport:
    wanted = {
        "model": MODEL,
        "board": BoardName.HOST,
        "dataset": DatasetName.SYNTHETIC,
        "limit": 12,
    }
    return diff(DiffRequest(**wanted | changes))  # type: ignore[arg-type]


def build(board: BoardName = BoardName.HOST, model: str = MODEL) -> Image:
    bundle = open_bundle(model)
    return build_firmware(BuildRequest(board=board, engine=EngineName.AOT, bundle=bundle))


KERNELS = "kernels/ref/"
WIDE_CLAMP = "    const int32_t floored = x < low ? low : x;\n" + (
    "    return (int8_t)(floored > high ? high : floored);"
)
FAULTS = {
    "single rounding": (
        (KERNELS + "requantize.h", "static inline int32_t ect_requantize(", SINGLE_ROUNDING),
        Cause.SINGLE_ROUNDING,
        OpKind.CONV_2D,
    ),
    "sign of an input zero point": (
        (KERNELS + "ect_dwconv2d_m1_s8_ref.c", "bias[i] - p->in_zero", "bias[i] + p->in_zero"),
        Cause.INPUT_ZERO_POINT_SIGN,
        OpKind.DEPTHWISE_CONV_2D,
    ),
    "sign of one input zero point of two": (
        (KERNELS + "sum.h", "(b - p->b_zero_point)", "(b + p->b_zero_point)"),
        Cause.INPUT_ZERO_POINT_SIGN,
        OpKind.ADD,
    ),
    "input zero point left out": (
        (KERNELS + "ect_conv2d_s8_ref.c", "*x++ - zero_point", "*x++ - 0 * zero_point"),
        Cause.INPUT_ZERO_POINT_MISSING,
        OpKind.CONV_2D,
    ),
    "sign of the output zero point": (
        (KERNELS + "ect_fully_connected_s8_ref.c", "y + p->out_zero", "y - p->out_zero"),
        Cause.OUTPUT_ZERO_POINT_SIGN,
        OpKind.FULLY_CONNECTED,
    ),
    "accumulator of 16 bits": (
        (
            KERNELS + "ect_dwconv2d_m1_s8_ref.c",
            "ect_requantize(acc[i]",
            "ect_requantize((int16_t)acc[i]",
        ),
        Cause.ACCUMULATOR_OVERFLOW,
        OpKind.DEPTHWISE_CONV_2D,
    ),
    "accumulator saturated at 16 bits": (
        (
            KERNELS + "ect_conv2d_1x1_s8_ref.c",
            "    const int32_t y = ect_requantize(acc,",
            "    acc = acc > INT16_MAX ? INT16_MAX : acc < INT16_MIN ? INT16_MIN : acc;\n"
            "    const int32_t y = ect_requantize(acc,",
        ),
        Cause.ACCUMULATOR_SATURATION,
        OpKind.CONV_2D,
    ),
    "no rounding at all": (
        (KERNELS + "requantize.h", "static inline int32_t ect_requantize(", TRUNCATION),
        Cause.TRUNCATION,
        OpKind.CONV_2D,
    ),
    "negative ties rounded up": (
        (KERNELS + "requantize.h", "x - (x < 0 ? 1 : 0)", "x"),
        Cause.ROUNDING_TIES_UP,
        OpKind.CONV_2D,
    ),
    "output zero point left out": (
        (KERNELS + "sum.h", "y + p->out_zero_point", "y + 0 * p->out_zero_point"),
        Cause.OUTPUT_ZERO_POINT_MISSING,
        OpKind.ADD,
    ),
    "missing clamp": (
        (
            KERNELS + "requantize.h",
            WIDE_CLAMP,
            "    (void)low;\n    (void)high;\n    return (int8_t)x;",
        ),
        Cause.CLAMP_MISSING,
        OpKind.CONV_2D,
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_named_with_its_operator(firmware: ScratchFirmware, fault: str) -> None:
    (name, right, wrong), cause, kind = FAULTS[fault]
    firmware.plant(name, right, wrong)
    report = search()
    assert report.operator is not None
    assert (report.operator.kind, report.causes) == (kind, (cause,)), report
    assert report.operator.inputs_equal
    assert report.operator.tensor is not None
    assert 0 < report.operator.tensor.differing <= report.operator.tensor.elements


def test_padding_with_zero_is_named(firmware: ScratchFirmware) -> None:
    firmware.overwrite(KERNELS + "ect_conv2d_s8_ref.c", ZERO_PADDED_CONV2D)
    report = search()
    assert report.operator is not None
    assert (report.operator.index, report.operator.kernel) == (1, "ect_conv2d_s8_ref")
    assert report.operator.layer == "stem"
    assert report.causes == (Cause.PADDING_ZERO,)
    # Only windows that reach over the border differ, and the first of them is at the border.
    assert report.operator.tensor is not None
    assert report.operator.tensor.position[:3] == (0, 0, 0)
    assert report.operator.tensor.differing < 10 * 24


def test_a_fault_of_no_known_kind_is_located_and_not_explained(firmware: ScratchFirmware) -> None:
    firmware.plant(KERNELS + "ect_mul_s8_ref.c", "out[i] = ", "out[i] = i == 5 ? 3 : ")
    report = search()
    assert report.operator is not None
    assert report.operator.kind is OpKind.MUL
    tensor = report.operator.tensor
    assert tensor is not None
    assert (tensor.position[-1], tensor.device) == (5, 3)
    assert tensor.reference != 3
    assert report.causes == ()


def test_a_fault_in_a_planar_tensor_is_located_as_if_channels_were_innermost(
    firmware: ScratchFirmware, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ectopy.aot.compiler.DEFAULT_KERNELS", KernelSet.M4)
    firmware.plant(
        "kernels/m4/ect_dwconv2d_1xk_mean_s8_m4.c",
        "        in += p->in_w;",
        "        out[7] = (int8_t)(c == 3 ? out[7] ^ 64 : out[7]);\n        in += p->in_w;",
    )
    report = search()
    assert report.operator is not None
    assert report.operator.kernel == "ect_dwconv2d_1xk_mean_s8_m4"
    tensor = report.operator.tensor
    assert tensor is not None
    assert (tensor.position, tensor.differing) == ((0, 0, 7, 3), 1)


def test_a_fault_in_the_preprocess_is_told_from_one_in_the_model(
    firmware: ScratchFirmware,
) -> None:
    firmware.plant("app/preprocess.c", "q += model->", "q -= model->")
    report = search()
    assert report.causes == (Cause.PREPROCESS,)
    assert report.operator is None
    assert report.operators_compared == 68
    assert report.input_tensor is not None
    assert report.input_tensor.device != report.input_tensor.reference


def test_an_answer_that_is_not_repeated_is_no_fault_of_an_operator(
    firmware: ScratchFirmware,
) -> None:
    right = "reply->bytes = ECT_INFER_REPLY_BYTES + output.bytes;"
    wrong = "static int n;\n reply->body[ECT_INFER_REPLY_BYTES] ^= (uint8_t)(++n == 3);\n"
    firmware.plant("app/inference.c", right, wrong + right)
    report = search()
    assert report.causes == (Cause.NOT_REPRODUCED,)
    assert report.differs
    assert report.windows_sent == 3


def test_an_image_with_another_model_of_the_same_shape_is_stale(
    firmware: ScratchFirmware, tmp_path: Path
) -> None:
    right = open_bundle(MODEL)
    old = tmp_path / MODEL
    shutil.copytree(right.path, old)
    graph = load_tflite(right.require_tflite())
    weights = graph.tensors[graph.ops[9].inputs[1]].data
    assert weights is not None
    tflite = bytearray(right.require_tflite().read_bytes())
    tflite[tflite.index(weights.tobytes())] ^= 0x40
    (old / "model.tflite").write_bytes(tflite)
    report = search(elf=build(model=str(old)).elf)
    assert report.causes == (Cause.STALE_MODEL,)
    assert report.operator is not None
    assert report.operator.index == 9


def test_an_image_with_a_model_of_another_shape_is_stale(firmware: ScratchFirmware) -> None:
    report = search(elf=build(model="beat-2-eff-sm").elf)
    assert report.causes == (Cause.STALE_MODEL,)
    assert (report.windows_sent, report.operator) == (0, None)
    assert report.differs


def test_an_image_of_other_sources_is_stale_where_nothing_else_explains_it(
    firmware: ScratchFirmware, tmp_path: Path
) -> None:
    firmware.plant(KERNELS + "ect_mul_s8_ref.c", "out[i] = ", "out[i] = i == 5 ? 3 : ")
    old = Path(shutil.copy(build().elf, tmp_path))
    firmware.repair()
    report = search(elf=old)
    assert report.causes == (Cause.STALE_FIRMWARE,)
    assert report.operator is not None


def test_another_build_that_answers_right_is_no_difference(
    firmware: ScratchFirmware, tmp_path: Path
) -> None:
    firmware.plant("app/main.c", "#include", "/* older */\n#include")
    old = Path(shutil.copy(build().elf, tmp_path))
    firmware.repair()
    report = search(elf=old)
    assert report.identity.stale_firmware
    assert not report.differs


def test_the_command_explains_the_difference_and_ends_with_1(
    firmware: ScratchFirmware, capsys: pytest.CaptureFixture[str]
) -> None:
    (name, right, wrong), cause, _ = FAULTS["sign of the output zero point"]
    firmware.plant(name, right, wrong)
    line = "diff --board host --dataset synthetic --limit 4 --json"
    with pytest.raises(SystemExit) as end:
        main(line.split())
    assert end.value.code == 1
    shown = capsys.readouterr()
    found = json.loads(shown.out)
    assert found["differs"]
    assert found["causes"] == [cause]
    assert found["operator"]["kernel"] == "ect_fully_connected_s8_ref"
    assert "operator 67 (FULLY_CONNECTED" in shown.err
    assert CAUSES[cause] in shown.err


def test_the_command_ends_with_0_where_nothing_differs(
    firmware: ScratchFirmware, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["diff", "--board", "host", "--dataset", "synthetic", "--limit", "4"])
    assert "no difference" in capsys.readouterr().out


def test_a_window_that_was_not_drawn_is_refused(firmware: ScratchFirmware) -> None:
    with pytest.raises(InputError, match="there is no window 12: 12 were drawn"):
        search(window=12)


def test_the_virtual_board_is_searched_too(firmware: ScratchFirmware) -> None:
    (name, right, wrong), cause, kind = FAULTS["single rounding"]
    firmware.plant(name, right, wrong)
    report = search(board=BoardName.VIRT, link=LinkKind.FAST, limit=3)
    assert report.operator is not None
    assert (report.operator.kind, report.causes[0]) == (kind, cause)


def test_right_firmware_shows_no_difference(firmware: ScratchFirmware) -> None:
    report = search()
    assert (report.differs, report.windows_sent, report.window) == (False, 12, None)


def test_a_chosen_window_is_walked_whole(firmware: ScratchFirmware) -> None:
    report = search(window=7)
    assert not report.differs
    assert report.window is not None
    assert report.window.index == 7
    assert report.window.device_outputs == report.window.reference_outputs
    assert report.operators_compared == 68


def test_a_port_that_is_not_there_is_the_link_s_error(firmware: ScratchFirmware) -> None:
    with pytest.raises(LinkError, match="/dev/no-such-port"):
        search(port="/dev/no-such-port", limit=1)


def test_an_image_that_is_not_there_is_refused(firmware: ScratchFirmware, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no firmware image"):
        search(elf=tmp_path / "none.elf")
