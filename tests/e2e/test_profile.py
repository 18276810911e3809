"""The cycle model against the virtual EVB, and ``ectopy profile`` as people call it."""

import csv
import hashlib
import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt
import pytest
from click.testing import CliRunner
from unicorn import UC_HOOK_MEM_READ

from ectopy.aot import compile_graph
from ectopy.boards import BoardRequest, open_board
from ectopy.cli.profile import command
from ectopy.cycles import estimate
from ectopy.cycles.image import read_image
from ectopy.cycles.machine import Machine, Watch
from ectopy.errors import EctopyError, InputError
from ectopy.graph.reader import load_tflite
from ectopy.protocol import InputFormat, Session
from ectopy.report.profile import Profile
from ectopy.usecases.build import BuildRequest, build_firmware
from ectopy.usecases.profile import ProfileRequest, profile
from ectopy.vocab import BoardName, DatasetName, EngineName, LinkKind, Optimize
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


class Unaligned(Machine):
    """Counts loads of the inference, and those whose address is no multiple of their size."""

    loads = unaligned = 0

    def _hooks(self, *arguments: Any) -> list[int]:
        hooks = super()._hooks(*arguments)
        return [*hooks, self._uc.hook_add(UC_HOOK_MEM_READ, self.on_load)]

    def on_load(self, _: object, __: int, address: int, nbytes: int, *___: object) -> None:
        self.loads += 1
        self.unaligned += address % nbytes != 0


def test_the_aot_engine_has_no_unaligned_load_for_which_the_model_would_charge_too_little() -> None:
    bundle = open_bundle(MODELS[0])
    request = BuildRequest(board=BoardName.VIRT, engine=EngineName.AOT, bundle=bundle)
    machine = Unaligned(read_image(build_firmware(request).elf))
    machine.start_engine()
    machine.infer(windows()[1], Watch(), None)
    assert machine.loads > 100_000
    assert machine.unaligned == 0


@dataclass(frozen=True)
class Written:
    """What one call of the command left."""

    screen: str
    document: dict[str, Any]
    rows: list[dict[str, str]]
    picture: str
    duration_s: float


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("profile")
    files = {kind: folder / f"profile.{kind}" for kind in ("csv", "json", "svg")}
    options = [word for kind, path in files.items() for word in (f"--{kind}", str(path))]
    call = ["--model", MODELS[0], "--dataset", "synthetic", "--device", *options]
    began_s = time.monotonic()
    done = CliRunner().invoke(command, call)
    assert done.exit_code == 0, done.output
    return Written(
        screen=done.output,
        document=json.loads(files["json"].read_text()),
        rows=list(csv.DictReader(files["csv"].read_text().splitlines())),
        picture="".join(ElementTree.parse(files["svg"]).getroot().itertext()),
        duration_s=time.monotonic() - began_s,
    )


def test_it_takes_seconds(written: Written) -> None:
    """The target is 5 s without the board on an idle computer; this only catches a collapse."""
    assert written.duration_s < 40


def test_operators_of_the_model_are_those_of_the_device(written: Written) -> None:
    rows = [row for row in written.rows if row["row"] == "operator"]
    steps = compile_graph(load_tflite(open_bundle(MODELS[0]).tflite_path)).steps
    assert [int(row["index"]) for row in rows] == [step.ops[0] for step in steps]
    # The device reads its counter after each operator, those that are computed together included,
    # always at the same cost; before the first it also enters the engine.
    more = [
        (int(row["device_ticks"]) - int(row["emulated_instructions"])) / len(step.ops)
        for row, step in zip(rows, steps, strict=True)
    ]
    assert len(set(more[1:])) == 1
    assert more[1] < more[0] < 2 * more[1]
    device = written.document["device"]
    assert device["emulated"]
    assert device["tick_unit"] == "instructions"
    assert 0 < device["invoke_ticks"] - written.document["emulated_instructions"] < 40


def test_rows_add_up_to_the_totals(written: Written) -> None:
    document = written.document
    for rows in (document["operators"], document["functions"]):
        for figure in ("emulated_instructions", "modelled_cycles"):
            assert sum(row[figure] for row in rows) == document[figure]
        assert sum(row["share"] for row in rows) == pytest.approx(1.0)
    assert sum(document["by_row"].values()) == document["modelled_cycles"]
    assert sum(row["macs"] for row in document["operators"]) == document["macs"] == 866_624
    kernels = {row["kernel"] for row in document["operators"]} - {""}
    assert kernels <= {row["name"] for row in document["functions"]}


