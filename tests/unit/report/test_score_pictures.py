from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from ectopy.errors import InputError
from ectopy.report.score_pictures import draw_scores
from support.invented_evaluation import invented_evaluation


def test_pictures_are_named_after_the_entry_and_hold_something(tmp_path: Path) -> None:
    noisy = invented_evaluation(noisy=True)
    paths = draw_scores("made up", noisy, tmp_path / "new")
    assert [path.name for path in paths] == [
        "reliability-ds2-int8-bw-ma-at-6-db-seed-0.png",
        "records-ds2-int8-bw-ma-at-6-db-seed-0.png",
    ]
    for path in paths:
        picture = matplotlib.image.imread(path)
        assert picture.shape[0] > 300 and picture.shape[1] > 300
        assert len(np.unique(picture.reshape(-1, picture.shape[2]), axis=0)) > 20
    drawn = [path.name for path in draw_scores("", invented_evaluation(on_device=True), tmp_path)]
    assert drawn[0] == "reliability-ds2-device-virt-emulated.png"


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot draw into"):
        draw_scores("", invented_evaluation(), tmp_path / "file" / "pictures")
