"""Deploying without compiler and emulator: which steps are taken, and how they fail."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from ectopy.boards import open_board
from ectopy.boards.links import SerialLink
from ectopy.errors import EctopyError, InputError, LinkError, ModelError, ToolError
from ectopy.protocol import Timing
from ectopy.toolchain import Image, RawImage
from ectopy.usecases import bench as bench_module
from ectopy.usecases import build as build_module
from ectopy.usecases import deploy as subject
from ectopy.usecases import flash as flash_module
from ectopy.usecases.build import BuildRequest
from ectopy.usecases.deploy import deploy
from ectopy.usecases.deploy_types import Deployed, DeployRequest, DeployStep, Outcome, steps_from
from ectopy.vocab import BoardName, DatasetName
from support.board_on_port import board_on_port
from support.fake_jlink import TWO, FakeJLink, make_jlink
from unit.boards.test_ports import FIRST, SECOND, plug, plugged
from unit.usecases.bench_doubles import Rig, make_rig

HASTY = Timing(boot_s=0.2, boot_attempts=3, reply_s=0.5, attempts=3)
RAW = RawImage(address=0x18000, data=b"image" * 50)
ALL = tuple(DeployStep)


@dataclass
class Workshop:
    """A rig of the bench, and a request for it."""

    rig: Rig
    request: DeployRequest
    opened: list[object]

    def deploy(self, **changes: object) -> Deployed:
        return deploy(replace(self.request, **changes))  # type: ignore[arg-type]

    @property
    def bundle(self) -> Path:
        return Path(self.request.model)


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    rig = make_rig(tmp_path, monkeypatch)
    opened: list[object] = []

    def build(request: BuildRequest, progress: object) -> Image:
        rig.image = replace(rig.image, board=request.board, elf=request.folder / "firmware.elf")
        if not rig.image.elf.exists():
            request.folder.mkdir(parents=True, exist_ok=True)
            rig.image.elf.write_bytes(b"an image")
        return rig.image

    @contextmanager
    def open_rig(request: SimpleNamespace, *_: object) -> Iterator[SimpleNamespace]:
        opened.append(request)
        yield SimpleNamespace(link=rig.device)

    monkeypatch.setattr(build_module, "BUILD_DIR", tmp_path / "build")
    monkeypatch.setattr("ectopy.protocol.session.Timing", lambda: HASTY)
    for module in (subject, bench_module):
        monkeypatch.setattr(module, "build_firmware", build)
    monkeypatch.setattr(subject, "open_board", open_rig)
    request = DeployRequest(
        model=rig.request.model,
        dataset=DatasetName.SYNTHETIC,
        limit=12,
        runs_dir=tmp_path / "runs",
        command="test",
    )
    return Workshop(rig=rig, request=request, opened=opened)


def outcomes(deployed: Deployed) -> dict[DeployStep, Outcome]:
    return {result.step: result.outcome for result in deployed.steps}


def detail(deployed: Deployed, step: DeployStep) -> str:
    return next(result.detail for result in deployed.steps if result.step is step)


def assert_failed(deployed: Deployed, at: DeployStep, kind: type[BaseException]) -> None:
    assert isinstance(deployed.failure, kind), deployed
    assert deployed.failed_step is at
    found = outcomes(deployed)
    assert all(found[step] is Outcome.NOT_REACHED for step in steps_from(at)[1:])
    before = ALL[: ALL.index(at)]
    assert all(found[step] in (Outcome.DONE, Outcome.UP_TO_DATE) for step in before)


def test_all_steps_are_taken_in_order_and_timed(workshop: Workshop) -> None:
    deployed = workshop.deploy()
    assert deployed.failure is None
    assert tuple(result.step for result in deployed.steps) == ALL
    assert outcomes(deployed) == {
        DeployStep.QUANTIZE: Outcome.UP_TO_DATE,
        DeployStep.RENDER: Outcome.DONE,
        DeployStep.BUILD: Outcome.DONE,
        DeployStep.FLASH: Outcome.DONE,
        DeployStep.HELLO: Outcome.DONE,
        DeployStep.SELFTEST: Outcome.DONE,
        DeployStep.BENCH: Outcome.DONE,
        DeployStep.REPORT: Outcome.UP_TO_DATE,
    }
    assert deployed.run is not None
    assert deployed.run.record.dataset.windows == 12
    assert deployed.run.record.provenance.command == "test"
    assert [page.name for page in deployed.pages] == ["report.html", "report.md", "junit.xml"]
    assert all(page.is_file() for page in deployed.pages)
    assert all(result.duration_s > 0 for result in deployed.steps)
    assert len(workshop.opened) == 1


def test_a_second_time_nothing_is_rendered_or_built_but_the_bench_runs(workshop: Workshop) -> None:
    workshop.deploy()
    inferences = workshop.rig.device.inferences
    found = outcomes(workshop.deploy())
    assert found[DeployStep.RENDER] is found[DeployStep.BUILD] is Outcome.UP_TO_DATE
    assert found[DeployStep.BENCH] is Outcome.DONE
    assert workshop.rig.device.inferences == 2 * inferences


def test_generated_files_that_were_changed_are_rendered_again(
    workshop: Workshop, tmp_path: Path
) -> None:
    workshop.deploy()
    (generated,) = (tmp_path / "build").glob("*/generated/model_aot.c")
    generated.write_text("changed")
    assert outcomes(workshop.deploy())[DeployStep.RENDER] is Outcome.DONE


def test_every_step_can_be_taken_alone(workshop: Workshop) -> None:
    workshop.deploy()
    for step in ALL:
        deployed = workshop.deploy(steps=(step,))
        assert deployed.failure is None, step
        found = outcomes(deployed)
        assert found.pop(step) in (Outcome.DONE, Outcome.UP_TO_DATE)
        assert set(found.values()) == {Outcome.LEFT_OUT}


def test_steps_from_one_on_leave_out_those_before(workshop: Workshop) -> None:
    found = outcomes(workshop.deploy(steps=steps_from(DeployStep.SELFTEST)))
    assert [step for step in ALL if found[step] is Outcome.LEFT_OUT] == list(ALL[:5])
    assert found[DeployStep.BENCH] is Outcome.DONE


def test_the_report_alone_is_about_the_newest_run(workshop: Workshop) -> None:
    alone = {"steps": (DeployStep.REPORT,)}
    workshop.request.runs_dir.mkdir()
    deployed = workshop.deploy(**alone)
    assert isinstance(deployed.failure, InputError)
    assert "there is no run" in deployed.failure.message
    run = workshop.deploy().run
    assert run is not None and run.folder is not None
    (run.folder / "report.html").unlink()
    deployed = workshop.deploy(**alone)
    assert outcomes(deployed)[DeployStep.REPORT] is Outcome.DONE
    assert (run.folder / "report.html").is_file()
    assert deployed.pages[0].parent == run.folder


def test_another_image_on_the_board_fails_hello(workshop: Workshop) -> None:
    workshop.rig.device.hello["build_id"] = "other"
    deployed = workshop.deploy()
    assert_failed(deployed, DeployStep.HELLO, LinkError)
    assert "another build: other, not b1" in detail(deployed, DeployStep.HELLO)
    assert deployed.run is None
    assert not list(workshop.request.runs_dir.iterdir())


def test_another_image_on_the_board_is_not_self_tested_either(workshop: Workshop) -> None:
    workshop.rig.device.hello["build_id"] = "other"
    deployed = workshop.deploy(steps=steps_from(DeployStep.SELFTEST))
    assert isinstance(deployed.failure, LinkError)
    assert deployed.failed_step is DeployStep.SELFTEST


def test_a_silent_board_fails_hello_in_bounded_time(workshop: Workshop) -> None:
    workshop.rig.device.damage = lambda _: b""
    deployed = workshop.deploy()
    assert_failed(deployed, DeployStep.HELLO, LinkError)
    assert "silent" in detail(deployed, DeployStep.HELLO)


def test_golden_vectors_that_differ_fail_the_self_test(workshop: Workshop) -> None:
    workshop.rig.device.golden_mismatches = 1
    deployed = workshop.deploy()
    assert_failed(deployed, DeployStep.SELFTEST, LinkError)
    assert workshop.rig.device.inferences == 0


def test_a_board_that_restarts_between_windows_leaves_a_partial_run(workshop: Workshop) -> None:
    workshop.rig.device.restart_after = 8
    deployed = workshop.deploy()
    assert_failed(deployed, DeployStep.BENCH, LinkError)
    assert "restarted" in detail(deployed, DeployStep.BENCH)
    assert deployed.run is not None and deployed.run.folder is not None
    assert deployed.run.record.partial
    assert 0 < deployed.run.record.dataset.windows <= 8
    assert (deployed.run.folder / "record.json").is_file()
    assert all(page.is_file() for page in deployed.pages)


def test_ctrl_c_in_the_bench_keeps_what_was_measured(workshop: Workshop) -> None:
    honest = workshop.rig.device.infer

    def interrupted(fmt: int, window: bytes) -> bytes:
        if workshop.rig.device.inferences == 9:
            raise KeyboardInterrupt
        return honest(fmt, window)

    workshop.rig.device.infer = interrupted
    deployed = workshop.deploy()
    assert_failed(deployed, DeployStep.BENCH, KeyboardInterrupt)
    assert detail(deployed, DeployStep.BENCH) == "interrupted"
    assert deployed.run is not None and deployed.run.record.partial


def test_ctrl_c_while_building_ends_there(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> Image:
        raise KeyboardInterrupt

    monkeypatch.setattr(subject, "build_firmware", interrupted)
    assert_failed(workshop.deploy(), DeployStep.BUILD, KeyboardInterrupt)
    assert not workshop.opened


def test_a_compiler_error_is_told_in_one_line_and_raised_whole(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Image:
        raise ToolError("it does not build:\n  main.c:1: error")

    monkeypatch.setattr(subject, "build_firmware", broken)
    deployed = workshop.deploy()
    assert_failed(deployed, DeployStep.BUILD, ToolError)
    assert detail(deployed, DeployStep.BUILD) == "it does not build:"
    assert "main.c" in str(deployed.failure)


def test_a_disk_that_takes_no_run_fails_the_bench_and_keeps_the_figures(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> Path:
        raise EctopyError("cannot write the run: No space left on device")

    monkeypatch.setattr(bench_module, "write_run", full)
    deployed = workshop.deploy()
    assert_failed(deployed, DeployStep.BENCH, EctopyError)
    assert "No space left" in detail(deployed, DeployStep.BENCH)
    assert deployed.run is not None and deployed.run.record.dataset.windows == 12
    assert deployed.pages == ()


def test_a_folder_that_cannot_take_runs_is_found_before_anything_is_built(
    workshop: Workshop, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot make"):
        workshop.deploy(runs_dir=tmp_path / "file" / "runs")
    assert not (tmp_path / "build").exists()


def test_a_model_that_is_not_there_is_a_model_error(workshop: Workshop) -> None:
    with pytest.raises(ModelError, match="no model bundle"):
        workshop.deploy(model="nothing-like-this")


def record_hashes(bundle: Path, **hashes: str) -> None:
    (bundle / "quantize.json").write_text(json.dumps(hashes))


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def keras(workshop: Workshop) -> Path:
    """A Keras model from which model.tflite was made, as far as the record tells."""
    path = workshop.bundle / "model.keras"
    path.write_bytes(b"keras")
    tflite = sha256_of(workshop.bundle / "model.tflite")
    record_hashes(workshop.bundle, keras_sha256=sha256_of(path), tflite_sha256=tflite)
    return path


ONLY_QUANTIZE = {"steps": (DeployStep.QUANTIZE,)}


def test_a_model_that_fits_its_source_is_not_quantized(workshop: Workshop, keras: Path) -> None:
    deployed = workshop.deploy(**ONLY_QUANTIZE)
    assert outcomes(deployed)[DeployStep.QUANTIZE] is Outcome.UP_TO_DATE
    assert "by SHA-256" in detail(deployed, DeployStep.QUANTIZE)


def test_a_model_without_a_source_or_a_record_is_taken_as_it_is(
    workshop: Workshop, keras: Path
) -> None:
    (workshop.bundle / "quantize.json").write_text("[]")
    deployed = workshop.deploy(**ONLY_QUANTIZE)
    assert "no quantize.json tells" in detail(deployed, DeployStep.QUANTIZE)
    keras.unlink()
    deployed = workshop.deploy(**ONLY_QUANTIZE)
    assert "there is no model.keras" in detail(deployed, DeployStep.QUANTIZE)


@pytest.mark.parametrize("missing", [False, True], ids=["keras_changed", "tflite_missing"])
def test_a_missing_or_older_int8_model_is_made_anew(
    workshop: Workshop, keras: Path, missing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    def quantize(request: SimpleNamespace, progress: object) -> SimpleNamespace:
        made.append(request.out_dir)
        return SimpleNamespace(tflite_bytes=1234, max_f1_drop=0.01)

    monkeypatch.setattr(subject, "quantize_bundle", quantize)
    if missing:
        (workshop.bundle / "model.tflite").unlink()
    else:
        keras.write_bytes(b"trained again")
    deployed = workshop.deploy(**ONLY_QUANTIZE)
    assert made == [workshop.bundle]
    assert outcomes(deployed)[DeployStep.QUANTIZE] is Outcome.DONE
    assert "1,234 bytes" in detail(deployed, DeployStep.QUANTIZE)


def test_without_tensorflow_a_needed_quantization_says_how_to_get_it(
    workshop: Workshop, keras: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    keras.write_bytes(b"trained again")
    deployed = workshop.deploy()
    assert_failed(deployed, DeployStep.QUANTIZE, ToolError)
    assert "make quantize" in deployed.failure.hint  # type: ignore[union-attr]


def test_an_int8_model_of_another_origin_is_not_overwritten(
    workshop: Workshop, keras: Path
) -> None:
    tflite = workshop.bundle / "model.tflite"
    tflite.write_bytes(b"made by hand")
    deployed = workshop.deploy()
    assert_failed(deployed, DeployStep.QUANTIZE, InputError)
    assert "--from render" in deployed.failure.hint  # type: ignore[union-attr]
    assert tflite.read_bytes() == b"made by hand"


def test_a_bundle_without_any_model_is_a_model_error(workshop: Workshop) -> None:
    (workshop.bundle / "model.tflite").unlink()
    assert_failed(workshop.deploy(), DeployStep.QUANTIZE, ModelError)


@dataclass
class Evb:
    """An EVB on the desk: a J-Link, and a port behind which the rig's device runs if flashed."""

    workshop: Workshop
    jlink: FakeJLink
    port: str

    def deploy(self, **changes: object) -> Deployed:
        return self.workshop.deploy(board=BoardName.APOLLO4P, **changes)

    @property
    def flashes(self) -> int:
        return sum(any("loadbin" in c for c in call["commands"]) for call in self.jlink.calls)  # type: ignore[attr-defined]


