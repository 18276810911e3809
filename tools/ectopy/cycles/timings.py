"""Timings of the Cortex-M4, one row per kind of instruction: the only place that holds them.

Source of every row: Arm Cortex-M4 Processor Technical Reference Manual, revision r0p1 (document
100166_0001_00; as DDI 0439D of 2013 its load and store section is 3.3.2), which states cycles for
memory without wait states:

- ``table 3-1`` processor instructions (section 3.3.1) and its notes;
- ``table 3-2`` DSP instructions (section 3.3.2);
- ``3.3.3`` how loads and stores overlap;
- ``table 7-1`` floating point (chapter 7) and its notes.

MLA and MLS take 1 there; the 2 often quoted is the Cortex-M3's. A move between a core register and
a single float takes 2 there, between a core register and half of a double 1, though both move the
same register; we keep to the letter.

Where the manual gives a range we need one number. Those conventions are ours:

- Pipeline refill P (1 to 3): :data:`REFILL` for branches, :data:`REFILL_AFTER_LOAD` where the
  program counter comes from memory, for which 3.3.3 itself speaks of three cycles.
- SDIV and UDIV (2 to 12, fewer for operands with more leading zeros or ones): the manual has no
  formula. :func:`divide_cycles` goes in a straight line with the bits of the quotient.
- IT folds into a 16-bit instruction before it (0 cycles), else takes 1.
- A conditional instruction whose condition fails takes 1 cycle.
- MRS, MSR and CPS (1 or 2) take 2; DMB and DSB have nothing to wait for; ISB refills.
- Loads relative to the program counter ("might add a cycle") add none.
- VDIV and VSQRT are charged in full; integer work that could hide behind them is not.

Not modelled: the 1 or 2 cycles that 3.3.3 adds to an unaligned load (the aot engine has none, a
test holds it), contention between fetches and data on one bus, exceptions. A load whose condition
fails still lets the next load or store overlap.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

REFILL = 2
REFILL_AFTER_LOAD = 3
DIVIDE_MIN, DIVIDE_MAX = 2, 12
SKIPPED = 1
"""An instruction whose condition fails."""

ADDRESS_INTERLOCK = 1
"""3.3.3: a load or store whose address was computed by the instruction before it."""

FLOAT_INTERLOCK = 1
"""Table 7-1, note: a floating-point result that the next instruction consumes."""

FLOAT_ACCUMULATE = "float multiply accumulate"
"""Name of a row."""


class Kind(Enum):
    """How the cycles of a row come about."""

    ALU = auto()
    """``cycles``; its result is late for an address in the next instruction."""
    FIXED = auto()
    """``cycles``."""
    LOAD = auto()
    """``cycles``, one less right after another single load."""
    STORE = auto()
    """1 with an immediate offset; else ``cycles``, one less right after a single load."""
    DOUBLE = auto()
    """1 + 2."""
    MULTIPLE = auto()
    """1 + words."""
    BRANCH = auto()
    """1, and the refill when taken."""
    TABLE_BRANCH = auto()
    """Load, addition, refill."""
    DIVIDE = auto()
    """By operands."""
    IT = auto()
    """Folded or not."""
    FLOAT = auto()
    """``cycles``; its result is late for the next instruction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """One row.

    Attributes:
        name: For people; unique.
        mnemonics: Capstone's names, without condition, width and flags suffixes.
        cycles: See ``kind``.
        source: Where in the manual.
    """

    name: str
    kind: Kind
    mnemonics: frozenset[str]
    cycles: int = 1
    source: str


def _row(name: str, kind: Kind, mnemonics: str, source: str, cycles: int = 1) -> Timing:
    return Timing(
        name=name,
        kind=kind,
        mnemonics=frozenset(mnemonics.split()),
        cycles=cycles,
        source=source,
    )


