"""The image of board ``apollo4p`` from reset to answers, on a board that the tests play."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ectopy.errors import LinkError
from ectopy.graph.reader import read_model_bytes, read_tflite
from ectopy.protocol import InputFormat, Session, Timing
from ectopy.protocol.framing import Frame, encode
from ectopy.protocol.schema import Kind
from ectopy.reference import ReferenceExecutor
from ectopy.toolchain import Image
from ectopy.vocab import ClockMode, CycleCounter, ModelPlace, TickUnit
from ectopy.zoo import open_bundle
from support.apollo4p_machine import POWER_ON_MEMORY, Apollo4p

BuildImage = Callable[..., Image]
WINDOW = bytes(range(256)) * 2
BUS_ERROR, INVALID_OPERATION = 0x0800_0000, 7
FRAMING, OVERRUN = 0x100, 0x800
HP, LP = 2 << 3, 1 << 3


@pytest.fixture
def elf(build_image: BuildImage) -> Path:
    return build_image().elf


def session_on(board: Apollo4p) -> Session:
    return Session(board, Timing(boot_attempts=1, attempts=2))


def request(kind: Kind, body: bytes = b"", seq: int = 1) -> bytes:
    return encode(Frame(kind=kind, status=0, seq=seq, body=body))


def test_the_chip_is_set_up_in_the_vendors_order(elf: Path) -> None:
    board = Apollo4p(elf)
    board.run()
    steps = [
        "am_bsp_low_power_init",
        "am_hal_pwrctrl_sram_config",
        "am_hal_cachectrl_config",
        "am_hal_cachectrl_enable",
        "am_hal_sysctrl_fpu_enable",
        "am_hal_sysctrl_fpu_stacking_enable",
        "am_hal_pwrctrl_mcu_mode_select",
        "am_hal_pwrctrl_periph_enable",
        "am_hal_timer_default_config_set",
        "am_hal_timer_config",
        "am_hal_timer_enable",
        "am_hal_uart_initialize",
        "am_hal_uart_power_control",
        "am_hal_uart_configure",
        "am_hal_gpio_pinconfig",
        "am_hal_gpio_pinconfig",
    ]
    assert [name for name, _ in board.calls if name != "am_hal_delay_us"] == steps
    arguments = dict(board.calls)
    assert arguments["am_hal_cachectrl_config"] == 1, "the vendor's defaults"
    assert arguments["am_hal_sysctrl_fpu_stacking_enable"] == 1, "lazy"
    assert arguments["am_hal_pwrctrl_mcu_mode_select"] == 2, "high performance"
    assert arguments["am_hal_timer_default_config_set"] == 0, "a struct without chance contents"
    assert arguments["am_hal_timer_config"] == 0x0002, "timer 0, HFRC / 4, counting up for ever"
    assert arguments["am_hal_uart_configure"] == 921_600
    pins = [argument for name, argument in board.calls if name == "am_hal_gpio_pinconfig"]
    assert pins == [60 << 16 | 0x404, 47 << 16 | 0x4]


def test_start_up_forbids_the_memory_under_the_stack_and_tells_faults_apart(elf: Path) -> None:
    board = Apollo4p(elf)
    board.run()
    vtor, shcsr, cpacr, mpu = (
        board.core(0xE000_ED00 + offset) for offset in (0x08, 0x24, 0x88, 0x94)
    )
    assert vtor == board.symbols["ect_vectors"]
    assert shcsr >> 16 & 7 == 7, "MemManage, BusFault and UsageFault are not all HardFaults"
    assert cpacr >> 20 & 15 == 15, "the FPU, for everybody"
    region, attributes = board.core(0xE000_ED9C), board.core(0xE000_EDA0)
    bytes_ = 2 << (attributes >> 1 & 31)
    assert mpu == 5, "on, with the default map for everything else"
    assert (region & ~31) + bytes_ == board.symbols["ect_stack_low"] and bytes_ >= 1 << 20
    assert region & 16 and attributes & 1
    assert (attributes >> 28 & 1, attributes >> 24 & 7) == (1, 0), "no execution, no access"


@pytest.mark.parametrize("model", ["beat-3-eff-sm", "beat-2-eff-sm"])
@pytest.mark.parametrize("place", list(ModelPlace))
def test_it_answers_with_the_outputs_of_the_reference(
    build_image: BuildImage, model: str, place: ModelPlace
) -> None:
    session = session_on(Apollo4p(build_image(model, place=place).elf))
    hello = session.hello()
    assert (hello.board, hello.emulated, hello.tick_unit) == (
        "apollo4p",
        False,
        TickUnit.TIMER_TICKS,
    )
    assert (hello.clock_hz, hello.cpu_hz, hello.credits) == (24_000_000, 192_000_000, 1)
    assert (hello.cycle_counter, hello.setup_error, hello.last_fault) == (
        CycleCounter.RUNNING,
        "",
        "",
    )
    assert session.selftest() == 4
    (result,) = session.infer([WINDOW], InputFormat.INT8)
    bundle = open_bundle(model)
    graph = read_tflite(read_model_bytes(bundle.require_tflite()), model)
    wanted = ReferenceExecutor(graph).invoke(np.frombuffer(WINDOW, np.int8))
    assert result.outputs == wanted.astype(np.int8).tobytes()
    assert result.cycles_invoke >= result.ticks_invoke * 8
    stats = session.stats()
    assert 100 < stats.stack_high_water_bytes < 2560 and stats.stack_size_bytes == 16384
    assert (stats.damaged, stats.line_errors) == (0, 0)


def test_start_up_takes_nothing_of_the_memory_for_granted(elf: Path) -> None:
    board = Apollo4p(elf)
    low, high = board.symbols["ect_bss_low"], board.symbols["ect_bss_high"]
    assert board.memory(low, 16) == POWER_ON_MEMORY * 16
    board.run()
    arena = board.memory(low, high - low)
    assert arena.count(0) > len(arena) // 2


def test_192_mhz_without_the_simo_buck_is_refused_with_the_reason(elf: Path) -> None:
    statuses = {"am_hal_pwrctrl_mcu_mode_select": INVALID_OPERATION}
    board = Apollo4p(elf, statuses=statuses, perf=LP, cycles_per_us=96)
    with pytest.raises(
        LinkError, match=r"192 MHz without the SIMO buck failed .* 00000007"
    ) as caught:
        session_on(board).hello()
    assert "cut its power" in caught.value.hint


@pytest.mark.parametrize(
    ("clock", "perf"), [(ClockMode.HP, LP), (ClockMode.LP, HP), (ClockMode.LP, 0)]
)
def test_a_clock_that_is_not_the_chosen_one_is_reported(
    build_image: BuildImage, clock: ClockMode, perf: int
) -> None:
    board = Apollo4p(build_image(clock=clock).elf, perf=perf)
    with pytest.raises(LinkError, match=f"in another mode than chosen: MCUPERFREQ {perf:08x}"):
        session_on(board).hello()


def test_low_power_as_after_reset_needs_no_acknowledgement(build_image: BuildImage) -> None:
    # The register's reset value: nothing was asked for, so nothing was acknowledged.
    board = Apollo4p(build_image(clock=ClockMode.LP).elf, perf=LP | 1, cycles_per_us=96)
    hello = session_on(board).hello()
    assert (hello.cpu_hz, hello.cycle_counter) == (96_000_000, CycleCounter.RUNNING)
    assert dict(board.calls)["am_hal_pwrctrl_mcu_mode_select"] == 1


def test_the_first_failed_step_is_the_one_that_is_named(elf: Path) -> None:
    statuses = {"am_hal_cachectrl_enable": 1, "am_hal_pwrctrl_mcu_mode_select": 4}
    with pytest.raises(LinkError, match="cache on failed with HAL status 00000001"):
        session_on(Apollo4p(elf, statuses=statuses)).hello()


def test_a_timer_that_stands_is_reported(elf: Path) -> None:
    with pytest.raises(LinkError, match="the timer does not count"):
        session_on(Apollo4p(elf, timer_runs=False)).hello()


@pytest.mark.parametrize(
    ("cycles_per_us", "found"),
    [
        (192, CycleCounter.RUNNING),
        (0, CycleCounter.STALLED),
        (96, CycleCounter.OFF_RATE),
        (220, CycleCounter.OFF_RATE),
    ],
)
def test_the_cycle_counter_is_tested_against_the_timer(
    elf: Path, cycles_per_us: int, found: CycleCounter
) -> None:
    board = Apollo4p(elf, cycles_per_us=cycles_per_us)
    session = session_on(board)
    assert session.hello().cycle_counter is found
    (result,) = session.infer([WINDOW], InputFormat.INT8)
    assert (result.cycles_invoke > 0) == (cycles_per_us > 0)


def test_a_debugger_that_leaves_does_not_switch_the_counter_off(elf: Path) -> None:
    board = Apollo4p(elf)
    session = session_on(board)
    session.hello()
    board.detach_debugger()
    (result,) = session.infer([WINDOW], InputFormat.INT8)
    assert result.cycles_invoke > 0


def test_reading_keeps_up_with_921600_baud_at_96_mhz(elf: Path) -> None:
    """Half of the time between two bytes must do for what is done with a byte."""
    board = Apollo4p(elf)
    session_on(board).hello()
    half_cycles = 96_000_000 * 10 // 921_600 // 2
    body = list(request(Kind.INFER, b"\2" + WINDOW * 4)[:-1])
    for size in (1, 8, 31):
        board.rx += body[:size]
        executed = board.count_instructions()
        # Few instructions take more than two cycles, and those are in the HAL's register accesses.
        assert 2 * executed < half_cycles * size, f"{executed} instructions for {size} bytes"
        del body[:size]


def test_without_a_uart_the_image_halts(elf: Path) -> None:
    board = Apollo4p(elf, statuses={"am_hal_uart_configure": 1})
    board.run()
    assert board.halted and "am_hal_gpio_pinconfig" not in dict(board.calls)


@pytest.mark.parametrize("mark", [FRAMING, OVERRUN], ids=["framing", "overrun"])
@pytest.mark.parametrize("place", [0, 7, 300, -1], ids=["first", "early", "middle", "last"])
def test_after_a_damaged_byte_the_next_request_is_understood(
    elf: Path, mark: int, place: int
) -> None:
    board = Apollo4p(elf)
    session = session_on(board)
    session.hello()
    damaged: list[int] = list(request(Kind.INFER, b"\0" + WINDOW))
    damaged[place] |= mark
    board.rx += damaged
    assert session.selftest() == 4
    stats = session.stats()
    assert stats.line_errors == 1
    # A damaged last byte is where the frame ends anyway.
    assert stats.inferences == (1 if place == -1 else 0)
    assert (stats.damaged > 0) == (place != -1)


def test_bytes_lost_between_two_reads_cost_one_request_only(elf: Path) -> None:
    board = Apollo4p(elf)
    session = session_on(board)
    session.hello()
    sent = list(request(Kind.INFER, b"\0" + WINDOW))
    board.rx += [*sent[:100], sent[140] | OVERRUN, *sent[141:]]
    results = list(session.infer([WINDOW, WINDOW], InputFormat.INT8))
    assert len(results) == 2
    assert session.stats().line_errors == 1


def test_a_fault_is_told_after_the_restart_and_once(elf: Path) -> None:
    board = Apollo4p(elf)
    session = session_on(board)
    session.hello()
    stack = board.symbols["ect_stack_high"] - 64
    board.store(stack + 24, (0x0001_9ABC).to_bytes(4, "little"))
    board.fault(psp=stack)
    assert board.resets == 2
    assert session.hello().last_fault.startswith("processor fault, exception ")
    assert " pc 00019abc cfsr 00000000" in session.hello().last_fault
    session.reset()
    assert session.hello().last_fault == "" and board.resets == 3


def test_a_stack_overflow_is_told_from_other_faults(elf: Path) -> None:
    board = Apollo4p(elf)
    session = session_on(board)
    session.hello()
    board.fault(psp=board.symbols["ect_stack_low"] - 32)
    assert session.hello().last_fault.startswith("stack overflow")


def test_a_fault_in_a_handler_or_before_main_is_told_too(elf: Path) -> None:
    board = Apollo4p(elf)
    session = session_on(board)
    session.hello()
    stack = board.symbols["ect_handler_stack_high"] - 64
    board.store(stack + 24, (0x0001_8888).to_bytes(4, "little"))
    board.fault(msp=stack)
    assert " pc 00018888 " in session.hello().last_fault


def test_a_fault_in_the_middle_of_a_run_is_named_at_once(elf: Path) -> None:
    board = Apollo4p(elf)
    session = session_on(board)
    session.hello()
    results = session.infer([WINDOW, WINDOW], InputFormat.INT8)
    next(results)
    board.fault(psp=board.symbols["ect_stack_low"] - 32)
    with pytest.raises(LinkError, match="restarted before window 1: stack overflow, exception "):
        next(results)


def test_faults_before_set_up_do_not_restart_for_ever(elf: Path) -> None:
    board = Apollo4p(elf)
    stack = board.symbols["ect_stack_high"] - 64
    board.run()
    board.fault_at_start = True
    board.fault(psp=stack)
    assert board.halted and board.resets == 2


def test_a_reset_lets_its_reply_leave_first(elf: Path) -> None:
    board = Apollo4p(elf, busy_looks=5)
    session = session_on(board)
    session.hello()
    session.reset()
    assert board.resets == 2 and board.busy_looks == 0
    assert session.hello().board == "apollo4p"


def test_a_port_that_stays_busy_delays_a_reset_but_does_not_prevent_it(elf: Path) -> None:
    board = Apollo4p(elf, busy_looks=10**9)
    session = session_on(board)
    session.hello()
    session.reset()
    assert board.resets == 2
