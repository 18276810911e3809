"""The scores of a model card as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ectopy.metrics.evaluation import ClassIntervals, Evaluation, WithoutRecords
from ectopy.metrics.seeds import spread
from ectopy.records import AccuracyRecord
from ectopy.report.card_material import RELIABILITY_PICTURE, CardMaterial
from ectopy.report.card_text import NOTHING, listed, not_measured, percent, points, with_interval
from ectopy.report.markdown import table
from ectopy.vocab import ScoreSource

_UNKNOWN = ClassIntervals(sensitivity=None, ppv=None, f1=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """Scores under a name."""

    name: str
    scored: Evaluation | WithoutRecords
    before: AccuracyRecord | None = None


def source_words(evaluation: Evaluation) -> str:
    """Whose answers these are; an emulated board is called so."""
    device = evaluation.device
    if device is not None:
        return f"device: {device.board}, {'emulated' if device.emulated else 'measured'}"
    return {ScoreSource.INT8: "int8 on the host", ScoreSource.FLOAT: "float"}[evaluation.source]


def scores(material: CardMaterial) -> str:
    """Every beat of the test set, from each source."""
    return _table(material, [_Row(name=source_words(e), scored=e) for e in material.tested])


def scores_without(material: CardMaterial) -> Mapping[str, str]:
    """The same without some records; by their names."""
    found = {}
    for left in material.headline.without:
        rows = [
            _Row(name=source_words(evaluation), scored=each)
            for evaluation in material.tested
            for each in evaluation.without
            if each.records == left.records
        ]
        found[listed(left.records)] = _table(material, rows)
    return found


def scores_under_noise(material: CardMaterial) -> str:
    """Scores with noise, and what it costs."""
    clean = {e.source: e.accuracy for e in material.tested}
    rows = [
        _Row(name=f"{e.noise}, {source_words(e)}", scored=e, before=clean.get(e.source))
        for e in material.under_noise
    ]
    if not rows:
        name = material.name
        command = f"ectopy evaluate --model {name} --split ds2 --noise bw+ma --snr-db 6"
        return not_measured(command)
    return _table(material, rows, change=True)


def _table(material: CardMaterial, rows: Sequence[_Row], *, change: bool = False) -> str:
    header = ["answers of", "class", "Se", "+P", "F1"] + (["F1, points"] if change else [])
    lines = []
    for row in rows:
        accuracy, bootstrap = row.scored.accuracy, row.scored.bootstrap
        for name, found in accuracy.per_class.items():
            ranges = bootstrap.per_class.get(name, _UNKNOWN)
            cells = [
                with_interval(found.sensitivity, ranges.sensitivity),
                with_interval(found.ppv, ranges.ppv),
                with_interval(found.f1, ranges.f1),
            ]
            before = row.before.per_class[name].f1 if row.before else None
            lines.append(["", name, *cells, *_change(before, found.f1, shown=change)])
        macro = with_interval(accuracy.macro_f1, bootstrap.macro_f1)
        before = row.before.macro_f1 if row.before else None
        lines.append(
            ["", "macro", "", "", macro, *_change(before, accuracy.macro_f1, shown=change)]
        )
        lines[-len(accuracy.per_class) - 1][0] = row.name
    return table(header, lines, numeric=True)


def _change(before: float | None, after: float | None, *, shown: bool) -> list[str]:
    if not shown:
        return []
    return [NOTHING if before is None or after is None else points(after - before)]


def confusion(material: CardMaterial) -> str:
    """Beats of the test set by true class and answer."""
    accuracy = material.headline.accuracy
    names = list(accuracy.per_class)
    rows = [
        [name, *(f"{cell:,}" for cell in row)]
        for name, row in zip(names, accuracy.confusion, strict=True)
    ]
    return table(["true \\ said", *names], rows, numeric=True)


def per_record(material: CardMaterial) -> str:
    """What became of each record's premature beats."""
    names = list(material.headline.accuracy.per_class)
    ectopic = range(1, len(names))
    header = ["record", "all beats"]
    for index in ectopic:
        header += [f"{names[index]} beats", "found", "false", "F1"]
    rows = []
    for record, found in material.headline.per_record.items():
        row = [record, f"{sum(map(sum, found.confusion)):,}"]
        for index in ectopic:
            beats, right = sum(found.confusion[index]), found.confusion[index][index]
            false = sum(line[index] for line in found.confusion) - right
            f1 = found.f1[names[index]] if beats else None
            row += [f"{beats:,}", f"{right:,}", f"{false:,}", percent(f1)]
        rows.append(row)
    return table(header, rows, numeric=True)


def reliability(material: CardMaterial) -> str:
    """What the model's confidence is worth."""
    headline = material.headline
    text = (
        f"Expected calibration error: {percent(headline.reliability.ece)} points between "
        "confidence and the share of right answers, on average."
    )
    if headline.threshold is not None:
        text += (
            f" At the configuration's threshold of {headline.threshold.confidence:g}, "
            f"{percent(headline.threshold.coverage)} % of the beats would be answered; all scores "
            "here leave none out."
        )
    if RELIABILITY_PICTURE in material.pictures:
        text += f"\n\n![Share of right answers by confidence]({RELIABILITY_PICTURE})"
    return text


def seeds(material: CardMaterial) -> str:
    """Mean and spread over trainings that differ in nothing but the seed."""
    file = material.seeds
    if file is None:
        name = material.name
        return not_measured(
            f"ectopy card --model {name} --seeds FOLDER --seeds FOLDER --seeds FOLDER"
        ) + (" Each folder is a bundle trained with another seed, quantized and evaluated on ds2.")
    names = material.configuration.class_names
    rows = [
        [str(each.seed), source, *(percent(f1.get(name)) for name in names)]
        for each in file.seeds
        for source, f1 in each.class_f1.items()
    ]
    for source in (ScoreSource.INT8.value, ScoreSource.FLOAT.value):
        cells = [_spread(material, source, name) for name in names]
        if any(cell != NOTHING for cell in cells):
            rows.append(["**mean ± deviation (range)**", source, *cells])
    head = f"{len(file.seeds)} trainings of this recipe, F1 on ds2:"
    return f"{head}\n\n{table(['seed', 'model', *names], rows, numeric=True)}"


def _spread(material: CardMaterial, source: str, name: str) -> str:
    found = spread(material.seeds, source, name) if material.seeds else None
    if found is None:
        return NOTHING
    mean, deviation = percent(found.mean), percent(found.deviation)
    return f"{mean} ± {deviation} ({percent(found.low)}-{percent(found.high)})"
