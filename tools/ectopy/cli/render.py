"""``ectopy render``."""

from __future__ import annotations

from pathlib import Path

import click

from ectopy import console
from ectopy.cli.options import engine_options
from ectopy.graph.reader import model_name
from ectopy.usecases.render import Rendering, render, render_file
from ectopy.vocab import EngineName, Optimize
from ectopy.zoo import open_bundle

TFLITE = ".tflite"


@click.command()
@click.option(
    "--model",
    default="beat-3-eff-sm",
    show_default=True,
    help="Bundle name or folder; or any int8 .tflite file, for its inference alone.",
)
@engine_options
@click.option(
    "--out",
    "out_dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the C files.  [default: in build, by goal and model]",
)
def command(model: str, engine: str, optimize: str, out_dir: Path | None) -> None:
    """Compile an int8 model to the sources of an engine."""
    path, chosen, goal = Path(model), EngineName(engine), Optimize(optimize)
    is_file = path.suffix == TFLITE and not path.is_dir()
    bundle = None if is_file else open_bundle(model)
    name = model_name(path) if bundle is None else bundle.name
    folder = out_dir or Path("build") / f"generated{goal.suffix}-{name}"
    if bundle is None:
        rendering = render_file(path, chosen, folder, optimize=goal)
    else:
        rendering = render(bundle, chosen, folder, optimize=goal)
    console.say(f"{name}: {len(rendering.graph.ops)} operators, {_memory(rendering)}")
    for file in rendering.texts:
        console.say(f"wrote {folder / file}")


def _memory(rendering: Rendering) -> str:
    plan = rendering.plan
    if plan is None:
        return (
            f"arena {rendering.arena_bytes:,} bytes, more than enough: ectopy build measures it, "
            "unless the runtime's licence forbids that"
        )
    kernels = sum(step.call is not None for step in plan.steps)
    return (
        f"{kernels} kernel calls, arena {plan.arena_bytes:,} bytes, of which at most "
        f"{plan.live_peak_bytes:,} are alive at once"
    )
