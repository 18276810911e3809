import json
from dataclasses import replace

import pytest

from ectopy.errors import GateError
from ectopy.quantize.report import check_gate, f1_drop, to_json
from support.quantize_report import AFTER, BEFORE, report, scores


def test_drop_is_that_of_the_class_that_lost_most() -> None:
    pac_before, pac_after = BEFORE.per_class["PAC"].f1, AFTER.per_class["PAC"].f1
    assert pac_before is not None
    assert pac_after is not None
    assert f1_drop(BEFORE, AFTER) == pytest.approx(pac_before - pac_after)
    assert f1_drop(BEFORE, BEFORE) == 0


def test_drop_is_negative_if_every_class_gained() -> None:
    assert f1_drop(BEFORE, scores((100, 0, 0), (0, 10, 0), (0, 0, 10))) < 0


def test_class_without_f1_before_is_not_judged_and_lost_afterwards_counts_whole() -> None:
    without_pac = scores((9, 0, 1), (0, 0, 0), (0, 0, 5))
    assert f1_drop(without_pac, without_pac) == 0
    pac = without_pac.per_class["PAC"]
    assert pac.f1 is None
    lost = replace(BEFORE, per_class={**BEFORE.per_class, "PAC": pac})
    assert f1_drop(BEFORE, lost) == BEFORE.per_class["PAC"].f1


def test_gate_fails_the_run_above_its_limit_only() -> None:
    check_gate(report(), 0.2)
    check_gate(report(after=BEFORE), 0.0)
    with pytest.raises(GateError, match=r"costs 0\.1242") as caught:
        check_gate(report(), 0.05)
    assert caught.value.exit_code == 1
    assert caught.value.hint


def test_report_is_json_with_scores_and_layers() -> None:
    document = json.loads(to_json(report()))
    assert document["int8_scores"]["per_class"]["PAC"]["f1"] == AFTER.per_class["PAC"].f1
    assert document["layers"][0]["kind"] == "RESHAPE"
    assert to_json(report()) == to_json(report())
