import re

import pytest

from ectopy.autodeploy import Limits, failure_of
from ectopy.autodeploy.failures import SYMPTOMS
from ectopy.autodeploy.process import Ending, Finished
from ectopy.errors import LinkError, ToolError

LIMITS = Limits(timeout_s=100, silence_s=10)


def ended(*lines: str, code: int | None = 1, ending: Ending = Ending.EXITED) -> Finished:
    return Finished(ending=ending, exit_code=code, duration_s=1, last_lines=lines)


# One line as the tool prints it, what it must be taken for, and something of the hint.
SAID = [
    ("[ERROR] Model Configuration Send Status = 1", "configuration status 1", "--padding 16"),
    ("Make failed, return code 512", r"make failed \(return code 512\)", "--show-make"),
    ("Couldn't find tty device on UART", "no serial port for UART", "--port"),
    (
        "[NS ERROR] Found, but could not open serial port /dev/ttyACM0. ",
        "cannot open serial port /dev/ttyACM0;",
        "dialout",
    ),
    ("WARNING: TTY /dev/x not found, retrying...", "waits for serial port /dev/x", "ls /dev/tty"),
    ("[ERROR] EVB invoke returned 7, desc=''", "inference failed on the board", "--padding"),
    ("EVB invoke failed", "inference failed on the board", "--padding"),
    ("ERROR: RPC call failed, retrying after reset", "does not answer after flashing", "reset"),
    (
        "PermissionError: [Errno 13] Permission denied: '/dev/ttyACM0'",
        "it may not open /dev/ttyACM0",
        "dialout",
    ),
    ("ModuleNotFoundError: No module named 'erpc'", "module erpc is missing", "pip install"),
    (
        "x: error: unrecognized arguments: --cpu-mode HP",
        "not know the options --cpu-mode HP",
        "1.3",
    ),
    ("ERROR: neuralSPOT root directory not found. Please", "its own root folder", "NEURALSPOT"),
]


@pytest.mark.parametrize(("line", "meaning", "hint"), SAID)
def test_what_it_says_is_translated_and_quoted(line: str, meaning: str, hint: str) -> None:
    error = failure_of(ended("begin", line, "[ERROR] and more"), LIMITS)
    assert error is not None
    assert re.search(meaning, error.message)
    assert f"  {line.rstrip()}" in error.message
    assert hint in error.hint
    # The same words before a hang mean the same.
    hung = failure_of(ended(line, code=None, ending=Ending.SILENT), LIMITS)
    assert hung is not None
    assert re.search(meaning, hung.message)


def test_every_symptom_has_a_line_that_shows_it() -> None:
    for symptom in SYMPTOMS:
        assert any(symptom.pattern.search(line) for line, _, _ in SAID), symptom


def test_an_unreachable_board_is_told_from_a_broken_tool() -> None:
    assert isinstance(failure_of(ended("EVB invoke failed"), LIMITS), LinkError)
    assert isinstance(failure_of(ended("Make failed, return code 2"), LIMITS), ToolError)


def test_a_good_end_is_no_failure() -> None:
    assert failure_of(ended("whatever: EVB invoke failed", code=0), LIMITS) is None


def test_words_that_are_not_in_the_table_are_quoted_with_the_exit_code() -> None:
    error = failure_of(ended(*(f"line {i}" for i in range(20)), "KeyError: 'x'"), LIMITS)
    assert error is not None
    assert "failed with exit code 1; its last words:" in error.message
    assert "KeyError: 'x'" in error.message
    assert "line 3\n" not in error.message


@pytest.mark.parametrize(
    ("trouble", "over"),
    [
        ("WARNING: TTY /dev/x not found, retrying...", "INFO: TTY /dev/x is available"),
        ("ERROR: RPC call failed, retrying after reset", "[NS] Calling invoke on EVB 20 times."),
    ],
)
def test_trouble_that_passed_is_not_named_as_the_cause(trouble: str, over: str) -> None:
    hung = failure_of(ended(trouble, over, code=None, ending=Ending.SILENT), LIMITS)
    assert hung is not None
    assert "the board does not answer since it was flashed" in hung.message
    died = failure_of(ended(trouble, over, "KeyError: 'x'"), LIMITS)
    assert died is not None
    assert "failed with exit code 1; its last words:" in died.message
    again = failure_of(ended(over, trouble), LIMITS)
    assert again is not None
    assert "failed with exit code 1: " in again.message


def test_an_end_by_a_signal_says_which() -> None:
    error = failure_of(ended(code=-9), LIMITS)
    assert error is not None
    assert "was ended by signal 9" in error.message
    assert "(nothing)" in error.message


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ("[NS] Compiling and deploying Tuned image: arena", "building or flashing"),
        ("[NS] Calling invoke on EVB 20 times.", "does not answer since it was flashed"),
        ("INFO: Connecting to EVB USB/UART device /dev/x", "does not answer since it was flashed"),
        ("something else", "it is not known at what"),
    ],
)
def test_a_hang_is_placed_by_what_it_said_last(line: str, meaning: str) -> None:
    error = failure_of(ended(line, code=None, ending=Ending.SILENT), LIMITS)
    assert error is not None
    assert "said nothing new for 10 s and was ended: " in error.message
    assert meaning in error.message
    late = failure_of(ended(line, code=None, ending=Ending.OVERTIME), LIMITS)
    assert late is not None
    assert "was not done after 100 s" in late.message
