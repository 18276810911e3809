"""``ectopy autodeploy``: the same model measured by ns_autodeploy, beside our figures."""

from __future__ import annotations

from pathlib import Path

import click

from ectopy import console
from ectopy.autodeploy import Limits, Settings, Transport, zoo_settings
from ectopy.cli.autodeploy_screen import screen
from ectopy.usecases.autodeploy import autodeploy
from ectopy.usecases.autodeploy_types import AutodeployRequest, to_json

EXAMPLES = """
\b
What it needs:
  a board (Apollo4 Plus EVB) on its J-Link connector; JLinkExe, make and
  arm-none-eabi-gcc in PATH; NEURALSPOT=/path/to/a/neuralSPOT/checkout; and
  ns_autodeploy of that checkout, in PATH or as NS_AUTODEPLOY=/path/to/it

\b
What it is not:
  a measurement of our firmware. ns_autodeploy builds, flashes and measures an
  image of its own: the TFLM runtime of its choice, one cold and instrumented
  inference. It empties the build folder of the checkout and leaves its image
  on the board: flash ours again afterwards. There is no emulator in it. Its
  make names no J-Link, so no other command gets a board with one meanwhile;
  with several plugged in it is JLinkExe that chooses.

\b
Examples:
  ectopy autodeploy --model beat-3-eff-sm --run runs/20260102T030405Z-apollo4p-beat-3-eff-sm
      with a bench run of the same model beside it
  ectopy autodeploy --zoo-settings --port /dev/ttyACM0
      under the settings of the heartKIT zoo page: 192 MHz, padding 0, 80 KB
  ectopy autodeploy --from runs/20260102T030405Z-autodeploy-beat-3-eff-sm --json
      the files of an earlier run; nothing is run

\b
Exit codes: 0 measured, 1 it failed or hung, 2 bad input, 130 interrupted.
"""

_FOLDER = click.Path(path_type=Path, file_okay=False)
_SECONDS = click.IntRange(1, 86_400)


@click.command(name="autodeploy", epilog=EXAMPLES, context_settings={"show_default": True})
@click.option("--model", default="beat-3-eff-sm", help="Name or folder of a model bundle.")
@click.option("--run", type=click.Path(path_type=Path), help="Bench run that gives our figures.")
@click.option("--from", "source", type=_FOLDER, help="Reads the files of an earlier run.")
@click.option("--port", help="Serial port of the board; without it the first that fits.")
@click.option(
    "--transport",
    type=click.Choice([each.value for each in Transport]),
    default=Transport.UART.value,
    help="UART by the J-Link connector, or USB by the board's own.",
)
@click.option("--runs", type=click.IntRange(1, 1000), default=20, help="Windows to compare.")
@click.option("--padding", type=click.IntRange(0, 512), default=4, help="KB added to its arena.")
@click.option("--zoo-settings", is_flag=True, help="Arena 80 KB at most, padding 0.")
@click.option("--show-make", is_flag=True, help="Shows what its make prints.")
@click.option("--timeout", type=_SECONDS, default=1800, help="Seconds for the whole.")
@click.option("--silence", type=_SECONDS, default=300, help="Seconds without anything new.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Where the ECG records are.")
@click.option("--runs-dir", type=_FOLDER, default=Path("runs"), help="Gets a folder per run.")
@click.option("--json", "as_json", is_flag=True, help="autodeploy.json on stdout.")
@click.pass_context
def command(ctx: click.Context, /, **options: object) -> None:
    """Get a second opinion on the figures: ns_autodeploy, another tool, on real silicon.

    Runs an installed ns_autodeploy on the model with inputs equal to ours, under two time limits,
    and sets its latency, MACs, arena and layers beside ours, each difference explained. The folder
    of the run keeps all that it said and wrote, and autodeploy.json.
    """
    with console.progress_bar("autodeploy") as progress:
        report = autodeploy(_request(ctx), progress)
    as_json = bool(ctx.params["as_json"])
    with console.wide_enough(132):
        console.show(screen(report), aside=as_json)
    if as_json:
        console.write(to_json(report))


def _request(ctx: click.Context) -> AutodeployRequest:
    chosen = ctx.params
    settings = Settings(
        transport=Transport(chosen["transport"]),
        tty=chosen["port"],
        runs=chosen["runs"],
        padding_kb=chosen["padding"],
        show_make=chosen["show_make"],
    )
    given = ctx.get_parameter_source("padding") is not click.core.ParameterSource.DEFAULT
    if chosen["zoo_settings"] and given:
        raise click.UsageError("--zoo-settings has a padding of its own, 0: leave --padding out.")
    return AutodeployRequest(
        model=chosen["model"],
        settings=zoo_settings(settings) if chosen["zoo_settings"] else settings,
        limits=Limits(timeout_s=chosen["timeout"], silence_s=chosen["silence"]),
        run=chosen["run"],
        source=chosen["source"],
        data_dir=chosen["data_dir"],
        runs_dir=chosen["runs_dir"],
    )
