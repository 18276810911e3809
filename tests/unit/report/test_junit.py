from dataclasses import replace
from xml.etree import ElementTree as Xml

import pytest

from ectopy.records import RunRecord
from ectopy.report import junit
from support.invented_record import invented_record, partial_record


def failures(record: RunRecord) -> list[str]:
    suite = Xml.fromstring(junit([record], ["run"]))[0]
    failed = [str(c.get("name")) for c in suite.iter("testcase") if c.find("failure") is not None]
    assert suite.get("failures") == str(len(failed))
    assert suite.get("tests") == str(len(list(suite.iter("testcase"))))
    return failed


def test_a_good_run_passes_everything() -> None:
    assert failures(invented_record()) == []


GOOD = invented_record()


@pytest.mark.parametrize(
    ("record", "failed"),
    [
        (partial_record(), "the run is whole"),
        (
            replace(GOOD, agreement=replace(GOOD.agreement, output_mismatches=1, max_abs_lsb=1)),
            "outputs agree with the reference, byte for byte",
        ),
        (
            replace(GOOD, agreement=replace(GOOD.agreement, windows_compared=0)),
            "outputs agree with the reference, byte for byte",
        ),
        (replace(GOOD, link=replace(GOOD.link, windows_lost=2)), "no window was lost"),
        (
            replace(GOOD, memory=replace(GOOD.memory, arena_bytes=12_801)),
            "the arena is no larger than planned",
        ),
    ],
)
def test_each_fault_fails_its_own_case(record: RunRecord, failed: str) -> None:
    assert failures(record) == [failed]


def test_an_arena_that_was_not_measured_is_held_against_its_bound() -> None:
    notes = {**GOOD.notes, "memory.arena_predicted_bytes": "an upper bound"}
    bounded = replace(GOOD, notes=notes)
    assert failures(bounded) == []
    text = junit([bounded], ["run"])
    assert "12,800 bytes used, at most 12,800 bytes" in text
    assert "planned" not in text
    larger = replace(bounded, memory=replace(GOOD.memory, arena_bytes=12_801))
    assert failures(larger) == ["the arena is no larger than its upper bound"]


def test_characters_that_xml_cannot_hold_are_replaced() -> None:
    record = replace(partial_record(), notes={**partial_record().notes, "partial": "<\x00\ud800>"})
    root = Xml.fromstring(junit([record], ["a\x01b"]))
    failure = next(root.iter("failure"))
    assert failure.get("message") == "partial: <\ufffd\ufffd>"


def test_every_run_has_a_suite_that_says_what_ran() -> None:
    root = Xml.fromstring(junit([invented_record(), invented_record(synthetic=True)], ["a", "b"]))
    assert [suite.get("name") for suite in root] == ["a", "b"]
    said = [{p.get("name"): p.get("value") for p in s.iter("property")} for s in root]
    assert [each["synthetic"] for each in said] == ["false", "true"]
    assert {each["emulated"] for each in said} == {"true"}
