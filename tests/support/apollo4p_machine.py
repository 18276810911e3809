"""An Apollo4 Plus as far as its firmware can tell: the linked image runs under Unicorn, from reset,
against stub vendor functions, and the test plays the registers behind them.

Time passes only while somebody looks at the timer, and in delays.
"""

import struct
from dataclasses import dataclass, field
from pathlib import Path

from elftools.elf.elffile import ELFFile
from unicorn import UC_ARCH_ARM, UC_HOOK_CODE, UC_MODE_MCLASS, UC_MODE_THUMB, Uc
from unicorn import arm_const as arm

from ectopy.errors import LinkError
from ectopy.vocab import LinkKind

MRAM, MRAM_BYTES = 0x0000_0000, 0x20_0000
TCM, TCM_BYTES = 0x1000_0000, 0x6_0000
VECTORS = 0x0001_8000
TIMER_HZ, TICKS_PER_LOOK = 24_000_000, 24
POWER_ON_MEMORY = b"\xd5"

_TIMER0, _UART0, _MCUPERFREQ = 0x4000_8204, 0x4001_C000, 0x4002_1000
_STUB, _CORE = 0x4F00_0000, 0xE000_0000
_DWT_CTRL, _CYCCNT, _AIRCR, _DEMCR = 0xE000_1000, 0xE000_1004, 0xE000_ED0C, 0xE000_EDFC
_RX_EMPTY, _BUSY = 1 << 4, 1 << 3
_LIMIT_US = 60_000_000
_MOST_RESETS = 20


