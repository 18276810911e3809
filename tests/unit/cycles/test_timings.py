"""Every row of the table of timings, by running instruction sequences of known cost."""

from pathlib import Path

import numpy as np
import pytest

from ectopy.cycles import estimate
from ectopy.cycles.timings import ROWS, divide_cycles
from support.cortex_m4 import assemble, renamed

RETURN = 3  # bx lr: one cycle and the refill
CALLER = 3 + 3 + 1 + (1 + 2 + 3)  # see CALL
CALL = "push {r3, lr}; bl {}; movs r0, 0; pop {r3, pc}"

# Row of the table, instructions, their cycles without the return that is appended.
CASES = [
    ("integer", "add r0, r1; mov r1, r2", 2),
    ("hint", "nop", 1),
    ("dsp", "uadd8 r0, r1, r2; sxtb16 r3, r0; usad8 r0, r1, r2", 3),
    ("multiply", "mul r0, r1, r2", 1),
    ("multiply accumulate", "mla r0, r1, r2, r3; mls r0, r1, r2, r3", 2),
    ("long multiply", "smull r0, r1, r2, r3; umlal r0, r1, r2, r3", 2),
    ("dsp multiply", "smlad r0, r1, r2, r3; smmulr r0, r1, r2; smlald r0, r1, r2, r3", 3),
    ("divide", "movs r0, 1; movs r1, 2; udiv r2, r0, r1", 2 + 2),
    ("divide", "mvn r0, 0; movs r1, 1; udiv r2, r0, r1", 2 + 12),
    ("divide", "mvn r0, 0; movs r1, 1; sdiv r2, r0, r1", 2 + 3),
    ("divide", "mvn r0, 0; movs r1, 0; udiv r2, r0, r1", 2 + 2),
    ("divide", "mvn r0, 0; movs r1, 1; cmp r0, r0; it ne; udivne r2, r0, r1", 3 + 0 + 1),
    ("load", "ldr r0, [sp]", 2),
    ("load", "ldrb r0, [sp]; ldrsh r1, [sp, 4]", 3),
    ("load", "mov r3, sp; nop; ldr r0, [r3], 4; ldr r1, [r3]; ldr r2, [r3, -4]", 2 + 4),
    ("load", "ldr r0, [sp]; nop; ldr r1, [sp]", 5),
    ("load", "sub sp, 8; nop; str sp, [sp]; ldr r0, [sp]; ldr r1, [r0]; add sp, 8", 3 + 2 + 2 + 1),
    ("load", "ldr.w pc, 2f; .p2align 2; 2: .word 1f + 1; nop; 1:", 2 + 3),
    ("store", "str r0, [sp, -4]; strb r0, [sp, -8]", 2),
    ("store", "ldr r0, [sp]; str r0, [sp, -4]", 3),
    ("store", "str r0, [sp, -4]; ldr r0, [sp]", 3),
    ("store", "mvn r1, 7; nop; str r0, [sp, r1]", 2 + 2),
    ("store", "mvn r1, 7; ldr r0, [sp]; str r0, [sp, r1]", 1 + 2 + 1),
    ("store exclusive", "mov r1, sp; nop; ldrex r0, [r1]; strex r2, r0, [r1]", 2 + 2 + 1),
    ("clear exclusive", "clrex", 1),
    ("load or store double", "ldrd r0, r1, [sp]; strd r0, r1, [sp, -8]", 6),
    ("load or store double", "ldr r2, [sp]; ldrd r0, r1, [sp]", 5),
    ("load or store multiple", "push {r4, r5, lr}; pop {r4, r5, lr}", 8),
    ("load or store multiple", "push {r4, lr}; pop {r4, pc}", 3 + 3 + 3 - RETURN),
    ("load or store multiple", "mov r0, sp; nop; ldm r0, {r1, r2}; ldr r3, [sp]", 2 + 3 + 2),
    ("branch", "b 1f; nop; 1: nop", 3 + 1),
    ("branch", "cmp r0, r0; bne 1f; nop; 1:", 3),
    ("branch", "cmp r0, r0; beq 1f; nop; 1:", 1 + 3),
    ("branch", "movs r0, 3; 1: subs r0, 1; bne 1b", 1 + 3 + 3 + 3 + 1),
    ("branch", "movs r0, 0; cbz r0, 1f; nop; 1:", 1 + 3),
    ("branch", "mov r4, lr; bl 1f; bx r4; 1:", 1 + 3 + 3),
    ("table branch", "movs r0, 0; nop; tbb [pc, r0]; 1: .byte (2f - 1b) / 2, 0; 2: nop", 2 + 6 + 1),
    ("if-then", "cmp r0, r0; it eq; moveq r1, r2", 1 + 0 + 1),
    ("if-then", "cmp.w r0, r0; it eq; moveq r1, r2", 1 + 1 + 1),
    ("if-then", "cmp r0, r0; it eq; ldreq r1, [sp]", 1 + 0 + 2),
    ("if-then", "cmp r0, r0; it ne; ldrne r1, [sp]", 1 + 0 + 1),
    ("if-then", "cmp r0, r0; it ne; bxne lr; nop", 1 + 0 + 1 + 1),
    ("if-then", "cmp r0, r0; it eq; bxeq lr; nop", 1 + 0),
    ("if-then", "push {r4, lr}; cmp r0, r0; it eq; popeq {r4, pc}; nop", 3 + 1 + 0 + 6 - RETURN),
    ("special register", "mrs r0, apsr; msr apsr_nzcvq, r0", 4),
    ("data barrier", "dmb; dsb", 2),
    ("instruction barrier", "isb", 3),
    ("float", "vadd.f32 s0, s1, s2; vmul.f32 s3, s4, s5", 2),
    ("float", "vadd.f32 s0, s1, s2; vmul.f32 s3, s0, s5", 3),
    ("float move", "vmov.f32 s0, s2; vneg.f32 s1, s0; vcmp.f32 s0, #0; vmrs apsr_nzcv, fpscr", 4),
    ("float move to or from core", "vmov s0, s1, r0, r1", 2),
    ("float move to or from core", "vmov s0, r0; vmov r1, s0", 4),
    ("float move to or from core", "mov r0, sp; nop; vmov s0, sp", 2 + 2),
    ("float multiply accumulate", "vmla.f32 s0, s1, s2; vfma.f32 s3, s4, s5", 6),
    ("float multiply accumulate", "vadd.f32 s0, s1, s2; vfma.f32 s0, s4, s5", 1 + 3),
    ("float multiply accumulate", "vadd.f32 s4, s1, s2; vfma.f32 s0, s4, s5", 1 + 1 + 3),
    ("float divide", "vmov.f32 s0, #1.0; vdiv.f32 s1, s0, s0; nop", 1 + 14 + 1),
    ("float square root", "vmov.f32 s0, #1.0; vsqrt.f32 s1, s0; nop", 1 + 14 + 1),
    ("float load or store", "vldr s0, [sp]; vldr d1, [sp]; vstr s0, [sp, -4]", 2 + 3 + 2),
    ("float load or store multiple", "mov r0, sp; nop; vldmia r0!, {s0-s3}", 2 + 5),
    ("float load or store multiple", "vpush {d8}; vpop {d8}", 6),
    ("integer", "mov r0, sp; ldr r1, [r0]", 1 + 2 + 1),
    ("integer", "mov r0, sp; str r1, [r0, -4]", 1 + 1 + 1),
]


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    functions = {}
    for number, (_, text, _) in enumerate(CASES):
        functions[f"case_{number}"] = lines(f"{text}; bx lr")
        functions[f"invoke_{number}"] = lines(CALL.replace("{}", f"case_{number}"))
    return assemble(tmp_path_factory.mktemp("cases"), functions)


def lines(text: str) -> str:
    return "\n".join(text.split("; "))


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda i: CASES[i][1])
def test_sequence_costs_what_the_manual_says(elf: Path, number: int) -> None:
    image = renamed(elf, f"invoke_{number}", "ect_engine_invoke")
    found = estimate(image, np.zeros(4, dtype=np.int8))
    assert found.cycles == CASES[number][2] + RETURN + CALLER


def test_every_row_has_a_case() -> None:
    assert {row for row, _, _ in CASES} == {row.name for row in ROWS}


def test_no_mnemonic_is_in_two_rows_and_every_row_names_its_source() -> None:
    names = [name for row in ROWS for name in row.mnemonics]
    assert len(names) == len(set(names))
    assert all(row.source.startswith(("table 3-", "table 7-", "3.3.3")) for row in ROWS)


def test_division_is_between_the_documented_ends_and_grows_with_the_quotient() -> None:
    cycles = [divide_cycles((1 << bits) - 1, 1) for bits in range(33)]
    assert (cycles[0], cycles[-1]) == (2, 12)
    assert cycles == sorted(cycles)
    assert divide_cycles(5, 0) == 2
