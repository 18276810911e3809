import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from ectopy import console
from ectopy.cli import deploy as subject
from ectopy.cli import main
from ectopy.errors import LinkError
from ectopy.usecases.bench_types import BenchRun
from ectopy.usecases.deploy_types import (
    Deployed,
    DeployRequest,
    DeployStep,
    Outcome,
    StepResult,
    steps_from,
)
from ectopy.vocab import BoardName, DatasetName
from support.invented_record import invented_record

ROOT = Path(__file__).parents[3]


class FakeDeploy:
    """Takes requests, and answers with an invented deployment."""

    def __init__(self) -> None:
        self.requests: list[DeployRequest] = []
        self.failure: LinkError | KeyboardInterrupt | None = None

    def __call__(self, request: DeployRequest, progress: object) -> Deployed:
        self.requests.append(request)
        results = [
            StepResult(step=step, outcome=Outcome.DONE, detail=f"did {step}", duration_s=0.25)
            for step in DeployStep
        ]
        if self.failure is None:
            run = BenchRun(record=invented_record(), folder=Path("runs/x"), failure=None)
            pages = (Path("runs/x/report.html"),)
            return Deployed(steps=tuple(results), run=run, pages=pages, failure=None)
        failed = results.index(next(r for r in results if r.step is DeployStep.FLASH))
        results[failed] = replace(results[failed], outcome=Outcome.FAILED, detail="no [board]")
        for at in range(failed + 1, len(results)):
            results[at] = StepResult(step=results[at].step, outcome=Outcome.NOT_REACHED)
        for at, result in enumerate(results):
            if result.step not in request.steps:
                results[at] = StepResult(step=result.step, outcome=Outcome.LEFT_OUT)
        return Deployed(steps=tuple(results), run=None, pages=(), failure=self.failure)


@pytest.fixture
def deploy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> FakeDeploy:
    fake = FakeDeploy()
    monkeypatch.chdir(tmp_path)
    folder = Path("runs/x")
    folder.mkdir(parents=True)
    for name in ("record.json", "report.html", "outputs.csv"):
        (folder / name).touch()
    monkeypatch.setattr(subject, "deploy", fake)
    monkeypatch.setattr(console, "out", console.Console(width=100))
    monkeypatch.setattr(console, "err", console.Console(width=100, stderr=True))
    for variable in ("BAUD", "PROBE"):
        monkeypatch.setenv(variable, "")
    return fake


