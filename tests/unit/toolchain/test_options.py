"""Options of board ``apollo4p``: from the environment, from the command line, and their limits."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from ectopy.cli import group
from ectopy.errors import InputError
from ectopy.toolchain import BoardOptions, options_from
from ectopy.vocab import ClockMode, ModelPlace


def test_an_empty_environment_gives_the_defaults() -> None:
    assert options_from({"CLOCK": "", "BAUD": "", "NEURALSPOT": ""}) == BoardOptions()
    assert str(BoardOptions()) == "clock=hp baud=921600 model_in=mram"


def test_every_variable_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    variables = {"NEURALSPOT": "~/ns", "CLOCK": "lp", "BAUD": "115200", "MODEL_IN": "tcm"}
    assert options_from(variables) == BoardOptions(
        neuralspot=Path("/home/somebody/ns"),
        clock=ClockMode.LP,
        baud=115_200,
        model_in=ModelPlace.TCM,
    )


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"CLOCK": "turbo"}, "CLOCK=turbo is unknown"),
        ({"MODEL_IN": "flash"}, "MODEL_IN=flash is unknown"),
        ({"BAUD": "fast"}, "BAUD=fast is not a number"),
        ({"BAUD": "-1"}, "BAUD=-1 is not a number"),
        ({"BAUD": "9" * 5000}, "is not a number"),
        ({"BAUD": "300"}, "BAUD=300 is not possible"),
        ({"BAUD": "3000001"}, "BAUD=3000001 is not possible"),
    ],
)
def test_a_value_that_cannot_be_is_an_input_error(variables: dict[str, str], words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        options_from(variables)
    assert caught.value.hint


def test_the_build_command_checks_its_options_before_it_builds() -> None:
    runner = CliRunner()
    baud = runner.invoke(group, ["build", "--board", "apollo4p", "--baud", "1"])
    assert isinstance(baud.exception, InputError) and "BAUD=1" in baud.exception.message
    clock = runner.invoke(group, ["build", "--board", "apollo4p", "--clock", "turbo"])
    assert clock.exit_code == 2 and "'turbo' is not one of 'hp', 'lp'" in clock.output


def test_the_build_command_reads_the_environment() -> None:
    runner = CliRunner(env={"NEURALSPOT": "/nowhere/at/all"})
    result = runner.invoke(group, ["build", "--board", "apollo4p"])
    assert isinstance(result.exception, InputError)
    assert "NEURALSPOT=/nowhere/at/all is not a folder" in result.exception.message
