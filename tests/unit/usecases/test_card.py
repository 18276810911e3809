import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ectopy.errors import DataError, InputError, ModelError
from ectopy.usecases import card
from ectopy.usecases.card import CardRequest, card_text, write_card
from ectopy.vocab import Split
from ectopy.windows import DatasetInfo, WindowSet
from ectopy.zoo import Bundle, bundle_names, open_bundle
from support.card_bundle import EXAMPLE, WINDOWS_SHA256, card_bundle, write_json
from support.command_line import run

SHIPPED = [name for name in ("beat-2-eff-sm", "beat-3-eff-sm") if name in bundle_names()]
PICTURES = ("reliability.png", "mistakes.png")
MOST_PICTURE_BYTES = 80_000
ORANGE = (199, 119, 0)  # of a PAC, such as the example is


def ds2(sha256: str = WINDOWS_SHA256) -> WindowSet:
    """Two windows, one of them the example's."""
    samples = np.sin(np.arange(1024, dtype=np.float32) / 9).reshape(2, 512)
    return WindowSet(
        samples=samples,
        labels=np.array([0, 1], dtype=np.uint8),
        records=np.array(["202", EXAMPLE.record]),
        beat_samples=np.array([EXAMPLE.beat_sample] * 2, dtype=np.int32),
        info=DatasetInfo(name="mitdb", split="ds2", synthetic=False, label_map="", sha256=sha256),
    )


