"""Running images: attribution, what goes wrong, memory models."""

from pathlib import Path

import numpy as np
import pytest

from ectopy.cycles import estimate, machine, memory_names
from ectopy.cycles.machine import condition_holds
from ectopy.cycles.memory import memory_model
from ectopy.errors import InputError, ModelError, ToolError
from support.cortex_m4 import assemble

WINDOW = np.array([1, -2, 3, -4], dtype=np.int8)

OPERATORS = {
    "ect_aot_after_op": "bx lr",
    "kernel": "movs r2, 10\n1: subs r2, 1\nbne 1b\nbx lr",
    "ect_engine_invoke": """
        push {r4, lr}
        bl run
        movs r0, 0
        pop {r4, pc}
    """,
    "run": """
        push {r4, lr}
        bl kernel
        movs r1, 0
        bl ect_aot_after_op
        movs r1, 1
        bl ect_aot_after_op
        pop {r4, pc}
    """,
}


def one(tmp_path: Path, body: str) -> Path:
    return assemble(tmp_path, {"ect_engine_invoke": body})


def test_work_is_attributed_to_operators_functions_and_instructions(tmp_path: Path) -> None:
    found = estimate(assemble(tmp_path, OPERATORS), WINDOW)
    first, second = found.operators
    # push and bl of run, the kernel, two instructions of run
    assert first.instructions == 2 + (1 + 20 + 1) + 2
    assert first.cycles == 3 + 3 + (1 + 10 + 9 * 3 + 1 + 3) + 1 + 3
    assert second.instructions == 2
    functions = {f.name: f for f in found.functions}
    assert functions["kernel"].instructions == 22
    # The engine's own: two calls of after_op, invoke, and the way back from run.
    assert found.engine.instructions == 2 + 4 + 1
    total = first.instructions + second.instructions + found.engine.instructions
    assert total == found.instructions == sum(f.instructions for f in found.functions)
    assert sum(found.by_row.values()) == found.cycles == sum(f.cycles for f in found.functions)
    listing = found.listing("kernel")
    assert [(line.instructions, line.cycles) for line in listing] == [
        (1, 1),
        (10, 10),
        (10, 1 + 9 * 3),
        (1, 3),
    ]


def test_without_operator_marks_all_is_the_engines(tmp_path: Path) -> None:
    found = estimate(one(tmp_path, "movs r0, 0\nbx lr"), WINDOW)
    assert found.operators == ()
    assert (found.engine.instructions, found.engine.cycles) == (2, 1 + 3)


def test_the_window_arrives_and_the_output_comes_back(tmp_path: Path) -> None:
    body = "ldr r1, =window\nldr r2, [r1]\nmvns r2, r2\nstr r2, [r1]\nmovs r0, 0\nbx lr"
    found = estimate(one(tmp_path, body), WINDOW)
    assert found.outputs.tolist() == [~value for value in WINDOW.tolist()]


def test_a_window_of_another_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has 5 values, the model's input 4"):
        estimate(one(tmp_path, "movs r0, 0\nbx lr"), np.zeros(5, dtype=np.int8))


def test_a_failed_inference_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="failed with status 7"):
        estimate(one(tmp_path, "movs r0, 7\nbx lr"), WINDOW)


@pytest.mark.parametrize("body", ["ldr r1, =0x40000000\nldr r0, [r1]\nbx lr", "udf 1", "bkpt"])
def test_touching_hardware_or_trapping_names_the_place(tmp_path: Path, body: str) -> None:
    with pytest.raises(ToolError, match=r"ect_engine_invoke of .* stopped at 0x"):
        estimate(one(tmp_path, body), WINDOW)


def test_an_inference_that_does_not_end_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "_LIMIT_S", 1)
    with pytest.raises(ToolError, match="did not return within 1 s"):
        estimate(one(tmp_path, "b ."), WINDOW)