@pytest.fixture
def evb(workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Evb]:
    jlink = make_jlink(tmp_path, monkeypatch)
    monkeypatch.setattr(subject, "open_board", open_board)
    monkeypatch.setattr(flash_module, "read_raw_image", lambda _: RAW)
    device = workshop.rig.device
    with board_on_port(
        lambda: device if jlink.flash.exists() else None, lambda: jlink.resets
    ) as port:
        plug(monkeypatch, plugged(port, "001160003881"))
        yield Evb(workshop=workshop, jlink=jlink, port=port)


def test_an_empty_evb_is_flashed_and_measured_through_its_serial_port(evb: Evb) -> None:
    deployed = evb.deploy()
    assert deployed.failure is None
    assert evb.jlink.flash.read_bytes() == RAW.data
    assert "250 bytes written, verified, J-Link 1160003881" in detail(deployed, DeployStep.FLASH)
    assert deployed.run is not None
    assert deployed.run.record.dataset.windows == 12
    assert deployed.run.record.agreement.output_mismatches == 0


def test_an_evb_that_runs_the_image_already_is_not_flashed_unless_forced(evb: Evb) -> None:
    evb.deploy(steps=(DeployStep.FLASH,))
    assert evb.flashes == 1
    deployed = evb.deploy()
    assert outcomes(deployed)[DeployStep.FLASH] is Outcome.UP_TO_DATE
    assert "runs build b1 already" in detail(deployed, DeployStep.FLASH)
    assert evb.flashes == 1
    deployed = evb.deploy(force_flash=True)
    assert outcomes(deployed)[DeployStep.FLASH] is Outcome.DONE
    assert "in flash already" in detail(deployed, DeployStep.FLASH)
    assert evb.flashes == 2


