"""The cycle model inside a bench run."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ectopy.toolchain import Image
from ectopy.usecases import bench_estimate as usecase
from ectopy.usecases.bench_estimate import CycleEstimate, estimate_cycles
from ectopy.vocab import BoardName, EngineName
from support.cortex_m4 import assemble

WINDOW = np.zeros(4, dtype=np.int8)


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


def test_an_image_is_estimated_and_the_note_says_how(image: Image) -> None:
    found = estimate_cycles(image, WINDOW)
    assert found.cycles == 4
    assert "modelled" in found.note
    assert "2 instructions emulated" in found.note
    assert found.clock_note == "modelled, at 192 MHz"


def test_milliseconds_are_at_the_named_clock() -> None:
    assert CycleEstimate(cycles=192_000, note="").milliseconds == pytest.approx(1.0)
    assert CycleEstimate(cycles=None, note="why").milliseconds is None
    assert CycleEstimate(cycles=None, note="why").clock_note == "why"


def test_a_host_process_has_no_cycles(image: Image) -> None:
    found = estimate_cycles(replace(image, board=BoardName.HOST), WINDOW)
    assert (found.cycles, found.note) == (None, "the cycle model needs a Cortex-M4 image")


def test_a_run_is_not_lost_because_the_model_cannot(image: Image, tmp_path: Path) -> None:
    found = estimate_cycles(replace(image, elf=tmp_path / "none.elf"), WINDOW)
    assert found.cycles is None
    assert found.note.startswith("no cycle model: ")


def test_what_a_licence_keeps_off_emulators_is_not_run_by_the_model(
    image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*_: object) -> None:
        pytest.fail("the cycle model ran it")

    monkeypatch.setattr(usecase, "estimate", run)
    found = estimate_cycles(replace(image, emulation_refusal="the licence says no"), WINDOW)
    assert (found.cycles, found.note) == (None, "no cycle model: the licence says no")
