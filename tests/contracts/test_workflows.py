"""Workflows call only what is there, with first-party actions, few rights and hard timeouts."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ectopy.cli import COMMANDS

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
HIL = ROOT / ".github" / "workflows" / "hil.yml"
SCRIPT = ROOT / ".ci" / "hil"
EXPRESSION = re.compile(r"\$\{\{.*?\}\}")


def load(path: Path) -> dict[str, Any]:
    tree: dict[Any, Any] = yaml.safe_load(path.read_text())
    # YAML 1.1 takes the key `on` for a boolean.
    return {("on" if key is True else key): value for key, value in tree.items()}


def jobs(path: Path) -> list[dict[str, Any]]:
    return list(load(path)["jobs"].values())


def steps(path: Path) -> Iterator[dict[str, Any]]:
    for job in jobs(path):
        yield from job["steps"]


def lines(path: Path) -> list[str]:
    return [line.strip() for step in steps(path) for line in step.get("run", "").splitlines()]


def make_targets() -> set[str]:
    text = (ROOT / "Makefile").read_text()
    return set(re.findall(r"^([a-z./-]+):", text, flags=re.MULTILINE))


every_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.name)


@every_workflow
def test_what_a_workflow_runs_exists(path: Path) -> None:
    for line in filter(None, lines(path)):
        program, *rest = line.split()
        if program == ".venv/bin/ectopy":
            assert rest[0] in COMMANDS, line
        elif program == "make":
            assert rest[0] in make_targets(), line
        else:
            assert os.access(ROOT / program, os.X_OK), line


@every_workflow
def test_actions_are_githubs_own_and_pinned_to_a_major_version(path: Path) -> None:
    for step in steps(path):
        if "uses" in step:
            assert re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"]), step["uses"]


@every_workflow
def test_a_workflow_may_only_read_and_ends(path: Path) -> None:
    assert load(path)["permissions"] == {"contents": "read"}
    assert all(0 < job["timeout-minutes"] <= 60 for job in jobs(path))


@every_workflow
def test_no_text_from_outside_gets_into_a_shell_line(path: Path) -> None:
    assert [line for line in lines(path) if EXPRESSION.search(line)] == []


def test_the_rack_does_not_run_pull_requests() -> None:
    assert set(load(HIL)["on"]) == {"push", "workflow_dispatch"}
    assert load(HIL)["on"]["push"] == {"branches": ["main"]}


def test_the_same_job_runs_on_silicon_and_on_the_virtual_board() -> None:
    (job,) = jobs(HIL)
    assert job["strategy"]["matrix"]["include"] == [
        {"board": "virt", "runner": "ubuntu-24.04"},
        {"board": "apollo4p", "runner": ["self-hosted", "apollo4p"]},
    ]
    assert job["strategy"]["fail-fast"] is False
    assert job["runs-on"] == "${{ matrix.runner }}"
    assert job["env"]["BOARD"] == "${{ matrix.board }}"


def test_two_jobs_never_share_a_board_and_none_is_cut_off() -> None:
    (job,) = jobs(HIL)
    group = job["concurrency"]["group"]
    assert group == "hil-${{ matrix.board == 'virt' && github.run_id || matrix.board }}"
    assert job["concurrency"]["cancel-in-progress"] is False


def test_every_step_on_a_board_has_a_timeout_within_that_of_the_job() -> None:
    (job,) = jobs(HIL)
    for step in job["steps"]:
        assert 0 < step["timeout-minutes"] < job["timeout-minutes"], step


def test_the_job_has_time_for_all_steps_so_that_the_last_keep_what_was_measured() -> None:
    (job,) = jobs(HIL)
    assert sum(step["timeout-minutes"] for step in job["steps"]) <= job["timeout-minutes"]


def test_the_measurement_ends_itself_before_its_step_is_cut_off() -> None:
    (measure,) = (s for s in steps(HIL) if s.get("run") == ".ci/hil measure")
    script = SCRIPT.read_text()
    (limit_s,) = re.findall(r"TIMEOUT_S=\$\{TIMEOUT_S:-(\d+)\}", script)
    (grace_s,) = re.findall(r"--kill-after=(\d+)", script)
    assert int(limit_s) + int(grace_s) < 60 * measure["timeout-minutes"]


def test_steps_call_one_script_with_steps_that_it_knows() -> None:
    called = [line.split() for line in lines(HIL)]
    assert [words[0] for words in called] == [".ci/hil"] * len(called)
    (known,) = re.findall(r"^([a-z |]+)\) \"\$1\" ;;$", SCRIPT.read_text(), flags=re.MULTILINE)
    assert [words[1] for words in called] == known.split(" | ")


def test_what_was_measured_is_kept_whatever_happened() -> None:
    (job,) = jobs(HIL)
    (upload,) = (s for s in job["steps"] if "upload-artifact" in s.get("uses", ""))
    (summary,) = (s for s in job["steps"] if s.get("run") == ".ci/hil summary")
    assert upload["if"] == summary["if"] == "always()"
    assert upload["with"]["path"] == job["env"]["OUT"]


def test_the_script_calls_only_targets_and_commands_that_exist() -> None:
    text = re.sub(r"^\s*#.*$", "", SCRIPT.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    calls = re.findall(r"\bmake --silent (?:\"ENGINE=\$ENGINE\" )?(.+)", text)
    assert len(calls) == 2
    for call in calls:
        words = [w for w in call.split("||")[0].split() if re.fullmatch(r"[a-z./-]+", w)]
        assert words
        assert set(words) - {"/dev/null"} <= make_targets(), call
    commands = re.findall(r"\.venv/bin/ectopy ([a-z]+)", text)
    assert commands
    assert set(commands) <= set(COMMANDS)
