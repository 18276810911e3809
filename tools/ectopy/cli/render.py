"""``ectopy render``."""

from __future__ import annotations

from pathlib import Path

import click

from ectopy import console
from ectopy.usecases.render import Rendering, render
from ectopy.vocab import EngineName
from ectopy.zoo import open_bundle


@click.command()
@click.option("--model", default="beat-3-eff-sm", show_default=True, help="Bundle name or folder.")
@click.option(
    "--engine",
    type=click.Choice([e.value for e in EngineName]),
    default=EngineName.AOT.value,
    show_default=True,
    help="Inference engine.",
)
@click.option(
    "--out",
    "out_dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the C files.  [default: build/generated-<model>]",
)
def command(model: str, engine: str, out_dir: Path | None) -> None:
    """Compile an int8 model to the sources of an engine."""
    bundle = open_bundle(model)
    folder = out_dir or Path("build") / f"generated-{bundle.name}"
    rendering = render(bundle, EngineName(engine), folder)
    console.say(f"{bundle.name}: {len(rendering.graph.ops)} operators, {_memory(rendering)}")
    for name in rendering.texts:
        console.say(f"wrote {folder / name}")


def _memory(rendering: Rendering) -> str:
    plan = rendering.plan
    if plan is None:
        return (
            f"arena {rendering.arena_bytes:,} bytes, more than enough: ectopy build measures it, "
            "unless the runtime's licence forbids that"
        )
    kernels = sum(step.call is not None for step in plan.steps)
    return (
        f"{kernels} kernel calls, arena {plan.arena_bytes:,} bytes (at least "
        f"{plan.live_peak_bytes:,} are alive at once)"
    )
