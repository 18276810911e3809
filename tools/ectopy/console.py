"""The only module that writes to a person's screen.

People's text goes to stderr; stdout is for what programs read (``--json -``) and for tables that
a command was asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

from ectopy.errors import EctopyError
from ectopy.progress import Progress

out = Console()
err = Console(stderr=True)


def say(text: str) -> None:
    """One line of news for people."""
    err.print(text, highlight=False)


def show_error(error: EctopyError) -> None:
    """What happened, and what to do about it."""
    err.print(f"[bold red]error:[/] {_plain(error.message)}", highlight=False, soft_wrap=True)
    if error.hint:
        err.print(f"[bold]hint:[/] {_plain(error.hint)}", highlight=False, soft_wrap=True)


def _plain(text: str) -> str:
    return text.replace("[", r"\[")


@contextmanager
def progress_bar(title: str) -> Iterator[Progress]:
    """A bar on stderr while the block runs; one line per tenth where stderr is not a terminal."""
    if not err.is_terminal:
        yield _tenths(title)
        return
    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with RichProgress(*columns, console=err, transient=False) as bar:
        task = bar.add_task(title, total=None, note="")

        def advance(done: int, total: int, text: str) -> None:
            bar.update(task, completed=done, total=total, note=text)

        yield advance


def _tenths(title: str) -> Progress:
    shown = -1

    def advance(done: int, total: int, text: str) -> None:
        nonlocal shown
        tenth = 10 * done // total if total else 0
        if tenth > shown:
            shown = tenth
            say(f"{title}: {done}/{total} {text}".rstrip())

    return advance
