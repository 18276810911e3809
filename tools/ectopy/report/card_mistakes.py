"""Where the model errs: kinds of mistakes, records, rhythms, examples."""

from __future__ import annotations

from collections.abc import Mapping

from ectopy.metrics.mistakes import Mistake
from ectopy.report.card_material import MISTAKES_PICTURE, CardMaterial
from ectopy.report.card_text import NOTHING, not_measured, percent
from ectopy.report.markdown import table
from ectopy.windows import REMARKS, RHYTHMS
from ectopy.windows.mitdb import RATE_HZ

WORST = 3
"""Records named for each kind of mistake."""

NO_RHYTHM = "not annotated"


def kinds(material: CardMaterial) -> str:
    """Each kind of mistake, frequent ones first, and the records with most of it."""
    rows = []
    for (true_class, said), by_record in _errors(material).items():
        total = sum(by_record.values())
        beats = sum(material.headline.accuracy.confusion[_index(material, true_class)])
        worst = list(by_record.items())[:WORST]
        rows.append(
            [
                f"{true_class} → {said}",
                f"{total:,}",
                f"{percent(total / beats)} % of {beats:,}",
                ", ".join(f"{record} ({count:,})" for record, count in worst),
            ]
        )
    header = ["true → said", "beats", "share of the class", "most in records"]
    return table(header, rows, numeric=False)


def remarks(material: CardMaterial) -> str:
    """What the database says of the records that :func:`kinds` names."""
    errors = _errors(material)
    named = sorted({record for by in errors.values() for record in list(by)[:WORST]})
    rows = []
    for record in named:
        wrong = sum(by.get(record, 0) for by in errors.values())
        rows.append([record, f"{wrong:,}", _rhythms_of(material, record), REMARKS.get(record, "")])
    header = ["record", "wrong answers", "rhythms, % of its beats", "remarks"]
    return table(header, rows, numeric=False)


def _rhythms_of(material: CardMaterial, record: str) -> str:
    """The record's annotated rhythms; those of less than a percent are left out."""
    if material.mistakes is None:
        return NOTHING
    beats = material.mistakes.records.get(record, {})
    total = sum(beats.values())
    return ", ".join(
        f"{rhythm_words(rhythm)} {percent(count / total)}"
        for rhythm, count in beats.items()
        if 100 * count >= total
    )


def rhythms(material: CardMaterial) -> str:
    """Beats and wrong answers in each rhythm."""
    file = material.mistakes
    if file is None:
        return not_measured(_evaluate(material))
    names = material.configuration.class_names
    rows = []
    for rhythm, confusion in file.rhythms.items():
        beats = [sum(row) for row in confusion]
        wrong = sum(beats) - sum(row[i] for i, row in enumerate(confusion))
        cells = [f"{sum(beats):,}", f"{wrong:,}", percent(wrong / sum(beats))]
        for index in range(1, len(names)):
            right = confusion[index][index]
            false = sum(row[index] for row in confusion) - right
            cells += [f"{right:,} of {beats[index]:,}", f"{false:,}"]
        rows.append([rhythm_words(rhythm), *cells])
    header = ["rhythm", "beats", "wrong", "wrong, %"]
    for name in names[1:]:
        header += [f"{name} found", f"{name} false"]
    return table(header, rows, numeric=True)


def examples(material: CardMaterial) -> str:
    """The drawn beats, and a line about each."""
    file = material.mistakes
    if file is None:
        return not_measured(_evaluate(material), f"ectopy card --model {material.name}")
    if not file.examples:
        return "There is no wrong answer to draw."
    rows = [
        [
            each.record,
            clock(each),
            rhythm_words(each.rhythm),
            f"{each.true_class} → {each.said}",
            percent(each.probability),
        ]
        for each in file.examples
    ]
    header = ["record", "time", "rhythm", "true → said", "probability, %"]
    text = table(header, rows, numeric=False)
    if MISTAKES_PICTURE in material.pictures:
        text = f"![Beats that are classified wrong]({MISTAKES_PICTURE})\n\n{text}"
    return text


def rhythm_words(rhythm: str) -> str:
    """Name of an annotated rhythm."""
    return RHYTHMS.get(rhythm, rhythm) or NO_RHYTHM


def clock(mistake: Mistake) -> str:
    """Time of the beat in its record, minutes and seconds."""
    tenths = round(10 * mistake.beat_sample / RATE_HZ)
    return f"{tenths // 600}:{tenths % 600 // 10:02}.{tenths % 10}"


def crowded(material: CardMaterial) -> tuple[str, ...]:
    """A sentence for each class that is mostly one record's."""
    sentences = []
    for index, name in enumerate(material.headline.accuracy.per_class):
        by = {r: sum(s.confusion[index]) for r, s in material.headline.per_record.items()}
        record = max(by, key=lambda r: by[r])
        if index and 2 * by[record] > sum(by.values()):
            sentences.append(
                f"{by[record]:,} of the {sum(by.values()):,} {name} beats of ds2 are from one "
                f"record, {record}: its score is mostly that of one patient."
            )
    return tuple(sentences)


def _errors(material: CardMaterial) -> Mapping[tuple[str, str], Mapping[str, int]]:
    """(true class, class said) -> record -> beats; most first."""
    names = list(material.headline.accuracy.per_class)
    found = {}
    for i, true_class in enumerate(names):
        for j, said in enumerate(names):
            by = {r: s.confusion[i][j] for r, s in material.headline.per_record.items()}
            worst = {r: n for r, n in sorted(by.items(), key=lambda item: -item[1]) if n}
            if i != j and worst:
                found[true_class, said] = worst
    return dict(sorted(found.items(), key=lambda item: -sum(item[1].values())))


def _index(material: CardMaterial, name: str) -> int:
    return list(material.headline.accuracy.per_class).index(name)


def _evaluate(material: CardMaterial) -> str:
    return f"ectopy evaluate --model {material.name} --split ds2"
