"""The script of the hardware-in-the-loop job, as the workflow runs it, on the virtual EVB."""

import json
import os
import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from ectopy.records import from_json

pytestmark = pytest.mark.e2e

SCRIPT = Path(__file__).parents[2] / ".ci" / "hil"
GATES = """
[[gates]]
about = "a few synthetic windows on virt"
when = { board = "virt", engine = "aot", dataset = "synthetic" }
max.output_mismatches = 0
max.windows_lost = 0
max.invoke_median.instructions = 10_000_000
max.arena_bytes = 12_288
"""
RUN_FILES = {"record.json", "outputs.csv", "report.html", "report.md", "junit.xml"}
VERDICT_FILES = {"gates.json", "gates.xml", "gates.md"}


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the workflow sets, and gates that fit its few windows."""
    folder = tmp_path_factory.mktemp("hil job")
    (folder / "gates.toml").write_text(GATES)
    return {
        "BOARD": "virt",
        "LIMIT": "12",
        "DATASET": "synthetic",
        "OUT": str(folder / "out"),
        "GATES": str(folder / "gates.toml"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary"),
    }


def run_step(job: dict[str, str], *step: str, cwd: Path | None = None) -> tuple[int, str]:
    environment = {key: text for key, text in os.environ.items() if not key.startswith("MAKE")}
    done = subprocess.run(
        [str(SCRIPT), *step],
        env=environment | job,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def files(job: dict[str, str]) -> set[str]:
    return {path.name for path in Path(job["OUT"]).iterdir()}


def test_the_steps_of_the_workflow_leave_what_it_keeps(job: dict[str, str]) -> None:
    for step in ("setup", "measure", "judge", "summary"):
        code, said = run_step(job, step)
        assert code == 0, f"{step}: {said}"
    assert files(job) >= RUN_FILES | VERDICT_FILES | {"summary.md"}
    out = Path(job["OUT"])
    record = from_json((out / "record.json").read_text())
    assert (record.board.name, record.dataset.windows) == ("virt", 12)
    assert json.loads((out / "gates.json").read_text())["passed"] is True
    (suite,) = Xml.parse(out / "gates.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("5", "0")
    summary = Path(job["GITHUB_STEP_SUMMARY"]).read_text()
    assert "**5 of 5 gates met**" in summary
    assert "# beat-3-eff-sm on virt" in summary
    assert "EMULATED" in summary


def test_a_gate_that_is_not_met_fails_its_step_and_keeps_the_files(
    job: dict[str, str], tmp_path: Path
) -> None:
    strict = tmp_path / "strict.toml"
    strict.write_text(GATES.replace("10_000_000", "1_000"))
    code, said = run_step(job | {"GATES": str(strict)}, "judge")
    assert code == 1
    # Which count is not the subject here: it changes with every faster kernel.
    assert re.search(r"inference median, instructions is [\d,]{9,}, limit at most 1,000", said)
    (suite,) = Xml.parse(Path(job["OUT"]) / "gates.xml").getroot()
    assert suite.get("failures") == "1"
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("gates = 3")
    assert run_step(job | {"GATES": str(wrong)}, "judge")[0] == 2


def test_a_folder_with_an_older_run_is_not_mixed_with_a_new_one(job: dict[str, str]) -> None:
    code, said = run_step(job, "measure")
    assert code == 2
    assert "is not an empty folder" in said
    assert "OUT=" in said


def test_a_failing_run_in_one_go_still_gets_its_summary(
    job: dict[str, str], tmp_path: Path
) -> None:
    own = job | {
        "OUT": str(tmp_path / "out"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "MODEL": "no-such-model",
    }
    code, said = run_step(own, cwd=tmp_path)
    assert code == 1
    assert "there is no model bundle 'no-such-model'" in said
    assert "No verdict" in (tmp_path / "summary").read_text()
    assert files(own) == {"summary.md"}


def test_what_was_measured_before_the_time_ran_out_is_kept(
    job: dict[str, str], tmp_path: Path
) -> None:
    limits = {"OUT": str(tmp_path / "out"), "LIMIT": "1000000", "TIMEOUT_S": "12"}
    code, said = run_step(job | limits, "measure")
    assert code == 1
    assert "measuring took more than 12 s" in said
    # On a slow machine nothing may have been measured yet.
    if (tmp_path / "out" / "record.json").exists():
        record = from_json((tmp_path / "out" / "record.json").read_text())
        assert record.partial
        assert record.agreement.output_mismatches == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"MODEL": "x; touch planted"},
        {"MODEL": "$(touch planted)"},
        {"LIMIT": "1\ntouch planted"},
        {"PORT": "/dev/tty' 'x"},
        {"OUT": "build/x' 'y"},
        {"OUT": "build/$(touch planted)"},
        {"TIMEOUT_S": "soon"},
        {"TIMEOUT_S": "0"},
    ],
    ids=str,
)
def test_a_variable_that_is_no_plain_word_is_refused_before_anything_runs(
    wrong: dict[str, str], job: dict[str, str]
) -> None:
    own = job | {"GITHUB_STEP_SUMMARY": os.devnull} | wrong
    for step in ("setup", "measure"):
        code, said = run_step(own, step)
        assert code == 2
        assert next(iter(wrong)) + "=" in said
    assert not (SCRIPT.parents[1] / "planted").exists()


def test_a_run_that_does_not_end_when_asked_to_is_killed_and_said_so(
    job: dict[str, str], tmp_path: Path
) -> None:
    make = tmp_path / "make"
    make.write_text("#!/bin/sh\nkill -KILL $$\n")  # the status is that of --kill-after
    make.chmod(0o755)
    own = {"OUT": str(tmp_path / "out"), "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    code, said = run_step(job | own, "measure")
    assert code == 1
    assert "measuring was killed" in said


def test_an_unknown_step_is_refused(job: dict[str, str]) -> None:
    code, said = run_step(job, "everything")
    assert code == 2
    assert "setup, measure, judge, summary" in said
