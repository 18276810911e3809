"""Tables of ``ectopy evaluate``."""

from __future__ import annotations

from rich.table import Table

from ectopy.metrics.evaluation import Evaluation, Interval, WithoutRecords


def title(model: str, evaluation: Evaluation) -> str:
    """Which scores these are."""
    return f"{model}: {evaluation.title}, {evaluation.windows:,} windows"


def score_table(title: str, scored: Evaluation | WithoutRecords) -> Table:
    """Scores of each class, below each its interval."""
    accuracy, bootstrap = scored.accuracy, scored.bootstrap
    specificity = scored.specificity if isinstance(scored, Evaluation) else None
    table = Table(title=title, title_justify="left")
    table.add_column("class")
    columns = ["Se", "+P", "F1", *(f"as {name}" for name in accuracy.per_class)]
    for column in (*columns[:1], *(["Sp"] if specificity else []), *columns[1:]):
        table.add_column(column, justify="right", no_wrap=True)
    for (name, scores), row in zip(accuracy.per_class.items(), accuracy.confusion, strict=True):
        rest = [shown(specificity[name])] if specificity else []
        values = [shown(scores.sensitivity), *rest, shown(scores.ppv), shown(scores.f1)]
        table.add_row(name, *values, *(f"{cell:,}" for cell in row))
        found = bootstrap.per_class[name]
        blank = [""] * len(rest)
        ranges = [between(found.sensitivity), *blank, between(found.ppv), between(found.f1)]
        table.add_row("  5-95 %", *ranges, style="dim", end_section=True)
    blank = ["", *([""] if specificity else []), ""]
    table.add_row("macro", *blank, shown(accuracy.macro_f1), style="bold")
    table.add_row("  5-95 %", *blank, between(bootstrap.macro_f1), style="dim")
    return table


def record_table(evaluation: Evaluation) -> Table:
    """One row per record: beats of each class, and F1 where there is one."""
    names = list(evaluation.accuracy.per_class)
    table = Table(
        title="by record: beats of each class, F1, beats answered wrong", title_justify="left"
    )
    for column in ("record", *names, *(f"F1 {name}" for name in names), "wrong"):
        table.add_column(column, justify="right", no_wrap=True)
    for record, scores in evaluation.per_record.items():
        shared = "" if scores.patient == record else f" (patient {scores.patient})"
        beats = [sum(row) for row in scores.confusion]
        wrong = sum(beats) - sum(row[i] for i, row in enumerate(scores.confusion))
        values = [*(f"{n:,}" for n in beats), *(shown(scores.f1[name]) for name in names)]
        table.add_row(record + shared, *values, f"{wrong:,}")
    return table


def words(evaluation: Evaluation) -> list[str]:
    """What the tables do not say, a line each."""
    bootstrap = evaluation.bootstrap
    lines = [
        f"5-95 %: {bootstrap.resamples:,} draws of {bootstrap.patients} patients",
        f"expected calibration error {evaluation.reliability.ece:.4f}",
        f"labels: {evaluation.label_map}",
        f"answers of {evaluation.runtime}",
    ]
    if (threshold := evaluation.threshold) is not None:
        per_class = threshold.accuracy.per_class
        f1 = ", ".join(f"{name} {shown(scores.f1)}" for name, scores in per_class.items())
        lines.append(
            f"at the configuration's threshold of {threshold.confidence:g}, "
            f"{threshold.coverage:.1%} of the beats would be answered, with F1 {f1}; "
            "the tables leave none out"
        )
    return lines


def shown(value: float | None) -> str:
    """A score, or that there is none."""
    return "-" if value is None else f"{value:.4f}"


def between(interval: Interval | None) -> str:
    """An interval."""
    return "-" if interval is None else f"{interval.low:.3f}-{interval.high:.3f}"
