"""What gates say about a run: nothing passes in silence."""

import tomllib
from dataclasses import replace

import pytest

from ectopy import metrics
from ectopy.errors import InputError
from ectopy.metrics import GateReport, Judgement
from ectopy.records import RunRecord
from ectopy.vocab import GateOutcome, TickUnit
from support.invented_record import invented_record, partial_record

RUN = invented_record()
SET = '[[gates]]\nabout = "all"\n'


def judged(text: str, run: RunRecord = RUN, *, allow_partial: bool = False) -> GateReport:
    gates = metrics.read_gate_file(tomllib.loads(text))
    return metrics.judge_record(run, gates, allow_partial=allow_partial)


def only(text: str, run: RunRecord = RUN) -> Judgement:
    """The answer to a file with one gate."""
    whole, found = judged(text, run).judgements
    assert whole.outcome is GateOutcome.PASS
    return found


def with_part(part: str, run: RunRecord = RUN, **values: object) -> RunRecord:
    return replace(run, **{part: replace(getattr(run, part), **values)})


@pytest.mark.parametrize(
    ("gate", "outcome", "margin"),
    [
        ("max.arena_bytes = 12_800", GateOutcome.PASS, 0),
        ("max.arena_bytes = 12_799", GateOutcome.FAIL, -1),
        ("max.arena_bytes = 12_900", GateOutcome.PASS, 100),
        ("max.output_mismatches = 0", GateOutcome.PASS, 0),
        ("min.accuracy = 0.941", GateOutcome.PASS, 0),
        ("min.accuracy = 0.9411", GateOutcome.FAIL, -0.01),
        ("max.invoke_median.instructions = 7_204_311", GateOutcome.PASS, 0),
        ("max.invoke_median.instructions = 7_204_310", GateOutcome.FAIL, -1),
        ("min.windows_per_s = 15", GateOutcome.FAIL, -0.8),
    ],
)
def test_a_value_is_held_against_its_limit(gate: str, outcome: GateOutcome, margin: float) -> None:
    found = only(f"{SET}{gate}")
    assert (found.outcome, found.margin) == (outcome, pytest.approx(margin))
    assert found.passed is (outcome is GateOutcome.PASS)


def test_a_limit_is_reached_although_binary_fractions_differ() -> None:
    just = with_part("accuracy", macro_f1=0.7 - 1e-16)
    assert just.accuracy.macro_f1 is not None
    assert just.accuracy.macro_f1 < 0.7
    assert only(f"{SET}min.macro_f1 = 0.7", just).passed
    assert not only(f"{SET}min.macro_f1 = 0.701", just).passed


def test_one_limit_for_all_classes_judges_each() -> None:
    report = judged(f"{SET}min.f1 = 0.6")
    assert [(j.of, j.outcome) for j in report.judgements[1:]] == [
        ("N", GateOutcome.PASS),
        ("PAC", GateOutcome.PASS if RUN.accuracy.per_class["PAC"].f1 >= 0.6 else GateOutcome.FAIL),
        ("PVC", GateOutcome.PASS),
    ]


def test_a_class_of_a_model_is_judged_by_its_own_limit() -> None:
    found = only(f"{SET}min.f1.PVC = 0.99")
    assert (found.name, found.outcome) == ("F1 PVC", GateOutcome.FAIL)


def test_what_the_record_does_not_know_fails_with_its_own_reason() -> None:
    found = only(f"{SET}max.estimated_cycles = 9")
    assert (found.outcome, found.passed) == (GateOutcome.NOT_MEASURED, False)
    assert found.reason == "no cycle model yet"


def test_the_reason_of_a_parent_explains_a_class() -> None:
    empty = invented_record(((9, 0, 0), (0, 0, 0), (0, 0, 9)))
    found = only(f"{SET}min.ppv.PAC = 0.1", empty)
    assert found.outcome is GateOutcome.NOT_MEASURED
    assert found.reason == empty.note_about("accuracy.per_class.PAC.ppv") != ""


def test_a_limit_in_another_unit_is_not_applicable_and_leaves_the_metric_not_judged() -> None:
    _, other, missing = judged(f"{SET}max.invoke_median.cycles = 1").judgements
    assert (other.outcome, other.value, other.margin) == (GateOutcome.NOT_APPLICABLE, None, None)
    assert "a limit in cycles; this run has instructions" in other.reason
    assert (missing.outcome, missing.passed) == (GateOutcome.NOT_JUDGED, False)
    assert (missing.unit, missing.value) == (TickUnit.INSTRUCTIONS, 7_204_311)


