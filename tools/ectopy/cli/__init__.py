"""The console script ``ectopy``: one module per command, imported when asked for."""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module

import click

import ectopy
from ectopy import console
from ectopy.errors import EctopyError

COMMANDS = {
    "autodeploy": "ectopy.cli.autodeploy",
    "bench": "ectopy.cli.bench",
    "build": "ectopy.cli.build",
    "card": "ectopy.cli.card",
    "compare": "ectopy.cli.compare",
    "data": "ectopy.cli.data",
    "deploy": "ectopy.cli.deploy",
    "energy": "ectopy.cli.energy",
    "engines": "ectopy.cli.engines",
    "diff": "ectopy.cli.diff",
    "evaluate": "ectopy.cli.evaluate",
    "gate": "ectopy.cli.gate",
    "flash": "ectopy.cli.flash",
    "inspect": "ectopy.cli.inspect",
    "monitor": "ectopy.cli.monitor",
    "plan": "ectopy.cli.plan",
    "ports": "ectopy.cli.ports",
    "profile": "ectopy.cli.profile",
    "quantize": "ectopy.cli.quantize",
    "render": "ectopy.cli.render",
    "report": "ectopy.cli.report",
    "reset": "ectopy.cli.reset",
    "runs": "ectopy.cli.runs",
    "sdk": "ectopy.cli.sdk",
    "train": "ectopy.cli.train",
    "zoo": "ectopy.cli.zoo",
}
"""Command name -> module that holds it as ``command``."""


class LazyGroup(click.Group):
    """Imports a command's module on first use, so that one command does not pay for the others."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in order."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name]).command
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(ectopy.__version__, prog_name="ectopy")
def group() -> None:
    """ECG beat classifiers on a microcontroller: int8, measured on the device, proven."""


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line; exit code 0 done, 1 the run failed, 2 bad input, 130 interrupted."""
    # A cancelled job deserves its partial results as much as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        group.main(args=arguments, prog_name="ectopy", standalone_mode=False)
    except EctopyError as error:
        console.show_error(error)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        console.say("interrupted")
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our stdout has seen enough; Python would complain when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
