"""Runs an image's inference function under Unicorn and counts what was executed."""

from __future__ import annotations

import struct
from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from unicorn import (
    UC_ARCH_ARM,
    UC_HOOK_BLOCK,
    UC_HOOK_CODE,
    UC_HOOK_MEM_READ,
    UC_MODE_MCLASS,
    UC_MODE_THUMB,
    Uc,
    UcError,
)
from unicorn import arm_const as arm

from ectopy.cycles.image import ProgramImage
from ectopy.cycles.memory import Stalls
from ectopy.errors import InputError, ModelError, ToolError

OPERATOR_ENDS = ("ect_aot_after_op", "ect_tflm_after_op")
"""Engines call one of these after each operator, with its index in r1."""

OUTSIDE = 0
"""The block that calls the inference, and to which it returns."""

_PAGE = 0x1000
_RETURN_AT = 0x1FFE_0000
"""Where called functions return to: executable memory that no image of ours uses."""
_STACK_LOW, _STACK_BYTES = 0x2FFE_0000, 0x1_0000
_MORE_AT = 0x6000_0000
_LIMIT_S = 120
_TENSOR = struct.Struct("<IIfiI")
"""``ect_tensor_t`` of firmware/include/ectopy/engine.h."""
_REGISTERS = {f"r{n}": arm.UC_ARM_REG_R0 + n for n in range(13)} | {
    "sb": arm.UC_ARM_REG_R9,
    "sl": arm.UC_ARM_REG_R10,
    "fp": arm.UC_ARM_REG_R11,
    "ip": arm.UC_ARM_REG_R12,
    "sp": arm.UC_ARM_REG_SP,
    "lr": arm.UC_ARM_REG_LR,
}

Edge = tuple[int, int]
"""Addresses of a block and of the one executed after it; :data:`OUTSIDE` at both ends."""
Place = tuple[int, int]
"""Operator, address."""