def test_an_instruction_without_a_documented_timing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no timing for pld"):
        estimate(one(tmp_path, "pld [sp]\nmovs r0, 0\nbx lr"), WINDOW)


def test_conditional_instructions_cost_what_they_do_each_time(tmp_path: Path) -> None:
    """Of ten rounds, four load."""
    body = """
        movs r2, 10
        1: cmp r2, 4
        it ls
        ldrls r3, [sp]
        subs r2, 1
        bne 1b
        movs r0, 0
        bx lr
    """
    found = estimate(one(tmp_path, body), WINDOW)
    assert found.by_row["load"] == 4 * 2 + 6 * 1


def test_state_between_inferences_is_found_out(tmp_path: Path) -> None:
    """The division makes the model run twice."""
    body = """
        ldr r1, =window
        ldr r2, [r1, 4]
        adds r2, 1
        str r2, [r1, 4]
        udiv r3, r2, r2
        cmp r2, 1
        beq 1f
        nop
        1: movs r0, 0
        bx lr
    """
    with pytest.raises(ToolError, match="something else when it runs again"):
        estimate(one(tmp_path, body), WINDOW)


def test_a_function_that_did_not_run_has_no_listing(tmp_path: Path) -> None:
    found = estimate(one(tmp_path, "movs r0, 0\nbx lr"), WINDOW)
    with pytest.raises(InputError, match="executes no function main"):
        found.listing("main")


def test_an_unknown_memory_model_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        estimate(one(tmp_path, "movs r0, 0\nbx lr"), WINDOW, "flash")
    assert "zero, apollo4p-tcm" in caught.value.hint


LOADS = "ldr r1, =window\nldr r2, [r1]\nstr r2, [r1]\npush {r4}\npop {r4}\nmovs r0, 0\nbx lr"


def test_memory_models_add_waits_for_data_and_nothing_to_a_warm_cache(tmp_path: Path) -> None:
    elf = one(tmp_path, LOADS)
    zero, tcm, ssram = (estimate(elf, WINDOW, name) for name in memory_names())
    assert tcm.cycles == zero.cycles
    # Two loads and two stores of data; the literal is a constant.
    assert ssram.cycles == zero.cycles + 2 * 4 + 2 * 1
    assert zero.instructions == tcm.instructions == ssram.instructions


def test_lines_that_share_a_place_in_the_cache_push_each_other_out(tmp_path: Path) -> None:
    far = "ldr r1, =ect_engine_invoke + 0x10000\nldrb r2, [r1]\nmovs r0, 0\nbx lr"
    elf = assemble(tmp_path, {"ect_engine_invoke": far, "far": ".space 0x10200"})
    zero, tcm, _ = (estimate(elf, WINDOW, name) for name in memory_names())
    # Each inference fetches its first line anew, and then the constant 64 KB behind it.
    assert tcm.cycles - zero.cycles == 2 * 10
    assert tcm.by_row["waits for code and constants"] == 2 * 10


@pytest.mark.parametrize("name", memory_names())
def test_every_figure_of_a_memory_model_has_a_source(name: str) -> None:
    model = memory_model(name)
    assert model.sources
    for source in model.sources:
        assert source.split(":")[0] in {"definition", "documented", "measured", "assumption"}


def test_conditions_follow_the_flags() -> None:
    n, z, c, v = 8, 4, 2, 1
    assert condition_holds("eq", z) and not condition_holds("ne", z)
    assert condition_holds("hi", c) and condition_holds("ls", c | z) and condition_holds("ls", 0)
    assert condition_holds("ge", n | v) and condition_holds("lt", n) and condition_holds("lt", v)
    assert condition_holds("gt", 0) and condition_holds("le", z) and condition_holds("le", n)
    assert condition_holds("hs", c) and condition_holds("lo", 0)
    assert condition_holds("mi", n) and condition_holds("pl", 0)
    assert condition_holds("vs", v) and condition_holds("vc", 0)