def run(*arguments: str) -> int:
    try:
        main(["deploy", *arguments])
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_without_options_all_steps_go_to_the_virtual_board(
    deploy: FakeDeploy, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run() == 0
    assert deploy.requests == [DeployRequest(model="beat-3-eff-sm", command="ectopy deploy")]
    assert deploy.requests[0].limit == 200
    shown = capsys.readouterr().out
    assert "beat-3-eff-sm on virt" in shown
    assert "runs/x/record.json · outputs.csv · report.html" in shown
    for step in DeployStep:
        assert f"did {step}" in shown
    assert "2.0" in shown.splitlines()[-2]  # 8 steps, a quarter of a second each


def test_all_options_reach_the_request(deploy: FakeDeploy, monkeypatch: pytest.MonkeyPatch) -> None:
    line = (
        "--board apollo4p --model m --engine aot --dataset synthetic --data-dir d --limit all "
        "--port /dev/x --probe 42 --from hello --force-flash --runs-dir r"
    )
    assert run(*line.split()) == 0
    assert deploy.requests[0] == DeployRequest(
        model="m",
        board=BoardName.APOLLO4P,
        dataset=DatasetName.SYNTHETIC,
        data_dir=Path("d"),
        limit=None,
        port="/dev/x",
        probe="42",
        steps=steps_from(DeployStep.HELLO),
        force_flash=True,
        runs_dir=Path("r"),
        command=f"ectopy deploy {line}",
    )


def test_only_takes_one_step_and_excludes_from(
    deploy: FakeDeploy, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--only", "selftest") == 0
    assert deploy.requests[0].steps == (DeployStep.SELFTEST,)
    assert run("--only", "bench", "--from", "hello") == 2
    assert "exclude each other" in capsys.readouterr().err
    assert run("--only", "nothing") == 2


def test_a_baud_rate_reaches_the_build_and_the_port_by_one_variable(
    deploy: FakeDeploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("--baud", "115200") == 0
    assert os.environ["BAUD"] == "115200"
    assert run("--baud", "5") == 2


@pytest.mark.parametrize(
    ("failure", "code"),
    [(LinkError("no [board]", hint="plug it in"), 1), (KeyboardInterrupt(), 130)],
)
def test_a_failure_is_shown_with_the_steps_done_and_the_way_on(
    deploy: FakeDeploy,
    capsys: pytest.CaptureFixture[str],
    failure: LinkError | KeyboardInterrupt,
    code: int,
) -> None:
    deploy.failure = failure
    assert run() == code
    streams = capsys.readouterr()
    assert "done before flash: quantize, render, build." in streams.err
    assert '--from flash (make deploy: ARGS="--from flash")' in streams.err
    assert "no [board]" in streams.out
    assert "not reached" in streams.out
    if code == 1:
        assert streams.err.endswith("error: no [board]\nhint: plug it in\n")


def test_a_step_that_was_to_be_taken_alone_has_no_way_on(
    deploy: FakeDeploy, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy.failure = LinkError("no board", hint="plug it in")
    assert run("--only", "flash") == 1
    assert capsys.readouterr().err == "error: no board\nhint: plug it in\n"


def test_json_gives_programs_steps_durations_and_the_run_folder(
    deploy: FakeDeploy, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run("--json", "-") == 0
    streams = capsys.readouterr()
    told = json.loads(streams.out)
    assert told["run_folder"] == "runs/x"
    assert told["failure"] is None
    assert [step["step"] for step in told["steps"]] == list(DeployStep)
    assert told["steps"][0] == {
        "step": "quantize",
        "outcome": "done",
        "duration_s": 0.25,
        "detail": "did quantize",
    }
    assert "did quantize" in streams.err
    deploy.failure = LinkError("no board", hint="plug it in")
    assert run("--json", str(tmp_path / "d.json")) == 1
    told = json.loads((tmp_path / "d.json").read_text())
    assert told["failure"] == {"message": "no board", "hint": "plug it in"}
    assert told["run_folder"] is None


def test_json_to_a_folder_that_is_not_there_is_found_before_anything_is_done(
    deploy: FakeDeploy, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--json", str(tmp_path / "none" / "d.json")) == 2
    assert not deploy.requests


def made(*arguments: str) -> str:
    """What make would run; the set-up counts as done."""
    done = subprocess.run(
        ["make", "--dry-run", "--old-file=.venv/.ready", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return " ".join(done.stdout.replace("\\\n", " ").split())


def test_make_hands_its_variables_over() -> None:
    line = made("deploy", "BOARD=apollo4p", "MODEL=m", "PORT=/dev/x", "PROBE=42", "LIMIT=5")
    for words in ("--board apollo4p", "--model m", "--port '/dev/x'", "--probe '42'", "--limit 5"):
        assert words in line
    assert "deploy --board virt" in made("deploy")
    assert "--limit" not in made("deploy")  # 200, not the 1,000 of bench
    assert "reset --board apollo4p --port '/dev/x'" in made(
        "reset", "BOARD=apollo4p", "PORT=/dev/x"
    )
    assert "flash --board apollo4p" in made("flash", "BOARD=apollo4p")


def test_make_exports_the_variables_of_the_board_only_if_they_are_set(tmp_path: Path) -> None:
    (tmp_path / "probe.mk").write_text("include Makefile\nshown:\n\t@env\n")
    command = ["make", "-s", "-f", str(tmp_path / "probe.mk"), "shown", "BAUD=115200", "CLOCK=lp"]
    environment = {"PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    shown = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    assert (shown["BAUD"], shown["CLOCK"]) == ("115200", "lp")
    assert not {"PROBE", "JLINK", "JLINK_DEVICE"} & set(shown)
