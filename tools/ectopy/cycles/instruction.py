"""Machine code to instructions with what their timing depends on."""

from __future__ import annotations

import re
from dataclasses import dataclass

import capstone
from capstone import arm

from ectopy.cycles.timings import BY_MNEMONIC, FLOAT_ACCUMULATE, Kind, Timing
from ectopy.errors import ModelError

_PC = "pc"
_FLOATS = re.compile(r"\{([sd]\d+), .*, ([sd]\d+)\}")
"""Registers of VLDM and VSTM, which always follow each other: up to 32."""

_HINTS = {"nop", "sev"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One instruction.

    Attributes:
        text: Disassembly.
        timing: Its row of the table.
        words: Loaded or stored by it.
        stores: Whether it stores them.
        condition: The condition under which it executes inside an IT block; empty if always.
            Conditional branches have none: they execute, and are taken or not.
        sets_pc: Continues elsewhere (where it is conditional: perhaps).
        immediate: A load or store whose offset is a constant.
        address_registers: What a load or store computes its address from.
        reads: Registers read, double ones as their two halves; but not the addend of a
            floating-point multiply accumulate, which it needs a cycle later.
        writes: Registers written, likewise.
        loads: Registers that receive memory.
        operands: Dividend and divisor of a division.
    """

    address: int
    nbytes: int
    text: str
    timing: Timing
    words: int
    stores: bool
    condition: str
    sets_pc: bool
    immediate: bool
    address_registers: frozenset[str]
    reads: frozenset[str]
    writes: frozenset[str]
    loads: frozenset[str]
    operands: tuple[str, str] | None

    @property
    def end(self) -> int:
        """Address of what follows it in memory."""
        return self.address + self.nbytes


class Decoder:
    """Disassembles Thumb code of an Armv7E-M processor."""

    def __init__(self) -> None:
        self._engine = capstone.Cs(
            capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS
        )
        self._engine.detail = True

    def block(self, code: bytes, address: int) -> tuple[Instruction, ...]:
        """All instructions of a straight piece of code.

        Raises:
            ModelError: Bytes that are no instruction, or one without a documented timing.
        """
        found = tuple(self._convert(each) for each in self._engine.disasm(code, address))
        done = sum(each.nbytes for each in found)
        if done != len(code):
            raise ModelError(
                f"the bytes {code[done : done + 4].hex()} at {address + done:#x} are not an "
                "instruction of the Cortex-M4",
                hint="is the image damaged, or for another processor?",
            )
        return found

    def _convert(self, each: capstone.CsInsn) -> Instruction:
        name = self._name(each)
        timing = BY_MNEMONIC.get(name)
        if timing is None:
            raise ModelError(
                f"no timing for {each.mnemonic} {each.op_str} at {each.address:#x}",
                hint="the manual documents none, or the table in ectopy/cycles/timings.py lacks it",
            )
        read, written = each.regs_access()
        reads, writes = self._names(read), self._names(written)
        if timing.name == FLOAT_ACCUMULATE:
            reads = frozenset(self._reg(o) for o in each.operands[1:])
        branch = timing.kind in (Kind.BRANCH, Kind.TABLE_BRANCH)
        plain_branch = name == "b"
        conditional = each.cc not in (arm.ARM_CC_AL, arm.ARM_CC_INVALID)
        inside_it = conditional and not plain_branch and name != "it"
        return Instruction(
            address=each.address,
            nbytes=each.size,
            text=_FLOATS.sub(r"{\1-\2}", f"{each.mnemonic} {each.op_str}".strip()),
            timing=timing,
            words=_words(each, timing, name),
            stores=name.startswith(("st", "vst", "push", "vpush")),
            condition=_CONDITIONS[each.cc] if inside_it else "",
            sets_pc=branch or _PC in writes,
            immediate=not any(o.type == arm.ARM_OP_MEM and o.mem.index for o in each.operands),
            address_registers=self._address_registers(each, timing, name),
            reads=reads,
            writes=writes,
            loads=self._loaded(each, timing),
            operands=self._divided(each, timing),
        )

    def _name(self, each: capstone.CsInsn) -> str:
        name = str(each.insn_name())
        if name == "hint":
            return each.mnemonic if each.mnemonic in _HINTS else f"hint {each.mnemonic}"
        if name == "vmov" and (moved := _core_moves([self._reg(o) for o in each.operands])):
            return moved
        if name == "vmov" and ".f64" in each.mnemonic:
            return "vmov.f64"
        return name

    def _reg(self, operand: arm.ArmOp) -> str:
        return str(self._engine.reg_name(operand.reg)) if operand.type == arm.ARM_OP_REG else ""

    def _names(self, registers: list[int]) -> frozenset[str]:
        names = (str(self._engine.reg_name(each)) for each in registers)
        return frozenset(half for name in names for half in _halves(name))

    def _address_registers(
        self, each: capstone.CsInsn, timing: Timing, name: str
    ) -> frozenset[str]:
        memory = [o.mem for o in each.operands if o.type == arm.ARM_OP_MEM]
        if memory:
            return self._names([r for m in memory for r in (m.base, m.index) if r])
        if timing.kind is not Kind.MULTIPLE:
            return frozenset()
        if name in ("push", "pop", "vpush", "vpop"):
            return frozenset({"sp"})
        return frozenset({self._reg(each.operands[0])})

    def _loaded(self, each: capstone.CsInsn, timing: Timing) -> frozenset[str]:
        if timing.kind is Kind.LOAD:
            return frozenset({self._reg(each.operands[0])})
        return frozenset()

    def _divided(self, each: capstone.CsInsn, timing: Timing) -> tuple[str, str] | None:
        if timing.kind is not Kind.DIVIDE:
            return None
        return self._reg(each.operands[-2]), self._reg(each.operands[-1])


def _halves(name: str) -> tuple[str, ...]:
    """A double register is two single ones."""
    if name[0] == "d" and name[1:].isdecimal():
        number = int(name[1:])
        return f"s{2 * number}", f"s{2 * number + 1}"
    return (name,)


def _core_moves(registers: list[str]) -> str:
    """Our name for a vmov between core and float registers; empty for another."""
    floats = [each for each in registers if not _is_core(each)]
    match len(registers) - len(floats):
        case 2:
            return "vmov.pair"
        case 1 if floats[0].startswith("s"):  # else half of a double
            return "vmov.core"
        case _:
            return ""


def _is_core(name: str) -> bool:
    return (bool(name) and name[0] not in "sd") or name in ("sp", "sb", "sl")


def _words(each: capstone.CsInsn, timing: Timing, name: str) -> int:
    if timing.kind in (Kind.LOAD, Kind.STORE):
        return 1
    if timing.kind is Kind.DOUBLE:
        return 2
    if timing.kind is not Kind.MULTIPLE:
        return 0
    registers = [o for o in each.operands if o.type == arm.ARM_OP_REG]
    if name.startswith(("ldm", "stm", "vldm", "vstm")):
        registers = registers[1:]
    return sum(2 if arm.ARM_REG_D0 <= o.reg <= arm.ARM_REG_D31 else 1 for o in registers)


_CONDITIONS = {
    getattr(arm, f"ARM_CC_{name}"): name.lower()
    for name in ("EQ", "NE", "HS", "LO", "MI", "PL", "VS", "VC", "HI", "LS", "GE", "LT", "GT", "LE")
}
