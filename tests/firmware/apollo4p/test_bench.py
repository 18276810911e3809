"""A whole run on the played board: what its record says of the two clocks."""

from pathlib import Path

import pytest

from ectopy.report import screen
from ectopy.usecases.bench import Prepared, prepare, run_on
from ectopy.usecases.bench_types import BenchRequest
from ectopy.vocab import BoardName, DatasetName, TickUnit
from support.apollo4p_machine import TIMER_HZ, Apollo4p

INVOKE_US = 24_000
WINDOWS = 3


@pytest.fixture(scope="module")
def prepared(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEURALSPOT", str(checkout))
        for variable in ("CLOCK", "BAUD", "MODEL_IN"):
            patch.delenv(variable, raising=False)
        patch.setattr("ectopy.usecases.build.BUILD_DIR", tmp_path_factory.mktemp("build"))
        return prepare(
            BenchRequest(
                model="beat-2-eff-sm",
                board=BoardName.APOLLO4P,
                dataset=DatasetName.SYNTHETIC,
                limit=WINDOWS,
                runs_dir=tmp_path_factory.mktemp("runs"),
            )
        )


def test_a_record_holds_timer_ticks_and_beside_them_cycles(prepared: Prepared) -> None:
    board = Apollo4p(prepared.image.elf, invoke_us=INVOKE_US)
    run = run_on(board, prepared)
    assert run.failure is None
    record = run.record
    assert (record.board.name, record.board.emulated) == ("apollo4p", False)
    assert record.latency.unit is TickUnit.TIMER_TICKS
    assert (record.board.clock_hz, record.board.cpu_hz) == (TIMER_HZ, 192_000_000)
    ticks, cycles = record.latency.invoke_median, record.latency.cycles_median
    assert ticks is not None and abs(ticks - INVOKE_US * 24) <= 48
    assert cycles is not None and abs(cycles - 8 * ticks) < ticks / 100
    assert record.latency.estimated_cycles is not None, "modelled, of the same image"
    assert record.agreement.output_mismatches == 0
    assert record.memory.arena_bytes == record.memory.arena_predicted_bytes


def test_cycles_of_a_counter_that_stands_are_null_with_the_reason(prepared: Prepared) -> None:
    record = run_on(
        Apollo4p(prepared.image.elf, invoke_us=INVOKE_US, cycles_per_us=0), prepared
    ).record
    assert record.latency.cycles_median is None
    assert record.notes["latency.cycles_median"].startswith("stalled")
    assert record.latency.invoke_median is not None


def test_a_counter_that_stops_in_the_middle_is_noticed(prepared: Prepared) -> None:
    board = Apollo4p(prepared.image.elf, invoke_us=INVOKE_US)
    seen = 0

    def unplug(done: int, total: int, text: str) -> None:
        nonlocal seen
        seen = done
        board.cycles_per_us = 0 if done == WINDOWS - 1 else board.cycles_per_us

    record = run_on(board, prepared, unplug).record
    assert seen == WINDOWS
    assert record.latency.cycles_median is None
    assert "in 1 of 3 inferences" in record.notes["latency.cycles_median"]


def test_the_report_shows_milliseconds_and_the_clock(
    prepared: Prepared, capsys: pytest.CaptureFixture[str]
) -> None:
    record = run_on(Apollo4p(prepared.image.elf, invoke_us=INVOKE_US), prepared).record
    from ectopy import console

    with console.wide_enough(200):
        console.show(screen(record, []))
    shown = capsys.readouterr().out
    assert "timer_ticks" in shown and "24.0" in shown and "processor at 192 MHz" in shown
    assert "EMULATED" not in shown and "NATIVE" not in shown


def test_a_run_after_a_fault_says_so(prepared: Prepared) -> None:
    board = Apollo4p(prepared.image.elf, invoke_us=INVOKE_US)
    board.run()
    board.fault(psp=board.symbols["ect_stack_high"] - 64)
    record = run_on(board, prepared).record
    assert "started anew after a fault: processor fault" in record.notes["board"]
