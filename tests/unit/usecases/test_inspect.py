"""``ectopy inspect``: facts, table, JSON, and clear errors."""

import json
from contextlib import nullcontext
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from ectopy import console
from ectopy.cli import main
from ectopy.cli.inspect import command
from ectopy.errors import ModelError
from ectopy.usecases import inspect as usecase
from ectopy.usecases.inspect import inspect_model, layer_name
from ectopy.vocab import Activation, EngineName, OpKind
from support.tflite_builder import ModelBuilder, Quant


@pytest.fixture
def model_path(tmp_path: Path) -> Path:
    builder = ModelBuilder()
    x = builder.input((1, 1, 8, 2), Quant(0.1, 3))
    y = builder.conv_2d(
        x, channels=3, kernel=(1, 3), output=Quant(0.2, -5), activation=Activation.RELU
    )
    z = builder.add(y, y, output=Quant(0.4, -5))
    builder.spec.tensors[y].name = "functional_1/first.conv_1/convolution;functional_1/x"
    path = tmp_path / "tiny.tflite"
    path.write_bytes(builder.finish(z))
    return path


def test_facts_of_a_model(model_path: Path) -> None:
    facts = inspect_model(str(model_path))
    assert (facts.name, facts.file_bytes) == ("tiny", model_path.stat().st_size)
    assert (facts.macs, facts.parameters) == (8 * 3 * 6, 21)
    conv, add = facts.ops
    assert (conv.kind, conv.layer, conv.activation) == (OpKind.CONV_2D, "first", Activation.RELU)
    assert (conv.output.shape, conv.output.scales, conv.output.zero_points) == (
        (1, 1, 8, 3),
        (pytest.approx(0.2),),
        (-5,),
    )
    assert [tensor.constant for tensor in conv.inputs] == [False, True, True]
    assert add.kind is OpKind.ADD
    aot, tflm = facts.engines
    assert (aot.engine, aot.supported) == (EngineName.AOT, True)
    assert (tflm.engine, tflm.supported, tflm.arena_bytes) == (EngineName.TFLM, True, None)
    assert aot.arena_bytes >= 16 + 24
    assert not conv.unsupported


def test_table_shows_every_operator_and_the_totals(model_path: Path) -> None:
    result = CliRunner().invoke(command, [str(model_path)])
    assert result.exit_code == 0
    lines = result.output.splitlines()
    (conv,) = (line for line in lines if "CONV_2D" in line)
    assert conv.split() == [
        *("0", "CONV_2D", "first", "relu", "8x2", "8x3", "0.2", "-5", "144", "21", "24"),
    ]
    assert any("144 MACs, 21 parameters" in line for line in lines)
    assert any("engine aot: runs it, arena" in line for line in lines)
    assert any("engine tflm: runs it, arena measured when it is built" in line for line in lines)
    assert max(map(len, lines)) <= 120


@pytest.mark.parametrize("columns", [80, 100, 120])
def test_nothing_but_layer_names_is_cut_on_a_screen_of_usual_width(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = inspect_model("beat-3-eff-sm")
    screen = Console(width=columns, record=True, file=StringIO())
    monkeypatch.setattr(console, "out", screen)
    monkeypatch.setattr(console, "wide_enough", nullcontext)
    assert CliRunner().invoke(command, ["beat-3-eff-sm"]).exit_code == 0
    shown = screen.export_text()
    words = shown.split()
    for op in facts.ops:
        cells = (str(op.index), op.kind.value, f"{op.output.scales[0]:.3g}", op.layer[-10:])
        assert all(any(word.endswith(cell) for word in words) for cell in cells)
    assert all(word.startswith("…") for word in words if "…" in word)
    assert {"963,264", "38,457", "6,144", "-128", "relu6"} <= set(words)


def test_operator_that_an_engine_refuses_is_marked(
    model_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_graph: object, op: object) -> str | None:
        return "operator 1 (ADD): too odd" if op.kind is OpKind.ADD else None

    def fail(_graph: object, _optimize: object) -> None:
        raise ModelError("operator 1 (ADD): too odd")

    monkeypatch.setattr(usecase, "unsupported_reason", refuse)
    monkeypatch.setattr(usecase, "aot_plan", fail)
    output = CliRunner().invoke(command, [str(model_path)]).output
    (add,) = (line for line in output.splitlines() if " ADD " in line)
    assert add.rstrip().endswith("no aot tflm")
    assert "engine aot: no, operator 1 (ADD): too odd" in output


def test_json_goes_to_stdout_or_to_a_file(model_path: Path, tmp_path: Path) -> None:
    printed = CliRunner().invoke(command, [str(model_path), "--json", "-"])
    facts = json.loads(printed.output)
    assert facts["ops"][0]["cost"]["macs"] == 144
    assert facts["engines"][0]["engine"] == "aot"
    target = tmp_path / "facts.json"
    table = CliRunner().invoke(command, [str(model_path), "--json", str(target)])
    assert "CONV_2D" in table.output
    assert json.loads(target.read_text()) == facts


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["absent.tflite"], "no model file"),
        (["no-such-bundle"], "no model bundle"),
        (["{model}", "--json", "/no/such/folder/x.json"], "cannot be written"),
    ],
)
def test_bad_input_is_one_error_with_exit_code_2(
    arguments: list[str], says: str, model_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["inspect", *(word.format(model=model_path) for word in arguments)])
    assert caught.value.code == 2
    shown = capsys.readouterr().err
    assert says in shown
    assert "hint:" in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize(
    ("tensor", "layer"),
    [
        ("functional_1_1/stage1.mbconv1.se.pool_1/Mean", "stage1.mbconv1.se.pool"),
        ("functional_1_1/stem.bn_1/sub;functional_1_1/stem.act_1/Relu6", "stem"),
        ("StatefulPartitionedCall_1:0", "StatefulPartitionedCall_1:0"),
        ("functional", "functional"),
        ("", ""),
    ],
)
def test_layer_name_is_the_telling_part_of_a_tensor_name(tensor: str, layer: str) -> None:
    assert layer_name(tensor) == layer


def test_tables_are_wide_in_a_pipe_and_the_width_comes_back() -> None:
    before = console.out.width
    with console.wide_enough(137):
        assert console.out.width == (before if console.out.is_terminal else max(before, 137))
    assert console.out.width == before