@dataclass(slots=True, kw_only=True)
class Trace:
    """What one inference executed.

    Attributes:
        edges: For each operator how often which block followed which. Operator ``n`` is what ran
            before the engine said that it was done with operator n, and after n - 1; what ran
            after the last has the number after it. Without such calls all is operator 0.
        block_bytes: Size of each block.
        divisions: For each place how often which operands (magnitudes) were divided.
        executed: For each place of a watched conditional instruction how often it did execute.
        stall_cycles: For each operator and block, waiting for code and constants by the memory
            model.
        image_loads: For each operator and block, loads of constants, where a memory model asks.
        outputs: int8, what the engine answered.
        operators: How many the engine said to be done with.
    """

    edges: dict[int, dict[Edge, int]] = field(default_factory=dict)
    block_bytes: dict[int, int] = field(default_factory=dict)
    divisions: dict[Place, dict[tuple[int, int], int]] = field(default_factory=dict)
    executed: dict[Place, int] = field(default_factory=dict)
    stall_cycles: dict[Place, int] = field(default_factory=dict)
    image_loads: dict[Place, int] = field(default_factory=dict)
    outputs: npt.NDArray[np.int8] = field(default_factory=lambda: np.zeros(0, dtype=np.int8))
    operators: int = 0

    def signature(self) -> object:
        """Equal for inferences that did the same."""
        return self.edges, self.outputs.tobytes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Instructions whose cost depends on data, to be looked at each time.

    Attributes:
        divides: Address -> registers of dividend and divisor, and whether they are signed.
        conditionals: Address -> condition, inside an IT block.
    """

    divides: dict[int, tuple[str, str, bool]] = field(default_factory=dict)
    conditionals: dict[int, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.divides or self.conditionals)


class Machine:
    """A Cortex-M4 with an image in its memory, and nothing else: no peripherals, no interrupts."""

    def __init__(self, image: ProgramImage) -> None:
        self._image = image
        self._uc = Uc(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS)
        self._uc.ctl_set_cpu_model(arm.UC_CPU_ARM_CORTEX_M4)
        self._load()

    def _load(self) -> None:
        pages = {_RETURN_AT // _PAGE}
        for low, nbytes in [
            (_STACK_LOW, _STACK_BYTES),
            *((s.address, s.nbytes) for s in self._image.segments),
        ]:
            pages |= set(range(low // _PAGE, (low + nbytes - 1) // _PAGE + 1))
        for page in sorted(pages):
            self._uc.mem_map(page * _PAGE, _PAGE)
        for segment in self._image.segments:
            self._uc.mem_write(segment.address, segment.data)

    def add_memory(self, nbytes: int) -> int:
        """Zeroed memory that no image of ours uses; to be called once. Returns its address."""
        self._uc.mem_map(_MORE_AT, nbytes)
        return _MORE_AT

    def write(self, address: int, data: bytes) -> None:
        """Changes memory, constants too."""
        self._uc.mem_write(address, data)

    def read(self, address: int, nbytes: int) -> bytes:
        """Memory: data or machine code."""
        return bytes(self._uc.mem_read(address, nbytes))

    def call(self, name: str, argument: int = 0) -> int:
        """Calls a function with one argument and returns r0.

        Raises:
            InputError: There is no such function.
            ToolError: It does something that the bare processor cannot, or does not return.
        """
        uc = self._uc
        entry = self._image.entry(name)
        uc.reg_write(arm.UC_ARM_REG_R0, argument)
        uc.reg_write(arm.UC_ARM_REG_SP, _STACK_LOW + _STACK_BYTES - 64)
        uc.reg_write(arm.UC_ARM_REG_LR, _RETURN_AT | 1)
        try:
            uc.emu_start(entry | 1, _RETURN_AT, timeout=_LIMIT_S * 1_000_000)
        except UcError as error:
            raise ToolError(
                f"{name} of {self._image.path} stopped {self._where()}: {error}",
                hint="the cycle model has no peripherals; an inference must not touch any",
            ) from error
        if uc.reg_read(arm.UC_ARM_REG_PC) & ~1 != _RETURN_AT:
            raise ToolError(
                f"{name} of {self._image.path} did not return within {_LIMIT_S} s, it is "
                f"{self._where()}",
                hint="does the same image answer on the board? try: ectopy bench --limit 1",
            )
        return int(uc.reg_read(arm.UC_ARM_REG_R0))

    def _where(self) -> str:
        pc = int(self._uc.reg_read(arm.UC_ARM_REG_PC))
        function = self._image.function_at(pc)
        return f"at {pc:#x}" + (f" in {function.name}" if function else "")

    def _tensor(self, name: str) -> tuple[int, int]:
        """Address and bytes of the engine's input or output."""
        result = _STACK_LOW + _STACK_BYTES - _TENSOR.size
        self.call(name, result)
        data, nbytes, *_ = _TENSOR.unpack(bytes(self._uc.mem_read(result, _TENSOR.size)))
        return int(data), int(nbytes)

    def start_engine(self) -> None:
        """Prepares the engine, once.

        Raises:
            ModelError: It refuses.
        """
        if status := self.call("ect_engine_init"):
            raise ModelError(f"the engine of {self._image.path} does not start: status {status}")

    def infer(self, window: npt.NDArray[np.int8], watch: Watch, stalls: Stalls | None) -> Trace:
        """One inference.

        Raises:
            InputError: The window does not fit the model.
            ModelError: The engine refuses.
            ToolError: See :meth:`call`.
        """
        data, nbytes = self._tensor("ect_engine_input")
        if window.size != nbytes:
            raise InputError(
                f"the window has {window.size} values, the model's input {nbytes}",
                hint="give the model that the image was built from",
            )
        self._uc.mem_write(data, window.astype(np.int8).tobytes())
        trace = Trace()
        names = self._image.names
        marker = next((names[name] for name in OPERATOR_ENDS if name in names), None)
        recorder = _Recorder(trace, marker, watch, stalls)
        # Hooks act on code that is translated after they were set.
        self._uc.ctl_flush_tb()
        hooks = self._hooks(recorder, watch, stalls)
        try:
            status = self.call("ect_engine_invoke")
        finally:
            for hook in hooks:
                self._uc.hook_del(hook)
        recorder.finish()
        if status:
            raise ModelError(f"the inference of {self._image.path} failed with status {status}")
        data, nbytes = self._tensor("ect_engine_output")
        trace.outputs = np.frombuffer(bytes(self._uc.mem_read(data, nbytes)), dtype=np.int8)
        return trace

    def _hooks(self, recorder: _Recorder, watch: Watch, stalls: Stalls | None) -> list[int]:
        uc = self._uc
        hooks = [uc.hook_add(UC_HOOK_BLOCK, recorder.on_block)]
        # Each only at its own address: everywhere else a code hook costs nothing.
        for at in watch.divides:
            hooks.append(uc.hook_add(UC_HOOK_CODE, recorder.on_divide, begin=at, end=at))
        for at in watch.conditionals:
            hooks.append(uc.hook_add(UC_HOOK_CODE, recorder.on_conditional, begin=at, end=at))
        # Reads only: in Unicorn 2.1 a hook on writes breaks conditional stores.
        for low, high in stalls.constants if stalls is not None else ():
            hooks.append(
                uc.hook_add(UC_HOOK_MEM_READ, recorder.on_constant, begin=low, end=high - 1)
            )
        return hooks