def test_an_evb_with_another_build_is_flashed(evb: Evb) -> None:
    hello = evb.workshop.rig.device.hello
    hello["build_id"] = "older"
    evb.jlink.flash.write_bytes(b"older image")
    deployed = evb.deploy(steps=(DeployStep.FLASH,))
    assert outcomes(deployed)[DeployStep.FLASH] is Outcome.DONE
    assert evb.flashes == 1
    # And if the flash then does not run: the image of another board behind the same J-Link.
    assert_failed(evb.deploy(), DeployStep.HELLO, LinkError)


@pytest.mark.parametrize(
    ("how", "kind", "words"),
    [
        ("program-lie", ToolError, "cannot write the flash"),
        ("verify-fails", ToolError, "does not hold what was written"),
        ("cannot-connect", LinkError, "cannot connect to the chip"),
        ("held", LinkError, "cannot open the J-Link"),
        ("dead", LinkError, "the board has no power"),
    ],
)
def test_a_failing_jlink_ends_at_the_flash(
    evb: Evb, how: str, kind: type[EctopyError], words: str
) -> None:
    evb.jlink.set(how)
    deployed = evb.deploy()
    assert_failed(deployed, DeployStep.FLASH, kind)
    assert words in detail(deployed, DeployStep.FLASH)


