"""The cycle model inside a bench run."""

from dataclasses import replace
from pathlib import Path

import pytest

from ectopy.protocol import InputFormat
from ectopy.toolchain import Image
from ectopy.usecases import bench_estimate as usecase
from ectopy.usecases.bench_estimate import CycleEstimate, estimate_cycles
from ectopy.usecases.case import Case, open_case
from ectopy.vocab import BoardName, DatasetName, EngineName, Split
from ectopy.windows import WindowRequest
from support.cortex_m4 import assemble
from support.invented_profile import invented_profile
from unit.usecases.bench_doubles import make_bundle


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """One synthetic window, cut to the four values that the image of these tests takes."""
    wanted = WindowRequest(dataset=DatasetName.SYNTHETIC, split=Split.DS2, data_dir=None, limit=1)
    whole = open_case(str(make_bundle(tmp_path / "models")), wanted, InputFormat.INT8)
    return replace(whole, samples=replace(whole.samples, quantized=whole.samples.quantized[:, :4]))


@pytest.fixture
def image(tmp_path: Path) -> Image:
    return Image(
        board=BoardName.VIRT,
        engine=EngineName.AOT,
        elf=assemble(tmp_path, {"ect_engine_invoke": "movs r0, 0\nbx lr"}),
        elf_sha256="0" * 64,
        build_id="0" * 16,
        flash_bytes=0,
        ram_bytes=0,
        arena_predicted_bytes=0,
        toolchain="by hand",
        tflite_sha256="0" * 64,
    )


def test_an_image_is_estimated_and_the_note_says_how(image: Image, case: Case) -> None:
    found = estimate_cycles(case, image)
    assert found.cycles == 4
    assert "modelled" in found.note
    assert "2 instructions emulated" in found.note
    assert found.clock_note == "modelled, at 192 MHz"


def test_milliseconds_are_at_the_named_clock() -> None:
    profile = replace(invented_profile(), modelled_cycles=192_000)
    assert CycleEstimate(profile=profile, note="").milliseconds == pytest.approx(1.0)
    assert CycleEstimate(profile=None, note="why").milliseconds is None
    assert CycleEstimate(profile=None, note="why").clock_note == "why"


def test_the_profile_is_of_the_image_and_of_the_first_window(image: Image, case: Case) -> None:
    profile = estimate_cycles(case, image).profile
    assert profile is not None
    assert profile.elf_sha256 == image.elf_sha256
    assert profile.dataset.endswith("(SYNTHETIC)")
    assert profile.window == (
        f"record {case.windows.records[0]}, beat at sample {case.windows.beat_samples[0]}"
    )
    assert sum(row.modelled_cycles for row in profile.operators) == profile.modelled_cycles


def test_a_host_process_has_no_cycles(image: Image, case: Case) -> None:
    found = estimate_cycles(case, replace(image, board=BoardName.HOST))
    assert (found.cycles, found.note) == (None, "the cycle model needs a Cortex-M4 image")


def test_a_run_is_not_lost_because_the_model_cannot(
    image: Image, case: Case, tmp_path: Path
) -> None:
    found = estimate_cycles(case, replace(image, elf=tmp_path / "none.elf"))
    assert found.cycles is None
    assert found.note.startswith("no cycle model: ")


def test_what_a_licence_keeps_off_emulators_is_not_run_by_the_model(
    image: Image, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*_: object) -> None:
        pytest.fail("the cycle model ran it")

    monkeypatch.setattr(usecase, "run_model", run)
    found = estimate_cycles(case, replace(image, emulation_refusal="the licence says no"))
    assert (found.cycles, found.note) == (None, "no cycle model: the licence says no")
