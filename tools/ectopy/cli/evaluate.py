"""``ectopy evaluate``."""

from __future__ import annotations

from pathlib import Path

import click

from ectopy import console
from ectopy.cli.evaluate_screen import record_table, score_table, title, words
from ectopy.cli.options import choice
from ectopy.report.score_pictures import draw_scores
from ectopy.usecases.evaluate import EvaluateRequest, evaluate_bundle
from ectopy.usecases.metrics_file import citation
from ectopy.vocab import EvaluationSplit, ScoreSource
from ectopy.windows import NoiseCondition, NoiseName
from ectopy.zoo import open_bundle

DEFAULT_SNR_DB = 6.0
HOST_SOURCES = (ScoreSource.FLOAT, ScoreSource.INT8)

_HELP = """Score a model and write metrics.json.

Every beat of the split counts. Shown and written: sensitivity (Se), specificity
(Sp), positive predictivity (+P) and F1 of each class, the confusion, each record by
itself, intervals from a bootstrap over patients (5-95 %), how far confidence can be
trusted, and what the threshold of configuration.json would leave. On ds2, also
scores without record 232, which holds three quarters of its PAC beats, and beside
the metrics mistakes.json: where the int8 model errs, for ectopy card. Of
icentia11k-test, which is too large, 50,000 beats are drawn.

\b
From where the answers come (--from):
  float   model.keras in Keras; needs TensorFlow
  int8    model.tflite in tflite-micro, byte for byte what a board answers
  RUN     a board's own: the folder that `ectopy bench --split ds2 --limit all` wrote

\b
Examples:
  ectopy evaluate --model beat-3-eff-sm                            int8 on ds1
  ectopy evaluate --from runs/20261125T105817Z-virt-beat-3-eff-sm  a board on ds2
  ectopy evaluate --split ds2 --noise bw+ma --snr-db 6             with noise

Noise is that of the MIT-BIH Noise Stress Test Database (nstdb/ beside mitdb/),
second half, at a signal-to-noise ratio as the WFDB program nst defines it, added to
each whole record before windows are cut.
"""


def _source(_: click.Context, __: click.Parameter, value: str) -> ScoreSource | Path:
    if value in HOST_SOURCES:
        return ScoreSource(value)
    if not Path(value).exists():
        raise click.BadParameter(f"{value!r} is neither float nor int8, nor the folder of a run.")
    return Path(value)


def _record_sets(
    _: click.Context, __: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, ...], ...]:
    sets = tuple(tuple(sorted(set(value.replace(",", " ").split()))) for value in values)
    if not all(sets):
        raise click.BadParameter("names no record.")
    return sets


@click.command(help=_HELP)
@click.option("--model", default="beat-3-eff-sm", show_default=True, help="Bundle name or folder.")
@click.option(
    "--split",
    type=choice(EvaluationSplit),
    help="ds2 and icentia11k-test are test sets: once per released model, never to choose.  "
    "[default: ds1; with a RUN, its own]",
)
@click.option(
    "--from",
    "--precision",
    "source",
    metavar="float|int8|RUN",
    default=ScoreSource.INT8.value,
    show_default=True,
    callback=_source,
    help="Whose answers are scored, see above.",
)
@click.option("--noise", type=click.Choice(["bw", "ma", "bw+ma"]), help="Noise to add.")
@click.option("--snr-db", type=click.FloatRange(-30, 60), help="How much of it.  [default: 6]")
@click.option("--noise-seed", type=click.IntRange(0), help="Of its places.  [default: 0]")
@click.option(
    "--without",
    multiple=True,
    metavar="RECORD[,RECORD]",
    callback=_record_sets,
    help="Also scores without these records; may be repeated.",
)
@click.option("--per-record", is_flag=True, help="Also shows each record by itself.")
@click.option(
    "--pictures",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Draws reliability and F1 by record there, as PNG.",
)
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    help="Directory that holds mitdb/ (and nstdb/ for noise), or icentia11k/.",
)
@click.option(
    "--out",
    "out_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The metrics file.  [default: metrics.json of the bundle]",
)
@click.pass_context
def command(ctx: click.Context, /, **options: object) -> None:
    """Thin: one request, one call, tables."""
    request = _request(ctx)
    name, pictures = request.bundle.name, ctx.params["pictures"]
    with console.progress_bar(f"scoring {name}") as progress:
        evaluation = evaluate_bundle(request, progress)
    head = title(name, evaluation)
    with console.wide_enough():
        console.show(score_table(head, evaluation))
        for left in evaluation.without:
            console.show(score_table(f"without record {', '.join(left.records)}", left))
        if ctx.params["per_record"]:
            console.show(record_table(evaluation))
    for line in words(evaluation):
        console.say(line)
    console.say(f"wrote {request.out_path}")
    if pictures is not None:
        console.say(f"drew {' and '.join(map(str, draw_scores(head, evaluation, pictures)))}")
    console.say(citation([evaluation]))


def _request(ctx: click.Context) -> EvaluateRequest:
    options = ctx.params
    bundle = open_bundle(options["model"])
    return EvaluateRequest(
        bundle=bundle,
        split=EvaluationSplit(options["split"]) if options["split"] else None,
        source=options["source"],
        noise=_condition(options["noise"], options["snr_db"], options["noise_seed"]),
        without=options["without"],
        data_dir=options["data_dir"],
        out_path=options["out_path"] or bundle.metrics_path,
    )


def _condition(noise: str | None, snr_db: float | None, seed: int | None) -> NoiseCondition | None:
    if noise is None:
        if snr_db is not None or seed is not None:
            raise click.UsageError("--snr-db and --noise-seed go with --noise.")
        return None
    return NoiseCondition(
        names=tuple(NoiseName(name) for name in noise.split("+")),
        snr_db=DEFAULT_SNR_DB if snr_db is None else snr_db,
        seed=seed or 0,
    )