def test_a_busy_port_is_told_before_anything_is_flashed(evb: Evb) -> None:
    holder = SerialLink(evb.port)
    try:
        deployed = evb.deploy()
    finally:
        holder.close()
    assert_failed(deployed, DeployStep.FLASH, LinkError)
    assert "busy" in detail(deployed, DeployStep.FLASH)
    assert not evb.jlink.calls


def test_of_two_boards_none_is_flashed_without_a_choice(
    evb: Evb, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug(monkeypatch, plugged(evb.port, "001160003881"), SECOND)
    evb.jlink.set(probes=TWO)
    deployed = evb.deploy()
    assert_failed(deployed, DeployStep.FLASH, InputError)
    assert "2 serial ports of J-Links" in detail(deployed, DeployStep.FLASH)
    assert not evb.jlink.calls


@pytest.mark.parametrize(
    "choose", [lambda evb: {"port": evb.port}, lambda _: {"probe": "1160003881"}]
)
def test_of_two_boards_the_chosen_one_is_flashed_and_measured(
    evb: Evb, choose: Callable[[Evb], dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    plug(monkeypatch, plugged(evb.port, "001160003881"), SECOND)
    evb.jlink.set(probes=TWO)
    assert evb.deploy(**choose(evb)).failure is None
    assert evb.jlink.calls[-1]["options"]["-SelectEmuBySN"] == "1160003881"  # type: ignore[index]


def test_no_board_on_the_desk_is_told_before_anything_is_flashed(
    evb: Evb, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug(monkeypatch)
    deployed = evb.deploy()
    assert_failed(deployed, DeployStep.FLASH, LinkError)
    assert not evb.jlink.calls


def test_an_evb_that_stays_silent_after_the_flash_names_port_and_baud(
    evb: Evb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evb.workshop.rig.device, "damage", lambda _: b"")
    deployed = evb.deploy()
    assert_failed(deployed, DeployStep.HELLO, LinkError)
    assert f"{evb.port} at 921600 baud" in detail(deployed, DeployStep.HELLO)
    assert FIRST.device not in str(deployed.failure)
