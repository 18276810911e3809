"""The pictures of the augmentations: drawn of real signal, small, one clear error where not."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ectopy.cli import main
from ectopy.errors import DataError, InputError
from ectopy.usecases.data import draw_augmentations
from ectopy.vocab import FRAME_SAMPLES, BeatClass
from ectopy.windows import augment_plot
from ectopy.windows.augment_plot import plot_augmentations
from support.strips import made_up_strips

STRIPS = made_up_strips({"101": "N" * 40})
NOISE = np.random.default_rng(0).standard_normal((4, 3000)).astype(np.float32)
FAMILIES = ("rhythm", "waves", "leads", "disturbances")


def test_a_picture_a_family_small_enough_for_the_repository(tmp_path: Path) -> None:
    paths = plot_augmentations(STRIPS, NOISE, tmp_path, "made up")
    assert [path.name for path in paths] == [f"augment-{family}.png" for family in FAMILIES]
    for path in paths:
        assert path.stat().st_size < 60_000
        with Image.open(path) as picture:
            assert picture.width == 960
            assert np.asarray(picture.convert("L")).std() > 10
    assert len({path.read_bytes() for path in paths}) == 4


def test_panels_are_windows_and_say_what_their_beat_is() -> None:
    window = augment_plot._Window(STRIPS, seed=2)
    panels = [
        *augment_plot._rhythm(window),
        *augment_plot._waves(window),
        *augment_plot._leads(window),
        *augment_plot._disturbances(window, NOISE),
    ]
    assert {panel.after.shape for panel in panels} == {(FRAME_SAMPLES,)}
    assert len({panel.title for panel in panels}) == len(panels)
    premature = [panel.title for panel in panels if panel.label is BeatClass.PAC]
    assert premature == ["one premature beat", "tachycardia", "bigeminy"]
    before = panels[0].beats[6] - panels[0].beats[5]
    for panel in panels[:5]:
        comes_after = panel.beats[6] - panel.beats[5]
        assert bool(comes_after < 0.95 * before) is (panel.label is BeatClass.PAC)


def test_pictures_are_the_same_again_and_others_with_another_seed(tmp_path: Path) -> None:
    drawn = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        (tmp_path / name).mkdir()
        drawn.append(
            [p.read_bytes() for p in plot_augmentations(STRIPS, NOISE, tmp_path / name, "", seed)]
        )
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_record_without_a_normal_stretch_is_refused(tmp_path: Path) -> None:
    bigeminy = made_up_strips({"119": "NV" * 40})
    with pytest.raises(DataError, match="record 119: no beat among 13 normal ones"):
        plot_augmentations(bigeminy, NOISE, tmp_path, "")


def test_a_picture_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot write the picture"):
        plot_augmentations(STRIPS, NOISE, tmp_path / "absent", "")


def test_the_test_set_is_not_drawn(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["data", "augment", "--record", "100", "--out", str(tmp_path)])
    assert ended.value.code == 2
    assert "100 is not a record of DS1" in capsys.readouterr().err


def test_the_pictures_of_the_docs_are_those_of_the_command(ecg_dir: Path, tmp_path: Path) -> None:
    if not (ecg_dir / "nstdb" / "bw.hea").is_file():
        pytest.skip("no records of noise")
    docs = Path(__file__).parents[3] / "docs"
    for path in draw_augmentations("101", ecg_dir, tmp_path, seed=2):
        with Image.open(path) as new, Image.open(docs / path.name) as shown:
            ours, theirs = (np.asarray(p.convert("L"), dtype=float) for p in (new, shown))
        # Fonts and line drawing differ a little between versions of matplotlib.
        assert ours.shape == theirs.shape
        assert np.abs(ours - theirs).mean() < 3
