"""A model card as Markdown: what the model is, what it learnt, how well it does, where it errs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ectopy.metrics.evaluation import Evaluation
from ectopy.report import card_mistakes as mistakes
from ectopy.report import card_recipe as recipe
from ectopy.report import card_scores as scores
from ectopy.report.card_material import CardMaterial
from ectopy.report.card_text import not_measured
from ectopy.report.html import TEMPLATES
from ectopy.windows import CITATION
from ectopy.windows.nstdb import CITATION as NOISE_CITATION


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What the template lays out: pieces of Markdown.

    Attributes:
        citations: Data, references and licences, a sentence each.
        patients: In the test set.
        resamples: Of the bootstrap.
        scored_device: Whose answers the headline is.
        without: Scores without some records, by their names.
        crowded: A sentence for each class that is mostly one record's.
    """

    name: str
    task: str
    facts: str
    citations: tuple[str, ...]
    label_map: str
    split: str
    recipe: str
    augmentations: str
    class_bias: str
    cross_validation: str
    quantization: str
    patients: int
    resamples: str
    device: str
    scored_device: str
    scores: str
    without: Mapping[str, str]
    noise: str
    confusion: str
    per_record: str
    reliability: str
    seeds: str
    kinds: str
    remarks: str
    rhythms: str
    examples: str
    crowded: tuple[str, ...]
    seed: int


def render_card(material: CardMaterial) -> str:
    """The text of ``card.md``; the same material gives the same text.

    Raises:
        InputError: There are no scores of the int8 model on ds2.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # Markdown, not HTML
    )
    return environment.get_template("card.md.j2").render(card=card_of(material))


def card_of(material: CardMaterial) -> Card:
    """The pieces.

    Raises:
        InputError: There are no scores of the int8 model on ds2.
    """
    headline = material.headline
    return Card(
        name=material.name,
        task=recipe.task(material),
        facts=recipe.facts(material),
        citations=_citations(material),
        label_map=recipe.label_map(material),
        split=recipe.split(material),
        recipe=recipe.recipe(material),
        augmentations=recipe.augmentations(material),
        class_bias=recipe.class_bias(material),
        cross_validation=recipe.cross_validation(material),
        quantization=recipe.quantization(material),
        patients=headline.bootstrap.patients,
        resamples=f"{headline.bootstrap.resamples:,}",
        device=_device(material),
        scored_device=scores.source_words(headline),
        scores=scores.scores(material),
        without=scores.scores_without(material),
        noise=scores.scores_under_noise(material),
        confusion=scores.confusion(material),
        per_record=scores.per_record(material),
        reliability=scores.reliability(material),
        seeds=scores.seeds(material),
        kinds=mistakes.kinds(material),
        remarks=mistakes.remarks(material),
        rhythms=mistakes.rhythms(material),
        examples=mistakes.examples(material),
        crowded=mistakes.crowded(material),
        seed=0 if material.training is None else material.training.seed,
    )


def _citations(material: CardMaterial) -> tuple[str, ...]:
    hears_noise = material.under_noise or any(
        step.name == "recorded_noise" for step in material.configuration.recipe.augmentations
    )
    return (CITATION, *([NOISE_CITATION] if hears_noise else []))


def _device(material: CardMaterial) -> str:
    sentences = [_device_sentence(e) for e in material.tested if e.device is not None]
    if not sentences:
        missing = not_measured(*_device_commands(material.name))
        sentences.append(
            f"No device yet. {missing} The rows int8 are the same model file on the host, with the "
            "device's preprocess."
        )
    return " ".join(sentences)


def _device_sentence(evaluation: Evaluation) -> str:
    device = evaluation.device
    assert device is not None
    kind = (
        "an **emulated** board: the firmware's own answers, but nothing here was measured on "
        "silicon"
        if device.emulated
        else "a board of silicon, where its answers were **measured**"
    )
    return f"`{device.board}` is {kind} (engine {device.engine}, build `{device.build_id}`)."


def _device_commands(name: str) -> tuple[str, str]:
    return (
        f"ectopy bench --model {name} --split ds2 --limit all",
        f"ectopy evaluate --model {name} --from RUN",
    )
