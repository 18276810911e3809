"""The command line as a test runs it."""

import io

import pytest
from rich.console import RenderableType

from ectopy import console
from ectopy.cli import main


def run(*arguments: object) -> int:
    """Its exit code."""
    try:
        main([str(each) for each in arguments])
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def make_wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both consoles wide and plain, writing to what stdout and stderr are now."""
    monkeypatch.setattr(console, "out", console.Console(width=140))
    monkeypatch.setattr(console, "err", console.Console(width=140, stderr=True))


def text_of(shown: RenderableType, columns: int = 170) -> str:
    """What a screen of so many columns shows, without colours."""
    text = io.StringIO()
    console.Console(file=text, width=columns).print(shown, highlight=False)
    return text.getvalue()