@dataclass
class Apollo4p:
    """The board, and a :class:`ectopy.protocol.Link` to it.

    Attributes:
        statuses: What a vendor function returns; 0 for all others.
        perf: The register that says which clock runs: its mode is in bits 3 and 4.
        cycles_per_us: Of the cycle counter; 0: it stands.
        timer_runs: Whether the timer counts.
        calls: Vendor functions called since the last reset, each with an argument.
        resets: How often the image was started.
        busy_looks: How often the UART still says that it is sending.
        invoke_us: How long an inference takes.
        fault_at_start: A fault before anything is set up, at every start.
    """

    elf: Path
    statuses: dict[str, int] = field(default_factory=dict)
    perf: int = 2 << 3 | 1 << 2 | 2
    cycles_per_us: int = 192
    timer_runs: bool = True
    kind: LinkKind = LinkKind.UART
    name: str = "the emulated serial port"
    calls: list[tuple[str, int]] = field(default_factory=list)
    resets: int = 0
    busy_looks: int = 0
    invoke_us: int = 0
    fault_at_start: bool = False
    halted: bool = False

    def __post_init__(self) -> None:
        self.rx: list[int] = []
        self.tx = bytearray()
        self._ticks = 0
        self._argument = 0
        self._core: dict[int, int] = {}
        self._let_pass = False
        self._uc = Uc(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS)
        self._uc.ctl_set_cpu_model(arm.UC_CPU_ARM_CORTEX_M4)
        self._uc.mem_map(MRAM, MRAM_BYTES)
        self._uc.mem_map(TCM, TCM_BYTES)
        self._uc.mem_write(TCM, POWER_ON_MEMORY * TCM_BYTES)
        with self.elf.open("rb") as stream:
            elf = ELFFile(stream)
            for segment in elf.iter_segments("PT_LOAD"):
                if segment["p_filesz"]:
                    self._uc.mem_write(segment["p_paddr"], segment.data())
            table = elf.get_section_by_name(".symtab")
            self.symbols = {s.name: s["st_value"] & ~1 for s in table.iter_symbols() if s.name}
        for base, size, read, write in (
            (_TIMER0 & ~0xFFF, 0x1000, self._read_timer, None),
            (_UART0, 0x1000, self._read_uart, self._write_uart),
            (_MCUPERFREQ, 0x1000, lambda *_: self.perf, None),
            (_STUB, 0x1000, self._read_stub, self._write_stub),
            (_CORE, 0x10000, self._read_core, self._write_core),
        ):
            self._uc.mmio_map(base, size, read, None, write, None)
        invoke = self.symbols["ect_engine_invoke"]
        self._uc.hook_add(UC_HOOK_CODE, self._at_invoke, begin=invoke, end=invoke)
        for stop in ("am_hal_uart_fifo_read", "ect_fault_halt"):
            if stop in self.symbols:
                at = self.symbols[stop]
                self._uc.hook_add(UC_HOOK_CODE, self._at_stop, begin=at, end=at)
        self._reset()

    def _reset(self) -> None:
        sp, pc = struct.unpack("<II", self._uc.mem_read(VECTORS, 8))
        self.resets += 1
        assert self.resets <= _MOST_RESETS, "the image restarts for ever"
        self.calls.clear()
        self._core = {}
        self._wants_reset = False
        self._uc.reg_write(arm.UC_ARM_REG_CONTROL, 0)
        self._uc.reg_write(arm.UC_ARM_REG_SP, sp)
        self._pc = pc
        if self.fault_at_start:
            self._take_fault(None, self.symbols["ect_stack_high"] + 64)

    def run(self) -> None:
        """Runs until the firmware waits for a byte that is not there, or has halted."""
        while True:
            self._let_pass = True
            self._uc.emu_start(self._pc | 1, 0, timeout=_LIMIT_US)
            if self._wants_reset:
                self._reset()
                continue
            self._pc = self._uc.reg_read(arm.UC_ARM_REG_PC)
            return

    def fault(self, *, psp: int | None = None, msp: int | None = None) -> None:
        """Goes on as after a processor fault.

        Args:
            psp: Where main's stack holds the registers, or
            msp: where the handlers' stack does.
        """
        self._take_fault(psp, msp)
        self.run()

    def _take_fault(self, psp: int | None, msp: int | None) -> None:
        (hard_fault,) = struct.unpack("<I", self._uc.mem_read(VECTORS + 4 * 3, 4))
        self._pc = hard_fault & ~1
        handlers_stack = self.symbols["ect_handler_stack_high"] if msp is None else msp
        self._uc.reg_write(arm.UC_ARM_REG_CONTROL, 0)
        self._uc.reg_write(arm.UC_ARM_REG_MSP, handlers_stack)
        self._uc.reg_write(arm.UC_ARM_REG_PSP, psp or 0)
        self._uc.reg_write(arm.UC_ARM_REG_LR, 0xFFFF_FFF9 if psp is None else 0xFFFF_FFFD)

    def count_instructions(self) -> int:
        """Runs as :meth:`run` does and counts."""
        counted = 0

        def count(uc: Uc, address: int, size: int, user: object) -> None:
            nonlocal counted
            counted += 1

        hook = self._uc.hook_add(UC_HOOK_CODE, count)
        self._uc.ctl_flush_tb()
        self.run()
        self._uc.hook_del(hook)
        return counted

    def detach_debugger(self) -> None:
        """What one may leave behind: no trace, no counter."""
        self._core[_DEMCR] = self._core[_DWT_CTRL] = 0

    def core(self, address: int) -> int:
        """What the image has written to a register of the processor since the last reset."""
        return self._core.get(address, 0)

    def memory(self, address: int, nbytes: int) -> bytes:
        """What is in memory."""
        return bytes(self._uc.mem_read(address, nbytes))

    def store(self, address: int, data: bytes) -> None:
        """Changes memory."""
        self._uc.mem_write(address, data)

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        """See :class:`ectopy.protocol.Link`."""
        if not self.tx:
            self.run()
        if self.halted:
            raise LinkError("the firmware has halted")
        data = bytes(self.tx[:max_bytes])
        del self.tx[:max_bytes]
        return data

    def write(self, data: bytes) -> None:
        """See :class:`ectopy.protocol.Link`."""
        self.rx += list(data)

    def close(self) -> None:
        """See :class:`ectopy.protocol.Link`."""

    def _at_stop(self, uc: Uc, address: int, size: int, user: object) -> None:
        passing, self._let_pass = self._let_pass, False
        if address == self.symbols.get("ect_fault_halt"):
            self.halted = True
            uc.emu_stop()
        elif not self.rx and not passing:
            uc.emu_stop()

    def _at_invoke(self, uc: Uc, address: int, size: int, user: object) -> None:
        self._ticks += self.invoke_us * (TIMER_HZ // 1_000_000)

    def _read_timer(self, uc: Uc, offset: int, size: int, user: object) -> int:
        self._ticks += TICKS_PER_LOOK if self.timer_runs else 0
        return self._ticks & 0xFFFF_FFFF

    def _read_uart(self, uc: Uc, offset: int, size: int, user: object) -> int:
        if offset == 0:
            return self.rx.pop(0)
        self.busy_looks -= self.busy_looks > 0
        return (0 if self.rx else _RX_EMPTY) | (_BUSY if self.busy_looks else 0)

    def _write_uart(self, uc: Uc, offset: int, size: int, value: int, user: object) -> None:
        self.tx.append(value & 0xFF)

    def _write_stub(self, uc: Uc, offset: int, size: int, value: int, user: object) -> None:
        if offset == 0:
            self._argument = value
            return
        self._last_call = self.memory(value, 64).split(b"\0")[0].decode()
        self.calls.append((self._last_call, self._argument))
        if self._last_call == "am_hal_delay_us" and self.timer_runs:
            self._ticks += self._argument * (TIMER_HZ // 1_000_000)

    def _read_stub(self, uc: Uc, offset: int, size: int, user: object) -> int:
        return self.statuses.get(self._last_call, 0)

    def _read_core(self, uc: Uc, offset: int, size: int, user: object) -> int:
        if _CORE + offset == _CYCCNT:
            enabled = self._core.get(_DEMCR, 0) >> 24 & 1 and self._core.get(_DWT_CTRL, 0) & 1
            rate = self.cycles_per_us if enabled else 0
            return self._ticks * rate // (TIMER_HZ // 1_000_000) & 0xFFFF_FFFF
        return self._core.get(_CORE + offset, 0)

    def _write_core(self, uc: Uc, offset: int, size: int, value: int, user: object) -> None:
        self._core[_CORE + offset] = value
        if _CORE + offset == _AIRCR:
            assert value == 0x05FA_0004
            self._wants_reset = True
            uc.emu_stop()