def test_of_limits_in_several_units_that_of_the_run_counts() -> None:
    report = judged(f"{SET}max.invoke_median = {{ cycles = 1, instructions = 8_000_000 }}")
    assert [j.outcome for j in report.judgements[1:]] == [
        GateOutcome.NOT_APPLICABLE,
        GateOutcome.PASS,
    ]
    assert report.failed == ()


def test_a_metric_without_a_limit_yet_is_shown_and_does_not_fail() -> None:
    found = only(f"{SET}unset.arena_bytes = 'nothing measured'")
    assert (found.outcome, found.value, found.passed) == (GateOutcome.NO_LIMIT, 12_800, True)
    assert found.reason == "nothing measured"


CONDITIONS = {
    "board = 'apollo4p'": "for board apollo4p, not virt",
    "engine = 'tflm'": "for engine tflm, not aot",
    "optimized_for = 'debug'": "for optimized_for debug, not speed",
    "dataset = 'synthetic'": "for dataset synthetic, not mitdb",
    "split = 'ds1'": "for split ds1, not ds2",
    "limit = 'all'": "for limit all, not 1000",
    "limit = 999": "for limit 999, not 1000",
    "sha256 = '0123456789'": "for the windows 0123456789, not efefefefef",
}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_gates_for_other_runs_only_fail_the_run_as_not_judged(condition: str) -> None:
    report = judged(f"{SET}when.{condition}\nmax.arena_bytes = 1")
    assert report.skipped == (("all", CONDITIONS[condition]),)
    (failed,) = report.failed
    assert (failed.name, failed.outcome, failed.limit) == ("arena", GateOutcome.NOT_JUDGED, None)


def test_gates_for_other_runs_do_not_matter_where_others_are_meant_for_this_one() -> None:
    image = "board = 'virt', engine = 'aot', optimized_for = 'speed'"
    right = f"when = {{ {image}, dataset = 'mitdb', split = 'ds2' }}"
    text = f"""
    {SET}{right}
    max.arena_bytes = 12_800
    [[gates]]
    about = "other windows"
    when = {{ limit = 1000, sha256 = "EFEFEFEF" }}
    max.flash_bytes = 96_412
    [[gates]]
    about = "silicon"
    when.board = "apollo4p"
    max.arena_bytes = 1
    max.flash_bytes = 1
    """
    report = judged(text)
    assert [j.outcome for j in report.judgements] == [GateOutcome.PASS] * 3
    assert [about for about, _ in report.skipped] == ["silicon"]


def test_each_class_of_a_metric_needs_a_limit_of_its_own() -> None:
    text = f"{SET}min.f1.N = 0.1\n[[gates]]\nabout = 'x'\nwhen.limit = 'all'\nmin.f1 = 0.1"
    assert [(j.of, j.outcome) for j in judged(text).failed] == [
        ("PAC", GateOutcome.NOT_JUDGED),
        ("PVC", GateOutcome.NOT_JUDGED),
    ]


def test_a_partial_run_fails_unless_that_is_allowed() -> None:
    text = f"{SET}max.windows_lost = 0"
    (failed,) = judged(text, partial_record()).failed
    assert (failed.name, failed.outcome) == ("the run is whole", GateOutcome.FAIL)
    assert failed.reason.startswith("partial: ")
    allowed = judged(text, partial_record(), allow_partial=True)
    assert allowed.failed == ()
    assert "allowed by the caller" in allowed.judgements[0].reason


def test_gates_for_another_model_are_refused() -> None:
    with pytest.raises(InputError, match="are for beat-2-eff-sm, and the run is of beat-3-eff-sm"):
        judged(f'model = "beat-2-eff-sm"\n{SET}max.windows_lost = 0')


@pytest.mark.parametrize(("name", "hint"), [("PVCS", "PVC"), ('""', "N, PAC, PVC")])
@pytest.mark.parametrize("entry", ["min.f1.{} = 0.5", "unset.f1.{} = 'why'"])
def test_a_class_that_the_model_does_not_have_is_refused(entry: str, name: str, hint: str) -> None:
    with pytest.raises(InputError, match="unknown class in f1") as error:
        judged(SET + entry.format(name))
    assert hint in error.value.hint


def test_every_metric_of_the_catalogue_can_be_gated_and_explained() -> None:
    for metric in metrics.METRICS:
        values = metric.read(RUN)
        assert set(values) == (set(RUN.model.classes) if metric.per_class else {""})
        for of, value in values.items():
            assert value is not None or metric.why_unknown(RUN, of)