def test_every_file_says_what_is_emulated_and_what_is_modelled(written: Written) -> None:
    assert "EMULATED" in written.screen
    assert "MODELLED" in written.screen
    assert "(SYNTHETIC)" in written.document["dataset"]
    assert written.document["schema_version"] == 1
    own = [row for row in written.rows if row["row"] != "function"]
    total = sum(int(row["modelled_cycles"]) for row in own)
    assert total == written.document["modelled_cycles"]
    for words in ("modelled Cortex-M4 cycles", "not measured on silicon", "stage1.mbconv1.red"):
        assert words in written.picture


def test_annotate_lists_a_kernel_with_counts_and_a_bad_file_is_an_error(tmp_path: Path) -> None:
    svg = tmp_path / "no" / "x.svg"
    call = ["--model", MODELS[0], "--dataset", "synthetic", "--svg", str(svg)]
    done = CliRunner().invoke(command, [*call, "--annotate", "ect_conv2d_1x1_s8_m4"])
    assert re.search(r"\d\.\d\d +[\d,]+ +[\d,]+ +1\.00 +[0-9a-f]+ +smlad ", done.output)
    assert isinstance(done.exception, EctopyError)
    assert "cannot write the picture" in done.exception.message


@pytest.fixture(scope="module")
def elf() -> Path:
    request = BuildRequest(
        board=BoardName.VIRT, engine=EngineName.AOT, bundle=open_bundle(MODELS[0])
    )
    return build_firmware(request).elf


def profile_elf(elf: Path, model: str = MODELS[0]) -> Profile:
    request = ProfileRequest(model=model, elf=elf, dataset=DatasetName.SYNTHETIC)
    return profile(request).profile


def test_an_image_that_was_built_before_is_profiled_as_it_is(elf: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.elf"
    shutil.copy(elf, old)
    found = profile_elf(old)
    assert found.elf_sha256 == hashlib.sha256(elf.read_bytes()).hexdigest()
    assert found.build_id == "unknown"
    assert found.emulated_instructions > found.macs


@pytest.mark.parametrize("built", Optimize)
@pytest.mark.parametrize("said", Optimize)
def test_an_image_that_was_built_before_tells_what_its_plan_was_made_for(
    built: Optimize, said: Optimize
) -> None:
    bundle = open_bundle(MODELS[0])
    request = BuildRequest(
        board=BoardName.VIRT, engine=EngineName.AOT, bundle=bundle, optimize=built
    )
    elf = build_firmware(request).elf
    wanted = ProfileRequest(model=MODELS[0], elf=elf, dataset=DatasetName.SYNTHETIC, optimize=said)
    found = profile(wanted).profile
    assert found.optimized_for is built
    several = any(" + " in row.kind for row in found.operators)
    assert several == (built is not Optimize.DEBUG)


def stripped(elf: Path, to: Path) -> Path:
    subprocess.run(["arm-none-eabi-strip", "-o", str(to), str(elf)], check=True)
    return to


def cut(elf: Path, to: Path) -> Path:
    to.write_bytes(elf.read_bytes()[:100_000])
    return to


def other_cpu(elf: Path, to: Path) -> Path:
    image = bytearray(elf.read_bytes())
    image[18] = 62  # e_machine: x86-64
    to.write_bytes(image)
    return to


def without_invoke(elf: Path, to: Path) -> Path:
    command = ["arm-none-eabi-objcopy", "--redefine-sym", "ect_engine_invoke=another_name"]
    subprocess.run([*command, str(elf), str(to)], check=True)
    return to


def text(_: Path, to: Path) -> Path:
    to.write_text("firmware")
    return to


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (stripped, "has no symbols"),
        (cut, "is not a usable ELF file|is truncated|does not hold the model"),
        (other_cpu, "for another processor"),
        (without_invoke, "has no function ect_engine_invoke"),
        (text, "is not a usable ELF file"),
        (lambda _, to: to, "cannot be read"),
    ],
)
def test_an_image_that_cannot_be_profiled_is_one_clear_error(
    damage: Callable[[Path, Path], Path], complaint: str, elf: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=complaint):
        profile_elf(damage(elf, tmp_path / "damaged.elf"))


def test_an_image_of_another_model_is_refused(elf: Path) -> None:
    with pytest.raises(InputError, match="does not hold the model of beat-3-eff-sm"):
        profile_elf(elf, MODELS[1])


def test_a_board_without_a_cortex_m4_is_refused() -> None:
    with pytest.raises(InputError, match="not those of board host"):
        profile(ProfileRequest(model=MODELS[0], board=BoardName.HOST))
