"""``ectopy monitor``: a record replayed, each beat classified by a board."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import click

from ectopy import console
from ectopy.cli.monitor_display import JsonLines, open_display
from ectopy.cli.monitor_picture import picture
from ectopy.cli.options import (
    baud_option,
    choice,
    engine_options,
    is_stdout,
    json_option,
    require_folder,
)
from ectopy.errors import EctopyError, InputError
from ectopy.report.monitor.content import Replay, describe
from ectopy.report.monitor.page import page
from ectopy.report.monitor.tally import Tally
from ectopy.report.screen import panel
from ectopy.usecases.monitor import Monitor, MonitorRequest, open_monitor
from ectopy.usecases.monitor_play import Pace, play
from ectopy.vocab import BoardName, DatasetName, EngineName, LinkKind, Optimize

EXAMPLES = """
\b
Examples:
  ectopy monitor
      record 208 (without records: a synthetic patient) at the speed of life, on
      the virtual EVB
  ectopy monitor --record 233 --start 300 --seconds 60 --speed 4
  ectopy monitor --record 119 --speed max --html 119.html
      the whole record as fast as the board answers, and a page about it
  ectopy monitor --seconds 60 --json - | jq -r '[.time_s, .class] | @tsv'
      one line a beat for programs; the screen goes to stderr

\b
Above the ECG stands the class that the device gave each beat, below it what the
annotators had said: reversed where they differ, with ! where no R peak was
found. A beat's window ends 2.56 s after its R peak; until then it is "...".

\b
Exit codes: 0 replayed, 1 the run failed, 2 bad input, 130 interrupted (what was
seen until then is summed up and written).
"""

FASTEST = "max"


@click.command(name="monitor", epilog=EXAMPLES, context_settings={"show_default": True})
@click.option("--record", help="Record to replay.  [default: 208, or a synthetic patient]")
@click.option("--board", type=choice(BoardName), default="virt", help="Where the firmware runs.")
@click.option("--model", default="beat-3-eff-sm", help="Name or folder of a model bundle.")
@click.option("--dataset", type=choice(DatasetName), default="auto", help="Source of ECG.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Where the ECG records are.")
@engine_options
@click.option("--link", type=choice(LinkKind), default="auto", help="How frames travel.")
@click.option("--port", help="Serial port, for a board on a cable.")
@baud_option
@click.option(
    "--speed",
    metavar="FACTOR|max",
    default="1",
    callback=lambda _, __, value: _speed(value),
    help="Seconds of ECG in a second; max is as fast as the board answers.",
)
@click.option(
    "--start", type=click.FloatRange(min=0), default=0.0, help="Where to begin, in seconds."
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    help="How much of the record to replay.  [default: to its end]",
)
@click.option(
    "--html",
    "html_file",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=require_folder,
    help="Also writes a page about the replay to this file.",
)
@click.option(
    "--picture",
    "picture_file",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=require_folder,
    help="Also draws the last screen, of 100x30 characters, as SVG to this file.",
)
@json_option("one line of JSON for each beat")
@click.pass_context
def command(ctx: click.Context, /, **options: object) -> None:
    """Replay an ECG record; a board says of each beat what it is.

    R peaks are found by a detector, the window around each is classified by the device, and the
    screen shows both as they become known: scrolling ECG, classes, probabilities, heart rate and
    ectopic burden. Where stdout is no terminal, each beat is one line. At the end come the scores
    of detector and classes against the annotations. Not a medical device.
    """
    request = _request(ctx)
    json_file: Path | None = ctx.params["json_file"]
    html_file: Path | None = ctx.params["html_file"]
    picture_file: Path | None = ctx.params["picture_file"]
    with ExitStack() as stack:
        lines = stack.enter_context(JsonLines.open(json_file))
        with console.progress_bar("monitor") as progress:
            monitor = stack.enter_context(open_monitor(request, progress))
        replay, failure = _replay(monitor, request, lines)
    console.show(panel(describe(replay)), aside=is_stdout(json_file))
    if html_file is not None:
        _write(html_file, page(replay))
    if picture_file is not None:
        _write(picture_file, picture(replay, _words(request.speed)))
    if failure is not None:
        raise failure


def _replay(
    monitor: Monitor, request: MonitorRequest, lines: JsonLines
) -> tuple[Replay, BaseException | None]:
    """Shows the replay to its end, or until somebody or something ends it."""
    tally = Tally(monitor.tape, monitor.device)
    clock_s, failure = monitor.tape.start_s, None
    try:
        with open_display(monitor, tally, _words(request.speed), aside=lines.to_stdout) as display:
            for moment in play(monitor.tape, monitor.beats, Pace(speed=request.speed)):
                for beat in moment.beats:
                    tally.add(beat)
                    lines.write(beat, monitor.device)
                clock_s = moment.clock_s
                display.show(moment)
    except (EctopyError, KeyboardInterrupt) as early:
        failure = early
    replay = Replay(
        tape=monitor.tape,
        device=monitor.device,
        tally=tally,
        clock_s=clock_s,
        complete=failure is None,
    )
    return replay, failure


def _words(speed: float | None) -> str:
    return FASTEST if speed is None else f"x{speed:g}"


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(
            f"cannot write {file}: {error.strerror}", hint="choose another file"
        ) from error
    console.say(f"wrote {file}")


def _speed(value: str) -> float | None:
    if value == FASTEST:
        return None
    try:
        speed = float(value)
    except ValueError:
        speed = 0.0
    if not 0.01 <= speed <= 1000:
        raise click.BadParameter(f"{value!r} is neither a number from 0.01 to 1000 nor 'max'.")
    return speed


def _request(ctx: click.Context) -> MonitorRequest:
    options = ctx.params
    return MonitorRequest(
        model=options["model"],
        record=options["record"],
        dataset=DatasetName(options["dataset"]),
        data_dir=options["data_dir"],
        start_s=options["start"],
        seconds=options["seconds"],
        speed=options["speed"],
        board=BoardName(options["board"]),
        engine=EngineName(options["engine"]),
        optimize=Optimize(options["optimize"]),
        link=LinkKind(options["link"]),
        port=options["port"],
    )
