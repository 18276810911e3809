from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from ectopy.errors import InputError
from ectopy.vocab import BeatClass, DatasetName, Split
from ectopy.windows import WindowRequest, WindowSet, load_windows, synthetic
from ectopy.windows.plot import choose_examples, plot_windows


@pytest.fixture(scope="module")
def windows() -> WindowSet:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(synthetic, "DURATION_S", 120)
        return load_windows(WindowRequest(dataset=DatasetName.SYNTHETIC, split=Split.DS2))


@pytest.mark.parametrize("beat_class", BeatClass)
def test_examples_are_of_their_class_and_of_different_records(
    windows: WindowSet, beat_class: BeatClass
) -> None:
    chosen = choose_examples(windows, beat_class, 3, seed=4)
    assert (windows.labels[chosen] == beat_class).all()
    assert len(set(windows.records[chosen])) == 3
    other = choose_examples(windows, beat_class, 3, seed=5)
    assert chosen.tolist() != other.tolist()


def test_examples_are_as_many_as_there_are(windows: WindowSet) -> None:
    of_class = int((windows.labels == BeatClass.PAC).sum())
    chosen = choose_examples(windows, BeatClass.PAC, 10**6, seed=0)
    assert len(set(chosen.tolist())) == of_class


def test_a_picture_of_synthetic_windows_says_so(
    windows: WindowSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    titles: list[str] = []
    original = Figure.suptitle

    def remember(self: Figure, text: str, **more: object) -> object:
        titles.append(text)
        return original(self, text, **more)

    monkeypatch.setattr(Figure, "suptitle", remember)
    path = tmp_path / "windows.png"
    plot_windows(windows, path)
    assert titles[0].startswith("SYNTHETIC")
    with Image.open(path) as picture:
        assert picture.width > 1000
        assert np.asarray(picture.convert("L")).std() > 10


@pytest.mark.parametrize("name", ["absent/windows.png", "windows.docx"])
def test_a_picture_that_cannot_be_written_is_one_clear_error(
    windows: WindowSet, tmp_path: Path, name: str
) -> None:
    with pytest.raises(InputError, match="cannot write the picture"):
        plot_windows(windows, tmp_path / name)
