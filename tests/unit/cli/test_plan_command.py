import json
from pathlib import Path

import pytest

from ectopy.cli import plan as subject
from ectopy.usecases.plan import PlanRequest, show_plan
from ectopy.vocab import DatasetName, Optimize
from ectopy.zoo import open_bundle
from support.command_line import make_wide, run


@pytest.fixture(autouse=True)
def plain_console(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    make_wide(monkeypatch)


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> list[PlanRequest]:
    """What reached the use case; it never runs anything."""
    seen: list[PlanRequest] = []

    def show(request: PlanRequest, progress: object) -> object:
        seen.append(request)
        return show_plan(PlanRequest(model="beat-2-eff-sm"))

    monkeypatch.setattr(subject, "show_plan", show)
    return seen


def test_without_options_it_is_the_plan_for_speed_of_the_default_model(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run("plan") == 0
    shown = capsys.readouterr().out
    assert "beat-3-eff-sm" in shown
    assert "plan for speed" in shown
    assert "963,264 MACs" in shown


def test_all_options_reach_the_request(requests: list[PlanRequest]) -> None:
    line = "--model m --optimize debug --cycles --dataset synthetic --data-dir d"
    assert run("plan", *line.split()) == 0
    assert requests == [
        PlanRequest(
            model="m",
            optimize=Optimize.DEBUG,
            cycles=True,
            dataset=DatasetName.SYNTHETIC,
            data_dir=Path("d"),
        )
    ]


def test_json_dash_gives_programs_the_plan_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("plan", open_bundle("beat-2-eff-sm").tflite_path, "--json", "-") == 0
    captured = capsys.readouterr()
    tree = json.loads(captured.out)
    assert (tree["schema_version"], tree["macs"]) == (1, 866_624)
    assert "kernel calls" in captured.err


def test_json_to_a_folder_that_is_not_there_is_found_first(
    requests: list[PlanRequest], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("plan", "--json", tmp_path / "no" / "x.json") == 2
    assert "is not a folder" in capsys.readouterr().err
    assert not requests


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("x.tflite --model m", "exclude each other"),
        ("--optimize size-of-a-mouse", "is not one of"),
        ("none.tflite", "no model file at none.tflite"),
        ("--model nobody", "nobody"),
    ],
)
def test_bad_input_is_one_message_and_exit_2(
    line: str, complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("plan", *line.split()) == 2
    assert complaint in capsys.readouterr().err


def test_help_teaches_how_to_read_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("plan", "--help") == 0
    shown = capsys.readouterr().out
    for words in ("Examples:", "How to read it:", "planar", "--cycles"):
        assert words in shown
