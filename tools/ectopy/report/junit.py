"""What a run proved, as test cases: CI systems show JUnit XML without being taught."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as Xml

from ectopy.records import RunRecord
from ectopy.report.content import count

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A judged fact.

    Attributes:
        problem: What is wrong; empty if nothing is.
        remark: What was found.
        skipped: Why it was not judged; empty if it was.
    """

    name: str
    problem: str
    remark: str
    skipped: str = ""


def verdicts(record: RunRecord) -> tuple[Verdict, ...]:
    """Everything about a run that is either right or wrong."""
    return tuple(_verdicts(record))


def junit(records: Sequence[RunRecord], names: Sequence[str]) -> str:
    """The file ``junit.xml``: a suite per run, a case per judged fact."""
    return junit_of([(n, r, verdicts(r)) for n, r in zip(names, records, strict=True)])


def junit_of(suites: Sequence[tuple[str, RunRecord, Sequence[Verdict]]]) -> str:
    """JUnit XML with a suite for each run: its name, its record, what was judged."""
    root = Xml.Element("testsuites", name="ectopy")
    for name, record, judged in suites:
        suite = Xml.SubElement(
            root,
            "testsuite",
            name=_clean(name),
            tests=str(len(judged)),
            failures=str(sum(bool(each.problem) for each in judged)),
            errors="0",
            skipped=str(sum(bool(each.skipped) for each in judged)),
            timestamp=_clean(record.provenance.created_utc),
        )
        properties = Xml.SubElement(suite, "properties")
        for key, value in _properties(record):
            Xml.SubElement(properties, "property", name=key, value=_clean(value))
        for each in judged:
            _case(suite, name, each)
    Xml.indent(root)
    return Xml.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: Xml.Element, name: str, judged: Verdict) -> None:
    case = Xml.SubElement(suite, "testcase", classname=_clean(name), name=_clean(judged.name))
    if judged.problem:
        Xml.SubElement(case, "failure", message=_clean(judged.problem))
    if judged.skipped:
        Xml.SubElement(case, "skipped", message=_clean(judged.skipped))
    Xml.SubElement(case, "system-out").text = _clean(judged.remark)


def _verdicts(record: RunRecord) -> Iterator[Verdict]:
    agreement, link, memory = record.agreement, record.link, record.memory
    partial = record.notes.get("partial", "the run ended early") if record.partial else ""
    yield Verdict(
        name="the run is whole",
        problem=f"partial: {partial}" if record.partial else "",
        remark=f"{count(record.dataset.windows)} windows measured",
    )
    yield Verdict(
        name="the device passed its self-test",
        problem="",
        remark="a device that fails it is refused before anything is measured",
    )
    compared = (
        f"{count(agreement.output_mismatches)} mismatches in "
        f"{count(agreement.windows_compared)} windows, reference {agreement.reference}"
    )
    agrees = agreement.windows_compared > 0 and not agreement.output_mismatches
    yield Verdict(
        name="outputs agree with the reference, byte for byte",
        problem="" if agrees else compared,
        remark=compared,
    )
    lost = f"{count(link.windows_lost)} of {count(link.windows_sent)} windows lost"
    yield Verdict(name="no window was lost", problem=lost if link.windows_lost else "", remark=lost)
    if memory.arena_bytes is not None and memory.arena_predicted_bytes is not None:
        promised = f"{count(memory.arena_predicted_bytes)} bytes"
        promised = f"at most {promised}" if record.arena_is_bound else f"{promised} planned"
        sizes = f"{count(memory.arena_bytes)} bytes used, {promised}"
        bound = "its upper bound" if record.arena_is_bound else "planned"
        yield Verdict(
            name=f"the arena is no larger than {bound}",
            problem=sizes if memory.arena_bytes > memory.arena_predicted_bytes else "",
            remark=sizes,
        )


def _properties(record: RunRecord) -> Iterator[tuple[str, str]]:
    yield "board", record.board.name
    yield "emulated", str(record.board.emulated).lower()
    yield "synthetic", str(record.synthetic).lower()
    yield "engine", f"{record.engine.name} {record.engine.version}"
    yield "model", record.model.name
    yield "tflite_sha256", record.model.tflite_sha256
    yield "elf_sha256", record.firmware.elf_sha256
    yield "dataset_sha256", record.dataset.sha256


def _clean(text: str) -> str:
    """Text without the characters that XML has no way to write."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