class _Recorder:
    """Unicorn's callbacks; they run once per block, so they do next to nothing."""

    def __init__(
        self, trace: Trace, marker: int | None, watch: Watch, stalls: Stalls | None
    ) -> None:
        self._trace = trace
        self._marker = marker
        self._watch = watch
        self._stalls = stalls
        self._operator = 0
        self._block = OUTSIDE
        self._edges: dict[Edge, int] = defaultdict(int)
        trace.edges[0] = self._edges

    def on_block(self, uc: Uc, address: int, nbytes: int, _: object) -> None:
        """A block is about to run."""
        edges = self._edges
        edge = (self._block, address)
        if edge not in edges:
            self._trace.block_bytes[address] = nbytes
        edges[edge] += 1
        self._block = address
        if self._stalls is not None and (cycles := self._stalls.fetch(address, nbytes)):
            self._wait(cycles)
        if address == self._marker:
            self._operator_ends(int(uc.reg_read(arm.UC_ARM_REG_R1)))

    def finish(self) -> None:
        """The inference returned."""
        self._edges[self._block, OUTSIDE] += 1

    def _operator_ends(self, operator: int) -> None:
        self._operator = operator + 1
        self._trace.operators = operator + 1
        self._edges = self._trace.edges.setdefault(operator + 1, defaultdict(int))

    def _wait(self, cycles: int) -> None:
        place = (self._operator, self._block)
        self._trace.stall_cycles[place] = self._trace.stall_cycles.get(place, 0) + cycles

    def on_constant(self, _: Uc, __: int, address: int, nbytes: int, *___: object) -> None:
        """A constant is read."""
        assert self._stalls is not None
        place = (self._operator, self._block)
        loads = self._trace.image_loads
        loads[place] = loads.get(place, 0) + 1
        if cycles := self._stalls.constant(address, nbytes):
            self._wait(cycles)

    def on_divide(self, uc: Uc, address: int, _: int, __: object) -> None:
        """A watched division is about to run."""
        condition = self._watch.conditionals.get(address)
        if condition is not None and not condition_holds(condition, _flags(uc)):
            return
        dividend, divisor, signed = self._watch.divides[address]
        pair = (
            _magnitude(int(uc.reg_read(_REGISTERS[dividend])), signed),
            _magnitude(int(uc.reg_read(_REGISTERS[divisor])), signed),
        )
        counts = self._trace.divisions.setdefault((self._operator, address), defaultdict(int))
        counts[pair] += 1

    def on_conditional(self, uc: Uc, address: int, _: int, __: object) -> None:
        """A watched conditional instruction is about to run.

        Unicorn 2.1 does not call for those whose condition fails; it might.
        """
        if condition_holds(self._watch.conditionals[address], _flags(uc)):
            place = (self._operator, address)
            self._trace.executed[place] = self._trace.executed.get(place, 0) + 1


def _flags(uc: Uc) -> int:
    """N Z C V."""
    return int(uc.reg_read(arm.UC_ARM_REG_CPSR)) >> 28


def _magnitude(value: int, signed: bool) -> int:
    return (1 << 32) - value if signed and value >> 31 else value


def condition_holds(condition: str, flags: int) -> bool:
    """Whether a condition holds for the flags N Z C V (bits 3 to 0)."""
    n, z, c, v = (bool(flags & bit) for bit in (8, 4, 2, 1))
    base = {
        "eq": z,
        "hs": c,
        "mi": n,
        "vs": v,
        "hi": c and not z,
        "ge": n == v,
        "gt": n == v and not z,
    }
    if condition in base:
        return base[condition]
    opposite = {"ne": "eq", "lo": "hs", "pl": "mi", "vc": "vs", "ls": "hi", "lt": "ge", "le": "gt"}
    return not base[opposite[condition]]