@pytest.fixture(autouse=True)
def _made_up_ds2(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(split: Split, _: Path | None) -> WindowSet:
        assert split is Split.DS2
        return ds2()

    monkeypatch.setattr(card, "load_split", load)


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return card_bundle(tmp_path / "bundle")


def edit(bundle: Bundle, name: str, **changes: Any) -> None:
    path = bundle.path / name
    write_json(path, json.loads(path.read_text()) | changes)


def test_the_card_and_its_pictures_lie_in_the_bundle(bundle: Bundle) -> None:
    assert run("card", "--model", bundle.path) == 0
    text = (bundle.path / "card.md").read_text()
    sha256 = hashlib.sha256(bundle.require_tflite().read_bytes()).hexdigest()
    assert text == card_text(bundle)
    for name in PICTURES:
        path = bundle.path / name
        assert f"]({name})" in text
        assert path.stat().st_size < MOST_PICTURE_BYTES
        with Image.open(path) as picture:
            assert picture.info["Title"].startswith(f"{bundle.name} {sha256[:12]}, ds2")
            assert len(picture.convert("RGB").getcolors(1 << 20) or []) > 10
    with Image.open(bundle.path / "mistakes.png") as picture:
        distance = np.abs(np.asarray(picture.convert("RGB")).astype(int) - ORANGE).sum(axis=2)
        assert distance.min() < 6
    before = {name: (bundle.path / name).read_bytes() for name in (*PICTURES, "card.md")}
    write_card(CardRequest(bundle=bundle))
    assert before == {name: (bundle.path / name).read_bytes() for name in before}


def test_it_says_what_must_be_said(bundle: Bundle) -> None:
    text = card_text(bundle)
    for words in (
        "**Not a medical device.**",
        "doi:10.13026/C2F305",
        "doi:10.13026/C2HS3T",
        "Circulation 101(23)",
        "ODC-By 1.0",
        "| PAC | `A a J S` |",
        "- **Training**: 2 records of DS1, one patient each, 4,321 windows: 101 106.",
        "| with the class bias | 98.7 | 65.4 | 87.6 | 83.9 |",
        "N +0.0, PAC -0.7, PVC -0.4",
        "changes by -1.2 points",
        "`virt` is an **emulated** board",
        "Beats of ds2, device: virt, emulated.",
        "Without record 232:",
        "| bw+ma at 6 dB, int8 on the host | N |",
        "sinus bradycardia 98.8, not annotated 1.2",
        "| 232 | 2:10.1 | sinus bradycardia | PAC → N | 98.8 |",
        "make model MODEL=beat-3-eff-sm SEED=0",
        "[docs/augmentation.md](../../docs/augmentation.md)",
    ):
        assert words in text, words
    assert "201, the man of 202 in ds2" in text
    assert re.search(r"\| PAC \| [\d.]+ \([\d.]+-[\d.]+\) \|", text)
    assert not re.search(r" \n|\n\n\n|None|nan", text)


def test_what_is_not_there_is_said_with_the_command_that_makes_it(tmp_path: Path) -> None:
    bundle = card_bundle(tmp_path / "bundle", on_device=False)
    metrics = json.loads(bundle.metrics_path.read_text())
    clean = [entry for entry in metrics["evaluations"] if entry["noise"] is None]
    write_json(bundle.metrics_path, metrics | {"evaluations": clean})
    for name in ("training", "cross_validation", "quantize", "mistakes"):
        (bundle.path / f"{name}.json").unlink()
    write_card(CardRequest(bundle=bundle))
    text = (bundle.path / "card.md").read_text()
    said = set(re.findall(r"Not measured: run `ectopy (\w+)", text))
    assert said == {"train", "quantize", "evaluate", "bench", "card"}
    assert "Beats of ds2, int8 on the host." in text
    assert not (bundle.path / "mistakes.png").exists()


def test_without_scores_there_is_no_card(bundle: Bundle) -> None:
    bundle.metrics_path.unlink()
    with pytest.raises(InputError, match="a card without scores is empty") as caught:
        write_card(CardRequest(bundle=bundle))
    assert "ectopy evaluate" in caught.value.hint
    assert not (bundle.path / "card.md").exists()


def test_scores_of_other_weights_are_not_shown(bundle: Bundle) -> None:
    with bundle.keras_path.open("ab") as file:
        file.write(b"more")
    assert "| float |" not in card_text(bundle)
    metrics = json.loads(bundle.metrics_path.read_text())
    for entry in metrics["evaluations"]:
        entry["model_sha256"] = "of another model"
    write_json(bundle.metrics_path, metrics)
    with pytest.raises(InputError, match=r"no scores of this model\.tflite on ds2"):
        card_text(bundle)


def test_mistakes_of_other_weights_count_as_absent(bundle: Bundle) -> None:
    edit(bundle, "mistakes.json", model_sha256="of another model")
    assert "| 232 | 2:10.1 |" not in card_text(bundle)


@pytest.mark.parametrize(
    ("name", "changes", "complaint"),
    [
        ("training.json", {"model": "beat-2-eff-sm"}, "is of 'beat-2-eff-sm', not beat-3-eff-sm"),
        ("training.json", {"class_bias": "0"}, "class_bias should be a list"),
        ("cross_validation.json", {"class_f1": None}, "class_f1 should be a list"),
        ("quantize.json", {"tflite_sha256": "00"}, "is of another model.tflite"),
        ("mistakes.json", {"examples": 3}, "examples should be a list"),
        ("metrics.json", {"schema_version": 1}, "schema version 1"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(
    bundle: Bundle, name: str, changes: dict[str, Any], complaint: str
) -> None:
    edit(bundle, name, **changes)
    with pytest.raises(InputError, match=complaint) as caught:
        write_card(CardRequest(bundle=bundle))
    assert name in caught.value.message
    assert "ectopy" in caught.value.hint


def test_an_older_training_log_is_explained(bundle: Bundle) -> None:
    path = bundle.path / "training.json"
    write_json(path, {"model": bundle.name, "best_epoch": 3})
    with pytest.raises(InputError, match=r"missing key .*an older ectopy wrote it"):
        card_text(bundle)


def test_mistakes_are_drawn_of_the_windows_they_were_found_in(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(card, "load_split", lambda *_: ds2("00" * 32))
    with pytest.raises(InputError, match="the mistakes are of other windows"):
        write_card(CardRequest(bundle=bundle))


def test_without_records_and_model_the_errors_are_those_of_their_readers(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(*_: object) -> WindowSet:
        raise DataError("no MIT-BIH records", hint="fetch them")

    monkeypatch.setattr(card, "load_split", nothing)
    assert run("card", "--model", bundle.path) == DataError("", hint="").exit_code
    bundle.tflite_path.unlink()
    with pytest.raises(ModelError, match=r"model\.tflite does not exist"):
        write_card(CardRequest(bundle=bundle))


def test_seeds_are_gathered_with_mean_and_spread(bundle: Bundle, tmp_path: Path) -> None:
    others = [card_bundle(tmp_path / str(seed), seed=seed).path for seed in (2, 1)]
    metrics = json.loads((others[0] / "metrics.json").read_text())
    for entry in metrics["evaluations"]:
        entry["accuracy"]["per_class"]["PVC"]["f1"] = 0.5
    write_json(others[0] / "metrics.json", metrics)
    seeds = [part for path in (bundle.path, *others) for part in ("--seeds", path)]
    assert run("card", "--model", bundle.path, *seeds) == 0
    file = json.loads((bundle.path / "seeds.json").read_text())
    assert [each["seed"] for each in file["seeds"]] == [0, 1, 2]
    f1 = [each["class_f1"]["int8"]["PVC"] for each in file["seeds"]]
    assert f1[0] == f1[1] != f1[2] == 0.5
    mean, deviation = np.mean(f1), np.std(f1, ddof=1)
    expected = f"{100 * mean:.1f} ± {100 * deviation:.1f} (50.0-{100 * f1[0]:.1f}) |"
    assert expected in (bundle.path / "card.md").read_text()


def test_seeds_that_cannot_be_compared_are_refused(bundle: Bundle, tmp_path: Path) -> None:
    def refused(*folders: Path) -> str:
        with pytest.raises(InputError) as caught:
            write_card(CardRequest(bundle=bundle, seeds=folders))
        return caught.value.message

    other = card_bundle(tmp_path / "other", seed=1)
    assert "one training has no spread" in refused(bundle.path)
    assert "two trainings are of one seed" in refused(bundle.path, bundle.path)
    configuration = json.loads((other.path / "configuration.json").read_text())
    write_json(other.path / "configuration.json", configuration | {"epochs": 3})
    assert "another configuration" in refused(bundle.path, other.path)
    write_json(other.path / "configuration.json", configuration)
    with other.tflite_path.open("ab") as file:
        file.write(b"0")
    assert "has no scores of its model.tflite" in refused(bundle.path, other.path)
    assert not (bundle.path / "seeds.json").exists()


@pytest.mark.parametrize("name", SHIPPED)
def test_each_shipped_card_is_what_the_command_renders_now(name: str) -> None:
    bundle = open_bundle(name)
    assert (bundle.path / "card.md").read_text() == card_text(bundle), (
        f"run: ectopy card --model {name}"
    )
    for picture in PICTURES:
        path = bundle.path / picture
        assert path.stat().st_size < MOST_PICTURE_BYTES
        with Image.open(path) as drawn:
            tflite = card.read_material(bundle).model.sha256
            assert drawn.info["Title"].startswith(f"{name} {tflite[:12]}")
