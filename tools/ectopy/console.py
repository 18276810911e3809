"""The only module that writes to a person's screen.

People's text goes to stderr; stdout is for what programs read (``--json -``) and for tables that
a command was asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

from ectopy.errors import EctopyError
from ectopy.progress import Progress

out = Console()
err = Console(stderr=True)


def say(text: str) -> None:
    """One line of news for people."""
    err.print(printable(text), markup=False, highlight=False, soft_wrap=True)


def line(text: str, *, aside: bool = False) -> None:
    """One line of what a command was asked for; see :func:`show`."""
    (err if aside else out).print(printable(text), markup=False, highlight=False, soft_wrap=True)


def show(result: RenderableType, *, aside: bool = False) -> None:
    """The table or panel a command was asked for.

    Args:
        result: What to show.
        aside: Shows it on stderr, because stdout carries what a program reads.
    """
    (err if aside else out).print(result, highlight=False)


def write(text: str) -> None:
    """Text for programs, to stdout as it is."""
    out.file.write(text)
    out.file.flush()


def printable(text: str) -> str:
    """Text without anything that a terminal obeys; that of files and programs is not ours."""
    return "".join(c if c.isprintable() or c in "\n\t" else "?" for c in text)


def plain(text: str) -> str:
    """Text for a place where markup is read: none of it, and printable."""
    return escape(printable(text))


def show_error(error: EctopyError) -> None:
    """What happened, and what to do about it."""
    err.print(f"[bold red]error:[/] {plain(error.message)}", highlight=False, soft_wrap=True)
    if error.hint:
        err.print(f"[bold]hint:[/] {plain(error.hint)}", highlight=False, soft_wrap=True)


@contextmanager
def wide_enough(columns: int = 120) -> Iterator[None]:
    """Lets tables be ``columns`` wide where they go to a file or a pipe, which have no width."""
    before = [(each, each.width) for each in (out, err) if not each.is_terminal]
    for console, width in before:
        console.width = max(width, columns)
    try:
        yield
    finally:
        for console, width in before:
            console.width = width


@contextmanager
def progress_bar(title: str) -> Iterator[Progress]:
    """A bar on stderr while the block runs; one line per tenth where stderr is not a terminal.

    News (0 done of 0) stays as a line of its own; a total of 0 says that there is no telling.
    """
    if not err.is_terminal:
        yield _tenths(title)
        return
    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    with RichProgress(*columns, console=err, transient=False) as bar:
        task = bar.add_task(title, total=None, note="")

        def advance(done: int, total: int, text: str) -> None:
            bar.update(task, completed=done, total=total or None, note=printable(text))
            if not done and not total:
                say(text)

        yield advance


def _tenths(title: str) -> Progress:
    shown = (0, -1)

    def advance(done: int, total: int, text: str) -> None:
        nonlocal shown
        if not total:
            if not done:
                say(f"{title}: {text}")
            return
        step = (total, 10 * done // total)
        if step != shown:
            shown = step
            say(f"{title}: {done}/{total} {text}".rstrip())

    return advance
