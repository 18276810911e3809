"""Two runs beside each other, and gates."""

import math
import tomllib
from collections.abc import Callable
from dataclasses import replace

import pytest

from ectopy import metrics
from ectopy.errors import InputError
from ectopy.metrics import Change, Verdict
from ectopy.records import RunRecord
from ectopy.vocab import Better, TickUnit
from support.invented_record import CONFUSION, invented_record, partial_record

A = invented_record()


def with_part(record: RunRecord, part: str, **values: object) -> RunRecord:
    return replace(record, **{part: replace(getattr(record, part), **values)})


def change(key: str, b: RunRecord, of: str = "", a: RunRecord = A) -> Change:
    (found,) = (c for c in metrics.changes(a, b) if (c.metric.key, c.of) == (key, of))
    return found


def judged(text: str, b: RunRecord, a: RunRecord = A) -> tuple[Verdict, ...]:
    return metrics.judge(metrics.changes(a, b), metrics.read_gates(tomllib.loads(text)))


def test_a_run_is_comparable_with_itself_and_nothing_changed() -> None:
    assert metrics.incomparable(A, A) == ()
    assert all(c.delta in (0, None) and c.better is None for c in metrics.changes(A, A))


OTHER: dict[str, Callable[[RunRecord], RunRecord]] = {
    "model: cd": lambda r: with_part(r, "model", tflite_sha256="00" * 32),
    "windows: ef": lambda r: with_part(r, "dataset", sha256="00" * 32),
    "kind of board: emulated and not": lambda r: with_part(r, "board", emulated=False),
    "board: virt": lambda r: with_part(r, "board", name="host"),
    "tick unit: instructions and cycles": lambda r: with_part(r, "latency", unit=TickUnit.CYCLES),
    "label map": lambda r: with_part(r, "dataset", label_map="N=N"),
}


@pytest.mark.parametrize("reason", OTHER)
def test_what_is_not_comparable_is_named(reason: str) -> None:
    (said,) = metrics.incomparable(A, OTHER[reason](A))
    assert said.startswith(reason)


def test_a_partial_run_is_not_comparable() -> None:
    assert any("B is partial" in said for said in metrics.incomparable(A, partial_record()))


def test_another_engine_is_comparable() -> None:
    assert metrics.incomparable(A, with_part(A, "engine", name="tflm")) == ()


def test_scores_change_in_points_and_ticks_in_percent() -> None:
    worse = invented_record(((840, 40, 7), *CONFUSION[1:]))
    found = change("sensitivity", worse, "N")
    assert found.delta == pytest.approx(-100 * 10 / 887)
    assert found.better is False
    slower = with_part(A, "latency", invoke_median=2 * (A.latency.invoke_median or 0))
    found = change("invoke_median", slower)
    assert (found.percent, found.better) == (100, False)


def test_from_zero_to_something_is_an_infinite_percentage() -> None:
    found = change("output_mismatches", with_part(A, "agreement", output_mismatches=3))
    assert (found.percent, found.better) == (math.inf, False)


@pytest.mark.parametrize(
    ("gate", "arena", "passed"),
    [
        ("arena_bytes = 0", 12_800, True),
        ("arena_bytes = 0", 12_801, False),
        ("arena_bytes = 64", 12_864, True),
        ("arena_percent = 1.0", 12_928, True),
        ("arena_percent = 1.0", 12_929, False),
        ("arena_bytes = 0", 1, True),
    ],
)
def test_a_gate_lets_through_what_is_within_its_limit(gate: str, arena: int, passed: bool) -> None:
    (verdict,) = judged(f"[max_increase]\n{gate}", with_part(A, "memory", arena_bytes=arena))
    assert verdict.passed is passed


def test_a_gate_on_f1_is_about_every_class() -> None:
    worse = invented_record((CONFUSION[0], (20, 10, 3), CONFUSION[2]))
    verdicts = judged("[max_drop]\nf1_points = 0.5", worse)
    assert {v.change.of: v.passed for v in verdicts}["PAC"] is False
    assert len(verdicts) == 3


def test_a_drop_of_exactly_the_limit_passes() -> None:
    a, b = (with_part(A, "accuracy", macro_f1=value) for value in (0.705, 0.7))
    (verdict,) = judged("[max_drop]\nmacro_f1_points = 0.5", b, a)
    assert verdict.passed


def test_what_is_not_known_passes_no_gate() -> None:
    (verdict,) = judged("[max_increase]\nestimated_cycles = 5", A)
    assert (verdict.worse, verdict.passed) == (None, False)


@pytest.mark.parametrize(
    ("text", "complaint", "hint"),
    [
        ("[max_drop]\nf1_point = 1", "unknown threshold in [max_drop] 'f1_point'", "f1_points"),
        ("[max_increas]\narena_bytes = 1", "unknown section 'max_increas'", "max_increase"),
        ("[max_increase]\nf1_points = 1", "does not belong in [max_increase]", "[max_drop]"),
        ("[max_drop]\narena_bytes = 1", "does not belong in [max_drop]", "[max_increase]"),
        ("[max_drop]\nf1_points = -1", "not a number from 0 on", ""),
        ("[max_drop]\nf1_points = true", "not a number from 0 on", ""),
        ("[max_drop]\nf1_points = nan", "not a number from 0 on", ""),
        ("[max_drop]\nf1_points = 'x'", "not a number from 0 on", ""),
        ("max_drop = 3", "max_drop should be a table", ""),
        ("[max_drop]", "there is no threshold", ""),
        ("", "there is no threshold", ""),
    ],
)
def test_a_wrong_gates_file_is_refused(text: str, complaint: str, hint: str) -> None:
    with pytest.raises(InputError) as error:
        metrics.read_gates(tomllib.loads(text))
    assert complaint in error.value.message
    assert hint in error.value.hint


def test_names_of_gates_are_unique() -> None:
    names = [m.absolute_gate for m in metrics.METRICS]
    names += [m.relative_gate for m in metrics.METRICS if m.relative_gate]
    assert len(names) == len(set(names))


def test_scores_and_rates_are_better_higher_and_all_else_lower() -> None:
    higher = {m.key for m in metrics.METRICS if m.better is Better.HIGHER}
    scores = {"sensitivity", "ppv", "f1", "macro_f1", "weighted_f1", "accuracy"}
    assert higher == scores | {"bytes_per_s", "windows_per_s"}


def test_ticks_of_different_units_have_no_difference_and_pass_no_gate() -> None:
    other = with_part(A, "latency", unit=TickUnit.CYCLES)
    found = change("invoke_median", other)
    assert (found.delta, found.percent, found.better) == (None, None, None)
    assert change("arena_bytes", other).delta == 0
    (verdict,) = judged("[max_increase]\ninvoke_median_percent = 1", other)
    assert not verdict.passed
