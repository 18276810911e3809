import io

import pytest
from rich.console import Console

from ectopy import console
from ectopy.errors import InputError


@pytest.fixture
def stderr(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    text = io.StringIO()
    monkeypatch.setattr(console, "err", Console(file=text, width=80))
    return text


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    text = io.StringIO()
    monkeypatch.setattr(console, "err", Console(file=text, width=80, force_terminal=True))
    return text


def test_an_error_is_shown_with_its_hint_and_without_markup(stderr: io.StringIO) -> None:
    console.show_error(InputError("no [bold]file[/] a[0]", hint="use b[1]"))
    assert stderr.getvalue() == "error: no [bold]file[/] a[0]\nhint: use b[1]\n"


def test_an_error_without_hint_is_one_line(stderr: io.StringIO) -> None:
    console.show_error(InputError("x" * 200))
    assert stderr.getvalue() == f"error: {'x' * 200}\n"


def test_news_is_shown_as_it_is(stderr: io.StringIO) -> None:
    console.say("runs/[red]/a.json")
    assert stderr.getvalue() == "runs/[red]/a.json\n"


def test_progress_in_a_log_is_one_line_per_tenth(stderr: io.StringIO) -> None:
    with console.progress_bar("bench") as progress:
        progress(0, 0, "loading [windows]")
        progress(3, 0, "compiling")
        for done in range(1, 1001):
            progress(done, 1000, f"{done} of them")
    lines = stderr.getvalue().splitlines()
    assert lines[0] == "bench: loading [windows]"
    assert len(lines) == 12
    assert lines[-1] == "bench: 1000/1000 1000 of them"


def test_a_second_stage_in_a_log_begins_anew(stderr: io.StringIO) -> None:
    with console.progress_bar("bench") as progress:
        progress(5, 5, "first")
        progress(1, 100, "second")
    assert "second" in stderr.getvalue()


def test_progress_on_a_terminal_shows_news_and_bar(terminal: io.StringIO) -> None:
    with console.progress_bar("bench") as progress:
        progress(0, 0, "loading windows")
        progress(7, 20, "accuracy [98]")
    assert "loading windows" in terminal.getvalue()
    assert "7/20" in terminal.getvalue()
