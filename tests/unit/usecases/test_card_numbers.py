"""Every number of a card is in the bundle's files, or follows from them by one of a few sums."""

import json
import re
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ectopy.metrics import seeds as seeds_json
from ectopy.report.html import TEMPLATES
from ectopy.usecases.card import card_text
from ectopy.usecases.inspect import inspect_model
from ectopy.usecases.seeds import gather_seeds
from ectopy.vocab import FRAME_SAMPLES, R_PEAK_SAMPLE, SAMPLING_HZ
from ectopy.windows import NOISY_CITATION, REMARKS, SPLITS
from ectopy.zoo import Bundle, bundle_names, open_bundle
from support.card_bundle import card_bundle

NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
TEMPLATE = (TEMPLATES / "card.md.j2").read_text()
SHIPPED = [name for name in ("beat-2-eff-sm", "beat-3-eff-sm") if name in bundle_names()]


def numbers_in(text: str) -> set[str]:
    """As written, without separators; code is left out, hashes are mostly digits."""
    prose = re.sub(r"`[^`\n]*`", "", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return {found.replace(",", "").rstrip(".") for found in NUMBER.findall(prose)}


def forms_of(value: float) -> set[str]:
    """How a card may write a number: as it is, or as a share in percent."""
    size = abs(value)
    return {f"{size}", f"{size:g}", f"{size:.1f}", f"{size:.6g}", f"{100 * size:.1f}"}


def leaves(value: Any) -> Iterator[float | str]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield key
            yield from leaves(each)
    elif isinstance(value, list):
        for each in value:
            yield from leaves(each)
    elif isinstance(value, int | float | str):
        yield value


def confusions(value: Any) -> Iterator[np.ndarray]:
    """All matrices of counts, wherever they are."""
    if isinstance(value, list) and value and isinstance(value[0], list):
        yield np.array(value)
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from confusions(each)


def sums_of(confusion: np.ndarray) -> Iterator[float]:
    total, right = confusion.sum(), confusion.trace()
    yield from (total, total - right, (total - right) / max(total, 1))
    yield from (*confusion.sum(axis=1), *(confusion.sum(axis=0) - confusion.diagonal()))
    yield from (confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)).ravel()


def derived(documents: dict[str, Any]) -> Iterator[float]:
    """What a card computes: sums of confusions, means, spreads, differences, times of day."""
    for document in (documents["metrics"], documents.get("mistakes", {}).get("rhythms", {})):
        for confusion in confusions(document):
            yield from sums_of(confusion)
    entries = [e for e in documents["metrics"]["evaluations"] if e["split"] == "ds2"]
    yield from {len(entry["per_record"]) for entry in entries}
    headline = next(e for e in entries if e["source"] != "float" and not e["noise"])
    matrices = {r: np.array(s["confusion"]) for r, s in headline["per_record"].items()}
    yield from (m.sum() - m.trace() for m in matrices.values())
    for noisy in (e for e in entries if e["noise"]):
        for clean in (e for e in entries if not e["noise"] and e["source"] == noisy["source"]):
            now, before = noisy["accuracy"], clean["accuracy"]
            pairs = [(now["macro_f1"], before["macro_f1"])]
            pairs += [(now["per_class"][n]["f1"], s["f1"]) for n, s in before["per_class"].items()]
            yield from (a - b for a, b in pairs if a is not None and b is not None)
    for beats in documents["mistakes"]["records"].values():
        yield from (count / sum(beats.values()) for count in beats.values())
    for key in ("class_f1", "class_f1_without"):
        yield statistics.fmean(documents["cross_validation"][key])
    yield len(documents["training"]["records"])
    yield from range(1, 1 + len(documents["configuration"]["folds"]))
    yield from seed_figures(documents.get("seeds", {"seeds": []})["seeds"])


def seed_figures(seeds: list[Any]) -> Iterator[float]:
    yield len(seeds)
    for source in seeds[0]["class_f1"] if seeds else ():
        for name in seeds[0]["class_f1"][source]:
            f1 = [each["class_f1"][source][name] for each in seeds]
            yield from (statistics.fmean(f1), statistics.stdev(f1))


def clock_parts(documents: dict[str, Any]) -> set[str]:
    """Minutes and seconds of the examples."""
    seconds = [each["beat_sample"] / 360 for each in documents["mistakes"]["examples"]]
    minutes = {f"{int(round(s, 1) // 60)}" for s in seconds}
    return minutes | {f"{round(s, 1) % 60:04.1f}" for s in seconds}


def allowed(bundle: Bundle) -> set[str]:
    documents = {path.stem: json.loads(path.read_text()) for path in bundle.path.glob("*.json")}
    found = clock_parts(documents)
    for leaf in leaves(documents):
        found |= numbers_in(leaf) if isinstance(leaf, str) else forms_of(leaf)
    for value in derived(documents):
        found |= forms_of(float(value)) | {f"{float(value):.0f}"}
    facts = inspect_model(str(bundle.path))
    of_model = (facts.macs, facts.parameters, facts.file_bytes)
    for tensor in (facts.input, facts.output):
        found |= {f"{tensor.scales[0]:.6g}", f"{abs(tensor.zero_points[0])}"}
    fixed = (FRAME_SAMPLES, SAMPLING_HZ, FRAME_SAMPLES / SAMPLING_HZ, R_PEAK_SAMPLE, *of_model)
    found |= {f"{number:g}" if isinstance(number, float) else str(number) for number in fixed}
    texts = [TEMPLATE, NOISY_CITATION, *REMARKS.values(), *(" ".join(r) for r in SPLITS.values())]
    words = numbers_in(" ".join([*texts, "int8 DS1 ds2 F1 AdamW TensorFlow 2"]))
    return found | words


def test_the_template_holds_no_scores() -> None:
    assert not re.search(r"\d\.\d|%", re.sub(r"\{%.*?%\}", "", TEMPLATE))


def test_every_number_of_a_made_up_card_is_from_its_files(tmp_path: Path) -> None:
    bundle = card_bundle(tmp_path / "0")
    others = [bundle.path, card_bundle(tmp_path / "1", seed=1).path]
    (bundle.path / "seeds.json").write_text(seeds_json.to_json(gather_seeds(bundle, others)))
    text = card_text(bundle)
    assert len(numbers_in(text)) > 100
    assert numbers_in(text) - allowed(bundle) == set()
    # The net has holes, or a wrong score would slip through.
    strangers = {f"{tenths / 10:.1f}" for tenths in range(1000)} - allowed(bundle)
    assert len(strangers) > 700


@pytest.mark.parametrize("name", SHIPPED)
def test_every_number_of_a_shipped_card_is_from_its_files(name: str) -> None:
    bundle = open_bundle(name)
    assert numbers_in((bundle.path / "card.md").read_text()) - allowed(bundle) == set()
