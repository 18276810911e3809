import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from ectopy import console
from ectopy.autodeploy import Limits, Settings, Transport
from ectopy.cli import autodeploy as subject
from ectopy.cli import group, main
from ectopy.errors import ToolError
from ectopy.graph.costs import op_macs
from ectopy.graph.reader import load_tflite
from ectopy.records import to_json as record_to_json
from ectopy.usecases.autodeploy import autodeploy
from ectopy.usecases.autodeploy_types import AutodeployReport, AutodeployRequest
from support.fake_ns_autodeploy import stats_text
from support.invented_record import invented_record

MODELS = Path(__file__).parents[3] / "models"
GRAPH = load_tflite(MODELS / "beat-3-eff-sm" / "model.tflite")
LAYERS = [(str(op.kind), 100 + op.index, op_macs(GRAPH, op)) for op in GRAPH.ops]


class FakeUseCase:
    """Takes requests, answers with a report made of files, or an error."""

    def __init__(self, report: AutodeployReport) -> None:
        self.requests: list[AutodeployRequest] = []
        self.report = report
        self.error: BaseException | None = None

    def __call__(self, request: AutodeployRequest, progress: object) -> AutodeployReport:
        self.requests.append(request)
        if self.error is not None:
            raise self.error
        return self.report


@pytest.fixture
def usecase(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeUseCase:
    folder = tmp_path / "earlier"
    folder.mkdir()
    (folder / "beat_3_eff_sm_stats.csv").write_text(stats_text(LAYERS[:-1]))
    record = invented_record()
    record = replace(record, model=replace(record.model, tflite_sha256=GRAPH.sha256))
    path = tmp_path / "record.json"
    path.write_text(record_to_json(record))
    fake = FakeUseCase(
        autodeploy(AutodeployRequest(model="beat-3-eff-sm", source=folder, run=path))
    )
    monkeypatch.setattr(subject, "autodeploy", fake)
    monkeypatch.setattr(console, "out", console.Console(width=132))
    monkeypatch.setattr(console, "err", console.Console(width=132, stderr=True))
    return fake


def run(*arguments: str) -> int:
    try:
        main(["autodeploy", *arguments])
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_defaults_are_the_safe_settings(usecase: FakeUseCase) -> None:
    assert run() == 0
    assert usecase.requests == [AutodeployRequest(model="beat-3-eff-sm")]


def test_all_options_reach_the_request(usecase: FakeUseCase) -> None:
    line = (
        "--model m --run r --from . --port /dev/x --transport USB --runs 5 --padding 16 "
        "--show-make --timeout 60 --silence 7 --data-dir d --runs-dir there"
    )
    assert run(*line.split()) == 0
    assert usecase.requests[0] == AutodeployRequest(
        model="m",
        settings=Settings(
            transport=Transport.USB, tty="/dev/x", runs=5, padding_kb=16, show_make=True
        ),
        limits=Limits(timeout_s=60, silence_s=7),
        run=Path("r"),
        source=Path(),
        data_dir=Path("d"),
        runs_dir=Path("there"),
    )


def test_zoo_settings_replace_arena_and_padding(usecase: FakeUseCase) -> None:
    assert run("--zoo-settings") == 0
    assert usecase.requests[0].settings == Settings(max_arena_kb=80, padding_kb=0)
    assert run("--zoo-settings", "--padding", "9") == 2
    assert len(usecase.requests) == 1


def test_the_screen_shows_both_and_explains_the_differences(
    usecase: FakeUseCase, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run() == 0
    shown = capsys.readouterr().out
    assert "engine aot on virt (EMULATED)" in shown
    assert "963,264" in shown
    assert "7,204,311" in shown
    assert "measured on silicon, ectopy: board virt is emulated" in shown
    assert "(1) ns_autodeploy sums the layers of the first inference" in shown
    assert "67 layers, the model 68 operators" in shown
    assert "DEPTHWISE_CONV_2D" in shown


def test_figures_of_silicon_and_of_an_emulator_never_share_a_line(
    usecase: FakeUseCase, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run() == 0
    lines = capsys.readouterr().out.splitlines()
    (latency,) = [line for line in lines if line.startswith(" latency (its first, our median)")]
    (instructions,) = [line for line in lines if line.startswith(" instructions of an")]
    assert "measured on silicon" in latency
    assert "7,204,311" not in latency
    assert "counted by an emulator" in instructions
    assert f"{sum(us for _, us, _ in LAYERS[:-1]):,}" not in instructions


def test_json_goes_to_stdout_and_the_table_aside(
    usecase: FakeUseCase, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--json") == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["schema_version"] == 1
    assert "latency (its first, our median)" in captured.err


@pytest.mark.parametrize(
    ("error", "code"),
    [(ToolError("it hung", hint="press reset"), 1), (KeyboardInterrupt(), 130)],
)
def test_failures_have_their_exit_codes(
    usecase: FakeUseCase, error: BaseException, code: int
) -> None:
    usecase.error = error
    assert run() == code


@pytest.mark.parametrize(
    "option", ["--runs 0", "--padding -1", "--timeout 0", "--silence nan", "--transport SPI"]
)
def test_impossible_values_are_refused(usecase: FakeUseCase, option: str) -> None:
    assert run(*option.split()) == 2
    assert usecase.requests == []


def test_the_help_says_what_it_is_not() -> None:
    shown = CliRunner().invoke(group, ["autodeploy", "--help"]).output
    assert "not" in shown
    assert "There is no emulator in it" in shown
    assert "empties the build folder of the checkout" in shown
