"""Options that several commands have, and what they share about options."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

import click

from ectopy import console
from ectopy.boards.cable import BAUD_VARIABLE, PROBE_VARIABLE
from ectopy.boards.jlink import DEVICE_VARIABLE
from ectopy.errors import InputError
from ectopy.vocab import FASTEST_BAUD, SLOWEST_BAUD, EngineName, Optimize, Split

EXIT_CODES = """
\b
Exit codes: 0 measured, 1 the run failed, 2 bad input, 130 interrupted (what was
measured until then is written, marked partial).
"""

_Decorated = TypeVar("_Decorated", bound=Callable[..., Any])


def choice(kind: type[Enum]) -> click.Choice[str]:
    """The values of a closed set."""
    return click.Choice([str(each.value) for each in kind])


def engine_options(command: _Decorated) -> _Decorated:
    """``--engine``, and ``--optimize`` for the one that has a compiler."""
    engine = click.option(
        "--engine",
        type=choice(EngineName),
        default="aot",
        show_default=True,
        help="Inference engine.",
    )
    return engine(optimize_option(command))


def optimize_option(command: _Decorated) -> _Decorated:
    """``--optimize``."""
    return click.option(
        "--optimize",
        type=choice(Optimize),
        default=Optimize.SPEED.value,
        show_default=True,
        help="What engine aot's plan is made for: size takes the least "
        "memory, for more cycles; debug leaves every operator by itself.",
    )(command)


def limit_option(windows: int | None) -> Callable[[_Decorated], _Decorated]:
    """``--limit``, with a default of so many windows; None for all."""
    default = "all" if windows is None else str(windows)
    return click.option(
        "--limit",
        metavar="N|all",
        default=default,
        show_default=True,
        callback=_limit,
        help="Windows to draw.",
    )


def _limit(_: click.Context, __: click.Parameter, value: str) -> int | None:
    if value == "all":
        return None
    # Longer numbers are refused by int(), and are no number of windows anyway.
    if len(value) > 18 or not value.isdecimal() or int(value) == 0:
        raise click.BadParameter(f"{value!r} is neither a positive number nor 'all'.")
    return int(value)


def split_option(command: _Decorated) -> _Decorated:
    """``--split``; None is the part that tests."""
    return click.option(
        "--split",
        type=choice(Split),
        callback=lambda _, __, value: Split(value) if value else None,
        help="Part of the patients.  [default: those that test: ds2, or test of icentia11k]",
    )(command)


def runs_dir_option(command: _Decorated) -> _Decorated:
    """``--runs-dir``."""
    return click.option(
        "--runs-dir",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path("runs"),
        help="Gets a folder per run.",
    )(command)


def json_option(what: str) -> Callable[[_Decorated], _Decorated]:
    """``--json FILE``, with ``-`` for stdout."""
    return click.option(
        "--json",
        "json_file",
        type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
        callback=require_folder,
        help=f"Also writes {what} to this file; - is stdout.",
    )


def require_folder(_: click.Context, __: click.Parameter, file: Path | None) -> Path | None:
    """Finds a wrong path before anything is measured."""
    if file is not None and not file.absolute().parent.is_dir():
        raise InputError(f"{file.parent} is not a folder", hint="make it, or choose another")
    return file


def is_stdout(file: Path | None) -> bool:
    """Whether ``--json`` goes to stdout, so that people's text must go aside."""
    return str(file) == "-"


def write_json(text: str, file: Path | None, *, hint: str) -> None:
    """Does what ``--json`` asked for.

    Args:
        text: To be written.
        file: From :func:`json_option`.
        hint: Where the same can be found if the file cannot be written.

    Raises:
        InputError: The file cannot be written.
    """
    if file is None:
        return
    if is_stdout(file):
        console.write(text)
        return
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write {file}: {error.strerror}", hint=hint) from error


def port_option(command: _Decorated) -> _Decorated:
    """``--port`` of a board that is found by its J-Link."""
    return click.option("--port", help="Serial port of the board.  [default: that of the J-Link]")(
        command
    )


def probe_option(command: _Decorated) -> _Decorated:
    """``--probe``."""
    return click.option(
        "--probe",
        envvar=PROBE_VARIABLE,
        metavar="SERIAL",
        help="Serial number of the J-Link, or $PROBE.",
    )(command)


def baud_option(command: _Decorated) -> _Decorated:
    """``--baud``: sets $BAUD, which the build of the image reads as well as who opens the port."""
    return click.option(
        "--baud",
        envvar=BAUD_VARIABLE,
        callback=_set_baud,
        type=click.IntRange(SLOWEST_BAUD, FASTEST_BAUD),
        help="Of the board's serial port, or $BAUD; an image is built for one.",
    )(command)


def _set_baud(_: click.Context, __: click.Parameter, value: int | None) -> int | None:
    if value is not None:
        os.environ[BAUD_VARIABLE] = str(value)
    return value


def device_option(command: _Decorated) -> _Decorated:
    """``--device``."""
    return click.option(
        "--device", envvar=DEVICE_VARIABLE, help="J-Link's name of the chip, or $JLINK_DEVICE."
    )(command)


def command_text(ctx: click.Context) -> str:
    """The command with the options that were given, for the record."""
    words = ["ectopy", ctx.command.name or ""]
    for option in ctx.command.params:
        name = option.name or ""
        given = ctx.get_parameter_source(name)
        if given is not click.core.ParameterSource.DEFAULT:
            value = ctx.params[name]
            words.append(option.opts[0])
            if value is not True:
                words.append("all" if value is None else str(value))
    return shlex.join(words)
