"""The cycle model against the virtual EVB, and ``ectopy profile`` as people call it."""

import csv
import json
import re
import subprocess
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from click.testing import CliRunner

from ectopy.boards import BoardRequest, open_board
from ectopy.cli.profile import command
from ectopy.cycles import estimate
from ectopy.errors import EctopyError, InputError
from ectopy.protocol import InputFormat, Session
from ectopy.usecases.build import BuildRequest, build_firmware
from ectopy.usecases.profile import ProfileRequest, profile
from ectopy.vocab import BoardName, DatasetName, EngineName, LinkKind
from ectopy.zoo import open_bundle
from support.fake_firmware import build_virt

pytestmark = pytest.mark.e2e
MODELS = ["beat-2-eff-sm", "beat-3-eff-sm"]


def windows() -> list[npt.NDArray[np.int8]]:
    noise = np.random.default_rng(7).integers(-128, 128, 512).astype(np.int8)
    return [np.zeros(512, dtype=np.int8), noise]


def count(elf: Path, function: str) -> list[str]:
    """Instructions of a function; literals do not count."""
    command = ["arm-none-eabi-objdump", "-d", f"--disassemble={function}", str(elf)]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    lines = re.findall(r"^ +[0-9a-f]+:\t[0-9a-f ]+\t(.+)$", text, flags=re.MULTILINE)
    return [line for line in lines if not line.startswith((".word", "nop"))]


def around_invoke(elf: Path) -> int:
    """Instructions between the two readings of the counter that are not the inference.

    From one reading to the next each instruction of ect_board_ticks runs once: those behind the
    reading in the first call, those up to it in the second. Between the calls lies what
    app/inference.c has there, from the return of the first to the second call.
    """
    caller = count(elf, "ect_infer")
    (invoke,) = (i for i, line in enumerate(caller) if "<ect_engine_invoke>" in line)
    ticks = [i for i, line in enumerate(caller) if "<ect_board_ticks>" in line]
    first, second = max(i for i in ticks if i < invoke), min(i for i in ticks if i > invoke)
    assert not any(line.startswith(("b.n", "bne", "beq")) for line in caller[first:second])
    return second - first + len(count(elf, "ect_board_ticks"))


def require_equal(elf: Path) -> None:
    with open_board(BoardRequest(board=BoardName.VIRT, elf=elf, link=LinkKind.FAST)) as board:
        session = Session(board.link)
        session.hello()
        results = list(session.infer((w.tobytes() for w in windows()), InputFormat.INT8))
    for window, result in zip(windows(), results, strict=True):
        modelled = estimate(elf, window)
        assert modelled.outputs.tobytes() == result.outputs
        assert modelled.instructions == result.ticks_invoke - around_invoke(elf)


@pytest.mark.parametrize("name", MODELS)
def test_instruction_count_is_that_of_the_emulated_board_to_the_last(name: str) -> None:
    request = BuildRequest(board=BoardName.VIRT, engine=EngineName.AOT, bundle=open_bundle(name))
    require_equal(build_firmware(request).elf)


def test_instruction_count_is_exact_for_an_engine_in_floating_point_too(tmp_path: Path) -> None:
    require_equal(build_virt(tmp_path / "firmware.elf"))


@pytest.fixture(scope="module")
def run_with_board() -> dict[str, object]:
    request = ProfileRequest(model=MODELS[0], dataset=DatasetName.SYNTHETIC, device=True)
    return {"run": profile(request)}


def test_operators_of_the_model_are_those_of_the_device(run_with_board: dict[str, object]) -> None:
    run = run_with_board["run"].profile
    operators = [row for row in run.operators if row.index is not None]
    assert len(operators) == 60
    # The device reads its counter around each operator, always at the same cost.
    assert len({row.device_ticks - row.instructions for row in operators}) == 1
    assert run.device.emulated
    assert run.device.invoke_ticks > run.instructions


def test_rows_add_up_to_the_totals(run_with_board: dict[str, object]) -> None:
    run = run_with_board["run"].profile
    for rows in (run.operators, run.functions):
        assert sum(row.instructions for row in rows) == run.instructions
        assert sum(row.cycles for row in rows) == run.cycles
        assert sum(row.share for row in rows) == pytest.approx(1.0)
    assert sum(row.macs for row in run.operators) == run.macs == 866_624
    kernels = {row.kernel for row in run.operators} - {""}
    assert kernels <= {f.name for f in run.functions}


def test_files_say_what_is_emulated_and_what_is_modelled(tmp_path: Path) -> None:
    files = {kind: tmp_path / f"profile.{kind}" for kind in ("csv", "json", "svg")}
    options = [word for kind, path in files.items() for word in (f"--{kind}", str(path))]
    call = ["--model", MODELS[0], "--dataset", "synthetic", *options]
    began_s = time.monotonic()
    done = CliRunner().invoke(command, call)
    assert done.exit_code == 0, done.output
    # The target is 5 s on an idle computer; this only catches a collapse.
    assert time.monotonic() - began_s < 30
    assert "EMULATED" in done.output
    assert "MODELLED" in done.output
    document = json.loads(files["json"].read_text())
    assert document["schema_version"] == 1
    assert "SYNTHETIC" in document["dataset"]
    rows = list(csv.DictReader(files["csv"].open()))
    operators = [row for row in rows if row["row"] == "operator"]
    assert len(operators) == 60
    cycles = sum(int(row["modelled_cycles"]) for row in rows if row["row"] != "function")
    assert cycles == document["modelled_cycles"]
    text = "".join(ElementTree.parse(files["svg"]).getroot().itertext())
    assert "modelled Cortex-M4 cycles" in text
    assert "not measured on silicon" in text
    assert "stage1.mbconv1.dp" in text


def test_annotate_lists_the_kernel_with_counts() -> None:
    call = ["--model", MODELS[0], "--dataset", "synthetic", "--annotate", "ect_conv2d_1x1_s8_ref"]
    done = CliRunner().invoke(command, call)
    assert done.exit_code == 0, done.output
    assert re.search(r"\d+\.\d\d +[\d,]+ +[\d,]+ +1\.00 +[0-9a-f]+ +smlabb|mla ", done.output)


def test_a_board_without_a_cortex_m4_is_refused() -> None:
    with pytest.raises(InputError, match="not those of board host"):
        profile(ProfileRequest(model=MODELS[0], board=BoardName.HOST))


def test_a_picture_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    call = ["--model", MODELS[0], "--dataset", "synthetic", "--svg", str(tmp_path / "no" / "x.svg")]
    done = CliRunner().invoke(command, call)
    assert isinstance(done.exception, EctopyError)
    assert "cannot write the picture" in done.exception.message
