"""From a bundle to a measured board, on real firmware, the same way for every board."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ectopy.progress import Progress
from ectopy.records import from_json
from ectopy.toolchain import Image, RawImage
from ectopy.usecases import bench as bench_module
from ectopy.usecases import deploy as deploy_module
from ectopy.usecases import flash as flash_module
from ectopy.usecases.build import BuildRequest, build_firmware
from ectopy.usecases.deploy import deploy
from ectopy.usecases.deploy_types import DeployRequest, DeployStep, Outcome
from ectopy.vocab import BoardName, DatasetName, LinkKind
from support.board_on_port import NativeFirmware, board_on_port
from support.fake_jlink import FakeJLink, make_jlink
from support.interrupting import run_and_interrupt
from unit.boards.test_ports import plug, plugged

pytestmark = pytest.mark.e2e

MODEL = "beat-3-eff-sm"
FLASH_BASE = 0x18000


def request(tmp_path: Path, board: BoardName) -> DeployRequest:
    return DeployRequest(
        model=MODEL,
        board=board,
        dataset=DatasetName.SYNTHETIC,
        limit=12,
        runs_dir=tmp_path / "runs",
    )


@pytest.mark.parametrize("board", [BoardName.VIRT, BoardName.HOST])
def test_a_process_board_is_deployed_and_the_second_time_nothing_is_built(
    tmp_path: Path, board: BoardName
) -> None:
    first = deploy(request(tmp_path, board))
    second = deploy(request(tmp_path, board))
    for deployed in (first, second):
        assert deployed.failure is None
        assert deployed.run is not None
        record = deployed.run.record
        assert record.agreement.output_mismatches == 0
        assert (record.link.windows_sent, record.link.windows_lost) == (12, 0)
        assert all(page.is_file() for page in deployed.pages)
    outcomes = {result.step: result.outcome for result in second.steps}
    for step in (DeployStep.QUANTIZE, DeployStep.RENDER, DeployStep.BUILD):
        assert outcomes[step] is Outcome.UP_TO_DATE
    for step in (DeployStep.HELLO, DeployStep.SELFTEST, DeployStep.BENCH):
        assert outcomes[step] is Outcome.DONE


@dataclass
class Evb:
    """The native firmware behind a serial port, started by whatever JLinkExe "flashes"."""

    jlink: FakeJLink
    port: str


@pytest.fixture
def evb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Evb]:
    def build(wanted: BuildRequest, progress: Progress) -> Image:
        native = replace(wanted, board=BoardName.HOST, out_dir=tmp_path / "native")
        return replace(build_firmware(native, progress), board=wanted.board)

    def raw_image(elf: Path) -> RawImage:
        return RawImage(address=FLASH_BASE, data=elf.read_bytes())

    def boot() -> NativeFirmware | None:
        if not jlink.flash.exists():
            return None
        program = tmp_path / "running"
        program.unlink(missing_ok=True)
        program.write_bytes(jlink.flash.read_bytes())
        program.chmod(0o755)
        return NativeFirmware(program)

    for module in (deploy_module, bench_module):
        monkeypatch.setattr(module, "build_firmware", build)
    monkeypatch.setattr(flash_module, "read_raw_image", raw_image)
    jlink = make_jlink(tmp_path, monkeypatch)
    with board_on_port(boot, lambda: jlink.resets) as port:
        plug(monkeypatch, plugged(port, "001160003881"))
        yield Evb(jlink=jlink, port=port)


def test_an_evb_takes_the_same_way_through_jlink_and_serial_port(tmp_path: Path, evb: Evb) -> None:
    wanted = request(tmp_path, BoardName.APOLLO4P)
    deployed = deploy(wanted)
    assert deployed.failure is None, deployed.steps
    assert deployed.run is not None
    record = deployed.run.record
    assert record.link.kind is LinkKind.UART
    assert record.agreement.output_mismatches == 0
    assert record.dataset.windows == 12
    assert evb.jlink.resets == 1
    again = deploy(wanted)
    assert again.failure is None
    flash = next(result for result in again.steps if result.step is DeployStep.FLASH)
    assert flash.outcome is Outcome.UP_TO_DATE
    assert evb.jlink.resets == 1


def test_an_interrupted_deployment_tells_its_steps_and_keeps_the_partial_run(
    tmp_path: Path,
) -> None:
    options = {
        "--board": "virt",
        "--dataset": "synthetic",
        "--limit": "2000",
        "--runs-dir": str(tmp_path / "runs"),
        "--json": "-",
    }
    words = (word for pair in options.items() for word in pair)
    ectopy = Path(sys.executable).with_name("ectopy")
    done = run_and_interrupt([ectopy, "deploy", *words], once="/2000")
    assert done.returncode == 130, done.stderr
    assert "done before bench: quantize, render, build, flash, hello, selftest" in done.stderr
    assert "--from bench" in done.stderr
    assert "Traceback" not in done.stderr
    told = json.loads(done.stdout)
    outcomes = {step["step"]: step["outcome"] for step in told["steps"]}
    assert outcomes["selftest"] == "done"
    assert (outcomes["bench"], outcomes["report"]) == ("failed", "not reached")
    assert told["failure"]["message"] == "interrupted"
    record = from_json(Path(told["run_folder"], "record.json").read_text())
    assert record.partial
    assert 1 <= record.dataset.windows < 2000