ROWS: tuple[Timing, ...] = (
    _row(
        "integer",
        Kind.ALU,
        "mov movw movt movs mvn add addw adc adr sub subw sbc rsb cmp cmn tst teq and orr orn eor "
        "bic lsl lsr asr ror rrx ubfx sbfx bfi bfc rev rev16 revsh rbit clz "
        "sxtb sxth uxtb uxth ssat usat",
        "table 3-1: move, add, subtract, compare, logical, shift, extend, bit field, saturate",
    ),
    _row("hint", Kind.FIXED, "nop sev", "table 3-1: hint"),
    _row(
        "dsp",
        Kind.ALU,
        "pkhbt pkhtb sxtb16 uxtb16 sxtab sxtab16 sxtah uxtab uxtab16 uxtah ssat16 usat16 sel "
        "usad8 usada8 qadd qdadd qdsub qsub "
        + " ".join(
            f"{prefix}{rest}"
            for prefix in ("s", "u", "q", "uq", "sh", "uh")
            for rest in ("add8", "add16", "sub8", "sub16", "asx", "sax")
        ),
        "table 3-2: 1",
    ),
    _row("multiply", Kind.ALU, "mul", "table 3-1: MUL 1"),
    _row("multiply accumulate", Kind.ALU, "mla mls", "table 3-1: MLA 1, MLS 1"),
    _row("long multiply", Kind.ALU, "smull umull smlal umlal", "table 3-1: 1"),
    _row(
        "dsp multiply",
        Kind.ALU,
        "smlabb smlabt smlatb smlatt smulbb smulbt smultb smultt smlawb smlawt smulwb smulwt "
        "smlad smladx smlsd smlsdx smuad smuadx smusd smusdx smlald smlaldx smlsld smlsldx "
        "smlalbb smlalbt smlaltb smlaltt smmla smmlar smmls smmlsr smmul smmulr umaal",
        "table 3-2: 1",
    ),
    _row("divide", Kind.DIVIDE, "sdiv udiv", "table 3-1: 2 to 12, early termination"),
    _row(
        "load",
        Kind.LOAD,
        "ldr ldrb ldrh ldrsb ldrsh ldrt ldrbt ldrht ldrsbt ldrsht ldrex ldrexb ldrexh",
        "table 3-1: 2, to the program counter 2 + P; 3.3.3: pipelined after a load",
        cycles=2,
    ),
    _row(
        "store",
        Kind.STORE,
        "str strb strh strt strbt strht",
        "table 3-1: 2; 3.3.3: 1 with an immediate offset, pipelined after a load",
        cycles=2,
    ),
    _row(
        "store exclusive",
        Kind.LOAD,
        "strex strexb strexh",
        "table 3-1: 2; 3.3.3: pipelined like a load",
        cycles=2,
    ),
    _row("clear exclusive", Kind.FIXED, "clrex", "table 3-1: 1"),
    _row("load or store double", Kind.DOUBLE, "ldrd strd", "table 3-1: 1 + N; 3.3.3: N is 2"),
    _row(
        "load or store multiple",
        Kind.MULTIPLE,
        "ldm ldmdb stm stmdb push pop",
        "table 3-1: 1 + N, with the program counter 1 + N + P",
    ),
    _row("branch", Kind.BRANCH, "b bl bx blx cbz cbnz", "table 3-1: 1, taken 1 + P"),
    _row("table branch", Kind.TABLE_BRANCH, "tbb tbh", "3.3.3: 2 + 1 + P", cycles=3),
    _row("if-then", Kind.IT, "it", "table 3-1: 1, note on folding"),
    _row("special register", Kind.FIXED, "mrs msr cps", "table 3-1: 1 or 2", cycles=2),
    _row("data barrier", Kind.FIXED, "dmb dsb", "table 3-1: 1 + B, B may be 0"),
    _row("instruction barrier", Kind.FIXED, "isb", "table 3-1: 1 + B, B is P", cycles=1 + REFILL),
    _row("float", Kind.FLOAT, "vadd vsub vmul vnmul vcvt vcvtr vcvtb vcvtt", "table 7-1: 1"),
    _row(
        "float move",
        Kind.FIXED,
        "vabs vneg vcmp vcmpe vmov fconsts vmrs vmsr fmstat",
        "table 7-1: 1",
    ),
    _row(
        "float move to or from core",
        Kind.FIXED,
        "vmov.core vmov.pair",
        "table 7-1: 2, one float or two",
        cycles=2,
    ),
    _row(
        FLOAT_ACCUMULATE,
        Kind.FLOAT,
        "vmla vmls vnmla vnmls vfma vfms vfnma vfnms",
        "table 7-1: 3; note: the addend is consumed a cycle later",
        cycles=3,
    ),
    _row("float divide", Kind.FLOAT, "vdiv", "table 7-1: 14", cycles=14),
    _row("float square root", Kind.FLOAT, "vsqrt", "table 7-1: 14", cycles=14),
    _row(
        "float load or store",
        Kind.MULTIPLE,
        "vldr vstr",
        "table 7-1: 2, double 3",
    ),
    _row(
        "float load or store multiple",
        Kind.MULTIPLE,
        "vldmia vldmdb vstmia vstmdb vpush vpop",
        "table 7-1: 1 + N words",
    ),
)

BY_MNEMONIC: dict[str, Timing] = {m: row for row in ROWS for m in row.mnemonics}


def divide_cycles(dividend: int, divisor: int) -> int:
    """Cycles of a division by the magnitudes of its operands.

    From 2 where the quotient is zero to 12 where it has 32 bits, in a straight line between: the
    manual names the ends and says that leading zeros and ones make a division shorter.
    """
    if divisor == 0:
        return DIVIDE_MIN
    bits = max(0, dividend.bit_length() - divisor.bit_length() + 1)
    return DIVIDE_MIN + -(-(DIVIDE_MAX - DIVIDE_MIN) * bits // 32)
