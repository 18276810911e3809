"""``ectopy gate``: verdicts for people and programs, exit codes, bad input."""

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from ectopy.records import to_json
from support.command_line import make_wide, run
from support.invented_record import invented_record, partial_record

GATES = """
[[gates]]
about = "virt"
when.board = "virt"
max.output_mismatches = 0
max.invoke_median.instructions = 7_204_311
max.estimated_cycles = 9
min.f1 = { N = 0.9, PVC = 0.99 }
unset.flash_bytes = "no figure yet"
[[gates]]
about = "silicon"
when.board = "apollo4p"
max.stack_high_water_bytes = 1
"""
GOOD = '[[gates]]\nabout = "all"\nmax.arena_bytes = 12_800\n'


@pytest.fixture(autouse=True)
def plain_console(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    make_wide(monkeypatch)


@pytest.fixture
def record(tmp_path: Path) -> Path:
    path = tmp_path / "record.json"
    path.write_text(to_json(invented_record()))
    return path


def gates(tmp_path: Path, text: str = GATES) -> Path:
    path = tmp_path / "gates.toml"
    path.write_text(text)
    return path


def line(shown: str, start: str) -> str:
    (found,) = (each for each in shown.splitlines() if each.startswith(start))
    return " ".join(found.split())


def test_met_gates_end_with_0(
    record: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("gate", record, "--gates", gates(tmp_path, GOOD)) == 0
    shown = capsys.readouterr()
    assert shown.out.splitlines()[0] == (
        "beat-3-eff-sm on virt, EMULATED · aot for speed · 1,000 windows of mitdb ds2"
    )
    assert line(shown.out, "arena") == "arena, B 12,800 at most 12,800 pass +0 (+0.0 %)"
    assert shown.out.splitlines()[-1] == "2 of 2 gates met"
    assert shown.err == ""


def test_unmet_gates_end_with_1_and_each_has_a_line(
    record: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("gate", record, "--gates", gates(tmp_path)) == 1
    shown = capsys.readouterr()
    assert "inference median, instructions 7,204,311 at most 7,204,311 pass +0" in line(
        shown.out, "inference median"
    )
    assert line(shown.out, "F1 PVC").endswith("at least 99.00 FAIL -9.43 points")
    assert line(shown.out, "estimated").endswith("at most 9 not measured no cycle model yet")
    assert line(shown.out, "flash").endswith("96,412 no limit yet no figure yet")
    assert "not judged no limit is meant for this run" in line(shown.out, "stack")
    assert line(shown.out, "left out") == "left out, for board apollo4p, not virt: silicon"
    assert shown.out.splitlines()[-1] == "4 of 7 gates met, 1 more without a limit yet"
    assert "estimated cycles: not measured: no cycle model yet, and 2 more" in shown.err


def test_programs_get_json_alone_on_stdout(
    record: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("gate", record, "--gates", gates(tmp_path), "--json") == 1
    shown = capsys.readouterr()
    found = json.loads(shown.out)
    assert (found["passed"], found["emulated"], found["synthetic"]) == (False, True, False)
    by_metric = {(g["metric"], g["class"]): g for g in found["gates"]}
    pvc = by_metric["f1", "PVC"]
    assert pvc == {
        "metric": "f1",
        "class": "PVC",
        "unit": None,
        "value": pytest.approx(0.8957, abs=1e-4),
        "direction": "min",
        "limit": 0.99,
        "margin": pytest.approx(-9.43, abs=0.03),
        "outcome": "FAIL",
        "passed": False,
        "reason": None,
    }
    assert by_metric["invoke_median", None]["unit"] == "instructions"
    assert by_metric["partial", None]["passed"] is True
    assert by_metric["flash_bytes", None]["outcome"] == "no limit yet"
    assert found["skipped"] == [{"about": "silicon", "reason": "for board apollo4p, not virt"}]
    assert "F1 PVC" in shown.err


def test_junit_has_a_case_for_each_gate(record: Path, tmp_path: Path) -> None:
    out = tmp_path / "gates.xml"
    assert run("gate", record, "--gates", gates(tmp_path), "--junit", out) == 1
    (suite,) = Xml.parse(out).getroot()
    assert [suite.get(key) for key in ("tests", "failures", "skipped")] == ["8", "3", "1"]
    cases = {str(case.get("name")): case for case in suite.iter("testcase")}
    failure = cases["F1 PVC, % at least 99.00"].find("failure")
    assert failure is not None
    assert failure.get("message") == "F1 PVC, % is 89.57, limit at least 99.00"
    skipped = cases["flash, B"].find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "no limit yet: no figure yet"
    assert len(list(cases["windows unlike the reference at most 0"])) == 1  # what was found


def test_a_job_summary_gets_the_table(record: Path, tmp_path: Path) -> None:
    out = tmp_path / "gates.md"
    assert run("gate", record, "--gates", gates(tmp_path), "--markdown", out) == 1
    text = out.read_text()
    assert "EMULATED" in text
    assert "**4 of 7 gates met, 1 more without a limit yet**" in text
    assert "| F1 PVC, % | 89.57 | at least 99.00 | FAIL | -9.43 points |  |" in text
    assert "- left out, for board apollo4p, not virt: silicon" in text


def test_the_gates_beside_the_model_are_the_default(
    record: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("gate", record) == 1  # an invented record is of no windows that the file knows
    assert "models/beat-3-eff-sm/gates.toml" in "".join(capsys.readouterr().err.split())


def test_a_model_without_gates_and_an_unknown_one_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ectopy.usecases.gate.GATES", "none.toml")
    path = tmp_path / "record.json"
    path.write_text(to_json(invented_record()))
    assert run("gate", path) == 2
    assert "none.toml" in capsys.readouterr().err
    other = replace(invented_record(), model=replace(invented_record().model, name="mine"))
    path.write_text(to_json(other))
    assert run("gate", path) == 2
    assert "there is no model bundle 'mine'" in capsys.readouterr().err


def test_a_partial_run_ends_with_1_unless_allowed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "record.json"
    path.write_text(to_json(partial_record()))
    file = gates(tmp_path, GOOD)
    assert run("gate", path, "--gates", file) == 1
    assert "the run is whole: FAIL: partial" in capsys.readouterr().err
    assert run("gate", path, "--gates", file, "--allow-partial") == 0


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[gates]", "is not TOML"),
        ("", "there are no gates"),
        ('[[gates]]\nabout = "x"\nmax.arena_byte = 1', "did you mean arena_bytes?"),
        ('[[gates]]\nabout = "x"\nmax.arena_bytes = nan', "is not a number"),
        ('[[gates]]\nabout = "x"\nmin.f1.PCV = 0.1', "did you mean PVC?"),
        ('model = "other"\n[[gates]]\nabout = "x"\nmax.retries = 1', "are for other"),
        (b"\xff\xfe", "is not TOML"),
        (b"# " + b"x" * (1 << 20), "is larger than"),
    ],
)
def test_a_wrong_gates_file_is_one_clear_error(
    text: str | bytes,
    complaint: str,
    record: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "gates.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert run("gate", record, "--gates", path) == 2
    said = capsys.readouterr().err
    assert complaint in said
    assert "gates.toml" in said


@pytest.mark.parametrize("path", ["none.toml", ".", "/dev/zero"])
def test_what_is_no_file_is_refused_at_once(
    path: str, record: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("gate", record, "--gates", tmp_path / path) == 2
    said = capsys.readouterr().err
    assert "cannot read" in said or "is not a file" in said


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"schema_version": 2}', "schema version 2"),
        ('{"schema_version": 1, "par', "not JSON"),
        (to_json(invented_record()).replace("14.2", "NaN"), "NaN is not JSON"),
        (None, "there is no run record"),
    ],
)
def test_a_wrong_record_is_one_clear_error(
    text: str | None, complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "record.json"
    if text is not None:
        path.write_text(text)
    assert run("gate", path, "--gates", gates(tmp_path, GOOD)) == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--junit", "--markdown"])
def test_verdicts_that_cannot_be_written_are_shown_all_the_same(
    option: str, record: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "none" / "file"
    assert run("gate", record, "--gates", gates(tmp_path), option, out) == 2
    shown = capsys.readouterr()
    assert "cannot write" in shown.err
    assert "4 of 7 gates met" in shown.out
