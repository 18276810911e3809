"""``ectopy profile``: where the instructions and cycles of an inference go."""

from __future__ import annotations

from pathlib import Path

import click
from rich import box
from rich.markup import escape
from rich.table import Table

from ectopy import console
from ectopy.cli.options import choice, engine_options
from ectopy.cycles import ZERO, Line, memory_names
from ectopy.errors import InputError
from ectopy.report.profile import to_csv, to_json
from ectopy.report.profile_picture import draw_profile
from ectopy.report.profile_screen import profile_screen
from ectopy.usecases.profile import ProfileRequest, profile
from ectopy.vocab import BoardName, DatasetName, EngineName, Optimize

EXAMPLES = """
\b
Examples:
  ectopy profile --model beat-2-eff-sm
  ectopy profile --svg profile.svg --csv profile.csv
  ectopy profile --annotate ect_conv2d_1x1_s8_m4
      disassembly with how often each instruction ran and what it cost
  ectopy profile --elf old/firmware.elf --json old.json
      an image that was built before, of the same model
  ectopy profile --device
      boots the board too and sets its own figures beside
"""


def _file(*, dash: bool = False) -> click.Path:
    return click.Path(path_type=Path, dir_okay=False, allow_dash=dash)


@click.command(name="profile", epilog=EXAMPLES, context_settings={"show_default": True})
@click.option("--model", default="beat-3-eff-sm", help="Name or folder of a model bundle.")
@engine_options
@click.option("--board", type=choice(BoardName), default="virt", help="Whose image.")
@click.option("--elf", type=_file(), help="An image of ours to run instead of building one.")
@click.option("--memory", type=click.Choice(memory_names()), default=ZERO, help="Memory model.")
@click.option("--dataset", type=choice(DatasetName), default="auto", help="Source of the window.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Where the ECG records are.")
@click.option("--seed", type=click.IntRange(0), default=0, help="Which window is drawn.")
@click.option("--device", is_flag=True, help="Also runs the window on the board.")
@click.option("--csv", "csv_file", type=_file(), help="Writes the rows to this file.")
@click.option("--json", "json_file", type=_file(dash=True), help="Writes all; - is stdout.")
@click.option("--svg", "svg_file", type=_file(), help="Draws where the cycles go.")
@click.option("--annotate", metavar="FUNCTION", help="Lists this function instead of tables.")
@click.pass_context
def command(ctx: click.Context, /, **options: object) -> None:
    """Show where the instructions and cycles of one inference go.

    Runs the firmware's inference function on one ECG window under an emulator and costs every
    instruction by Arm's documented Cortex-M4 timings: instructions are emulated, cycles modelled.
    """
    chosen = ctx.params
    request = ProfileRequest(
        model=chosen["model"],
        board=BoardName(chosen["board"]),
        engine=EngineName(chosen["engine"]),
        optimize=Optimize(chosen["optimize"]),
        elf=chosen["elf"],
        memory=chosen["memory"],
        dataset=DatasetName(chosen["dataset"]),
        data_dir=chosen["data_dir"],
        seed=chosen["seed"],
        device=chosen["device"],
    )
    with console.progress_bar("profile") as progress:
        run = profile(request, progress)
    json_file: Path | None = chosen["json_file"]
    to_stdout = str(json_file) == "-"
    with console.wide_enough(150):
        if chosen["annotate"] is None:
            console.show(profile_screen(run.profile), aside=to_stdout)
        else:
            lines = run.estimate.listing(chosen["annotate"])
            console.show(_listing(lines, run.profile.modelled_cycles), aside=to_stdout)
    if to_stdout:
        console.write(to_json(run.profile))
    elif json_file is not None:
        _write(json_file, to_json(run.profile))
    if chosen["csv_file"] is not None:
        _write(chosen["csv_file"], to_csv(run.profile))
    if chosen["svg_file"] is not None:
        draw_profile(run.profile, chosen["svg_file"])
        console.say(f"wrote {chosen['svg_file']}")


def _listing(lines: tuple[Line, ...], whole: int) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_footer=True)
    cycles = sum(line.cycles for line in lines)
    executed = sum(line.instructions for line in lines)
    table.add_column("%", justify="right", footer=f"{100 * cycles / whole:.1f}")
    table.add_column("mod. cycles", justify="right", footer=f"{cycles:,}")
    table.add_column("executed", justify="right", footer=f"{executed:,}")
    table.add_column("each", justify="right")
    table.add_column("address", justify="right")
    table.add_column("instruction", no_wrap=True, footer="% of the inference's modelled cycles")
    expected = lines[0].address
    for line in lines:
        if line.address > expected + 4:
            table.add_row("", "", "", "", "...", "[dim]not executed[/]")
        share = 100 * line.cycles / whole
        colour = "red" if share >= 2 else "yellow" if share >= 0.5 else "default"
        table.add_row(
            f"[{colour}]{share:.2f}[/]",
            f"{line.cycles:,}",
            f"{line.instructions:,}",
            f"{line.cycles / line.instructions:.2f}",
            f"{line.address:x}",
            escape(line.text),
        )
        expected = line.address
    return table


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{path} cannot be written: {error.strerror}", hint="choose another file"
        ) from error
    console.say(f"wrote {path}")
