import json
from pathlib import Path

import pytest

from ectopy.cli import engines as subject
from ectopy.errors import EctopyError, ToolError
from ectopy.usecases.engines import EnginesRequest, EnginesRun
from ectopy.vocab import DatasetName
from support.command_line import make_wide, run
from support.invented_engines import AOT, FAST_TFLM, invented_engines


class FakeComparison:
    """Takes requests, answers with an invented table."""

    def __init__(self) -> None:
        self.requests: list[EnginesRequest] = []
        self.failure: EctopyError | KeyboardInterrupt | None = None

    def __call__(self, request: EnginesRequest, progress: object) -> EnginesRun:
        self.requests.append(request)
        return EnginesRun(table=invented_engines(AOT, FAST_TFLM), failure=self.failure)


@pytest.fixture(autouse=True)
def engines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> FakeComparison:
    fake = FakeComparison()
    monkeypatch.setattr(subject, "compare_engines", fake)
    for variable in ("TFLM", "NEURALSPOT"):
        monkeypatch.delenv(variable, raising=False)
    make_wide(monkeypatch)
    return fake


def test_without_options_it_is_all_that_is_there(
    engines: FakeComparison, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("engines") == 0
    (request,) = engines.requests
    assert (request.models, request.tflm, request.neuralspot, request.readme) == ((), "", "", None)
    assert "| aot 0.1.0, for speed | 1,000,000 (25.0 %) |" in capsys.readouterr().out


def test_all_options_reach_the_request(engines: FakeComparison) -> None:
    line = (
        "--model a --model b --tflm t --neuralspot n --dataset synthetic --data-dir d --limit 3 "
        "--readme x.md"
    )
    assert run("engines", *line.split()) == 0
    (request,) = engines.requests
    assert request == EnginesRequest(
        models=("a", "b"),
        tflm="t",
        neuralspot="n",
        environment=request.environment,
        dataset=DatasetName.SYNTHETIC,
        data_dir=Path("d"),
        limit=3,
        readme=Path("x.md"),
    )


def test_runtimes_are_taken_from_the_environment_of_make(
    engines: FakeComparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TFLM", "tree")
    monkeypatch.setenv("NEURALSPOT", "")
    assert run("engines", "--readme") == 0
    (request,) = engines.requests
    assert (request.tflm, request.neuralspot) == ("tree", "")
    assert request.readme == Path("README.md")


def test_json_dash_gives_programs_the_figures_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("engines", "--json", "-") == 0
    captured = capsys.readouterr()
    assert "| aot 0.1.0, for speed |" in captured.err
    tree = json.loads(captured.out)
    assert tree["models"][0]["engines"][0]["of_best_tflm"]["emulated_instructions"] == 0.25


@pytest.mark.parametrize(
    ("failure", "code"), [(ToolError("it does not build"), 1), (KeyboardInterrupt(), 130)]
)
def test_what_was_measured_is_shown_and_written_before_it_fails(
    engines: FakeComparison,
    failure: EctopyError | KeyboardInterrupt,
    code: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    engines.failure = failure
    file = tmp_path / "engines.json"
    assert run("engines", "--json", file, "--readme") == code
    captured = capsys.readouterr()
    assert "1,000,000" in captured.out
    assert "wrote the table" not in captured.err
    assert json.loads(file.read_text())["models"]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [("--limit 0", "not in the range"), ("--json no/x.json", "is not a folder")],
)
def test_bad_options_are_one_message_and_exit_2(
    engines: FakeComparison, line: str, complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("engines", *line.split()) == 2
    assert complaint in capsys.readouterr().err
    assert not engines.requests


def test_help_teaches_with_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("engines", "--help") == 0
    shown = capsys.readouterr().out
    for words in ("Examples:", "<!-- engines:begin -->", "emulated", "modelled", "Exit codes"):
        assert words in shown
